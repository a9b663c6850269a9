"""The requester's door of the vault, as a courier uses it: over one line that was connected for it, with one token."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from vault.client.connection import decode
from vault.requester.forms import from_base64
from vault.wire.addresses import ASK_CAMPAIGN, ASK_JOB, FETCH_JOB, SUBMIT_JOB
from vault.wire.messages import CampaignDigest, CampaignState, JobFiles, JobId, JobState, ReleasedFiles

if TYPE_CHECKING:
    from pydantic import BaseModel

    from vault.client.given_line import GivenLine

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundFiles:
    """A round as the coordinator serves it."""

    manifest: bytes
    signature: bytes
    weights: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What a courier can say to a vault: take this round, how does it stand, give me what was released.

    Every call raises the error that the vault tells, and ``DaemonGone`` once the line is lost.
    """

    line: GivenLine
    token: str = field(repr=False)

    def hand_over(self, files: RoundFiles) -> str:
        """Hand a round in; the id of its job."""
        asked = JobFiles(
            manifest=b64encode(files.manifest).decode(),
            signature=b64encode(files.signature).decode(),
            weights=b64encode(files.weights).decode(),
        )
        return self._ask(JobState, SUBMIT_JOB, asked).job_id

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
