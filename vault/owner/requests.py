"""What an owner does with what others ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vault.errors.consent import ConsentMissing, ConsentRefused
from vault.errors.requests import NoToCampaign
from vault.owner.drills import APPROVED, REFUSED, raise_if_drill
from vault.owner.interface.kinds import Progress, unwatched
from vault.queries.attack import attack_view
from vault.queries.decisions import explain_request
from vault.queries.ids import full_grant_id, full_request_id, is_campaign
from vault.queries.releases import release_view
from vault.queries.requests import approval_view, job_of, request_lines, request_view
from vault.queries.runs import run_views
from vault.requests import inbox, refusals
from vault.requests.approve import approve
from vault.requests.attacked import keep_guesses, kept_guesses
from vault.requests.bundle import read_job
from vault.requests.rounds import approve_rounds
from vault.requests.translate import learner_job
from vault.training.stop import stop_run
from vault.views.attack import FEWEST_GUESSES

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.requests.attacked import Guesses
    from vault.requests.evaluate import StoredJob
    from vault.views.attack import AttackView
    from vault.views.consents import DecisionView
    from vault.views.releases import ReleaseView
    from vault.views.requests import Approval, RequestLine, RequestView
    from vault.views.runs import RunView


class RequestActions:
    """Requests and their runs."""

    _opened: OpenVault

    def submit(self, job: Path) -> RequestView:
        files = read_job(job)
        with self._opened.act() as act:
            request_id, refusal = inbox.submit(act, files)
            approve_rounds(act)
        if refusal:
            raise refusal
        return self.request(request_id)

    def requests(self) -> list[RequestLine]:
        with self._opened.read() as uow:
            return request_lines(uow, self._opened)

    def explain_request(self, request_id: str) -> DecisionView:
        with self._opened.read() as uow:
            return explain_request(uow, self._opened, job_of(uow, self._opened, request_id))

    def request(self, request_id: str) -> RequestView:
        with self._opened.read() as uow:
            return request_view(uow, self._opened, job_of(uow, self._opened, request_id))

    def preview_approval(self, request_id: str, *, draft: bool, optional: frozenset[str]) -> Approval:
        with self._opened.read() as uow:
            asked = job_of(uow, self._opened, request_id)
            return approval_view(uow, self._opened, asked, draft=draft, optional=optional)

    def approve(
        self, request_id: str, *, manifest_digest: str, consent: str | None = None, draft: bool = False,
        optional: frozenset[str] = frozenset(), special_confirmed: bool = False,
    ) -> None:  # fmt: skip
        raise_if_drill(self._opened, request_id, decided=APPROVED)
        with self._opened.act() as act:
            full = full_request_id(act.uow, request_id)
            decision = approve(
                act, full, manifest_digest=manifest_digest,
                consent=None if consent is None else full_grant_id(act.uow, consent),
                draft=draft, optional=optional, special_confirmed=special_confirmed,
            )  # fmt: skip
        if not decision.permitted:
            refused = ConsentRefused if draft else ConsentMissing
            raise refused(reason="; ".join(reason.sentence for reason in decision.reasons))

    def refuse(self, request_id: str, *, reason: str = "") -> str:
        raise_if_drill(self._opened, request_id, decided=REFUSED)
        with self._opened.act() as act:
            refusal = inbox.refuse(act, full_request_id(act.uow, request_id), reason=reason)
            return refusals.until_text(refusal)

    def lift_refusal(self, request_id: str) -> int:
        with self._opened.act() as act:
            if is_campaign(act.uow, request_id):
                raise NoToCampaign(request=request_id, what="a campaign")
            return refusals.lift(act, inbox.show(act.uow, full_request_id(act.uow, request_id)))

    def train(self, request_id: str, *, progress: Progress = unwatched) -> ReleaseView:
        from vault.training.run import run_job  # it loads pyarrow and numpy, which most acts do without

        with self._opened.read() as uow:
            full = full_request_id(uow, request_id)
        run_job(self._opened, full, progress)
        with self._opened.read() as uow:
            return release_view(uow, self._opened, full)

    def attack_stand_in(self, request_id: str, *, progress: Progress = unwatched) -> AttackView:
        with self._opened.read() as uow:
            asked = job_of(uow, self._opened, request_id)
            kept = kept_guesses(uow, asked.row.manifest_digest)
        return attack_view(kept or self._attacked(asked, progress), asked.price.guess_rate)

    def _attacked(self, asked: StoredJob, progress: Progress) -> Guesses:
        from vault.training.attack import attack  # it loads numpy, which most acts do without

        every = asked.manifest.required | asked.manifest.optional
        guesses = attack(learner_job(asked.manifest, every), progress)
        if guesses.made < FEWEST_GUESSES:
            return guesses
        with self._opened.act() as act:
            return keep_guesses(act, asked.row.manifest_digest, guesses)

    def runs(self) -> list[RunView]:
        with self._opened.read() as uow:
            return run_views(uow, self._opened)

    def stop_training(self, request_id: str) -> None:
        with self._opened.read() as uow:
            full = full_request_id(uow, request_id)
        stop_run(self._opened, full)
