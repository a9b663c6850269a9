"""The requester's door of the vault, as a courier uses it: over one line that was connected for it, with one token."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from vault.client.connection import decode
from vault.requester.forms import from_base64
from vault.wire.addresses import ASK_CAMPAIGN, ASK_JOB, FETCH_JOB, SUBMIT_JOB, SUBMIT_MODEL
from vault.wire.messages import (
    CampaignDigest,
    CampaignLog,
    CampaignState,
    FinalModel,
    JobFiles,
    JobId,
    JobState,
    ReleasedFiles,
)

if TYPE_CHECKING:
    from pydantic import BaseModel

    from vault.client.given_line import GivenLine
    from vault.requester.campaign_log import LogPart

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """Three files that belong together, as the coordinator serves them: of a round, or of the final model."""

    document: bytes
    signature: bytes
    weights: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What a courier can say to a vault: take this round, how does it stand, give me what was released.

    Every call raises the error that the vault tells, and ``DaemonGone`` once the line is lost.
    """

    line: GivenLine
    token: str = field(repr=False)

    def hand_over(self, files: Served, part: LogPart | None) -> None:
        """Hand a round in, with what the vault has not read of the log; a mesh has none."""
        asked = JobFiles(
            manifest=_text(files.document),
            signature=_text(files.signature),
            weights=_text(files.weights),
            log=None if part is None else _log(part),
        )
        self._ask(JobState, SUBMIT_JOB, asked)

    def hand_over_model(self, digest: str, files: Served, part: LogPart) -> None:
        """Hand the final model in, with what the vault has not read of the log."""
        asked = FinalModel(
            digest=digest,
            model=_text(files.document),
            signature=_text(files.signature),
            weights=_text(files.weights),
            log=_log(part),
        )
        self._ask(CampaignState, SUBMIT_MODEL, asked)

    def job(self, job_id: str) -> JobState:
        """Where a round stands."""
        return self._ask(JobState, ASK_JOB, JobId(job_id=job_id))

    def campaign(self, digest: str) -> CampaignState:
        """Where the campaign stands."""
        return self._ask(CampaignState, ASK_CAMPAIGN, CampaignDigest(digest=digest))

    def released(self, job_id: str) -> dict[str, bytes]:
        """The files that the owner released for a round, by name."""
        found = self._ask(ReleasedFiles, FETCH_JOB, JobId(job_id=job_id)).files
        return {name: from_base64(text) for name, text in found.items()}

    def _ask(self, kind: type[_Answer], path: str, body: BaseModel) -> _Answer:
        return decode(kind, self.line.post(path, body.model_dump_json().encode(), token=self.token))


def _text(data: bytes) -> str:
    return b64encode(data).decode()


def _log(part: LogPart) -> CampaignLog:
    return CampaignLog.model_validate(part.spelled())
