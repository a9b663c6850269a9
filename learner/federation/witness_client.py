"""How whoever keeps a log asks a witness to cosign its newest checkpoint (C2SP tlog-witness).

Who answers at its address is trusted for nothing: what counts is the cosignature, by the key that the campaign names.
Whatever else is answered, in whatever length and time, is a witness that is silent.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from learner.federation.witness import SIZE_TYPE
from vault.errors.campaigns import CampaignLogBroken
from vault.errors.families import LockboxError
from vault.errors.federation import FederationMissing, WitnessSilent
from vault.requester.campaign_log import claimed_head, cosigned_since, log_tree
from vault.requester.witness import request_of

if TYPE_CHECKING:
    import httpx

ANSWER_LIMIT: Final = 4096
"""Bytes of an answer."""
DEADLINE: Final = 20.0
"""Seconds from asking to the end of the last answer, whatever comes in between."""

MakeClient = Callable[[], "httpx.AsyncClient"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int
    kind: str
    body: bytes


def witness_client() -> httpx.AsyncClient:
    """A client for one time of asking; raises ``FederationMissing``."""
    try:
        import httpx
    except ImportError as error:
        raise FederationMissing(package="httpx") from error
    # No authority is asked for the certificate: who stands between can keep a cosignature away, which they can without
    # TLS as well, and can make up none, since its key is not that of the certificate but the one in the campaign.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return httpx.AsyncClient(verify=context, timeout=DEADLINE, trust_env=False)


def cosigned(
    url: str,
    note: bytes,
    leaves: Sequence[bytes],
    witness: bytes,
    *,
    client: MakeClient = witness_client,
    deadline: float = DEADLINE,
) -> bytes:
    """The checkpoint with the line of the witness at this address, who is known by this key.

    ``leaves`` are those of the whole log, ``deadline`` is in seconds. Raises ``WitnessSilent`` where anything but such
    a line comes, and ``FederationMissing``.
    """
    try:
        return _checked(note + asyncio.run(_line(client, url, note, leaves, deadline)), witness)
    except LockboxError:
        raise
    except TimeoutError as error:
        raise WitnessSilent(reason=f"it did not answer within {deadline:g} seconds") from error
    except Exception as error:  # what a stranger sends must end nothing here, however a library takes it
        raise WitnessSilent(reason="it cannot be reached") from error


async def _line(client: MakeClient, url: str, note: bytes, leaves: Sequence[bytes], deadline: float) -> bytes:
    async with asyncio.timeout(deadline), client() as asking:
        answer = await _asked(asking, url, note, leaves, 0)
        if answer.status == 409 and answer.kind.startswith(SIZE_TYPE):
            size = _size(answer.body, claimed_head(note).size)
            answer = await _asked(asking, url, note, leaves, size)
    if answer.status != 200:
        raise WitnessSilent(reason=f"it answers with {answer.status}")
    return answer.body


async def _asked(
    client: httpx.AsyncClient, url: str, note: bytes, leaves: Sequence[bytes], old: int
) -> _Answer:
    proof = log_tree(leaves[: claimed_head(note).size]).consistency_proof(old) if old else []
    asked = client.stream("POST", f"{url.rstrip('/')}/add-checkpoint", content=request_of(note, old, proof))
    async with asked as reply:
        body = bytearray()
        async for part in reply.aiter_raw():
            body += part
            if len(body) > ANSWER_LIMIT:
                raise WitnessSilent(reason=f"its answer is longer than {ANSWER_LIMIT} bytes")
    return _Answer(status=reply.status_code, kind=reply.headers.get("content-type", ""), body=bytes(body))


def _size(body: bytes, most: int) -> int:
    text = body.strip()
    if not (text.isdigit() and len(text) <= 16 and int(text) <= most):
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
