"""An import is decided once: the file as it was read, where its rows go, and what counts as one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from vault.budget import ledger
from vault.budget.joining import least_cap, members_of
from vault.errors.families import Invalid
from vault.errors.records import FileChanged, PlanUnknown, RowsRefused, UnitNotSaid
from vault.importers.name_notes import name_notes
from vault.importers.planned_reading import Reading, parsed_as, reading_of
from vault.importers.read import digest_of, read_file
from vault.importers.remembered import kept_of, sign_notes, with_kept
from vault.importers.source import File
from vault.importers.zone_notes import zone_notes
from vault.records.collections import CollectionFacts, find_for
from vault.records.imports import (
    Import,
    ImportChoice,
    People,
    check_import,
    check_unit,
    choose,
    find_people,
    import_table,
    refuse_known_file,
    repeats,
)
from vault.records.kept_plans import keep_plan, kept_plan
from vault.records.overlapping import state_of
from vault.records.people_column import people_column
from vault.records.preview import Home, preview
from vault.records.schema import ParsedTable
from vault.records.stored_rows import without_stored
from vault.records.unit_limit import units_together
from vault.records.units import with_units
from vault.sealing.digest import keyed_digest
from vault.sealing.keytree import KeyTree, Purpose
from vault.sealing.random import random_id
from vault.store.tables import Collection
from vault.views.field_types import UnitKind
from vault.views.names import plain_name
from vault.views.records import FileChoice, FileForm, ImportPlan, ImportReport, SharedBudget

if TYPE_CHECKING:
    import pyarrow as pa

    from vault.audit.transaction import AuditedTransaction
    from vault.store.unit_of_work import UnitOfWork

Progress = Callable[[int, int], None]
Read = Callable[[], AbstractContextManager["UnitOfWork"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPlan:
    """A plan with the very rows it was made from, in memory until it is carried out or another one is made.

    Of the ``whole`` file ``parsed`` are the rows that are not stored yet.
    """

    shown: ImportPlan
    path: Path
    state: tuple[int, ...]
    reading: Reading
    whole: ParsedTable
    parsed: ParsedTable
    grouping: ImportChoice
    people: People
    choice: FileChoice
    known: tuple[object, ...]
    allows_refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A file as it lies there, how it is to be read, and where its rows would go."""

    state: tuple[int, ...]
    reading: Reading
    home: CollectionFacts | None
    lifetime: str
    names: list[str]
    choice: FileChoice
    notes: tuple[str, ...]
    follows_last: bool
    signs: Mapping[str, str] | None


def make_plan(
    read: Read,
    keys: KeyTree,
    choice: FileChoice,
    *,
    last: HeldPlan | None,
    look: Callable[[], None],
    progress: Progress,
) -> HeldPlan:
    """Read a file and decide what importing it would store; nothing is stored.

    What `last` read in the same way is not parsed again, and `look` is called before other rows are compared with those
    that are sealed. Raises `FileMissing`, `Unreadable`, `CollectionErased`, `UnknownCollection`, `ColumnsClosed` and
    `Invalid`.
    """
    said_unit, said_zone = choice.unit, choice.zone
    found, file = _found(read, keys, _with_plain_names(choice))
    choice, home, names = found.choice, found.home, found.names
    whole, reading, proposed = _read(found, file, last, progress)
    del file  # its rows are in memory now, and both are large
    choice = replace(choice, unit=f"{UnitKind.COLUMN}:{proposed}") if proposed else choice
    same = last if last and last.reading == reading else None
    if names and not (same and same.shown.collection == choice.name):
        look()
    with read() as uow:
        parsed = without_stored(uow, keys, home, whole)
        grouping = _grouping(uow, choice, parsed, reading.form.zone)
        if home is not None and said_unit is not None:
            check_unit(home, grouping)
        repeated = repeats(uow, keys, choice.name, parsed, grouping)
        people = _people(uow, keys, choice.name, choice.people, parsed, grouping, same)
        known, shared = state_of(uow), _shared(uow, home, people, found.lifetime)
        notes = (*_notes(found, whole, parsed, grouping, said_zone), *repeated)
        looked = _look(uow, keys, home, parsed, grouping, notes)
    shown = replace(
        looked,
        id=random_id(),
        collection=choice.name,
        rows_before=None if home is None else home.rows,
        lifetime_epsilon=found.lifetime,
        overlaps=people.overlaps,
        shared=shared,
        form=_form(parsed, choice),
        unit_is_proposed=bool(proposed),
        follows_last=found.follows_last,
    )
    return HeldPlan(
        shown=shown,
        path=choice.path,
        state=found.state,
        reading=reading,
        whole=whole,
        parsed=parsed,
        grouping=grouping,
        people=people,
        choice=choice,
        known=known,
        allows_refused=choice.allow_refused,
    )


