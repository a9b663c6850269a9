"""Requests and their runs, through the process that has the vault open."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from vault.client.connection import decode
from vault.client.login import Caller, Remote
from vault.errors.requests import WrongState
from vault.views.consents import DecisionView
from vault.views.releases import ReleaseView
from vault.views.requests import Approval, RequestLine, RequestView
from vault.views.runs import RunView
from vault.wire import messages
from vault.wire.errors import error_from

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

POLL_SECONDS = 0.2


class RemoteRequests(Remote):
    """What others ask, and its runs."""

    _shown: dict[str, str]

    def submit(self, job: Path) -> RequestView:
        """Take a signed job folder into the inbox; raises one error a rule it breaks."""
        return self._ask("submit", RequestView, job=job)

    def requests(self) -> list[RequestLine]:
        """Every request, the newest first."""
        return self._ask("requests", list[RequestLine])

    def request(self, request_id: str) -> RequestView:
        """One request with its price and the verdict the consents give now."""
        return self._ask("request", RequestView, request_id=request_id)

    def explain_request(self, request_id: str) -> DecisionView:
        """What the consents say about a request now."""
        return self._ask("explain_request", DecisionView, request_id=request_id)

    def preview_approval(self, request_id: str, *, draft: bool, optional: frozenset[str]) -> Approval:
        """What `approve` would change, without changing it."""
        found = self._ask("preview_approval", Approval, request_id=request_id, draft=draft, optional=optional)
        self._shown[request_id] = self._shown[found.request.line.id] = found.request.manifest_digest
        return found

    def approve(
        self, request_id: str, *, draft: bool = False, optional: frozenset[str] = frozenset(),
        special_confirmed: bool = False,
    ) -> None:  # fmt: skip
        """Approve one run, proven by the passphrase for the very manifest that was shown."""
        digest = self._shown.get(request_id) or self.request(request_id).manifest_digest
        arguments = {
            "request_id": request_id,
            "draft": draft,
            "optional": optional,
            "special_confirmed": special_confirmed,
        }
        self._caller.prove("approve", type(None), arguments, digest=digest)

    def refuse(self, request_id: str, *, reason: str = "") -> None:
        """Say no to a request; the reason stays in the vault."""
        self._tell("refuse", request_id=request_id, reason=reason)

    def runs(self) -> list[RunView]:
        """What runs now in the process that has the vault open."""
        return self._ask("runs", list[RunView])

    def stop_training(self, request_id: str) -> None:
        """End a run there; raises `WrongState` when it does not run."""
        self._tell("stop_training", request_id=request_id)

    def train(self, request_id: str, *, progress: Callable[[int, int], None]) -> ReleaseView:
        """Run an approved request there, and wait for its result; Ctrl-C here stops it there."""
        full = self.request(request_id).line.id
        wish = messages.RequestId(request_id=full)
        self._caller.tell(messages.START_TRAINING, wish)
        try:
            outcome = self._wait(wish, progress)
        except KeyboardInterrupt:
            _stop(self._caller, wish, self)
            raise
        if outcome.error is not None:
            raise error_from(outcome.error)
        return self._ask("release", ReleaseView, release_id=full)

    def _wait(self, wish: messages.RequestId, progress: Callable[[int, int], None]) -> messages.Outcome:
        while (outcome := _outcome(self._caller, wish)).state == "running":
            for run in self.runs():
                if run.request == wish.request_id and run.step:
                    progress(run.step, run.of)
            time.sleep(POLL_SECONDS)
        return outcome


def _outcome(caller: Caller, wish: messages.RequestId) -> messages.Outcome:
    return decode(messages.Outcome, caller.tell(messages.TRAINING_OUTCOME, wish))


def _stop(caller: Caller, wish: messages.RequestId, vault: RemoteRequests) -> None:
    """Stop a run and wait until it has ended, so that what is said of it afterwards is true."""
    try:
        vault.stop_training(wish.request_id)
    except WrongState:
        return  # it ended by itself meanwhile
    while _outcome(caller, wish).state == "running":
        time.sleep(POLL_SECONDS)
