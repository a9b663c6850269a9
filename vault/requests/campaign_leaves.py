"""What stands in the log of a campaign: one canonical line for each thing that all vaults shall be shown alike."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from vault.errors.campaigns import CampaignLogBroken
from vault.requests.campaign import ROUNDS_LIMIT
from vault.requests.canonical import NotCanonical, Wire, dump, parse_as, read_object
from vault.requests.values import TIER_NAME, Digest, TierName
from vault.sealing.digest import sha256_hex

LEAF_LIMIT: Final = 512
"""Bytes of one leaf."""

Version = Annotated[int, Field(ge=1, le=1)]
Round = Annotated[int, Field(ge=1, le=ROUNDS_LIMIT)]


class CampaignLeaf(Wire):
    """The first one: whose log this is."""

    v: Version = 1
    kind: Literal["campaign"] = "campaign"
    campaign: Digest


class EnrolledLeaf(Wire):
    """A vault's key may answer from now on."""

    v: Version = 1
    kind: Literal["enrolled"] = "enrolled"
    key_sha256: Digest


class TieredLeaf(Wire):
    """The same in one of the campaign's noise tiers."""

    v: Annotated[int, Field(ge=2, le=2)] = 2
    kind: Literal["enrolled"] = "enrolled"
    key_sha256: Digest
    tier: TierName


class RoundLeaf(Wire):
    """The one job of a round, by the digests of its manifest and of the weights it starts from."""

    v: Version = 1
    kind: Literal["round"] = "round"
    round: Round
    manifest: Digest
    weights: Digest


class ClosedLeaf(Wire):
    """A round takes no answers any more, and had so many."""

    v: Version = 1
    kind: Literal["closed"] = "closed"
    round: Round
    answers: Annotated[int, Field(ge=0, le=2**53 - 1)]


class ModelLeaf(Wire):
    """The final model, by the digest of its weights."""

    v: Version = 1
    kind: Literal["model"] = "model"
    weights: Digest


Leaf: TypeAlias = CampaignLeaf | EnrolledLeaf | TieredLeaf | RoundLeaf | ClosedLeaf | ModelLeaf

_KINDS: Final[dict[str, type[Leaf]]] = {
    "campaign": CampaignLeaf,
    "enrolled": EnrolledLeaf,
    "round": RoundLeaf,
    "closed": ClosedLeaf,
    "model": ModelLeaf,
}
_ENROLLED: Final = re.compile(
    rb'\{"key_sha256":"[0-9a-f]{64}","kind":"enrolled",'
    rb'("v":1|"tier":"' + TIER_NAME.pattern.encode() + rb'","v":2)\}'
)


def campaign_leaf(digest: str) -> bytes:
    """The first leaf, from the digest of the campaign in hex."""
    return dump(CampaignLeaf(campaign=digest))


def enrolled_leaf(key: bytes, tier: str | None = None) -> bytes:
    """A vault was enrolled by this public key of 32 bytes, in this noise tier or with the campaign's own noise."""
    digest = sha256_hex(key)
    return dump(EnrolledLeaf(key_sha256=digest) if tier is None else TieredLeaf(key_sha256=digest, tier=tier))


def round_leaf(number: int, *, manifest: str, weights: str) -> bytes:
    """A round was opened, whose manifest and weights have these digests in hex."""
    return dump(RoundLeaf(round=number, manifest=manifest, weights=weights))


def closed_leaf(number: int, *, answers: int) -> bytes:
    """A round was closed with so many answers."""
    return dump(ClosedLeaf(round=number, answers=answers))


def model_leaf(weights: str) -> bytes:
    """The campaign ended with the weights of this digest in hex."""
    return dump(ModelLeaf(weights=weights))


def is_enrolment(line: bytes) -> bool:
    """Whether a line enrols a key; there may be thousands of these, so no parser is asked."""
    return _ENROLLED.fullmatch(line) is not None


def enrolled_tier(line: bytes) -> str | None:
    """The noise tier in which a line enrols a key; None is the campaign's own noise. Raises ``CampaignLogBroken``."""
    leaf = parse_leaf(line)
    return leaf.tier if isinstance(leaf, TieredLeaf) else None


def parse_leaf(line: bytes) -> Leaf:
    """The leaf in these bytes, line end not included; raises ``CampaignLogBroken``."""
    if len(line) > LEAF_LIMIT:
        raise CampaignLogBroken(reason="one of its lines is too long")
    try:
        said = read_object(line)
        kind = said.get("kind")
        if not isinstance(kind, str) or kind not in _KINDS:
            raise CampaignLogBroken(reason="one of its lines is of a kind that is not in the format")
        if kind == "enrolled" and said.get("v") == 2:
            return parse_as(TieredLeaf, line)
        return parse_as(_KINDS[kind], line)
    except NotCanonical as error:
        raise CampaignLogBroken(reason=f"of one of its lines, {error}") from error
