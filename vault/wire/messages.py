"""What goes over the socket: paths, headers and bodies; both ends read this room and nothing else of each other.

Every action of the owner is `POST /v1/owner/<name-with-dashes>`. Its body is a JSON object of its keyword arguments,
its answer the JSON of what it returns; a watched one answers with an id at once, and its `outcome` is asked for. An
error is an HTTP status by family and an `ErrorBody`.
"""

from __future__ import annotations

from typing import Annotated, Final, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer

from vault.wire.addresses import BODY_LIMIT
from vault.wire.errors import ErrorBody

NOTE_LIMIT: Final = 16 * 1024
LEAF_LIMIT: Final = 512
LEAVES_LIMIT: Final = 10_000
HASHES_LIMIT: Final = 64

Answer = TypeVar("Answer")


class Message(BaseModel):
    """A body with exactly the keys that its class names."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LoginRequest(Message):
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


class NonceRequest(Message):
    """An approver asks for a nonce."""

    approver: str = Field(max_length=64)


class Nonce(BaseModel):
    """A nonce for one proof within two minutes."""

    nonce: str


class PassphraseChange(Message):
    """Another passphrase for the vault, by the current one or, with `recovery`, by the recovery key."""

    current: SecretStr = Field(max_length=4096)
    new: SecretStr = Field(max_length=4096)
    recovery: bool = False

    @field_serializer("current", "new", when_used="json")
    def _spoken(self, secret: SecretStr) -> str:
        return secret.get_secret_value()  # only on its way into the socket


ChosenId = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
"""What a watched action is to be called, beside its arguments: so it can be stopped whatever became of the answer."""


class ActionId(Message):
    """A watched action that was begun, by its id."""

    id: str = Field(max_length=64)


class LockRequest(Message):
    """Lock now; a run goes on unless it is to be stopped."""

    stop_training: bool = False


class Empty(Message):
    """No arguments."""


Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class CampaignLog(Message):
    """The log of a campaign from the kept checkpoint on: a newer one, every line since, and the proof that it goes on.

    ``root`` is that of the log at the kept size, empty where nothing was kept.
    """

    checkpoint: str = Field(max_length=NOTE_LIMIT)
    leaves: list[Annotated[str, Field(max_length=LEAF_LIMIT)]] = Field(max_length=LEAVES_LIMIT)
    root: Hash | Literal[""] = ""
    consistency: list[Hash] = Field(default=[], max_length=HASHES_LIMIT)


class JobFiles(Message):
    """A signed job: the three files of its folder in base64, and of a round the log of its campaign."""

    manifest: str = Field(max_length=BODY_LIMIT)
    signature: str = Field(max_length=4096)
    weights: str = Field(max_length=BODY_LIMIT)
    log: CampaignLog | None = None


class FinalModel(Message):
    """The final model of a campaign: its digest, the three files in base64, and the log."""

    digest: str = Field(max_length=128)
    model: str = Field(max_length=4096)
    signature: str = Field(max_length=4096)
    weights: str = Field(max_length=BODY_LIMIT)
    log: CampaignLog


class JobId(Message):
    """A requester's own job."""

    job_id: str = Field(max_length=128)


class CampaignFiles(Message):
    """A signed campaign: the two files of its folder in base64, and the noise tier in which it asks this vault."""

    campaign: str = Field(max_length=BODY_LIMIT)
    signature: str = Field(max_length=4096)
    tier: str | None = Field(default=None, max_length=32)


class CampaignDigest(Message):
    """A requester's own campaign, by the SHA-256 of its document."""

    digest: str = Field(max_length=128)


class CampaignState(BaseModel):
    """What a requester is told about its campaign: whether somebody joined or left it is not.

    ``checkpoint_size`` is that of the checkpoint kept of its log, 0 before the first; ``has_model`` says that the final
    model came in.
    """

    digest: str
    state: Literal["waiting", "refused", "expired"]
    checkpoint_size: int = 0
    has_model: bool = False


class JobState(BaseModel):
    """What a requester is told about its job: `waiting` until a release, a person's refusal or its public end.

    `until` is the day (UTC) to which a refusal holds for every job of this purpose on this collection.
    """

    job_id: str
    state: Literal["waiting", "refused", "expired", "released"]
    until: str | None = None


class ReleasedFiles(BaseModel):
    """The files that were sent for one job, in base64, by name."""

    job_id: str
    files: dict[str, str]


class Begun(BaseModel):
    """A watched action has begun."""

    id: str


class Outcome(BaseModel, Generic[Answer]):
    """How far a watched action is, and when it has ended either its answer or its error."""

    state: Literal["running", "done", "failed"]
    done: int
    of: int
    error: ErrorBody | None = None
    answer: Answer | None = None
