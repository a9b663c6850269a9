"""What going on from a vault that is read-only means, in sentences that stand before the question."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.text import wording

if TYPE_CHECKING:
    from vault.views.reopening import RememberedBudget, Reopening
    from vault.views.status import VaultStatus

CARRIED_OVER = "carried over"
"""For whom a charge counts that this computer remembered when an older copy was reopened."""


NOTHING_HERE = "This copy records nothing that left this computer; later copies may."
"""What is said where nothing left, of a vault that is an older copy or was reopened from one."""
NEWER_COPY = "Another, newer copy of this vault on this computer can only be read afterwards."


def nothing_left(status: VaultStatus) -> str:
    """That nothing left, as far as this copy of the vault can know it."""
    return NOTHING_HERE if status.may_lack_events else wording.NOTHING_LEFT


def copy_sentences(status: VaultStatus) -> list[str]:
    """What a vault that is read-only, or that this computer does not know, has said of it before all else."""
    read_only = (
        f"This vault is read-only: {status.read_only_because}. You can look and export; to go on from it, lock it, "
        "then: lockbox reopen"
    )
    others = [f"{one[0].upper()}{one[1:]}." for one in (status.mark_missing, status.header_damage) if one]
    return [*[read_only] * bool(status.read_only_because), *others]


def reopening_sentences(planned: Reopening) -> list[str]:
    """What is older or unknown, what would be ended, and what would count as spent."""
    return [
        f"This vault is read-only: {planned.reason}.",
        _known(planned),
        *_ended(planned),
        *map(_budget, planned.budgets),
        *[NEWER_COPY] * planned.is_older,
        "The trail goes on from here. Who kept a later checkpoint of it sees a fork, and an entry that says why.",
    ]


def _known(planned: Reopening) -> str:
    here = wording.counted(planned.events, "event")
    if planned.events_seen is None:
        return f"It records {here}; nothing on this computer shows whether that is all of them."
    if planned.is_fork:
        return f"It records {here}; the {planned.events_seen} that this computer has seen are others."
    if planned.events_seen <= planned.events:
        return f"It records {here}, among them all {planned.events_seen} that this computer has seen."
    lost = planned.events_seen - planned.events
    return f"It records {here}. It lacks {wording.counted(lost, 'later event')} that this computer has seen, for good."


def _ended(planned: Reopening) -> list[str]:
    if not planned.is_older:
        return ["Consents, requests and tokens stay as they are."]
    parts = [
        (planned.consents, "consent", "withdrawn"),
        (planned.requests, "open request", "refused"),
        (planned.updates, "held update", "destroyed"),
        (planned.tokens, "token", "revoked"),
    ]
    ended = [f"{wording.counted(number, name)} {how}" for number, name, how in parts if number]
    return [
        "Nobody knows what you withdrew since, so everything that stands is ended: "
        f"{', '.join(ended) if ended else 'nothing does'}.",
        "Look at who is blocked and who is trusted yourself: lockbox requester list",
    ]


def _budget(one: RememberedBudget) -> str:
    if one.collection is None:
        return (
            f"Collection number {one.number} is not in this copy, and nothing here would know its people again: what "
            "was spent on it stays under its number, which no other gets, and its records would begin a new budget."
        )
    shared = ", ".join(one.shares_budget_with)
    whose = f"the lifetime budget that is one with {shared}" if shared else "its lifetime budget"
    return (
        f"{one.collection}: {wording.percent(one.used_percent_after)} of {whose} counts as used, as this "
        f"computer remembers, and not the {wording.percent(one.used_percent)} of this copy."
    )
