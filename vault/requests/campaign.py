"""The campaign document: what a requester asks of many vaults in rounds, signed once, by a key that stays off line.

It holds the job of every round as a template. A key of its own, the round key, signs the rounds, and nothing else:
whoever runs the rounds can change no purpose, no column, no noise and no number of rounds. Where it has noise tiers,
what a vault in one of them is asked is this very campaign with the noise of that tier.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Final, Literal, Self, TypeAlias, get_args

from pydantic import Field, model_validator

from learner.protocol import MAX_UNITS
from vault.budget.mechanism import LEAST_NOISE, MOST_NOISE, MOST_STEPS
from vault.errors.campaigns import CampaignInvalid, CampaignTampered, NoSuchTier
from vault.requests.bundle import parse_signature_line
from vault.requests.canonical import NotCanonical, Wire, dump, parse_version, rule
from vault.requests.encodings import encoding_faults
from vault.requests.folders import CAMPAIGN
from vault.requests.manifest import PEERS_LIMIT, RECIPIENTS_LIMIT, CampaignJob, Kind, ScaledOutput
from vault.requests.shapes import grid_faults, oversize_faults
from vault.requests.text import listed
from vault.requests.values import Digest, Id, Moment, Name, PublicKey, TierName, moment
from vault.sealing.digest import sha256_hex
from vault.sealing.signing import is_signed_by

CAMPAIGN_FILE, CAMPAIGN_SIGNATURE_FILE = CAMPAIGN
CAMPAIGN_LIMIT: Final = 512 * 1024
"""Bytes."""
CAMPAIGN_DOMAINS: Final[Mapping[int, bytes]] = {
    1: b"lockbox campaign v1\n",
    2: b"lockbox campaign v2\n",
}
"""Goes before the bytes of a campaign of each version in what is signed."""
ROUNDS_LIMIT: Final = 1000
TIERS_LIMIT: Final = 8

NO_ID: Final = "0" * 32
"""Stands in the template where a round has its id."""
NO_WEIGHTS: Final = "0" * 64
"""Stands in the template where a round has the digest of its weights."""

Protocol: TypeAlias = Literal["moments", "gradient_sum", "fedavg"]
PROTOCOLS: Final[tuple[Protocol, ...]] = get_args(Protocol)
KINDS: Final[dict[Protocol, Kind]] = {"moments": "moments", "gradient_sum": "gradient_sum", "fedavg": "train"}
"""The kind of job that each round of a protocol is."""

RobustRule: TypeAlias = Literal["mean", "trimmed_mean", "median", "multi_krum"]
AveragingStrategy: TypeAlias = Literal[
    "flower:FedAvg",
    "flower:FedMedian",
    "flower:FedTrimmedAvg",
    "flower:Krum",
    "flower:MultiKrum",
    "flower:Bulyan",
]
MovingStrategy: TypeAlias = Literal["flower:FedAvgM", "flower:FedAdagrad", "flower:FedAdam", "flower:FedYogi"]
"""Strategies of Flower that make one answer out of many, and those that also move the weights, by lr and momentum."""
AVERAGING_STRATEGIES: Final[tuple[str, ...]] = get_args(AveragingStrategy)
MOVING_STRATEGIES: Final[tuple[str, ...]] = get_args(MovingStrategy)
WEIGHING: Final[tuple[str, ...]] = ("trimmed_mean", "mean")
"""The rules by which an answer counts for as much as its noise lets it."""
Rate: TypeAlias = Annotated[float, Field(allow_inf_nan=False, ge=1e-6, le=100)]
Momentum: TypeAlias = Annotated[float, Field(allow_inf_nan=False, ge=0, le=0.99)]


NoiseMultiplier: TypeAlias = Annotated[float, Field(allow_inf_nan=False, ge=LEAST_NOISE, le=MOST_NOISE)]


class Aggregation(Wire):
    """How the answers of a round become one: filter by size or not, the rule, and by what a vault weighs."""

    filtered: bool
    rule: RobustRule | AveragingStrategy | MovingStrategy
    weights: Literal["inverse_noise"]


class GradientSteps(Wire):
    """The server takes one step a round; ``units`` is the public guess of a vault's units that a sum is divided by."""

    kind: Literal["gradient_steps"]
    lr: Rate
    momentum: Momentum
    units: Annotated[int, Field(ge=1, le=MAX_UNITS)]


class Average(Wire):
    """The server moves the weights by what the vaults moved them on the average."""

    kind: Literal["average"]
    lr: Rate
    momentum: Momentum


class Ridge(Wire):
    """The server solves the moments with a ridge that follows from the known noise."""

    kind: Literal["ridge"]


