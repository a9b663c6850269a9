"""One errand of a courier: rounds from the coordinator to the vault, released updates from the vault to it.

Each step is written down before the next, and each can be done again: a round comes in once, whoever brings it, and an
answer is one file that is sent until it is taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from learner.federation.courier_campaign import (
    CAMPAIGN_FILES,
    ServedCampaign,
    check_own_tier,
    deadlines,
    log_in,
    refusal,
    sentence_in,
    served,
)
from learner.federation.courier_folder import (
    KEY_FILE,
    CourierFolder,
    CourierState,
    RoundState,
    answer_file,
)
from learner.federation.exchange import answer_bytes
from learner.federation.folder_forms import TIME_FORMAT
from vault.errors.campaigns import CampaignLogBroken, CampaignLogOlder, CampaignNotWitnessed
from vault.errors.daemon import DaemonGone, NotAtThisDoor, SessionEnded
from vault.errors.families import LockboxError, Unavailable
from vault.errors.federation import (
    CoordinatorBusy,
    CoordinatorRefused,
    CourierNotLetIn,
    EnrolmentNotLogged,
)
from vault.errors.requests import JobReplayed, TooManyWaiting, UnknownRequest
from vault.requester.campaign_log import LogPart, part_since
from vault.requester.release_check import ReleaseFiles

if TYPE_CHECKING:
    from learner.federation.courier_campaign import Log
    from learner.federation.courier_door import Door, Served
    from learner.federation.courier_https import Reply

Tell = Callable[[dict[str, object]], None]

AT_ONCE: Final = 8
"""Rounds that are fetched before the vault is spoken to: a line on which nothing is said for a minute is closed."""
AGAIN_LATER: Final = (
    *(TooManyWaiting, SessionEnded, Unavailable),
    *(CampaignNotWitnessed, CampaignLogOlder, CampaignLogBroken),
)
"""What the vault says for now and not for good."""
MODEL: Final = "model"
LATEST: Final = timedelta(days=30)
"""So long after its last round a final model may still come."""
_TAKEN: Final = (200, 201)
_FOR_GOOD: Final = {
    409: "the coordinator has another answer of this vault for this round",
    410: "the round was closed before",
    413: "it is too large for the coordinator",
    422: "the coordinator does not take it",
}
"""What is said where an answer is not taken, however often it is sent."""
_GONE: Final = "it was given to a folder, its time was over, or you left"


@dataclass(slots=True, kw_only=True)
class Errand:
    """What one errand works with; without a ``door`` it only sends what was released before."""

    folder: CourierFolder
    served: ServedCampaign
    door: Door | None
    tell: Tell
    state: CourierState
    refused: LockboxError | None = field(default=None, init=False)

    def run(self) -> None:
        """Go once. What happened is told and kept; raises what went wrong, and ``DaemonGone`` once the line is lost.

        What goes wrong in the vault is not heard by the coordinator: it is asked the same, and as often.
        """
        try:
            if self._is_logged():
                self._send_released()
            self._keep(replace(self.state, etag=self.served.bring_up(self.folder, self.state.etag)))
            self._check_own_tier()
            if self.door is not None:
                self._serve(self.door)
            self._send_released()
        except LockboxError as error:
            self._keep(replace(self.state, trouble=str(error), failures=self.state.failures + 1))
            raise
        trouble = str(self.refused or "")
        self._keep(replace(self.state, trouble=trouble, failures=0, is_over=self._is_over()))
        if self.refused is not None:
            raise self.refused

    def _is_logged(self) -> bool:
        """Whether what is known of the log has the vault's key as agreed to; a newer one may have it."""
        try:
            self._check_own_tier()
        except EnrolmentNotLogged:
            return False
        return True

    def _check_own_tier(self) -> None:
        """Hold the log against what was agreed to: where it says otherwise or nothing, nothing is sent."""
        check_own_tier(log_in(self.folder), self.folder.read(KEY_FILE), self.served.tier)

    def _is_over(self) -> bool:
        """Whether nothing can come any more: the model is here and no round waits, or the last one ended long ago.

        Long ago by the clock of this computer too: that of the coordinator alone ends nothing.
        """
        if self.state.model == "handed over" and self.state.is_idle:
            return True
        is_unsent = any(one.word == "released" for one in self.state.rounds)
        now = min(self.served.now(), self.served.clock())
        return not is_unsent and now > deadlines(self.folder.read(CAMPAIGN_FILES[0]))[-1] + LATEST

    def _serve(self, door: Door) -> None:
        """Bring the vault what came, and take what was released.

        Nothing is fetched for a vault that does not answer, and then everything before more is said to it.
        """
        self._at_vault(lambda: self._hear_standing(door))
        if self.refused is not None:
            return
        log = log_in(self.folder)
        rounds = {number: self._round(number) for number in self._wanted(log)[:AT_ONCE]}
        model = self._model() if log.has_model and not self.state.model else None
        for number, files in rounds.items():
            self._at_vault(partial(self._hand_over, door, number, files, log))
        if model is not None:
            self._at_vault(partial(self._hand_over_model, door, model, log))
        self.folder.forget_fetched({f"round-{number}" for number in self._wanted(log)} | {self._model_name()})
        for one in self.state.rounds:
            self._at_vault(partial(self._look_after, door, one))

    def _hear_standing(self, door: Door) -> None:
        """Whether the vault's owner said no to the campaign; leaving one is not heard here."""
        if door.campaign(self.served.digest).state == "refused" and not self.folder.ended():
            self.folder.note_standing("refused")

    def _at_vault(self, act: Callable[[], object]) -> None:
        """Do one thing at the vault; what goes wrong is kept for the end and stops nothing else, unless it is shut."""
        if isinstance(self.refused, (CourierNotLetIn, DaemonGone)):
            return
        try:
            act()
        except SessionEnded:
            self.refused = CourierNotLetIn()
        except DaemonGone as error:
            self.refused = error
        except LockboxError as error:
            self.refused = self.refused or error

    # rounds, and the model that comes of them

    def _round(self, number: int) -> Served:
        return self._once(f"round-{number}", partial(self.served.round, number))

    def _model(self) -> Served:
        return self._once(MODEL, self.served.model)

    def _model_name(self) -> str:
        return "" if self.state.model else MODEL

    def _once(self, name: str, fetch: Callable[[], Served]) -> Served:
        """What was fetched: once, however often the vault puts it off, so that the coordinator does not hear that."""
        kept = self.folder.fetched(name)
        if kept:
            return served(kept)
        found = fetch()
        self.folder.keep_fetched(name, (found.document, found.signature, found.weights))
        return found

    def _wanted(self, log: Log) -> list[int]:
        """The open rounds that are not here yet and whose time is not over."""
        ends = deadlines(self.folder.read(CAMPAIGN_FILES[0]))
        known, now = {one.number for one in self.state.rounds}, self.served.now()
        return [
            one for one in log.open_rounds if one not in known and one <= len(ends) and now < ends[one - 1]
        ]

    def _hand_over(self, door: Door, number: int, files: Served, log: Log) -> None:
        one = RoundState(number=number, job=_job_in(files.document), word="waiting")
        try:
            door.hand_over(files, self._unread(door, log))
        except JobReplayed:
            self._note(one, "handed over")  # it had come in before a line was lost
        except AGAIN_LATER:
            raise
        except LockboxError as error:
            self._note(replace(one, word="not handed over", note=str(error)), "not handed over")
        else:
            self._note(one, "handed over")

    def _hand_over_model(self, door: Door, files: Served, log: Log) -> None:
        try:
            door.hand_over_model(self.served.digest, files, self._unread(door, log))
        except AGAIN_LATER:
            raise
        except LockboxError as error:
            self._keep(replace(self.state, model="not handed over"))
            self.tell({"event": "no model", "note": str(error)})
        else:
            self._keep(replace(self.state, model="handed over"))
            self.tell({"event": "model"})

    def _unread(self, door: Door, log: Log) -> LogPart:
        kept = door.campaign(self.served.digest).checkpoint_size
        return part_since(log.checkpoint, log.leaves, kept)

    # answers

    def _look_after(self, door: Door, one: RoundState) -> None:
        if one.word != "waiting":
            return
        try:
            word = door.job(one.job).state
            if word == "released":
                self._take(door, one)
                return
        except (NotAtThisDoor, UnknownRequest):
            self._note(replace(one, word="not here", note=_GONE), "not here")
            return
        if word != "waiting":
            self._note(replace(one, word=word), word)

    def _take(self, door: Door, one: RoundState) -> None:
        """Keep exactly the bytes that were released, to be sent until they are taken."""
        files = door.released(one.job)
        manifest = files["release.json"]
        parts = ReleaseFiles(
            manifest=manifest, signature=files["release.sig"], update=files["update.safetensors"]
        )
        body, release = answer_bytes(parts), str(json.loads(manifest)["release_id"])
        self.folder.write(answer_file(one.job), body)
        self._note(replace(one, word="released", release=release, size=len(parts.update)), "released")

    def _send_released(self) -> None:
        """Send every answer that was not taken yet; raises what was said to the first of them once all were sent."""
        refused = None
        for one in self.state.rounds:
            if one.word == "released":
                reply = self.served.put(one.number, one.release, self.folder.read(answer_file(one.job)))
                try:
                    self._note_sent(one, reply)
                except (CoordinatorRefused, CoordinatorBusy) as error:
                    refused = refused or error
        if refused is not None:
            raise refused

    def _note_sent(self, one: RoundState, reply: Reply) -> None:
        """Note what became of an answer; raises ``refusal`` where it may be taken another time."""
        at = self.served.now().strftime(TIME_FORMAT)
        if reply.status in _TAKEN:
            self._note(replace(one, word="sent", at=at), "sent")
        elif reply.status in _FOR_GOOD:
            note = ": ".join(filter(None, (_FOR_GOOD[reply.status], sentence_in(reply))))
            self._note(replace(one, word="not sent", at=at, note=note), "not sent")
        else:
            raise refusal(reply)

    # what is kept

    def _note(self, one: RoundState, event: str) -> None:
        others = [each for each in self.state.rounds if each.number != one.number]
        rounds = tuple(sorted([*others, one], key=lambda each: each.number))
        self._keep(replace(self.state, rounds=rounds))
        said = {"round": one.number, "release": one.release, "bytes": one.size, "note": one.note}
        self.tell({"event": event, **said})

    def _keep(self, state: CourierState) -> None:
        contact = self.served.contact
        self.state = replace(state, contact=contact.strftime(TIME_FORMAT)) if contact else state
        self.folder.keep(self.state)


def _job_in(manifest: bytes) -> str:
    """The id of the job in a manifest, which the vault judges; empty where there is none."""
    try:
        return str(json.loads(manifest).get("job_id", ""))
    except (ValueError, AttributeError, RecursionError):
        return ""
