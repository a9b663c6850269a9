"""What others ask, and its runs."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from vault.owner.interface.kinds import Progress, proven, unwatched, watched
from vault.views.attack import AttackView
from vault.views.consents import DecisionView
from vault.views.releases import ReleaseView
from vault.views.requests import Approval, RequestLine, RequestView
from vault.views.runs import RunView


class Requests(Protocol):
    """What others ask, and its runs."""

    def submit(self, job: Path) -> RequestView:
        """Take a signed job folder into the inbox; raises one error a rule it breaks.

        What breaks no rule of its own waits there, also where it cannot run here: its `obstacle` says why. A job that
        a standing word of the owner's refuses is stored as refused and raises `UnderRefusal` or `OtherCollection`.
        """

    def requests(self) -> list[RequestLine]:
        """Every request, the newest first."""

    def request(self, request_id: str) -> RequestView:
        """One request with its price and the verdict the consents give now."""

    def explain_request(self, request_id: str) -> DecisionView:
        """What the consents say now about a request that waits, or is approved and has not run.

        Raises `UnknownRequest`, and `WrongState` for any other.
        """

    def preview_approval(self, request_id: str, *, draft: bool, optional: frozenset[str]) -> Approval:
        """What `approve` would change, without changing it, and what is otherwise than in their last approved job."""

    @proven
    def approve(
        self, request_id: str, *, manifest_digest: str, consent: str | None = None, draft: bool = False,
        optional: frozenset[str] = frozenset(), special_confirmed: bool = False,
    ) -> None:  # fmt: skip
        """Approve one run under a consent or, with `draft`, write the one it needs in the same transaction.

        `manifest_digest` and `consent` are those that were shown: of another manifest, and under another consent,
        nothing is approved or read. Raises `ManifestMismatch`, `ApprovalChanged` where no consent was shown and one
        covers it now, `ConsentRefused` (recorded), `UnknownGrant`, `SpecialNotConfirmed`, `BudgetExhausted`,
        `WrongState`, `Invalid`, and what a job that does not fit its collection raises.
        """

    def refuse(self, request_id: str, *, reason: str = "") -> str:
        """Say no to a request, and to all of its kind until the time that is returned; the reason stays in the vault.

        Of its kind is what the same requester asks for the same purpose of a collection of this name. The requester
        hears no, and until when it holds; not so where the request was approved before.
        """

    @proven
    def lift_refusal(self, request_id: str) -> int:
        """Let questions like this request be shown again, and return how many noes are lifted by it.

        What was refused stays refused. Raises `UnknownRefusal` where no no holds.
        """

    @proven
    @watched
    def train(self, request_id: str, *, progress: Progress = unwatched) -> ReleaseView:
        """Run an approved request on this computer and hold its result; the budget is spent from here on."""

    @watched
    def attack_stand_in(self, request_id: str, *, progress: Progress = unwatched) -> AttackView:
        """Attack the request's job on made-up data: guess about units of no vault from what its learner gives.

        No record is read and nothing is charged. What comes of it is kept, once for each manifest; of fewer than 100
        guesses nothing is. It takes one run of the job, and up to a minute of more runs. Raises `UnknownRequest`,
        `LearnerFailed` and `SandboxMissing`.
        """

    def runs(self) -> list[RunView]:
        """What runs in this process now: how far it is, what it costs, and how its learner is confined."""

    def stop_training(self, request_id: str) -> None:
        """End a run and discard what it learned; its budget stays spent once it was charged.

        Raises `UnknownRequest`, and `WrongState` for a request that does not run in this process.
        """
