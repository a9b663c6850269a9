"""Several files or folders are looked at: which files these are, and what counts as one in each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vault.errors.families import Invalid

if TYPE_CHECKING:
    from vault.owner.interface.owner import Owner
    from vault.views.records import FileChoice, ImportPlan

_ENDINGS: Final = frozenset((".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".pq"))
_OF_ROWS: Final = ("record", "day")


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """A file as it would be imported; it ``lacks`` the column that was said to be the unit, where it has no such one.

    If it ``is_asked``, its unit was proposed and the choice says it now: whoever imports it is still to be asked.
    """

    choice: FileChoice
    plan: ImportPlan
    lacks: str = ""
    is_asked: bool = False

    @property
    def note(self) -> str:
        """What is said of a unit that it lacks."""
        return f"It has no column {self.lacks}: what counts as one here is its own." if self.lacks else ""


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The files that were named, and in the place of a folder its tables in the order of their names."""
    return [file for path in paths for file in (_files_in(path) if path.is_dir() else [path])]


def tables_in(folder: Path) -> list[Path]:
    """The tables that lie in a folder, by the endings of their names."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS and path.is_file())


def _files_in(folder: Path) -> list[Path]:
    found = tables_in(folder)
    if not found:
        raise Invalid(
            reason=f"the folder {folder} holds no file that ends with {', '.join(sorted(_ENDINGS))}"
        )
    return found


def look_at(vault: Owner, choice: FileChoice) -> LookedAt:
    """A plan of one of several files, by the column that was said where it has that one."""
    column = (choice.unit or "").removeprefix("column:")
    if not column or column in _OF_ROWS:
        return LookedAt(choice=choice, plan=vault.plan_import(choice))
    own = replace(choice, unit=None)
    plan = vault.plan_import(own)
    if column in {one.name for one in plan.columns}:
        return LookedAt(choice=choice, plan=vault.plan_import(choice))
    return LookedAt(choice=own, plan=plan, lacks=column)


def with_proposed(vault: Owner, found: LookedAt) -> LookedAt:
    """The file with the unit that was proposed, which is still to be asked."""
    choice = replace(found.choice, unit=str(found.plan.unit))
    return replace(found, choice=choice, plan=vault.plan_import(choice), is_asked=True)


def check_said(found: Sequence[LookedAt]) -> None:
    """Raise `Invalid` where no file has the column that was said to be the unit."""
    if found and all(one.lacks for one in found):
        raise Invalid(
            reason=f"the unit is record, day or the name of a column, and no file has a column {found[0].lacks}"
        )
