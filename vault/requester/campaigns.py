"""A requester's campaigns: write, sign and check them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeVar

from vault.budget import pricing
from vault.budget.filter import MOST_EPSILON
from vault.budget.payable import are_payable, is_payable
from vault.budget.rounds import RoundsPrice, rounds_price
from vault.errors.campaigns import (
    CampaignInvalid,
    NoVaultCanPayRound,
    NoVaultCanPayRounds,
    NoVaultCanPayTier,
)
from vault.errors.families import Invalid
from vault.requester.aggregation_rules import STRATEGY_STEPS
from vault.requester.aim import Aim
from vault.requester.campaign_description import CampaignDescription
from vault.requester.campaign_log import ROUND_KEY_FILE
from vault.requester.draft import Draft, draft_job, outlined_job
from vault.requests.bundle import (
    SIGNATURE_LIMIT,
    WEIGHTS_FILE,
    WEIGHTS_LIMIT,
    read_bounded,
    signature_line,
)
from vault.requests.campaign import (
    CAMPAIGN_DOMAINS,
    CAMPAIGN_FILE,
    CAMPAIGN_LIMIT,
    CAMPAIGN_SIGNATURE_FILE,
    NO_ID,
    NO_WEIGHTS,
    VERSIONS,
    CampaignDocument,
    campaign_bytes,
    campaign_digest,
    campaign_signature,
    parse_campaign,
    signed_campaign,
)
from vault.requests.campaign_end import check_end
from vault.requests.canonical import NotCanonical, canonical, parse_version
from vault.requests.folders import check_campaign_there
from vault.requests.manifest import UNSIGNED_KEY
from vault.requests.parse import parse_manifest
from vault.requests.shapes import shapes
from vault.requests.translate import mechanism
from vault.requests.values import TIME_FORMAT
from vault.requests.weights import check_form
from vault.sealing.durable import create_file, replace_files
from vault.sealing.keyfile import read_secret_key, write_secret_key
from vault.sealing.random import random_id
from vault.sealing.signing import SigningKey, fingerprint
from vault.store.new_folder import check_free, new_folder

PLANNED_KEY: Final = "f" * 64
"""Stands for the round key of a campaign that is only planned."""


NO_TIERS: Final[Mapping[str, Aim]] = {}
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignFacts:
    """A campaign that keeps every rule, and its price; before signing, digest and fingerprint are empty.

    ``tiers`` are what all rounds cost in each of its noise tiers, by name.
    """

    document: CampaignDocument
    digest: str
    fingerprint: str
    price: RoundsPrice
    tiers: Mapping[str, RoundsPrice]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCampaign:
    """What was signed, and by which key."""

    campaign_id: str
    digest: str
    fingerprint: str


def drafted_campaign(
    description: CampaignDescription, *, aim: Aim, now: datetime, round_key: str = PLANNED_KEY,
    tiers: Mapping[str, Aim] = NO_TIERS, begin: Callable[[], None] = lambda: None,
) -> tuple[CampaignDocument, Draft]:  # fmt: skip
    """The unsigned campaign whose rounds together keep to ``aim``, and the draft of its job with the first weights.

    In each of its noise ``tiers`` they keep to what that one aims at. ``begin`` is called once every rule is looked at
    that does not depend on the noise, before that is computed. Raises ``ManifestInvalid``, ``CampaignInvalid`` or
    ``Invalid``.
    """
    asked = replace(description.drafted, recipients=())  # how many a campaign may have its own rules say
    aim = replace(aim, rounds=description.rounds)
    days = [timedelta(days=description.days_a_round * (each + 1)) for each in range(description.rounds)]
    deadlines = [(now + each).strftime(TIME_FORMAT) for each in days]

    def whole(job: dict[str, Any]) -> dict[str, Any]:
        return _document(description, job=job, deadlines=deadlines, round_key=round_key)

    try:
        outline, _ = outlined_job(asked, aim=aim, now=now)
        parse_version(VERSIONS, canonical(whole(outline)))
        begin()
        draft = draft_job(asked, aim=aim, now=now)
        data = canonical(whole(json.loads(draft.manifest)) | _tiers(draft, tiers, description.rounds))
    except NotCanonical as error:
        raise CampaignInvalid(reason=str(error)) from error
    found = parse_campaign(data)
    check_end(found, now)
    return found, draft


def campaign_price(document: CampaignDocument, delta: Decimal) -> RoundsPrice:
    """What all rounds cost; raises ``NoVaultCanPayRound`` or ``NoVaultCanPayRounds`` for what no vault takes."""
    asked = mechanism(document.job)
    cost = pricing.charge(asked)
    if not is_payable(cost):
        raise NoVaultCanPayRound(most=MOST_EPSILON)
    if not are_payable(cost, document.rounds):
        raise NoVaultCanPayRounds(most=MOST_EPSILON)
    return rounds_price(asked, document.rounds, delta)


def tier_prices(document: CampaignDocument, delta: Decimal) -> dict[str, RoundsPrice]:
    """What all rounds cost in each noise tier, by its name; raises ``NoVaultCanPayTier``."""
    names = [name for name in document.noises if name is not None]
    return {name: in_tier(name, lambda one: campaign_price(document.at_tier(one), delta)) for name in names}


def in_tier(name: str, work_out: Callable[[str], _Found]) -> _Found:
    """What is worked out for a noise tier with its price; raises ``NoVaultCanPayTier`` where no vault can pay that."""
    try:
        return work_out(name)
    except (NoVaultCanPayRound, NoVaultCanPayRounds) as error:
        raise NoVaultCanPayTier(tier=name, most=MOST_EPSILON) from error


def new_campaign(
    description: CampaignDescription, *, aim: Aim, folder: Path, now: datetime,
    tiers: Mapping[str, Aim] = NO_TIERS, begin: Callable[[], None] = lambda: None,
) -> CampaignFacts:  # fmt: skip
    """Write an unsigned campaign, its first weights and a new round key into a new folder.

    ``begin`` is called before what takes a while. Raises ``DestinationUnusable`` and what ``drafted_campaign`` and
    ``campaign_price`` and ``tier_prices`` do; then nothing is written.
    """
    check_free(folder)
    round_key = SigningKey.generate()
    document, draft = drafted_campaign(
        description, aim=aim, now=now, round_key=round_key.public.hex(), tiers=tiers, begin=begin
    )
    price, others = campaign_price(document, aim.delta), tier_prices(document, aim.delta)
    with new_folder(folder) as place:
        write_secret_key(place / ROUND_KEY_FILE, round_key.seed())
        create_file(place / CAMPAIGN_FILE, campaign_bytes(document))
        create_file(place / WEIGHTS_FILE, draft.weights)
    return CampaignFacts(document=document, digest="", fingerprint="", price=price, tiers=others)


def sign_campaign(folder: Path, secret_file: Path) -> SignedCampaign:
    """Put the requester's key into the campaign and sign its bytes.

    Raises ``CampaignInvalid``, ``KeyFileInvalid``, and ``Invalid`` when the campaign names another key.
    """
    key = SigningKey.from_seed(read_secret_key(secret_file))
    check_campaign_there(folder, is_signed=False)
    document = parse_campaign(read_bounded(folder / CAMPAIGN_FILE, CAMPAIGN_LIMIT))
    if document.job.requester.key not in (UNSIGNED_KEY, key.public.hex()):
        raise Invalid(reason="the campaign names the key of another requester")
    sender = document.job.requester.model_copy(update={"key": key.public.hex()})
    signed = document.model_copy(update={"job": document.job.model_copy(update={"requester": sender})})
    data = campaign_bytes(signed)
    parse_campaign(data)  # the requester's key may not be the key of the rounds or of the witness
    signature = signature_line(key.sign(CAMPAIGN_DOMAINS[document.v] + data))
    replace_files(folder, {CAMPAIGN_FILE: data, CAMPAIGN_SIGNATURE_FILE: signature})
    return SignedCampaign(
        campaign_id=document.campaign_id,
        digest=campaign_digest(data),
        fingerprint=fingerprint(key.public),
    )


def check_campaign(folder: Path, *, delta: Decimal, now: datetime | None = None) -> CampaignFacts:
    """Everything that can be checked of a signed campaign without a vault, and what it costs.

    The first weights are checked where they lie beside it: a vault is given them with each round.

    Raises ``FileMissing``, ``Invalid``, ``CampaignInvalid``, ``CampaignTampered``, ``WeightsInvalid``,
    ``NoVaultCanPayRound``, ``NoVaultCanPayRounds`` or ``NoVaultCanPayTier``.
    """
    check_campaign_there(folder, is_signed=False)
    data = read_bounded(folder / CAMPAIGN_FILE, CAMPAIGN_LIMIT)
    if not (folder / CAMPAIGN_SIGNATURE_FILE).exists():
        parse_campaign(data)  # what is wrong with it is said before that it is not signed
    check_campaign_there(folder)
    document = signed_campaign(
        data, campaign_signature(read_bounded(folder / CAMPAIGN_SIGNATURE_FILE, SIGNATURE_LIMIT))
    )
    if now is not None:
        check_end(document, now)
    if (folder / WEIGHTS_FILE).exists():
        check_form(read_bounded(folder / WEIGHTS_FILE, WEIGHTS_LIMIT), shapes(document.job))
    return CampaignFacts(
        document=document,
        digest=campaign_digest(data),
        fingerprint=fingerprint(bytes.fromhex(document.job.requester.key)),
        price=campaign_price(document, delta),
        tiers=tier_prices(document, delta),
    )


def _document(
    description: CampaignDescription, *, job: dict[str, Any], deadlines: list[str], round_key: str
) -> dict[str, Any]:
    recipients = list(description.job.recipients)
    job = job | {"job_id": NO_ID, "expires": deadlines[-1], "recipients": recipients}
    job["model"] = job["model"] | {"weights": NO_WEIGHTS}
    return {
        "v": 1,
        "campaign_id": random_id(),
        "job": job,
        "protocol": description.protocol,
        "deadlines": deadlines,
        "round_key": round_key,
        "most_units": description.bound,
        "aggregation": {
            "filtered": description.filtered,
            "rule": description.rule or ("trimmed_mean" if description.mesh is None else "median"),
            "weights": "inverse_noise",
        },
        "server": _server(description),
        "witness": description.witness,
        "returns": description.returns or ("final_model" if description.mesh is None else "nothing"),
    }


def _tiers(draft: Draft, tiers: Mapping[str, Aim], rounds: int) -> dict[str, Any]:
    """What noise tiers add to a document: its version, and the noise of each on the grid of the campaign's own."""
    if not tiers:
        return {}
    asked = mechanism(parse_manifest(draft.manifest))
    noises = {name: replace(aim, rounds=rounds).noise(asked) for name, aim in tiers.items()}
    return {"v": 2, "tiers": [{"name": name, "noise_multiplier": noise} for name, noise in noises.items()]}


def _server(description: CampaignDescription) -> dict[str, Any]:
    """The server rule; a step or momentum that it does not have is refused with the document."""
    given = {"lr": description.lr, "momentum": description.momentum}
    written = {name: value for name, value in given.items() if value is not None}
    if description.mesh is not None:
        return {**description.mesh, **written}
    match description.protocol:
        case "moments":
            return {"kind": "ridge", **written}
        case "fedavg":
            lr, momentum = STRATEGY_STEPS.get(description.rule or "", (1.0, 0.0))
            return {"kind": "average", "lr": lr, "momentum": momentum, **written}
        case _:
            steps = {"lr": 1.5, "momentum": 0.5, "units": description.units_guess}
            return {"kind": "gradient_steps", **steps, **written}
