"""What is handed around in a mesh: an introduction to its founder, a membership to each peer, released models to all.

Each is one canonical JSON object (RFC 8785), parsed as a closed model; ``docs/federation.md`` describes them.
"""

from __future__ import annotations

import re
from base64 import b64encode
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated, Final, Literal, TypeVar

from pydantic import AfterValidator, Field

from vault.errors.families import LockboxError
from vault.errors.meshes import IntroductionInvalid, MembershipInvalid, SharedInvalid
from vault.requester.coordinating import JobFiles
from vault.requester.forms import (
    RELEASE_LIMIT,
    SIGNATURE_LIMIT,
    UPDATE_LIMIT,
    Digest,
    Name,
    NotCanonical,
    PublicKey,
    Wire,
    dump,
    from_base64,
    parse_as,
    rule,
)
from vault.requester.release_check import ReleaseFiles

INTRODUCTION_SUFFIX: Final = ".introduction"
MEMBERSHIP_SUFFIX: Final = ".membership"
_NOT_PLAIN: Final = re.compile(r"[^A-Za-z0-9_]+")
_LONGEST_PLAIN: Final = 40
INTRODUCTION_LIMIT: Final = 8 << 10
"""Bytes of an introduction."""
MEMBERSHIP_LIMIT: Final = 8 << 20
"""Bytes of a membership."""
SHARED_LIMIT: Final = 20 << 20
"""Bytes of a released model with the round that it answers."""
_PEM_LIMIT: Final = 4 << 10
_FILE_LIMIT: Final = 6 << 20

_PORT: Final = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_LABEL: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)", re.ASCII)
_LONGEST_HOST: Final = 253

_Form = TypeVar("_Form", bound=Wire)


def membership_file(number: int, name: str) -> str:
    """The name of the file of a membership: which of the peers it is, and what they are called, in plain letters."""
    plain = _NOT_PLAIN.sub("-", name)[:_LONGEST_PLAIN].strip("-")
    return f"{number}{f'-{plain}' if plain else ''}{MEMBERSHIP_SUFFIX}"


def is_address(text: str) -> bool:
    """Whether this is host:port, with a name, an address of IPv4, or one of IPv6 in brackets."""
    host, _, port = text.rpartition(":")
    return bool(_PORT.fullmatch(port)) and int(port) <= 65535 and _is_host(host)


def _is_host(host: str) -> bool:
    labels, inner = host.split("."), host.removeprefix("[").removesuffix("]")
    try:
        if host == f"[{inner}]":
            return IPv6Address(inner).scope_id is None
        if labels[-1].isdecimal():
            return bool(IPv4Address(host).packed)
    except ValueError:
        return False
    return len(host) <= _LONGEST_HOST and all(map(_LABEL.fullmatch, labels))


def _address(text: str) -> str:
    if not is_address(text):
        raise rule("is not an address like host:port")
    return text


Address = Annotated[str, AfterValidator(_address)]
Pem = Annotated[str, Field(max_length=_PEM_LIMIT)]
Encoded = Annotated[str, Field(max_length=_FILE_LIMIT)]
Version = Annotated[int, Field(ge=1, le=1)]


class Introduction(Wire):
    """What a peer gives to whoever founds a mesh.

    ``key`` is what its vault signs releases to the ``requester`` of this fingerprint by, ``request`` a certificate
    request (PKCS 10, PEM) whose secret key stays with the peer, ``address`` where others reach it, or None.
    """

    v: Version
    kind: Literal["lockbox-mesh-introduction"]
    name: Name
    key: PublicKey
    requester: Name
    address: Address | None
    request: Pem


class Place(Wire):
    """Where a peer can be reached."""

    key: PublicKey
    address: Address


class Membership(Wire):
    """What one peer gets of a new mesh: the signed campaign, its first weights, the key of the rounds, a certificate.

    The key of the rounds is every peer's: whoever has it and a vault's token can choose weights, which the price of
    every round assumes to be the worst.
    """

    v: Version
    kind: Literal["lockbox-mesh-membership"]
    key: PublicKey
    campaign: Encoded
    signature: Encoded
    weights: Encoded
    round_key: Digest
    authority: Pem
    certificate: Pem
    places: Annotated[tuple[Place, ...], Field(max_length=64)]


class Shared(Wire):
    """A released update with the round that it answers, as peers pass it on; each part in base64."""

    v: Version
    manifest: Encoded
    round_signature: Encoded
    weights: Encoded
    release: Annotated[str, Field(max_length=4 * RELEASE_LIMIT // 3 + 4)]
    release_signature: Annotated[str, Field(max_length=4 * SIGNATURE_LIMIT // 3 + 4)]
    update: Annotated[str, Field(max_length=4 * UPDATE_LIMIT // 3 + 4)]


def parse_introduction(data: bytes) -> Introduction:
    """The one in these bytes; raises ``IntroductionInvalid``."""
    return _parsed(Introduction, data, INTRODUCTION_LIMIT, IntroductionInvalid)


def parse_membership(data: bytes) -> Membership:
    """The membership in these bytes; raises ``MembershipInvalid``."""
    return _parsed(Membership, data, MEMBERSHIP_LIMIT, MembershipInvalid)


def parse_shared(data: bytes) -> tuple[JobFiles, ReleaseFiles]:
    """The round and the release in these bytes, nothing of them judged yet; raises ``SharedInvalid``."""
    found = _parsed(Shared, data, SHARED_LIMIT, SharedInvalid)
    try:
        job = JobFiles(
            manifest=from_base64(found.manifest),
            signature=from_base64(found.round_signature),
            weights=from_base64(found.weights),
        )
        return job, ReleaseFiles(
            manifest=from_base64(found.release),
            signature=from_base64(found.release_signature),
            update=from_base64(found.update),
        )
    except ValueError as error:
        raise SharedInvalid(reason="a part of it is not base64 as it is written") from error


def shared_bytes(job: JobFiles, release: ReleaseFiles) -> bytes:
    """A round and the release that answers it, as they are passed on."""
    return dump(
        Shared(
            v=1,
            manifest=text_of(job.manifest),
            round_signature=text_of(job.signature),
            weights=text_of(job.weights),
            release=text_of(release.manifest),
            release_signature=text_of(release.signature),
            update=text_of(release.update),
        )
    )


def text_of(data: bytes) -> str:
    """These bytes in base64."""
    return b64encode(data).decode()


def _parsed(kind: type[_Form], data: bytes, most: int, fault: type[LockboxError]) -> _Form:
    if len(data) > most:
        raise fault(reason=f"it is larger than {most} bytes")
    try:
        return parse_as(kind, data)
    except NotCanonical as error:
        raise fault(reason=str(error)) from error
