"""Several files or folders are looked at: which files these are, and what counts as one in each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vault.errors.families import Invalid
from vault.file_names import spelled

if TYPE_CHECKING:
    from vault.owner.interface.owner import Owner
    from vault.views.records import FileChoice, ImportPlan

_ENDINGS: Final = frozenset((".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".pq"))
_PLAIN: Final = frozenset(("csv", "jsonl", "parquet"))
_OF_ROWS: Final = ("record", "day")
_MOST_NAMED: Final = 12


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenFiles:
    """The files of an import; ``passed`` says of each folder what lies in it and is none of them."""

    paths: tuple[Path, ...]
    passed: tuple[str, ...] = ()


def files_of(paths: Sequence[Path], as_format: str | None) -> ChosenFiles:
    """The files that were named, and in the place of a folder what is taken of it; `Invalid` where that is nothing."""
    found = [_files_in(path, as_format) if path.is_dir() else ChosenFiles(paths=(path,)) for path in paths]
    return ChosenFiles(
        paths=tuple(file for one in found for file in one.paths),
        passed=tuple(sentence for one in found for sentence in one.passed),
    )


def tables_in(folder: Path, as_format: str | None) -> ChosenFiles:
    """What is taken of a folder, in the order of the names: tables by their endings, known exports by their content.

    Where all of it is to be read as plain tables, its known exports are passed over.
    """
    there = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    tables = tuple(path for path in there if path.is_file() and _is_taken(path, as_format))
    others = [spelled(path.name) for path in there if path not in tables]
    return ChosenFiles(paths=tables, passed=(_passed(folder, others),) if others else ())


def _is_taken(path: Path, as_format: str | None) -> bool:
    from vault.importers.catalogue.recognise import known_of

    if path.suffix.lower() in _ENDINGS:
        return True
    return as_format not in _PLAIN and known_of(path) is not None


def _passed(folder: Path, names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return f"Passed over in {spelled(folder.absolute().name)}: {', '.join(names[:_MOST_NAMED])}{more}."


def _files_in(folder: Path, as_format: str | None) -> ChosenFiles:
    found = tables_in(folder, as_format)
    if not found.paths:
        endings = ", ".join(sorted(_ENDINGS))
        raise Invalid(
            reason=f"the folder {folder} holds no file that ends with {endings}, and no known export"
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
