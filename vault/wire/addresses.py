"""The paths and headers of the socket, in plain values: who only asks for one thing needs no more of the wire."""

from __future__ import annotations

from typing import Final

HOST: Final = "lockbox"
BASE_URL: Final = f"http://{HOST}"
JSON_TYPE: Final = "application/json"
# A request with this header set to 1 (a screen that refreshes itself) does not keep the vault unlocked.
BACKGROUND: Final = "Lockbox-Background"
ACTION_ID: Final = "action_id"
BODY_LIMIT: Final = 8 * 1024 * 1024

SESSION: Final = "/v1/session"
END_SESSION: Final = "/v1/session/end"
NONCE: Final = "/v1/nonce"
PASSPHRASE: Final = "/v1/passphrase"  # noqa: S105 (a path)
BEGUN: Final = "/v1/owner/actions"
STOP: Final = "/v1/owner/actions/stop"
PULSE: Final = "/v1/owner/pulse"
LOCK: Final = "/v1/owner/lock"
LOCK_AFTER: Final = "/v1/owner/lock-after"
SUBMIT_JOB: Final = "/v1/requester/submit"
ASK_JOB: Final = "/v1/requester/request"
SUBMIT_CAMPAIGN: Final = "/v1/requester/campaign"
ASK_CAMPAIGN: Final = "/v1/requester/campaign/state"
SUBMIT_MODEL: Final = "/v1/requester/campaign/model"
FETCH_JOB: Final = "/v1/requester/released"


def owner_path(method: str) -> str:
    """The path of an action of the owner."""
    return f"/v1/owner/{method.replace('_', '-')}"


def outcome_path(method: str) -> str:
    """The path at which one asks what became of a watched action."""
    return f"{owner_path(method)}/outcome"