class Peer(Wire):
    """One of those a mesh consists of: its name, and the key by which its vault signs releases to the requester."""

    name: Name
    key: PublicKey


class Mesh(Wire):
    """No server: each peer mixes what was released, and starts its own next round from that.

    ``peers`` is closed: one more is another campaign, and another consent. ``authority`` is the SHA-256 of the
    certificate (DER) that signed the certificate of each of them.
    """

    kind: Literal["mesh"]
    authority: Digest
    peers: Annotated[tuple[Peer, ...], Field(min_length=2, max_length=PEERS_LIMIT)]


ServerRule: TypeAlias = GradientSteps | Average | Ridge | Mesh
SERVERS: Final[dict[Protocol, tuple[str, ...]]] = {
    "moments": ("ridge",),
    "gradient_sum": ("gradient_steps",),
    "fedavg": ("average", "mesh"),
}


class Witness(Wire):
    """Who cosigns the log of the campaign, not run by the requester."""

    name: Name
    key: PublicKey


class Tier(Wire):
    """Another noise than the campaign's own, under a name."""

    name: TierName
    noise_multiplier: NoiseMultiplier


class CampaignDocument(Wire):
    """One campaign, whole: another byte is another campaign, with other rounds.

    ``most_units`` is a public bound of the units of one vault, and ``deadlines`` says when each round ends.
    """

    v: Annotated[int, Field(ge=1, le=1)]
    campaign_id: Id
    job: CampaignJob
    protocol: Protocol
    deadlines: Annotated[tuple[Moment, ...], Field(min_length=1, max_length=ROUNDS_LIMIT)]
    round_key: PublicKey
    most_units: Annotated[int, Field(ge=1, le=MAX_UNITS)]
    aggregation: Aggregation
    server: Annotated[ServerRule, Field(discriminator="kind")]
    witness: Witness | None
    returns: Literal["final_model", "nothing"]

    @property
    def rounds(self) -> int:
        """How many rounds there are."""
        return len(self.deadlines)

    def deadline(self, number: int) -> datetime:
        """The end of a round, the first of which is number 1."""
        return moment(self.deadlines[number - 1])

    @property
    def peers(self) -> tuple[Peer, ...]:
        """Those it consists of where it is a mesh; none where a server makes the rounds."""
        return self.server.peers if isinstance(self.server, Mesh) else ()

    @property
    def noises(self) -> Mapping[str | None, float]:
        """The noise multiplier of each tier by its name, that of the campaign itself by None and before them."""
        return {None: self.job.dp.noise_multiplier}

    def at_tier(self, name: str | None, *, refusal: type[NoSuchTier] = NoSuchTier) -> Self:
        """The campaign as it is for a vault in this tier, with its noise; raises ``NoSuchTier``, or another of them.

        None is the campaign itself.
        """
        if name not in self.noises:
            raise refusal(tier=name or "without a name", known=_named(self.noises))
        dp = self.job.dp.model_copy(update={"noise_multiplier": self.noises[name]})
        return self.model_copy(update={"job": self.job.model_copy(update={"dp": dp})})

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        for clause, holds in (*self._faults(), *self._faults_of_mesh(), *self._faults_of_tiers()):
            if holds:
                raise rule(clause)
        return self

    def _faults(self) -> tuple[tuple[str, bool], ...]:
        job, keys = self.job, [self.job.requester.key, self.round_key]
        if self.witness is not None:
            keys.append(self.witness.key)
        named = job.job_id != NO_ID or job.model.weights != NO_WEIGHTS
        bound = job.output.most_units if isinstance(job.output, ScaledOutput) else self.most_units
        return (
            ("has one key for two of requester, rounds and witness", len(set(keys)) < len(keys)),
            ("has deadlines that do not rise", any(a >= b for a, b in pairwise(self.deadlines))),
            ("has a job that is not of its protocol", job.job.kind != KINDS[self.protocol]),
            ("has a server rule that is not of its protocol", self.server.kind not in SERVERS[self.protocol]),
            ("has a strategy that moves weights, for another protocol than fedavg", self._moves_sums()),
            ("gives a step without momentum a momentum", self._has_odd_momentum()),
            ("is of moments and has more than one round", self.protocol == "moments" and self.rounds > 1),
            ("has a job that names an id or weights, which only a round does", named),
            ("has a job that does not expire with its last round", job.expires != self.deadlines[-1]),
            ("has another bound of units than its job", bound != self.most_units),
            (f"has more than {MOST_STEPS:,} steps in all rounds", job.dp.steps * self.rounds > MOST_STEPS),
            (
                f"has more than {RECIPIENTS_LIMIT} recipients, which only a mesh may",
                len(job.recipients) > RECIPIENTS_LIMIT and not self.peers,
            ),
        )

    def _faults_of_mesh(self) -> tuple[tuple[str, bool], ...]:
        if not isinstance(self.server, Mesh):
            return ()
        keys = [self.job.requester.key, self.round_key, *(one.key for one in self.peers)]
        names, how = [one.name for one in self.peers], self.aggregation
        is_known = how.rule in ("median", "mean") and (how.filtered or how.rule == "median")
        return (
            ("is a mesh and has one key for two of requester, rounds and peers", len(set(keys)) < len(keys)),
            ("is a mesh and has two peers of one name", len(set(names)) < len(names)),
            (
                "is a mesh whose recipients are not its peers, in their order",
                self.job.recipients != tuple(names),
            ),
            (
                "is a mesh and mixes neither by filter and median or mean nor by the median alone",
                not is_known,
            ),
            ("is a mesh and names a witness, but has no log", self.witness is not None),
            ("is a mesh and gives back what a server would make", self.returns != "nothing"),
        )

    def _faults_of_tiers(self) -> tuple[tuple[str, bool], ...]:
        return ()

    def _moves_sums(self) -> bool:
        return self.aggregation.rule in MOVING_STRATEGIES and self.protocol != "fedavg"

    def _has_odd_momentum(self) -> bool:
        has_none = self.aggregation.rule == "flower:FedAdagrad"
        return has_none and isinstance(self.server, Average) and self.server.momentum > 0