def _notes(
    found: _Found, whole: ParsedTable, parsed: ParsedTable, grouping: ImportChoice, said_zone: str
) -> Iterator[str]:
    """What is said of a file besides what its columns are."""
    yield from found.notes
    yield from () if found.signs is None else sign_notes(found.signs, whole)
    names = found.names if found.home is None else ()
    yield from name_notes(found.choice.name, parsed.table.column_names, names)
    yield from zone_notes(said_zone, parsed, grouping.unit)


def _look(
    uow: UnitOfWork,
    keys: KeyTree,
    home: CollectionFacts | None,
    parsed: ParsedTable,
    grouping: ImportChoice,
    told: tuple[str, ...],
) -> ImportPlan:
    where = None if home is None else _as_home(uow, keys, home)
    return preview(parsed, grouping.unit, grouping.time_field, repeats=told, home=where)


def _as_home(uow: UnitOfWork, keys: KeyTree, home: CollectionFacts) -> Home:
    def count(units: pa.ChunkedArray, at_most: int) -> int:
        return units_together(uow, keys, home, units, at_most=at_most)

    return Home(name=home.name, count=count)


def _form(parsed: ParsedTable, choice: FileChoice) -> FileForm | None:
    """How the file is read, with what was said of its columns."""
    said = {name: getattr(choice, name) for name in ("drop", "rename", "vectors", "nulls", "flatten")}
    return replace(parsed.form, **said) if parsed.form else None


def _grouping(uow: UnitOfWork, choice: FileChoice, parsed: ParsedTable, zone: str) -> ImportChoice:
    unit, time_field = choice.unit, choice.time_field
    return choose(uow, choice.name, parsed.fields, unit=unit, time_field=time_field, zone=zone)


def _read(
    found: _Found, file: File, last: HeldPlan | None, progress: Progress
) -> tuple[ParsedTable, Reading, str | None]:
    """The rows and how they were read; where a column that names people is proposed as the unit, as it is spelled."""

    def read_as(reading: Reading) -> ParsedTable:
        return last.whole if last and last.reading == reading else parsed_as(file, reading, progress)

    reading = found.reading
    whole = read_as(reading)
    proposed = people_column(whole) if found.choice.unit is None and found.home is None else None
    if proposed is not None:
        reading = replace(reading, unit_column=proposed)
        whole = read_as(reading)
    return whole, reading, proposed


def _found(read: Read, keys: KeyTree, choice: FileChoice) -> tuple[_Found, File]:
    state, file = _state(choice.path), read_file(choice.path, choice.as_format, choice.part)
    with read() as uow:
        home, lifetime = _home(uow, choice)
        names = [row.name for row in uow.find(Collection, order_by="name")]
        kept = None if home is None or choice.no_plan else kept_plan(uow, home.id)
    as_last, file, notes = with_kept(choice, kept, file) if kept else (choice, file, ())
    digest = digest_of(file)
    with read() as uow:
        refuse_known_file(uow, _kept_digest(keys, digest), file.name, choice.unit)
    found = _Found(
        state=state,
        reading=reading_of(file, digest, as_last, home),
        home=home,
        lifetime=lifetime,
        names=names,
        choice=as_last,
        notes=notes,
        follows_last=as_last is not choice,
        signs=kept.words.get("signs") if kept and as_last is not choice else None,
    )
    return found, replace(file, digest=digest)


def check_plan(uow: UnitOfWork, keys: KeyTree, plan: HeldPlan) -> None:
    """Raise what stands against carrying out a plan, but for what the passphrase is for.

    That is `FileChanged` when the file is another one by now, `UnitNotSaid`, `PlanUnknown` when the collections are,
    `RowsRefused`, `AlreadyImported`, `SchemaMismatch`, `UnitsDiffer`, `NothingToImport` and `Invalid`.
    """
    _check_own(uow, keys, plan)
    check_import(uow, keys, _import_of(keys, plan))


def _check_own(uow: UnitOfWork, keys: KeyTree, plan: HeldPlan) -> None:
    """Refuse a plan whose file or people are others by now, whose unit nobody said, or which loses rows unasked."""
    if _state(plan.path) != plan.state:
        raise FileChanged(name=plan.parsed.source)
    if plan.shown.unit_is_proposed:
        raise UnitNotSaid(name=plan.parsed.source, column=plan.shown.unit.of)
    _check_people(uow, keys, plan)
    _check_stored(uow, plan)
    first = next(iter(plan.shown.first_refused), None)
    if first is not None and plan.shown.rows and not plan.allows_refused:
        facts = {"name": plan.parsed.source, "line": first.line, "reason": first.reason}
        raise RowsRefused(count=f"{plan.shown.refused_rows:,}", **facts)


def _check_stored(uow: UnitOfWork, plan: HeldPlan) -> None:
    """Refuse rows that were compared with fewer than are stored by now; raises `PlanUnknown`."""
    home = find_for(uow, plan.shown.collection)
    if plan.whole.key and (None if home is None else home.rows) != plan.shown.rows_before:
        raise PlanUnknown


