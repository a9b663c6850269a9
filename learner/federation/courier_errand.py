"""One errand of a courier: rounds from the coordinator to the vault, released updates from the vault to it.

Each step is written down before the next, and each can be done again: a round comes in once, whoever brings it, and an
answer is one file that is sent until it is taken.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from learner.federation.courier_campaign import (
    ROUND_FILES,
    TIME_FORMAT,
    ServedCampaign,
    deadlines,
    log_in,
    refusal,
    sentence_in,
)
from learner.federation.courier_door import RoundFiles
from learner.federation.courier_folder import CourierFolder, CourierState, RoundState, answer_file
from learner.federation.exchange import answer_bytes
from vault.errors.daemon import SessionEnded
from vault.errors.families import LockboxError, Unavailable
from vault.errors.federation import CourierNotLetIn
from vault.errors.requests import JobReplayed, TooManyWaiting
from vault.requester.release_check import ReleaseFiles

if TYPE_CHECKING:
    from learner.federation.courier_campaign import Log
    from learner.federation.courier_door import Door
    from learner.federation.courier_https import Reply

Tell = Callable[[dict[str, object]], None]

AT_ONCE: Final = 8
"""Rounds that are fetched before the vault is spoken to: a line on which nothing is said for a minute is closed."""
_TAKEN: Final = (200, 201)
_FOR_GOOD: Final = {
    403: "the coordinator does not know this vault",
    409: "the coordinator has another answer of this vault for this round",
    410: "the round was closed before",
    413: "it is too large for the coordinator",
    422: "the coordinator does not take it",
}
"""What is said where an answer is not taken, however often it is sent."""


@dataclass(slots=True, kw_only=True)
class Errand:
    """What one errand works with; without a ``door`` it only sends what was released before."""

    folder: CourierFolder
    served: ServedCampaign
    door: Door | None
    tell: Tell
    state: CourierState

    def run(self) -> None:
        """Go once. What happened is told and kept; raises what went wrong, and ``DaemonGone`` once the line is lost."""
        try:
            self._send_released()
            self._keep(replace(self.state, etag=self.served.bring_up(self.folder, self.state.etag)))
            if self.door is not None:
                self._serve(self.door)
            self._send_released()
        except LockboxError as error:
            self._keep(replace(self.state, trouble=str(error), failures=self.state.failures + 1))
            raise
        self._keep(replace(self.state, trouble="", failures=0))

    def _serve(self, door: Door) -> None:
        """Bring the vault what came, and take what was released."""
        log = log_in(self.folder)
        rounds = {number: self._fetched(number) for number in self._wanted(log)[:AT_ONCE]}
        try:
            for number, files in rounds.items():
                self._hand_over(door, number, files, log)
            for one in self.state.rounds:
                self._look_after(door, one)
        except SessionEnded:
            raise CourierNotLetIn() from None

    # rounds

    def _wanted(self, log: Log) -> list[int]:
        """The open rounds that are not here yet and whose time is not over."""
        ends = deadlines(self.folder.read("campaign.json"))
        known, now = {one.number for one in self.state.rounds}, self.served.now()
        return [
            one for one in log.open_rounds() if one not in known and one <= len(ends) and now < ends[one - 1]
        ]

    def _fetched(self, number: int) -> RoundFiles:
        manifest, signature, weights = self.served.files(ROUND_FILES, f"/rounds/{number}")
        return RoundFiles(manifest=manifest, signature=signature, weights=weights)

    def _hand_over(self, door: Door, number: int, files: RoundFiles, log: Log) -> None:
        one = RoundState(number=number, job=_job_in(files.manifest), word="waiting")
        try:
            door.hand_over(files)
        except JobReplayed:
            pass  # it had come in before a line was lost
        except (TooManyWaiting, SessionEnded, Unavailable):
            raise  # it is taken another time
        except LockboxError as error:
            self._note(replace(one, word="not handed over", note=str(error)), "not handed over")
            return
        self._note(one, "handed over")

    # answers

    def _look_after(self, door: Door, one: RoundState) -> None:
        if one.word != "waiting":
            return
        word = door.job(one.job).state
        if word == "released":
            self._take(door, one)
        elif word != "waiting":
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
        self._note(replace(one, word="released", release=release, size=len(body)), "released")

    def _send_released(self) -> None:
        for one in self.state.rounds:
            if one.word == "released":
                reply = self.served.put(one.number, one.release, self.folder.read(answer_file(one.job)))
                self._note_sent(one, reply)

    def _note_sent(self, one: RoundState, reply: Reply) -> None:
        """Note what became of an answer; raises ``CoordinatorRefused`` where it may be taken another time."""
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
