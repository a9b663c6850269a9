"""Several files in one import: which parts become files of their own, and what the files before one change about it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tui.text import import_facts, wording
from tui.text.layout import escaped
from tui.text.parse import quoted_name
from vault.errors.families import Invalid

if TYPE_CHECKING:
    from vault.views.records import FileChoice, ImportPlan, ImportReport

ALL: Final = "all"
"""Every part of a known export."""
ONE_BUDGET: Final = "The tables of one export share one lifetime budget, for good."
OTHERWISE: Final = (
    "those before it are stored now, and {source} would be kept otherwise than was shown: import it by itself"
)


def of_each_part(choice: FileChoice, plan: ImportPlan) -> list[FileChoice]:
    """The file once for each part of it, each for a collection of its own; raises `Invalid` where it has none."""
    if not plan.parts:
        raise Invalid(reason="it is no known export, so it has no parts")
    name = choice.name.removesuffix(f"-{ALL}")
    return [replace(choice, part=part, name=f"{name}-{part}") for part in plan.parts]


def same_export(choice: FileChoice, choices: Sequence[FileChoice]) -> set[str]:
    """The collections that the parts of the same file make."""
    return {one.name for one in choices if one.part and one.path == choice.path}


def decides_more(before: ImportPlan, now: ImportPlan, siblings: Collection[str]) -> bool:
    """Whether the files before it made another decision of it: whose budget its rows share, or how they are read.

    That it joins the budget of the other tables of its export was said before the question.
    """
    joined = [one for one in now.overlaps if one.joins and one.collection in siblings]
    if not joined:
        return (before.overlaps, before.shared, before.columns) != (now.overlaps, now.shared, now.columns)
    others = tuple(one for one in now.overlaps if one not in joined)
    members = [set(one.shared.members) - set(siblings) if one.shared else set() for one in (before, now)]
    return (before.overlaps, before.columns, members[0]) != (others, now.columns, members[1])


def these_files(count: int) -> str:
    """So many files, pointed at."""
    return "this file" if count == 1 else f"these {count:,} files"


def what_of_all(plans: Sequence[ImportPlan]) -> str:
    """How many rows of how many files, and that each makes a collection of its own name."""
    rows = wording.counted(sum(plan.rows for plan in plans), "row")
    return f"{rows} of {wording.counted(len(plans), 'file')}, each into the collection that is named below."


def what_of(plan: ImportPlan) -> str:
    """One of the files: what it would store where, its columns, and what there is to know."""
    columns = ", ".join(
        f"{escaped(quoted_name(one.name))} ({one.type}, {one.sensitivity})" for one in plan.columns
    )
    told = [import_facts.consequence_of(plan), f"Columns: {columns}.", *plan.warnings]
    return "\n".join([f"{escaped(plan.collection)}:", *told])


def sealed_words(reports: Sequence[ImportReport]) -> str:
    """What was stored."""
    rows = wording.counted(sum(one.rows for one in reports), "row")
    return f"{rows} sealed in {', '.join(escaped(one.collection) for one in reports)}."
