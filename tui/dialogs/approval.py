"""Prepare the approval of a request for the dialog that shows it, and carry it out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tui.text.screen_words import on_screen
from vault.errors.families import LockboxError, Locked

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.views.consents import GrantDraft
    from vault.views.requests import Approval, RequestView


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedApproval:
    """A request as it can be decided now: its approval, or the sentence that says why it cannot be approved.

    `optional` are the optional columns that the consent to be written would name.
    """

    request: RequestView
    approval: Approval | None
    problem: str
    optional: frozenset[str]

    @property
    def draft(self) -> GrantDraft | None:
        """The consent that approving writes, if none covers the job."""
        return self.approval.draft if self.approval else None

    @property
    def special(self) -> tuple[str, ...]:
        """The columns of a special category that this consent would name."""
        return self.draft.special if self.draft else ()

    @property
    def is_approved(self) -> bool:
        """Whether it was approved before and only has to run."""
        return self.request.line.state == "approved"

    def is_like(self, other: PreparedApproval) -> bool:
        """Whether a person who has read the one has read the other; the moment of looking does not count."""
        return _timeless(self) == _timeless(other)


def _timeless(prepared: PreparedApproval) -> PreparedApproval:
    draft = prepared.draft
    if prepared.approval is None or draft is None:
        return prepared
    return replace(prepared, approval=replace(prepared.approval, draft=replace(draft, not_before="")))


def prepare_approval(vault: OwnerSession, request_id: str, optional: frozenset[str]) -> PreparedApproval:
    """How a request can be decided now; raises only what stands in the way of looking."""
    try:
        found = vault.preview_approval(request_id, draft=True, optional=optional)
    except Locked:
        raise
    except LockboxError as error:
        request = vault.request(request_id)
        problem = "" if request.line.state == "approved" else on_screen(error)
        return PreparedApproval(
            request=request, approval=None, problem=problem or _unrunnable(request), optional=optional
        )
    return PreparedApproval(
        request=found.request, approval=found, problem=_blocked(found.request), optional=optional
    )


def prepare_with_choice(
    vault: OwnerSession, shown: PreparedApproval, optional: frozenset[str]
) -> tuple[PreparedApproval, PreparedApproval]:
    """How it stands now with the optional columns that are shown, and with those that are chosen."""
    as_shown = prepare_approval(vault, shown.request.line.id, shown.optional)
    if optional == shown.optional:
        return as_shown, as_shown
    return as_shown, prepare_approval(vault, shown.request.line.id, optional)


def _blocked(request: RequestView) -> str:
    if request.line.requester_status != "blocked":
        return ""
    return "This requester is blocked: nothing of theirs runs. Unblock them in the inbox, if you want to."


def _unrunnable(request: RequestView) -> str:
    """Why an approved request cannot run now, if it cannot."""
    if _blocked(request) or request.decision.permitted:
        return _blocked(request)
    return f"It was approved, but your consents no longer cover it: {'; '.join(request.decision.reasons)}."


def approve(vault: OwnerSession, prepared: PreparedApproval, *, special_confirmed: bool) -> None:
    """Write what stands in it, unless that was done before; raises what the vault raises."""
    if not prepared.is_approved:
        vault.approve(
            prepared.request.line.id,
            manifest_digest=prepared.request.manifest_digest,
            consent=prepared.approval.consent if prepared.approval else None,
            draft=prepared.draft is not None,
            optional=prepared.optional if prepared.draft else frozenset(),
            special_confirmed=special_confirmed and bool(prepared.special),
        )


def approve_and_start(vault: OwnerSession, prepared: PreparedApproval, *, special_confirmed: bool) -> None:
    """Approve it, and begin the run there without waiting for it; raises what the vault raises."""
    approve(vault, prepared, special_confirmed=special_confirmed)
    vault.begin("train", request_id=prepared.request.line.id)