def store_plan(act: AuditedTransaction, plan: HeldPlan, progress: Progress) -> ImportReport:
    """Seal the rows of a plan as it was decided, all or nothing, and keep it; raises as `check_plan`."""
    _check_own(act.uow, act.keys, plan)
    report = import_table(act, _import_of(act.keys, plan), progress)
    home, kept = find_for(act.uow, plan.shown.collection), kept_of(plan.choice, plan.whole)
    if home is not None and kept is not None:
        keep_plan(act.uow, home.id, kept)
    return report


def _import_of(keys: KeyTree, plan: HeldPlan) -> Import:
    return Import(
        name=plan.shown.collection,
        parsed=plan.parsed,
        choice=plan.grouping,
        lifetime_epsilon=plan.shown.lifetime_epsilon,
        file_digest=_kept_digest(keys, plan.parsed.digest_input),
        people=plan.people,
    )


def _kept_digest(keys: KeyTree, digest: bytes) -> bytes:
    return keyed_digest(keys.subkey(Purpose.IMPORT_DIGEST), digest)


def _with_plain_names(choice: FileChoice) -> FileChoice:
    """The choice with its names as those of a file are read; raises Invalid for a name given twice or no text."""
    _check_texts([getattr(choice, one.name) for one in fields(choice)])
    return replace(
        choice,
        name=plain_name(choice.name),
        unit=None if choice.unit is None else plain_name(choice.unit),
        time_field=None if choice.time_field is None else plain_name(choice.time_field),
        types=_by_plain_names(choice.types),
        sensitivities=_by_plain_names(choice.sensitivities),
        vectors=_by_plain_names(choice.vectors),
        dates=_by_plain_names(choice.dates),
        decimals=_by_plain_names(choice.decimals),
    )


def _check_texts(said: Iterable[object]) -> None:
    """Raise Invalid for what no file could hold in UTF-8, such as half of a surrogate pair."""
    for one in said:
        if isinstance(one, Mapping):
            _check_texts((*one.keys(), *one.values()))
        elif isinstance(one, tuple):
            _check_texts(one)
        elif isinstance(one, str) and one.encode(errors="replace").decode() != one:
            raise Invalid(reason="what was said of the file holds half of a character")


def _by_plain_names(words: Mapping[str, str]) -> dict[str, str]:
    named = {plain_name(name): word for name, word in words.items()}
    if len(named) < len(words):
        raise Invalid(reason=f"one column is named twice among {', '.join(words)}")
    return named


def _people(
    uow: UnitOfWork,
    keys: KeyTree,
    name: str,
    said: Mapping[str, str],
    parsed: ParsedTable,
    grouping: ImportChoice,
    same: HeldPlan | None,
) -> People:
    table = with_units(parsed, grouping.unit, grouping.time_field, first_row=0).table
    known = same.people.rows if same and same.parsed is parsed and same.grouping == grouping else None
    return find_people(uow, keys, name, table, grouping, said, export=parsed.export, known=known)


def _shared(
    uow: UnitOfWork, home: CollectionFacts | None, people: People, lifetime: str
) -> SharedBudget | None:
    """The budget that the rows would share; None for a budget alone."""
    joined = [
        row.id for one in people.overlaps if one.joins for row in uow.find(Collection, name=one.collection)
    ]
    every = {
        one.id: one for number in (*joined, *([home.id] if home else [])) for one in members_of(uow, number)
    }
    if len(every) + (home is None) < 2:
        return None
    cap = least_cap(every.values(), lifetime)
    return SharedBudget(
        members=tuple(sorted(one.name for one in every.values())),
        lifetime_epsilon=f"{cap.normalize():f}",
        used_percent=ledger.used_percent_of(uow, every, cap),
        falls=_falls(uow, every.values(), cap),
    )


def _falls(uow: UnitOfWork, members: Iterable[Collection], cap: Decimal) -> dict[str, str]:
    """The collections whose cap would be smaller than it is, with what it is today."""
    today = {one.name: least_cap(members_of(uow, one.id), one.lifetime_epsilon) for one in members}
    return {name: f"{today[name].normalize():f}" for name in sorted(today) if today[name] > cap}


def _check_people(uow: UnitOfWork, keys: KeyTree, plan: HeldPlan) -> None:
    """Refuse a plan whose rows tell about the people of other collections than was shown; raises `PlanUnknown`."""
    if state_of(uow) == plan.known:
        return
    rows, name = plan.people.rows, plan.shown.collection
    now = find_people(uow, keys, name, rows.table, plan.grouping, plan.choice.people, known=rows)
    if now.overlaps != plan.people.overlaps:
        raise PlanUnknown


def _state(path: Path) -> tuple[int, ...]:
    """What changes with a file's bytes; nothing for one that is not there."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _home(uow: UnitOfWork, choice: FileChoice) -> tuple[CollectionFacts | None, str]:
    """The collection the rows go to, None for a new one, and its lifetime budget."""
    home = find_for(uow, choice.name)
    if home is None:
        return None, ledger.check_lifetime(choice.lifetime or str(ledger.LIFETIME))
    if choice.lifetime:
        raise Invalid(
            reason=f"{choice.name} is there already, and its lifetime privacy budget stays as it is"
        )
    return home, home.lifetime_epsilon
