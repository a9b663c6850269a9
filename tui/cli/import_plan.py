"""What was decided about a file, as a JSON file that can be saved, edited and given back for the next one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vault.errors.families import Invalid
from vault.errors.records import FileMissing
from vault.regular_file import read_regular
from vault.strict_json import strict_loads
from vault.views.records import FileChoice

if TYPE_CHECKING:
    from vault.views.records import ImportPlan

# Of one import alone: which file it is, where it goes, whose people it holds, what may be lost.
_OF_ONE: Final = frozenset(("path", "name", "people", "lifetime", "allow_refused", "no_plan"))
KEPT: Final = tuple(one.name for one in fields(FileChoice) if one.name not in _OF_ONE)
# A form has them as they were said, together with those of the last file of the collection.
_SAID_ALREADY: Final = frozenset(("drop", "rename", "vectors", "nulls", "flatten"))
_LONGEST: Final = 2**20


def save_plan(target: Path, choice: FileChoice, plan: ImportPlan) -> None:
    """Write what was said, found and decided to a new file; raises as `write_new`."""
    from vault.requester.new_file import write_new

    said = {name: value for name, value in asdict(choice).items() if name in KEPT}
    decided = {
        **_found(plan, said),
        "unit": str(plan.unit),
        "time_field": plan.time_field,
        "types": {one.name: one.type for one in plan.columns},
        "sensitivities": {one.name: one.sensitivity.value for one in plan.columns},
    }
    text = json.dumps({"v": 1, **said, **decided}, ensure_ascii=False, indent=2) + "\n"
    write_new(target, text.encode())


def _found(plan: ImportPlan, said: Mapping[str, Any]) -> dict[str, Any]:
    """How the file turned out to be written, so that the next one is read in the same way; what was said counts."""
    found = {} if plan.form is None else asdict(plan.form)
    kept = {name: value for name, value in found.items() if value not in ("", None, {}, (), False)}
    return with_plan(kept, {name: said[name] for name in kept if name not in _SAID_ALREADY})


def read_plan(source: Path) -> dict[str, Any]:
    """What a saved plan says; raises `FileMissing`, and `Invalid` for what is none."""
    try:
        found = strict_loads(_read(source).decode())
    except FileNotFoundError:
        raise FileMissing(path=source) from None
    except (OSError, ValueError, RecursionError):
        raise Invalid(reason=f"{source} is no plan of an import") from None
    if not isinstance(found, dict) or found.get("v") != 1:
        raise Invalid(reason=f"{source} is no plan of an import")
    return {name: _checked(name, value) for name, value in found.items() if name != "v"}


def _read(source: Path) -> bytes:
    """The bytes of a plan; OSError for what is no file, ValueError for what is too large for a plan."""
    found = read_regular(source.resolve(), _LONGEST + 1)
    if len(found) > _LONGEST:
        raise ValueError
    return found


def with_plan(plan: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """A plan and what was said besides, which counts: of each column where both name columns."""
    found = dict(plan)
    if said.get("decimal"):
        found.pop("decimals", None)  # what is said of all columns now counts
    for name, value in said.items():
        if isinstance(value, dict):
            found[name] = {**found.get(name, {}), **value}
        elif value not in (None, "", ()):
            found[name] = value
    return found


def _checked(name: str, value: object) -> object:
    if name not in KEPT:
        raise Invalid(reason=f"a plan of an import has no {name}, only {', '.join(KEPT)}")
    if name in ("types", "sensitivities", "rename", "vectors", "dates", "decimals"):
        fits = isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
        return _fitting(name, value, fits=fits)
    if name in ("drop", "nulls"):
        fits = isinstance(value, list) and all(isinstance(one, str) for one in value)
        return tuple(_fitting(name, value, fits=fits))  # type: ignore[arg-type]  # a list of texts
    if name == "flatten":
        return _fitting(name, value, fits=isinstance(value, bool))
    if name == "skip_lines":
        return _fitting(name, value, fits=value is None or (type(value) is int and value >= 0))
    return _fitting(name, value, fits=value is None or isinstance(value, str))


def _fitting(name: str, value: object, *, fits: bool) -> object:
    if not fits:
        raise Invalid(reason=f"{name} in a plan of an import is not written so; save one to see how")
    return value
