"""A campaign as a requester writes it by hand: the description of a job with one more table, ``[campaign]``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, get_type_hints

from learner.protocol import MAX_UNITS
from vault.errors.families import Invalid
from vault.requester.aggregation_rules import check_rule
from vault.requester.closed_words import check_word
from vault.requester.description import JobDescription, parse_description, read_document
from vault.requester.draft import ROOM_FOR_GUESS
from vault.requester.key_types import check_type
from vault.requests.campaign import KINDS, PROTOCOLS, ROUNDS_LIMIT

MOST_DAYS: Final = 90
"""Days of one round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignDescription:
    """What a requester decides about a campaign beside the job of its rounds; what is None follows from the job.

    The values are checked when the document is made, but for those that are computed with before. ``mesh`` is the
    server rule of one without a server, which stands in no file: its peers are known by what they are introduced with.
    """

    job: JobDescription
    protocol: str
    rounds: int
    days_a_round: int = 7
    most_units: int | None = None
    filtered: bool = True
    rule: str | None = None
    lr: float | None = None
    momentum: float | None = None
    witness: Mapping[str, Any] | None = None
    returns: str | None = None
    mesh: Mapping[str, Any] | None = None

    @property
    def units_guess(self) -> int:
        """How many units a vault is guessed to have; raises ``Invalid``."""
        guess = self.job.training_units_guess
        if type(guess) is not int or guess < 1:
            raise Invalid(
                reason="a campaign needs a guess of a vault's units: [training] units_guess, or --units-guess"
            )
        return guess

    @property
    def bound(self) -> int:
        """The public bound of a vault's units: ten times the guess where none is written; raises ``Invalid``."""
        if self.most_units is None:
            return min(ROOM_FOR_GUESS * self.units_guess, MAX_UNITS)
        if type(self.most_units) is int and self.most_units < self.units_guess:
            raise Invalid(reason="[campaign] most_units is less than the guess of a vault's units")
        return self.most_units

    @property
    def drafted(self) -> JobDescription:
        """The job of a round, whose update has room for the bound of units where it has few bytes."""
        few = self.job.training_encoding != "int64"
        return replace(self.job, training_most_units=self.bound) if few else self.job


_TYPES: Final = get_type_hints(CampaignDescription)


def campaign_from_description(path: Path) -> CampaignDescription:
    """Read a description from a ``.toml`` or ``.json`` file; raises ``FileMissing`` or ``Invalid``."""
    return parse_campaign_description(read_document(path))


def parse_campaign_description(document: object) -> CampaignDescription:
    """The description in a parsed document; raises ``Invalid`` naming the key that is wrong."""
    table = document.get("campaign") if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping) or not isinstance(table, Mapping):
        raise Invalid(reason="the description has no table [campaign]")
    _check_keys(table)
    if "kind" in document:
        raise Invalid(reason="the kind of a campaign's jobs follows from its protocol: leave kind out")
    protocol = table["protocol"]
    check_type("[campaign] protocol", protocol, str)
    check_word("[campaign] protocol", protocol, PROTOCOLS)
    job = {key: value for key, value in document.items() if key != "campaign"} | {"kind": KINDS[protocol]}
    if "rule" in table:
        check_rule(table["rule"])
    _check_whole("rounds", table["rounds"], ROUNDS_LIMIT)
    _check_whole("days_a_round", table.get("days_a_round", 7), MOST_DAYS)
    _check_types(table)
    return CampaignDescription(job=parse_description(job), **table)


def _check_types(table: Mapping[str, Any]) -> None:
    for key, value in table.items():
        check_type(f"[campaign] {key}", value, _TYPES[key])
    for key, value in (table.get("witness") or {}).items():
        check_type(f"[campaign.witness] {key}", value, str)


def _check_keys(table: Mapping[str, Any]) -> None:
    known = [field.name for field in fields(CampaignDescription) if field.name not in ("job", "mesh")]
    for name in sorted(set(table) - set(known)):
        near = get_close_matches(name, known, n=1)
        instead = f"the nearest it knows is {near[0]}" if near else f"knows only {', '.join(known)}"
        raise Invalid(reason=f"[campaign] has a key {name}, and {instead}")
    for name in ("protocol", "rounds"):
        if name not in table:
            raise Invalid(reason=f"the description has no [campaign] {name}")


def _check_whole(name: str, value: object, most: int) -> None:
    if type(value) is not int or not 1 <= value <= most:
        raise Invalid(reason=f"[campaign] {name} is a whole number from 1 to {most:,}")


def template() -> str:
    """An example description with every key, ready to be edited."""
    return _TEMPLATE


_TEMPLATE: Final = """\
# A campaign: many vaults answer in rounds, and only noised sums or models leave them. Every number here is public:
# take it from a codebook or a guess, never from the data of the people you ask.
collection = "visits"       # what the owners call their records
unit = "column:patient"     # their privacy unit: record, day or column:NAME
recipients = []             # who gets the result besides you
retention = "deleted when the study ends"

[campaign]
protocol = "gradient_sum"   # gradient_sum (linear, logistic), moments (linear, one round) or fedavg (any model)
rounds = 10                 # each of them is a release that each owner approves
days_a_round = 7            # how long each round is open
# most_units = 5000         # a public bound of the units of one vault; without it ten times the guess
# filtered = true           # refuse answers that are far too long, their known noise taken off
# rule = "trimmed_mean"     # trimmed_mean, mean, median, multi_krum, or a strategy of Flower: "flower:FedMedian"
# lr = 1.5                  # step of the server; 1 for fedavg
# momentum = 0.5            # 0 for fedavg
# returns = "final_model"   # what the owners get back: final_model or nothing
# [campaign.witness]        # who cosigns the campaign's log, not you
# name = "city-archive"
# key = "64 hexadecimal digits"

[requester]
name = "Heart lab"
contact = "lab@example.org"

[purpose]
dpv = "AcademicResearch"
text = "Which visits lead to another one within a month?"

[model]
kind = "logistic"           # linear or logistic; with fedavg any model of lockbox job new

[training]
units_guess = 500           # how many units (patients) you think one vault has
# clip = 1.0                # largest influence of one unit; the rest of [training] as for lockbox job new, for fedavg
# encoding = "int16"        # int64, int16 or int8: bytes of a number of an answer

[[fields]]
name = "again"
role = "label"
transform = { kind = "classes", labels = ["no", "yes"] }

[[fields]]
name = "age"
role = "feature"
transform = { kind = "standard", center = 50, scale = 20, clip = 3, fill = 50 }

[[fields]]
name = "days"
role = "feature"
transform = { kind = "standard", center = 4, scale = 4, clip = 3, fill = 4 }
"""
