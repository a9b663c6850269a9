"""What an owner does with what others ask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vault.errors.consent import ConsentRefused
from vault.queries.decisions import explain_request
from vault.queries.ids import full_request_id
from vault.queries.releases import release_view
from vault.queries.requests import approval_view, request_lines, request_view
from vault.queries.runs import run_views
from vault.requests import evaluate, inbox
from vault.requests.approve import approve
from vault.requests.bundle import read_job
from vault.training.run import run_job
from vault.training.stop import stop_run

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.views.consents import DecisionView
    from vault.views.releases import ReleaseView
    from vault.views.requests import Approval, RequestLine, RequestView
    from vault.views.runs import RunView


class RequestActions:
    """Requests and their runs."""

    _opened: OpenVault

    def submit(self, job: Path) -> RequestView:
        """Take a signed job folder into the inbox; raises one error a rule it breaks."""
        files = read_job(job)
        with self._opened.act() as act:
            request_id, refusal = inbox.submit(act, files, policy=evaluate.policy(act.uow))
        if refusal:
            raise refusal
        return self.request(request_id)

    def requests(self) -> list[RequestLine]:
        """Every request, the newest first."""
        with self._opened.read() as uow:
            return request_lines(uow, self._opened)

    def explain_request(self, request_id: str) -> DecisionView:
        """What the consents say now about a request that waits, or is approved and has not run.

        Raises `UnknownRequest`, and `WrongState` for any other.
        """
        with self._opened.read() as uow:
            full = full_request_id(uow, request_id)
            return explain_request(uow, self._opened, full)

    def request(self, request_id: str) -> RequestView:
        """One request with its price and the verdict the consents give now."""
        with self._opened.read() as uow:
            return request_view(uow, self._opened, full_request_id(uow, request_id))

    def preview_approval(self, request_id: str, *, draft: bool, optional: frozenset[str]) -> Approval:
        """What `approve` would change, without changing it, and what is otherwise than in their last approved job."""
        with self._opened.read() as uow:
            full = full_request_id(uow, request_id)
            return approval_view(uow, self._opened, full, draft=draft, optional=optional)

    def approve(
        self, request_id: str, *, draft: bool = False, optional: frozenset[str] = frozenset(),
        special_confirmed: bool = False,
    ) -> None:  # fmt: skip
        """Approve one run; with `draft`, write the consent it needs in the same transaction, as `grant` would.

        Raises `ConsentRefused` (recorded), `SpecialNotConfirmed`, `BudgetExhausted` and `WrongState`.
        """
        with self._opened.act() as act:
            full = full_request_id(act.uow, request_id)
            decision = approve(act, full, draft=draft, optional=optional, special_confirmed=special_confirmed)
        if not decision.permitted:
            raise ConsentRefused(reason="; ".join(reason.sentence for reason in decision.reasons))

    def refuse(self, request_id: str, *, reason: str = "") -> None:
        """Say no to a request; the reason stays in the vault."""
        with self._opened.act() as act:
            inbox.refuse(act, full_request_id(act.uow, request_id), reason=reason)

    def train(self, request_id: str, *, progress: Callable[[int, int], None]) -> ReleaseView:
        """Run an approved request on this computer and hold its result; the budget is spent from here on."""
        with self._opened.read() as uow:
            full = full_request_id(uow, request_id)
        run_job(self._opened, full, progress)
        with self._opened.read() as uow:
            return release_view(uow, self._opened, full)

    def runs(self) -> list[RunView]:
        """What runs in this process now: how far it is, what it costs, and how its learner is confined."""
        with self._opened.read() as uow:
            return run_views(uow, self._opened)

    def stop_training(self, request_id: str) -> None:
        """End a run and discard what it learned; its budget stays spent once it was charged.

        Raises `UnknownRequest`, and `WrongState` for a request that does not run in this process.
        """
        with self._opened.read() as uow:
            full = full_request_id(uow, request_id)
        stop_run(self._opened, full)
