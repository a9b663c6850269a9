"""What an owner does with what others ask."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vault import approvals, asking, overview, request_views, training
from vault.errors import ConsentRefused
from vault.requests import inbox
from vault.requests.bundle import read_job

if TYPE_CHECKING:
    from vault import trail_views, views
    from vault.opening import OpenVault


class RequestActions:
    """Requests and their runs."""

    _opened: OpenVault

    def submit(self, job: Path) -> views.RequestView:
        """Take a signed job folder into the inbox; raises one error a rule it breaks."""
        files = read_job(job)
        with self._opened.act() as act:
            request_id, refusal = inbox.submit(act, files, policy=asking.policy(act.uow))
        if refusal:
            raise refusal
        return self.request(request_id)

    def requests(self) -> list[views.RequestLine]:
        """Every request, the newest first."""
        with self._opened.read() as uow:
            return request_views.requests(uow, self._opened)

    def explain_request(self, request_id: str) -> views.DecisionView:
        """What the consents say now about a request that waits, or is approved and has not run.

        Raises `UnknownRequest`, and `WrongState` for any other.
        """
        with self._opened.read() as uow:
            full = overview.request_id(uow, request_id)
            return request_views.explain_request(uow, self._opened, full)

    def request(self, request_id: str) -> views.RequestView:
        """One request with its price and the verdict the consents give now."""
        with self._opened.read() as uow:
            return request_views.request(uow, self._opened, overview.request_id(uow, request_id))

    def preview_approval(self, request_id: str, *, draft: bool, optional: frozenset[str]) -> views.Approval:
        """What `approve` would change, without changing it, and what is otherwise than in their last approved job."""
        with self._opened.read() as uow:
            full = overview.request_id(uow, request_id)
            return request_views.approval(uow, self._opened, full, draft=draft, optional=optional)

    def approve(
        self, request_id: str, *, draft: bool = False, optional: frozenset[str] = frozenset(),
        special_confirmed: bool = False,
    ) -> None:  # fmt: skip
        """Approve one run; with `draft`, write the consent it needs in the same transaction, as `grant` would.

        Raises `ConsentRefused` (recorded), `SpecialNotConfirmed`, `BudgetExhausted` and `WrongState`.
        """
        with self._opened.act() as act:
            full = overview.request_id(act.uow, request_id)
            decision = approvals.approve(
                act, full, draft=draft, optional=optional, special_confirmed=special_confirmed
            )
        if not decision.permitted:
            raise ConsentRefused(reason="; ".join(reason.sentence for reason in decision.reasons))

    def refuse(self, request_id: str, *, reason: str = "") -> None:
        """Say no to a request; the reason stays in the vault."""
        with self._opened.act() as act:
            inbox.refuse(act, overview.request_id(act.uow, request_id), reason=reason)

    def train(self, request_id: str, *, progress: Callable[[int, int], None]) -> views.ReleaseView:
        """Run an approved request on this computer and hold its result; the budget is spent from here on."""
        with self._opened.read() as uow:
            full = overview.request_id(uow, request_id)
        training.run(self._opened, full, progress)
        with self._opened.read() as uow:
            return request_views.release(uow, self._opened, full)

    def runs(self) -> list[trail_views.RunView]:
        """What runs in this process now: how far it is, what it costs, and how its learner is confined."""
        with self._opened.read() as uow:
            return training.runs(uow, self._opened)

    def stop_training(self, request_id: str) -> None:
        """End a run and discard what it learned; its budget stays spent once it was charged.

        Raises `UnknownRequest`, and `WrongState` for a request that does not run in this process.
        """
        with self._opened.read() as uow:
            full = overview.request_id(uow, request_id)
        training.stop(self._opened, full)
