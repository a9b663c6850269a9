"""What a coordinator and a vault's courier say to each other: an invitation, an enrolment, an answer, an error.

Each is one canonical JSON object (RFC 8785), parsed as a closed model; ``docs/federation.md`` describes them.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from secrets import token_hex
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field

from vault.errors.federation import AccessInvalid, AnswerInvalid, EnrolmentNotProven, InvitationInvalid
from vault.requester.forms import (
    RELEASE_LIMIT,
    SIGNATURE_LIMIT,
    UPDATE_LIMIT,
    Digest,
    NotCanonical,
    PublicKey,
    Signature,
    TierName,
    Wire,
    canonical,
    dump,
    enrolment_message,
    from_base64,
    is_signed_by,
    parse_as,
    parse_version,
    rule,
)
from vault.requester.release_check import ReleaseFiles

INVITATION_SUFFIX: Final = ".invitation"
INVITATION_DOMAINS: Final = {1: b"lockbox invitation v1\n", 2: b"lockbox invitation v2\n"}
"""Goes before the bytes of an invitation of each version in what is signed."""
INVITATION_LIMIT: Final = 4096
"""Bytes of an invitation file."""
ENROLMENT_LIMIT: Final = 1024
"""Bytes of the body of an enrolment, and of its answer."""
ERROR_LIMIT: Final = 4096
"""Bytes of the body of an error."""
ANSWER_LIMIT: Final = 4 * (RELEASE_LIMIT + SIGNATURE_LIMIT + UPDATE_LIMIT) // 3 + 1024
"""Bytes of the body of an answer: its files in base64, and their names."""
UPDATE_HEADER: Final = 64 * 1024
"""Bytes of the header of an update at most."""
URL_LIMIT: Final = 200
SENTENCE_LIMIT: Final = 1000

_URL: Final = re.compile(r"https://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):[1-9][0-9]{0,4}", re.ASCII)


def _url(text: str) -> str:
    if len(text) > URL_LIMIT or not _URL.fullmatch(text) or int(text.rpartition(":")[2]) > 65535:
        raise rule("is not an address like https://host:port")
    return text


CoordinatorUrl = Annotated[str, AfterValidator(_url)]
Secret = Digest
"""32 random bytes as lower-case hexadecimal digits."""
Version = Annotated[int, Field(ge=1, le=1)]


class Invitation(Wire):
    """What an owner gets from a requester: where the coordinator is, how it is known, and a code that enrols one key.

    ``certificate_sha256`` is the digest of the coordinator's certificate in DER; no authority is asked beside it.
    ``signature`` is by the round key that the campaign names, so that nobody else can send a courier elsewhere.
    """

    v: Version
    kind: Literal["lockbox-invitation"]
    url: CoordinatorUrl
    certificate_sha256: Digest
    campaign: Digest
    requester: PublicKey
    code: Secret
    signature: Signature

    @property
    def noise_tier(self) -> str | None:
        """The noise tier of the campaign that it assigns; None is the campaign's own noise."""
        return self.tier if isinstance(self, TieredInvitation) else None


class TieredInvitation(Invitation):
    """The same to a noise tier of the campaign."""

    v: Annotated[int, Field(ge=2, le=2)]
    tier: TierName


_INVITATIONS: Final[Mapping[int, type[Invitation]]] = {1: Invitation, 2: TieredInvitation}


class Access(Wire):
    """By what a requester looks at their campaign from another computer: as secret as a key."""

    v: Version
    kind: Literal["lockbox-requester-access"]
    url: CoordinatorUrl
    certificate_sha256: Digest
    campaign: Digest
    token: Secret


class EnrolmentAsk(Wire):
    """The code of an invitation, the key by which this vault signs releases to that requester, and its signature.

    What is signed has the campaign's digest and the code, so that nobody enrols a key that is not theirs.
    """

    v: Version
    code: Secret
    key: PublicKey
    proof: Signature


class Enrolment(Wire):
    """What is sent along with every later request."""

    v: Version
    token: Secret


