"""How whoever keeps a log asks a witness to cosign its newest checkpoint (C2SP tlog-witness)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from learner.federation.witness import SIZE_TYPE
from vault.errors.campaigns import CampaignLogBroken
from vault.errors.federation import WitnessSilent
from vault.requester.campaign_log import claimed_head, cosigned_since, log_tree
from vault.requester.witness import request_of

if TYPE_CHECKING:
    import httpx

ANSWER_LIMIT: Final = 4096


def cosigned(client: httpx.Client, url: str, note: bytes, leaves: Sequence[bytes], witness: bytes) -> bytes:
    """The checkpoint with the line of the witness at this address, who is known by this key.

    ``leaves`` are those of the whole log. Raises ``WitnessSilent`` where it answers anything but such a line.
    """
    reply = _asked(client, url, note, leaves, 0)
    if reply.status_code == 409 and reply.headers.get("content-type", "").startswith(SIZE_TYPE):
        reply = _asked(client, url, note, leaves, _size(reply, claimed_head(note).size))
    if reply.status_code != 200 or len(reply.content) > ANSWER_LIMIT:
        raise WitnessSilent(reason=f"it answers with {reply.status_code}")
    return _checked(note + reply.content, witness)


def _asked(client: httpx.Client, url: str, note: bytes, leaves: Sequence[bytes], old: int) -> httpx.Response:
    import httpx

    proof = log_tree(leaves[: claimed_head(note).size]).consistency_proof(old) if old else []
    try:
        return client.post(f"{url.rstrip('/')}/add-checkpoint", content=request_of(note, old, proof))
    except httpx.HTTPError as error:
        raise WitnessSilent(reason="it cannot be reached") from error


def _size(reply: httpx.Response, most: int) -> int:
    text = reply.text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= most):
        raise WitnessSilent(reason="it has cosigned a longer log than this one")
    return int(text)


def _checked(note: bytes, witness: bytes) -> bytes:
    try:
        at = cosigned_since(note, witness)
    except CampaignLogBroken as error:
        raise WitnessSilent(reason="its signature is wrong") from error
    if at is None:
        raise WitnessSilent(reason="it signs with another key than the campaign names")
    return note
