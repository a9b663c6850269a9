"""What erasing a collection destroys, ends and cannot reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.text import wording

if TYPE_CHECKING:
    from vault.views.records import Erasure


def erase_sentences(one: Erasure) -> list[str]:
    """What erasing a collection does, ends and cannot reach, a sentence each; the same before and after."""
    columns = f"{wording.counted(one.rows, 'row')} in {wording.counted(len(one.columns), 'column')}"
    ends = [
        (one.consents_ended, "consent", "withdrawn"),
        (one.requests_ended, "open request", "refused"),
        (one.updates_destroyed, "held update", "destroyed"),
    ]
    return [
        f"{one.collection}: {columns}. Their keys and their sealed bytes are destroyed; nobody can bring them back.",
        *(f"{wording.counted(len(ids), noun)} on it: {what}." for ids, noun, what in ends if ids),
        *_out_of_reach(one),
        "Backups and exports that you made still hold it, and so may snapshots that your disk keeps.",
    ]


def _out_of_reach(one: Erasure) -> list[str]:
    left, maybe = (wording.counted(len(ids), "update") for ids in (one.already_left, one.may_have_left))
    sentences = [f"{left} left before: what it taught cannot be called back."] * bool(one.already_left)
    sentences += [f"{maybe} may have left before."] * bool(one.may_have_left)
    if not one.name_reserved:
        return [*sentences, "Nothing was ever learned from it: its name and its files can be used again."]
    used = f"{wording.percent(one.budget_used_percent)} of its lifetime privacy budget stays used"
    return [*sentences, f"{used}, its name stays taken, and its files stay refused."]