class Answer(Wire):
    """A release as one file: its three parts in base64, under the names they have in a folder."""

    v: Version
    release: Annotated[str, Field(alias="release.json", max_length=4 * RELEASE_LIMIT // 3 + 4)]
    signature: Annotated[str, Field(alias="release.sig", max_length=4 * SIGNATURE_LIMIT // 3 + 4)]
    update: Annotated[str, Field(alias="update.safetensors", max_length=4 * UPDATE_LIMIT // 3 + 4)]


class ErrorSentence(Wire):
    """The body of every error."""

    v: Version
    error: Annotated[str, Field(max_length=SENTENCE_LIMIT)]


def invitation_bytes(invitation: Invitation) -> bytes:
    """The content of an invitation file."""
    return dump(invitation)


def parse_invitation(data: bytes) -> Invitation:
    """The invitation in these bytes; raises ``InvitationInvalid``."""
    if len(data) > INVITATION_LIMIT:
        raise InvitationInvalid(reason=f"it is larger than {INVITATION_LIMIT} bytes")
    try:
        return parse_version(_INVITATIONS, data)
    except NotCanonical as error:
        raise InvitationInvalid(reason=str(error)) from error


def invitation_message(invitation: Invitation) -> bytes:
    """What of an invitation is signed: all but the signature."""
    return INVITATION_DOMAINS[invitation.v] + canonical(invitation.model_dump(exclude={"signature"}))


def signed_invitation(
    said: Mapping[str, str], tier: str | None, sign: Callable[[bytes], bytes]
) -> Invitation:
    """A new invitation with a code of its own, to a noise tier or to the campaign's own noise.

    ``said`` are its address, certificate, campaign and requester.
    """
    whole: dict[str, Any] = {
        **said,
        "kind": "lockbox-invitation",
        "code": token_hex(32),
        "signature": "0" * 128,
    }
    unsigned = Invitation(v=1, **whole) if tier is None else TieredInvitation(v=2, tier=tier, **whole)
    return unsigned.model_copy(update={"signature": sign(invitation_message(unsigned)).hex()})


def check_invitation(invitation: Invitation, round_key: bytes) -> None:
    """Refuse an invitation that this key did not sign; raises ``InvitationInvalid``.

    ``round_key`` is the public key of the rounds of a campaign whose requester's signature was checked.
    """
    if not is_signed_by(round_key, invitation_message(invitation), bytes.fromhex(invitation.signature)):
        raise InvitationInvalid(reason="whoever runs the campaign did not sign it")


def check_proof(campaign: str, code: str, key: str, proof: str) -> None:
    """Refuse an enrolment that its key did not sign, all of them in hex; raises ``EnrolmentNotProven``."""
    if not is_signed_by(bytes.fromhex(key), enrolment_message(campaign, code), bytes.fromhex(proof)):
        raise EnrolmentNotProven()


def parse_access(data: bytes) -> Access:
    """The access in these bytes; raises ``AccessInvalid``."""
    try:
        return parse_as(Access, data[: INVITATION_LIMIT + 1])
    except NotCanonical as error:
        raise AccessInvalid(reason=str(error)) from error


def answer_limit(numbers: int) -> int:
    """Bytes of the body of an answer with so many numbers, eight bytes each and room for their header."""
    update = min(UPDATE_LIMIT, 8 * numbers + UPDATE_HEADER)
    return 4 * (RELEASE_LIMIT + SIGNATURE_LIMIT + update) // 3 + 1024


def answer_bytes(files: ReleaseFiles) -> bytes:
    """The body of an answer that carries these files."""
    parts = {
        "release.json": files.manifest,
        "release.sig": files.signature,
        "update.safetensors": files.update,
    }
    return dump(
        Answer.model_validate({"v": 1, **{name: b64encode(one).decode() for name, one in parts.items()}})
    )


def parse_answer(body: bytes) -> ReleaseFiles:
    """The files in the body of an answer, nothing of them judged yet; raises ``AnswerInvalid``."""
    if len(body) > ANSWER_LIMIT:
        raise AnswerInvalid(reason=f"it is larger than {ANSWER_LIMIT} bytes")
    try:
        found = parse_as(Answer, body)
    except NotCanonical as error:
        raise AnswerInvalid(reason=str(error)) from error
    try:
        return ReleaseFiles(
            manifest=from_base64(found.release),
            signature=from_base64(found.signature),
            update=from_base64(found.update),
        )
    except ValueError as error:
        raise AnswerInvalid(reason="a part of it is not base64 as it is written") from error


def error_bytes(sentence: str) -> bytes:
    """The body of an error."""
    return dump(ErrorSentence(v=1, error=sentence[:SENTENCE_LIMIT]))


def enrolment_bytes(code: str, key: bytes, proof: bytes) -> bytes:
    """The body of an enrolment of this key, with its signature."""
    return dump(EnrolmentAsk(v=1, code=code, key=key.hex(), proof=proof.hex()))
