"""What goes over the socket: paths, headers, bodies, errors and proofs; both ends read this page and nothing else.

Every method of the façade in `ROUTED` is `POST /v1/owner/<method-with-dashes>`. Its body is a JSON object of its
keyword arguments, its answer the JSON of what it returns. An error is an HTTP status by family and an `ErrorBody`.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import rfc8785
from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer

from vault.errors.catalogue import error_classes
from vault.errors.daemon import BodyTooLarge, TooManyTries
from vault.errors.families import (
    Broken,
    Exhausted,
    InternalError,
    Invalid,
    LockboxError,
    Locked,
    Refused,
    Unavailable,
)

HOST: Final = "lockbox"
BASE_URL: Final = f"http://{HOST}"
JSON_TYPE: Final = "application/json"
# A request with this header set to 1 (a screen that refreshes itself) does not keep the vault unlocked.
BACKGROUND: Final = "Lockbox-Background"
BODY_LIMIT: Final = 4 * 1024 * 1024

SESSION: Final = "/v1/session"
END_SESSION: Final = "/v1/session/end"
NONCE: Final = "/v1/nonce"
PASSPHRASE: Final = "/v1/passphrase"  # noqa: S105 (a path)
START_TRAINING: Final = "/v1/owner/start-training"
TRAINING_OUTCOME: Final = "/v1/owner/training-outcome"
PULSE: Final = "/v1/owner/pulse"
LOCK: Final = "/v1/owner/lock"
LOCK_AFTER: Final = "/v1/owner/lock-after"
SUBMIT_JOB: Final = "/v1/requester/submit"
ASK_JOB: Final = "/v1/requester/request"
FETCH_JOB: Final = "/v1/requester/released"

ROUTED: Final[tuple[str, ...]] = (
    # records
    "preview_path", "import_path", "check_lifetime", "collections", "show_collection", "browse",
    "export_collection", "preview_erase", "erase_collection",
    # who may ask, and consents
    "add_requester", "requesters", "trust_requester", "block_requester", "unblock_requester", "vault_key",
    "issue_token", "revoke_tokens", "preview_grant", "grant", "grants", "consent", "receipt", "preview_withdraw",
    "withdraw", "explain", "what_if",
    # requests, runs and releases
    "submit", "requests", "request", "explain_request", "preview_approval", "approve", "refuse",
    "runs", "stop_training", "releases", "release", "send", "withhold",
    # the vault as a whole
    "status", "settle", "backup", "budget", "budget_history", "audit_lines", "timeline", "verify_audit",
    "export_audit", "audit_key",
)  # fmt: skip
PROVEN: Final = frozenset(
    {"approve", "grant", "send", "erase_collection", "issue_token", "trust_requester", "unblock_requester"}
)

Json: TypeAlias = str | int | float | bool | list["Json"] | dict[str, "Json"] | None


def owner_path(method: str) -> str:
    """The path of a façade method."""
    return f"/v1/owner/{method.replace('_', '-')}"


class Message(BaseModel):
    """A body with exactly the keys that its class names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SessionWish(Message):
    """The vault's passphrase or, with `recovery`, its recovery key, for a token of one scope."""

    passphrase: SecretStr = Field(max_length=4096)
    scope: Literal["owner", "cli"]
    recovery: bool = False

    @field_serializer("passphrase", when_used="json")
    def _spoken(self, passphrase: SecretStr) -> str:
        return passphrase.get_secret_value()  # only on its way into the socket; repr and str stay masked


class Session(BaseModel):
    """A bearer token, and the approver that the same passphrase opened; `approver_key` is 64 hex digits."""

    token: str = Field(repr=False)
    approver: str
    approver_key: str = Field(repr=False)


class NonceWish(Message):
    """An approver asks for a nonce."""

    approver: str = Field(max_length=64)


class Nonce(BaseModel):
    """A nonce for one proof within two minutes."""

    nonce: str


class Proof(Message):
    """That whoever typed the passphrase means exactly this act; it goes into the body as `proof`."""

    approver: str = Field(max_length=64)
    nonce: str = Field(max_length=64)
    mac: str = Field(max_length=64)


class PassphraseWish(Message):
    """Another passphrase for the vault, by the current one or, with `recovery`, by the recovery key."""

    current: SecretStr = Field(max_length=4096)
    new: SecretStr = Field(max_length=4096)
    recovery: bool = False

    @field_serializer("current", "new", when_used="json")
    def _spoken(self, secret: SecretStr) -> str:
        return secret.get_secret_value()  # only on its way into the socket


class RequestId(Message):
    """A request, by any unambiguous beginning of its id."""

    request_id: str = Field(max_length=64)


