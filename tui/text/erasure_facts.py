"""What erasing a collection destroys, ends and cannot reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.text import times, wording

if TYPE_CHECKING:
    from vault.views.records import Erasure, UndoneImport

_LINKED = (
    "The file of the database has another name on this disk (a hard link): both are one file, and it is "
    "erased there too."
)


def undo_sentences(one: UndoneImport) -> list[str]:
    """What taking an import out destroys, what stays, and what it does not bring back."""
    shared, rows = ", ".join(one.shares_budget_with), wording.counted(one.rows, "row")
    return [
        f"The last import of {one.collection}, of {times.full_time(one.imported_at)}: {rows}. "
        f"Their sealed bytes are destroyed; {wording.counted(one.rows_left, 'row')} from before stay.",
        *_models(one.models_deleted),
        "Nobody ever learned from this collection: the file can be imported again.",
        *[f"Its lifetime privacy budget stays one with that of {shared}."] * bool(shared),
        "Backups and exports that you made still hold them, and so may snapshots that your disk keeps.",
    ]


def erase_sentences(one: Erasure) -> list[str]:
    """What erasing a collection does, ends and cannot reach, a sentence each; the same before and after."""
    columns = f"{wording.counted(one.rows, 'row')} in {wording.counted(len(one.columns), 'column')}"
    ends = [
        (one.consents_ended, "consent", "withdrawn"),
        (one.requests_ended, "open request", "refused"),
        (one.campaigns_refused, "waiting campaign", "refused for good"),
        (one.updates_destroyed, "held update", "destroyed"),
    ]
    return [
        f"{one.collection}: {columns}. Their keys and their sealed bytes are destroyed; nobody can bring them back.",
        *(f"{wording.counted(len(ids), noun)} on it: {what}." for ids, noun, what in ends if ids),
        *_models(one.models_deleted),
        *_out_of_reach(one),
        *[_LINKED] * one.linked_elsewhere,
        "Backups and exports that you made still hold it, and so may snapshots that your disk keeps.",
    ]


def _models(names: tuple[str, ...]) -> list[str]:
    return [f"Fitted on it at home, and deleted with it: {', '.join(names)}."] * bool(names)


def _out_of_reach(one: Erasure) -> list[str]:
    left, maybe = (wording.counted(len(ids), "update") for ids in (one.already_left, one.may_have_left))
    sentences = [f"{left} left before: what it taught cannot be called back."] * bool(one.already_left)
    sentences += [f"{maybe} may have left before; what is still here is destroyed."] * bool(one.may_have_left)
    if not one.name_reserved:
        return [*sentences, "Nothing was ever learned from it: its name and its files can be used again."]
    of = ", ".join(one.shares_budget_with)
    whose = f"the lifetime privacy budget that it shares with {of}" if of else "its lifetime privacy budget"
    used = f"{wording.percent(one.budget_used_percent)} of {whose} stays used"
    return [*sentences, f"{used}, its name stays taken, and its files stay refused.", _fingerprint(one)]


def _fingerprint(one: Erasure) -> str:
    """What is kept to know the same people again, or what follows from keeping nothing."""
    if one.keeps_fingerprint:
        return (
            "Erased, except a fingerprint that limits re-use: sealed marks from which nobody reads a value, but by "
            "which this vault knows the same people when they come in again. That is pseudonymous data, and no full "
            "erasure; it can be destroyed too."
        )
    return (
        "The fingerprint that limits re-use is destroyed too. No other rows with half of these columns will get a "
        "budget of their own then, because nothing could tell whether they are of the same people."
    )