class TieredCampaign(CampaignDocument):
    """A campaign in which vaults differ in their noise, and in nothing else."""

    v: Annotated[int, Field(ge=2, le=2)]
    tiers: Annotated[tuple[Tier, ...], Field(min_length=1, max_length=TIERS_LIMIT)]

    @property
    def noises(self) -> Mapping[str | None, float]:
        """The noise multiplier of each tier by its name, that of the campaign itself by None and before them."""
        return {**super().noises, **{one.name: one.noise_multiplier for one in self.tiers}}

    def _faults_of_tiers(self) -> tuple[tuple[str, bool], ...]:
        names = {one.name for one in self.tiers}
        noises = {one.noise_multiplier for one in self.tiers} | {self.job.dp.noise_multiplier}
        return (
            (
                "is a mesh and has noise tiers: all peers of a mesh have one noise",
                isinstance(self.server, Mesh),
            ),
            ("has two noise tiers of one name", len(names) < len(self.tiers)),
            ("has two noise tiers of one noise", len(noises) <= len(self.tiers)),
            (
                f"has noise tiers and a rule that does not weigh answers by their noise: {listed(WEIGHING)} do",
                self.aggregation.rule not in WEIGHING,
            ),
        )


VERSIONS: Final[Mapping[int, type[CampaignDocument]]] = {1: CampaignDocument, 2: TieredCampaign}


def _named(noises: Mapping[str | None, float]) -> str:
    return listed([name for name in noises if name is not None]) or "none"


def parse_campaign(data: bytes) -> CampaignDocument:
    """The campaign in these bytes, all of its rules kept; raises ``CampaignInvalid``."""
    if len(data) > CAMPAIGN_LIMIT:
        raise CampaignInvalid(reason=f"it is larger than {CAMPAIGN_LIMIT // 1024} KiB")
    try:
        found = parse_version(VERSIONS, data)
    except NotCanonical as error:
        raise CampaignInvalid(reason=str(error)) from error
    for name in found.noises:
        job = found.at_tier(name).job
        for fault in oversize_faults(job) or grid_faults(job) or encoding_faults(job):
            raise CampaignInvalid(
                reason=f"of its job, {fault}" if name is None else f"in tier {name}, {fault}"
            )
    return found


def signed_campaign(data: bytes, signature: bytes) -> CampaignDocument:
    """The campaign, once the key it names as its requester's signed it; raises ``CampaignTampered`` too."""
    found = parse_campaign(data)
    if not is_signed_by(bytes.fromhex(found.job.requester.key), CAMPAIGN_DOMAINS[found.v] + data, signature):
        raise CampaignTampered()
    return found


def campaign_bytes(document: CampaignDocument) -> bytes:
    """The canonical bytes that are signed and digested."""
    return dump(document)


def campaign_digest(data: bytes) -> str:
    """SHA-256 of the campaign's bytes, in hex: its name in every round."""
    return sha256_hex(data)


def campaign_signature(line: bytes) -> bytes:
    """The signature in a file of it; raises ``CampaignTampered``."""
    try:
        return parse_signature_line(line)
    except ValueError as error:
        raise CampaignTampered() from error