class LockWish(Message):
    """Lock now; a run goes on unless it is to be stopped."""

    stop_training: bool = False


class LockAfter(Message):
    """Lock after so many minutes without use, from now on and in this process alone."""

    minutes: int = Field(ge=1, le=24 * 60)


class Empty(Message):
    """No arguments."""


class JobFiles(Message):
    """A signed job: the three files of its folder in base64."""

    manifest: str = Field(max_length=BODY_LIMIT)
    signature: str = Field(max_length=4096)
    weights: str = Field(max_length=BODY_LIMIT)


class JobId(Message):
    """A requester's own job."""

    job_id: str = Field(max_length=128)


class JobState(BaseModel):
    """What a requester is told about its job; from the charge until a release it is always `in progress`."""

    job_id: str
    state: Literal["waiting", "refused", "expired", "in progress", "released"]


class ReleasedFiles(BaseModel):
    """The files that were sent for one job, in base64, by name."""

    job_id: str
    files: dict[str, str]


class ErrorBody(BaseModel):
    """An error of `vault.errors`: its class, its facts, and the sentence and the hint for a person."""

    error: str
    facts: dict[str, str | int | float | bool]
    sentence: str
    hint: str


class Outcome(BaseModel):
    """What became of a training that this process started."""

    state: Literal["running", "done", "failed"]
    error: ErrorBody | None = None


def plain(value: object) -> Json:
    """An argument as JSON: sets sorted, paths absolute, decimals and moments as text."""
    if value is None or isinstance(value, str | int | float):
        return value
    for kind, spelled in _SPELLED:
        if isinstance(value, kind):
            return spelled(value)
    if is_dataclass(value):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    raise TypeError(f"a {type(value).__name__} does not go over the socket")


def _moment(value: datetime) -> str:
    return (value.astimezone(UTC) if value.tzinfo else value).isoformat()


_SPELLED: Final[tuple[tuple[type, Callable[[Any], Json]], ...]] = (
    (Decimal, lambda value: f"{value:f}"),
    (datetime, _moment),
    (Path, lambda value: str(value.absolute())),
    (Mapping, lambda value: {str(key): plain(one) for key, one in value.items()}),
    (Set, lambda value: [plain(one) for one in sorted(value)]),
    (Iterable, lambda value: [plain(one) for one in value]),
)


def _canonical(value: Mapping[str, object]) -> bytes:
    try:
        return rfc8785.dumps(dict(value))  # type: ignore[arg-type]  # it refuses what is not JSON itself
    except (rfc8785.CanonicalizationError, ValueError):
        raise Invalid(reason="an argument has no canonical spelling") from None


def arguments_digest(arguments: Mapping[str, Json]) -> str:
    """SHA-256 in hex of the canonical arguments, where an act has no document of its own to be bound to."""
    return hashlib.sha256(_canonical(arguments)).hexdigest()


def proof_mac(key: bytes, *, action: str, digest: str, nonce: str, arguments: Mapping[str, Json]) -> str:
    """HMAC-SHA256 in hex over the canonical JSON (RFC 8785) of an act, without the proof itself.

    `action` is the façade method; `digest` is `manifest_digest` of the request for `approve`, `digest` of the release
    for `send`, and `arguments_digest` otherwise; `arguments` are exactly those in the body.
    """
    said: dict[str, object] = {
        "action": action,
        "digest": digest,
        "nonce": nonce,
        "arguments": dict(arguments),
    }
    return hmac.new(key, _canonical(said), hashlib.sha256).hexdigest()


STATUS: Final[tuple[tuple[type[LockboxError], int], ...]] = (
    (TooManyTries, 429),
    (BodyTooLarge, 413),
    (Invalid, 400),
    (Locked, 401),
    (Refused, 403),
    (Exhausted, 409),
    (Broken, 422),
    (Unavailable, 503),
)


def status_of(error: LockboxError) -> int:
    """The HTTP status of a family of errors; a bug of ours is 500."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 500)


def error_body(error: LockboxError) -> ErrorBody:
    """An error as it goes over the socket."""
    facts = {
        name: fact if isinstance(fact, (str, int, float)) else str(fact) for name, fact in error.facts.items()
    }
    return ErrorBody(error=type(error).__name__, facts=dict(facts), sentence=str(error), hint=error.hint)


def raised(body: ErrorBody) -> LockboxError:
    """The error that a body stands for: the same class with the same facts; an unknown class is `InternalError`."""
    kind = error_classes().get(body.error)
    if kind is None:
        return InternalError(what=f"the vault's process reported {body.error}")
    try:
        return kind(**body.facts)
    except TypeError:
        return InternalError(what=f"the vault's process reported {body.error}")
