"""One errand of a mesh at the vault: what was released is taken, what others released is mixed, the next round begins.

It speaks to the vault's door alone and to no network. What it can fetch there is what a person released, so that no
private model can be compared or mixed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from learner.federation.courier_door import Served
from learner.federation.mesh_folder import MODEL_FILE, Access, MeshFolder, MeshRound, MeshState
from learner.federation.mesh_forms import shared_bytes
from learner.federation.mesh_mixing import Mix, mixed_by
from learner.federation.mesh_models import ReleasedModel, released_model
from vault.errors.daemon import DaemonGone, NotAtThisDoor, SessionEnded
from vault.errors.families import LockboxError, Unavailable
from vault.errors.meshes import SharedInvalid
from vault.errors.requests import JobReplayed, TooManyWaiting, UnknownRequest
from vault.requester.coordinating import (
    JobFiles,
    flat_weights,
    round_key,
    signature_line,
    signed_round,
    weights_file,
)
from vault.requester.release_check import ReleaseFiles

if TYPE_CHECKING:
    from learner.federation.courier_door import Door
    from vault.requester.coordinating import CampaignDocument, SignedCampaignFiles

Tell = Callable[[dict[str, object]], None]

AGAIN_LATER = (TooManyWaiting, SessionEnded, Unavailable, DaemonGone)
"""What the vault says for now and not for good."""
SAID_AGAIN: Final = timedelta(days=1)
"""So long the clock has to say that the last round is over; one clock, once, ends nothing."""
_GONE = "it was given to a folder, its time was over, or you left"


@dataclass(slots=True, kw_only=True)
class MeshErrand:
    """What one errand works with; ``clock`` is this computer's."""

    folder: MeshFolder
    door: Door
    tell: Tell
    state: MeshState
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def run(self) -> None:
        """Go once. What happened is told and kept; raises what the vault says."""
        campaign = self.folder.campaign()
        self.door.campaign(campaign.digest)
        for one in self.state.rounds:
            if one.word == "prepared":
                self._hand_over(one)
        for one in self.state.rounds:
            if one.word == "waiting":
                self._look_after(one)
        number = self._next(campaign.document)
        if number is not None:
            self._begin(campaign, number)
        elif self._is_past(campaign.document):
            self._end(campaign)
        elif self.state.is_over:
            self._keep(replace(self.state, is_over=False, last=(), last_of=()))
            self.tell({"event": "not over"})

    # what was released here

    def _look_after(self, one: MeshRound) -> None:
        try:
            word = self.door.job(one.job).state
            if word == "released":
                self._take(one)
                return
        except (NotAtThisDoor, UnknownRequest):
            self._note(replace(one, word="not here", note=_GONE), "not here")
            return
        if word != "waiting":
            self._note(replace(one, word=word), word)

    def _take(self, one: MeshRound) -> None:
        """Put exactly the bytes that were released where they are passed on, with the round that they answer."""
        files = self.door.released(one.job)
        release = ReleaseFiles(
            manifest=files["release.json"],
            signature=files["release.sig"],
            update=files["update.safetensors"],
        )
        job = self._kept_job(one.number)
        key = self.folder.facts(Access).key
        self.folder.net.keep_shared(one.number, key, shared_bytes(job, release))
        self._note(replace(one, word="released"), "released")

    # the next round

    def _next(self, document: CampaignDocument) -> int | None:
        """The round that begins now: the one that is open, or the one after it once all of its models are here."""
        now, begun = self.clock(), {one.number for one in self.state.rounds}
        still = [number for number in range(1, document.rounds + 1) if now < document.deadline(number)]
        # a clock that was ahead let a later one begin: those it passed over are still open by the right one
        number = next((number for number in still if number not in begun), None)
        if number is None or number == still[0] or self._all_here(document, number - 1):
            return number
        return None

    def _all_here(self, document: CampaignDocument, number: int) -> bool:
        here = self.folder.net.shared()
        return all((number, one.key) in here for one in document.peers)

    def _is_past(self, document: CampaignDocument) -> bool:
        """Whether the last round is over: every model of it is here, or the clock said so a day ago and says so still.

        What the clock says once ends nothing: it may be wrong for one errand.
        """
        if self._all_here(document, document.rounds):
            return True
        now, since = self.clock(), self.state.past_since
        is_late = now >= document.deadline(document.rounds)
        if is_late and since is not None and since <= now:
            return now - since >= SAID_AGAIN
        self._keep(replace(self.state, past_since=now if is_late else None))
        return False

    def _begin(self, campaign: SignedCampaignFiles, number: int) -> None:
        """Mix what was released in the round before, and hand the next one in."""
        document = campaign.document
        mix = self._mix(campaign, number - 1)
        weights = campaign.weights if mix is None else weights_file(document, mix.weights)
        job = signed_round(
            document, campaign.digest, number, weights=weights, key=round_key(self.folder.path)
        )
        self._keep_job(number, job)
        one = MeshRound(
            number=number,
            job=str(json.loads(job.manifest)["job_id"]),
            word="prepared",
            verdicts=() if mix is None else mix.verdicts,
        )
        # written down first: a round has one job, and what is released answers that one
        self._note(one, "mixed")
        self._hand_over(one)

    def _hand_over(self, one: MeshRound) -> None:
        job = self._kept_job(one.number)
        files = Served(document=job.manifest, signature=signature_line(job.signature), weights=job.weights)
        waiting = replace(one, word="waiting")
        try:
            self.door.hand_over(files, None)
        except JobReplayed:
            self._note(waiting, "handed over")  # it had come in before a line was lost
        except AGAIN_LATER:
            raise
        except LockboxError as error:
            self._note(replace(one, word="not handed over", note=str(error)), "not handed over")
        else:
            self._note(waiting, "handed over")

    def _keep_job(self, number: int, job: JobFiles) -> None:
        name = _job_name(number)
        self.folder.write(f"{name}.manifest", job.manifest)
        self.folder.write(f"{name}.signature", job.signature)
        self.folder.write(f"{name}.weights", job.weights)

    def _kept_job(self, number: int) -> JobFiles:
        name = _job_name(number)
        return JobFiles(
            manifest=self.folder.read(f"{name}.manifest"),
            signature=self.folder.read(f"{name}.signature"),
            weights=self.folder.read(f"{name}.weights"),
        )

    def _end(self, campaign: SignedCampaignFiles) -> None:
        """Mix after the last round, and again for what still comes: that is the model which came of the mesh."""
        last, here = campaign.document.rounds, self.folder.net.shared()
        own_key = self.folder.facts(Access).key
        of = tuple(sorted(f"{number}-{key}" for number, key in here if number == last or key == own_key))
        if self.state.is_over and of == self.state.last_of:
            return
        mix = self._mix(campaign, last)
        if mix is not None:
            self.folder.write(MODEL_FILE, weights_file(campaign.document, mix.weights))
        verdicts = () if mix is None else mix.verdicts
        self._keep(replace(self.state, last=verdicts, last_of=of, is_over=True))
        self.tell({"event": "over"})

    def _mix(self, campaign: SignedCampaignFiles, after: int) -> Mix | None:
        """What is mixed after a round, or None before the first."""
        if after < 1:
            return None
        own_key = self.folder.facts(Access).key
        own = [number for number, key in self.folder.net.shared() if key == own_key and number <= after]
        others = (self._model(campaign, after, one.key) for one in campaign.document.peers)
        return mixed_by(
            campaign.document,
            own_key=own_key,
            own=self._model(campaign, max(own), own_key) if own else None,
            first=flat_weights(campaign.document, campaign.weights),
            others={one.key: one for one in others if one is not None},
            after=after,
        )

    def _model(self, campaign: SignedCampaignFiles, number: int, key: str) -> ReleasedModel | None:
        """A released model, judged from its bytes again: the process that got it reads what strangers send."""
        data = self.folder.net.read_shared(number, key)
        if not data:
            return None
        try:
            found = released_model(data, campaign.document, campaign.digest)
        except SharedInvalid as error:
            self.tell({"event": "dropped", "note": str(error)})
            return None
        return found if (found.round, found.key) == (number, key) else None

    # what is kept

    def _note(self, one: MeshRound, event: str) -> None:
        others = [each for each in self.state.rounds if each.number != one.number]
        rounds = tuple(sorted([*others, one], key=lambda each: each.number))
        self._keep(replace(self.state, rounds=rounds))
        accepted = sum(each.word in ("accepted", "not compared") for each in one.verdicts)
        self.tell({"event": event, "round": one.number, "accepted": accepted, "note": one.note})

    def _keep(self, state: MeshState) -> None:
        self.state = state
        self.folder.keep(state)


def _job_name(number: int) -> str:
    return f"round-{number}"
