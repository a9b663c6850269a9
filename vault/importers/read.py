"""A file of any known format to a typed table, by one read of its bytes."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pyarrow as pa

from vault.errors.families import Invalid
from vault.errors.records import FileMissing, Unreadable
from vault.file_names import spelled
from vault.importers.catalogue.formats import FORMATS as KNOWN
from vault.importers.catalogue.read_known import Wanted, export_of, read_known
from vault.importers.catalogue.recognise import format_of, recognise
from vault.importers.catalogue.streams import HEAD
from vault.importers.column_reading import read_column
from vault.importers.column_values import AS_SPELLED, ColumnReading, Raw
from vault.importers.column_wishes import ColumnWishes, no_column
from vault.importers.csv_file import open_csv
from vault.importers.file_decisions import (
    form_of,
    has_local_times,
    maybe_joined,
    maybe_times,
    maybe_vectors,
    notes_of,
    with_obstacles,
)
from vault.importers.json_lines import open_json_lines
from vault.importers.known_kinds import binary_kind, is_json, text_kind
from vault.importers.parquet_file import open_parquet
from vault.importers.side_by_side import places_of, read_joined
from vault.importers.source import MOST_ROWS, File, RawBatch, Source
from vault.importers.wishes import AS_FOUND, CellWishes, FileWishes, refuse_wishes, words_of
from vault.records.schema import ParsedTable
from vault.records.sensitivity import guess_sensitivity
from vault.views.field_types import ColumnType, FieldSpec, FieldType, RefusedRow, Sensitivity

LARGEST_FILE = 2**30
FORMATS: dict[str, Callable[[File, ColumnWishes, FileWishes], Source]] = {
    "csv": open_csv,
    "jsonl": open_json_lines,
    "parquet": open_parquet,
}
_ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
}
AS_IT_IS: Final = ColumnWishes()


def parse(
    file: File,
    *,
    types: Mapping[str, ColumnType] | None = None,
    sensitivities: Mapping[str, Sensitivity] | None = None,
    home_columns: frozenset[str] = frozenset(),
    unit_column: str = "",
    wishes: ColumnWishes = AS_IT_IS,
    said: FileWishes = AS_FOUND,
    form: CellWishes = AS_SPELLED,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> ParsedTable:
    """Parse CSV, JSON Lines, Parquet or a known export; types and sensitivities that are not given are guessed.

    The column that names the units is a text, whatever it looks like: 1.1 and 1.10 are two people.
    Rows that do not fit are refused with their line and a reason that repeats no value. Raises Unreadable for a
    file that is hostile or no such format, Invalid for a column that is not there, unless it is one of the
    ``home_columns``, of which it is said later that the collection has them. ``progress`` is told 0 of 0
    while nobody knows how many rows there are; then how many of them the columns that are done come to.
    """
    if file.path is not None:
        refuse_wishes("a known export", words_of(said, form) | {"vector": wishes.vectors or None})
        wanted_part = Wanted(types=types or {}, sensitivities=sensitivities or {}, wishes=wishes)
        return read_known(file, wanted_part, progress)
    source = FORMATS[file.format](file, wishes, said)
    width, places = len(source.names), places_of(source.names, source.joined)
    source = replace(source, names=tuple(places))
    asked = [*(types or {}), *(sensitivities or {}), *form.dates, *form.decimals]
    _check_columns(source, [name for name in asked if name not in home_columns])
    form = replace(form, doubts_commas=source.separator == ",", doubts_points=source.separator == ";")
    wanted = {unit_column: FieldType.TEXT} | dict(types or {})
    lines, columns, ragged = _gathered(list(_counted(file, source.batches(), progress)), width)

    def told(done: int) -> None:
        progress(len(lines) * done // len(source.names), len(lines))

    readings = _readings(source, columns, places, wanted, form, told)
    readings = with_obstacles(readings, source, lines)
    notes = notes_of(source.names, readings, lines, form, wanted, is_whole=not ragged)
    table, fitting, refused = _fitting(source.names, readings, lines)
    return ParsedTable(
        fields=_fields(source, readings, sensitivities or {}, wishes),
        table=table,
        lines=fitting,
        refused=tuple(sorted([*refused, *ragged], key=_line)),
        digest_input=digest_of(file),
        format=file.format,
        source=file.name,
        notes=(*source.notes, *notes, *maybe_joined(source, readings, home_columns)),
        export=export_of(KNOWN[file.export]) if file.export else None,
        called=source.called,
        form=form_of(file, source, readings, form),
        has_local_times=has_local_times(source.names, readings, form.zone),
        maybe_times=tuple(maybe_times(readings)),
        maybe_vectors=maybe_vectors(source.names, readings),
        signs={name: one.sign for name, one in zip(source.names, readings, strict=True) if one.sign},
    )


def _readings(
    source: Source,
    columns: list[Raw],
    places: Mapping[str, tuple[int, ...]],
    wanted: Mapping[str, ColumnType],
    form: CellWishes,
    progress: Callable[[int], None],
) -> list[ColumnReading]:
    """Each column read from those that it is made of, which are forgotten unless they are read again."""
    vectors = {one.name: one for one in source.joined}
    readings = list[ColumnReading]()

    def read_one(place: int, form: CellWishes) -> ColumnReading:
        name, given = source.names[place], wanted.get(source.names[place])
        raws = [columns[each] for each in places[name]]
        if name in vectors:
            return read_joined(vectors[name], raws, given, form.of(name))
        return read_column(name, raws[0], given, is_spelled=not source.has_types, form=form.of(name))

    for place, name in enumerate(source.names):
        readings.append(read_one(place, form))
        if readings[place].decimal != ".":
            for each in places[name]:
                columns[each] = []
        progress(len(readings))
    return _decided_together(readings, read_one, form)


def _decided_together(
    readings: list[ColumnReading], read_one: Callable[[int, CellWishes], ColumnReading], form: CellWishes
) -> list[ColumnReading]:
    """Where a column has a decimal comma, a point in another one may stand between thousands."""
    if form.doubts_points or form.decimal or all(one.decimal != "," for one in readings):
        return readings
    doubting = replace(form, doubts_points=True)
    return [read_one(place, doubting) if one.decimal == "." else one for place, one in enumerate(readings)]


def read_file(path: Path, as_format: str | None = None, part: str = "") -> File:
    """The bytes of a file, read once: what is parsed is what is digested; a known export is found by its content.

    Raises FileMissing, Unreadable for what is no such file, Invalid for a format or a part that is not there.
    """
    if as_format not in (None, *FORMATS, *KNOWN):
        raise Invalid(reason=f"there is no format {as_format}, only {', '.join((*FORMATS, *KNOWN))}")
    called = as_format or _ENDINGS.get(path.suffix.lower(), "csv")
    try:
        _check_file(path, called)
        if as_format not in FORMATS and (known := recognise(path, _name(path), part)):
            return known
        _check_plain(path, called, is_known=as_format in KNOWN, part=part)
        data = path.read_bytes()
    except OSError as error:
        raise Unreadable(name=_name(path), format=called, reason="this user cannot read it") from error
    export = format_of(data[:HEAD]) if as_format in FORMATS else None
    file = File(
        name=_name(path), format=as_format or _format(path.suffix, data), data=data, export=export or ""
    )
    kind = _other_kind(data, is_given=as_format is not None)
    if kind:
        raise file.unreadable(kind)
    return file


def digest_of(file: File) -> bytes:
    """The SHA-256 of the file's bytes."""
    return file.digest or hashlib.sha256(file.data).digest()


def _check_file(path: Path, called: str) -> None:
    if not path.exists():
        raise FileMissing(path=path)
    if not path.is_file():
        reason = "it is a folder" if path.is_dir() else "it is not a file"
        raise Unreadable(name=_name(path), format=called, reason=reason)


def _check_plain(path: Path, called: str, *, is_known: bool, part: str) -> None:
    """Refuse as a plain table what was said to be a known export, and what is too large for one."""
    if is_known or part:
        what = "it is no such export" if is_known else "it is no known export, so it has no parts"
        raise Unreadable(name=_name(path), format=called, reason=what)
    if path.stat().st_size > LARGEST_FILE:
        raise Unreadable(name=_name(path), format=called, reason="it is larger than 1 GiB; split it")


def _name(path: Path) -> str:
    """The file's own name, safe to print and to write down; a dot is called what it stands for."""
    name = path.name if path.name not in ("", "..") else path.resolve().name or str(path.resolve())
    return spelled(name)


def _other_kind(data: bytes, *, is_given: bool) -> str:
    """Why a file is none that is read here; empty for one that may be. Of a text its owner may say that it is one."""
    if not data:
        return "it is empty"
    kind = binary_kind(data) or ("" if is_given else text_kind(data))
    return f"it is {kind}; export it as CSV, JSON Lines or Parquet" if kind else ""


def _format(suffix: str, data: bytes) -> str:
    """The format by the first bytes, else by the ending of the file's name."""
    if data.startswith(b"PAR1"):
        return "parquet"
    if is_json(data):
        return "jsonl"
    return _ENDINGS.get(suffix.lower()) or ("jsonl" if data.lstrip()[:1] in (b"{", b"[") else "csv")


def _counted(
    file: File, batches: Iterable[RawBatch], progress: Callable[[int, int], None]
) -> Iterator[RawBatch]:
    """Every batch, its rows told to whoever looks; raises Unreadable for a file of too many rows."""
    rows = 0
    for batch in batches:
        rows += len(batch.lines) + len(batch.refused)
        if rows > MOST_ROWS:
            raise file.unreadable(f"it has more than {MOST_ROWS:,} rows; split it")
        progress(0, 0)
        yield batch


def _gathered(batches: Sequence[RawBatch], width: int) -> tuple[array[int], list[Raw], list[RefusedRow]]:
    """The lines of all rows, the columns, and the rows that are none."""
    lines = array("q")
    for batch in batches:
        lines.extend(batch.lines)
    ragged = [row for batch in batches for row in batch.refused]
    return lines, [_whole(batches, place) for place in range(width)], ragged


def _check_columns(source: Source, asked: list[str]) -> None:
    parts = {column: one.name for one in source.joined for column in one.columns}
    for name in (name for name in asked if name not in source.names):
        if name in parts:
            raise Invalid(
                reason=f"{name} becomes a part of the vector {parts[name]}: say it of {parts[name]}"
            )
        raise no_column(name, source.names)


def _whole(batches: Sequence[RawBatch], place: int) -> Raw:
    """One column of all batches: an array where all its values are of one kind, else a list."""
    parts = [batch.columns[place] for batch in batches]
    arrays = [part for part in parts if isinstance(part, pa.Array)]
    kinds = {part.type for part in arrays} - {pa.null()}
    if len(arrays) < len(parts) or len(kinds) > 1:
        return [
            value for part in parts for value in (part.to_pylist() if isinstance(part, pa.Array) else part)
        ]
    wanted = next(iter(kinds), pa.null())
    return pa.chunked_array([part.cast(wanted) for part in arrays], type=wanted)


def _fitting(
    names: Sequence[str], readings: Sequence[ColumnReading], lines: Sequence[int]
) -> tuple[pa.Table, pa.Array, list[RefusedRow]]:
    """The rows that fit, their lines, and the others; the first column that does not fit gives a row's reason."""
    table = pa.table([reading.values for reading in readings], names=list(names))
    reasons: dict[int, str] = {}
    for reading in readings:
        reasons = reading.refused | reasons
    if not reasons:
        return table, pa.array(lines, type=pa.int64()), []
    good = pa.array([place for place in range(len(lines)) if place not in reasons], type=pa.int64())
    refused = [RefusedRow(line=lines[place], reason=reason) for place, reason in reasons.items()]
    return table.take(good), pa.array(lines, type=pa.int64()).take(good), refused


def _line(row: RefusedRow) -> int:
    return row.line


def _fields(
    source: Source,
    readings: Sequence[ColumnReading],
    sensitivities: Mapping[str, Sensitivity],
    wishes: ColumnWishes,
) -> tuple[FieldSpec, ...]:
    """Each column with its class, by its name in the file as well: another name makes nothing harmless."""
    wished = zip(wishes.names_of(source.called), source.called, strict=True)
    called: dict[str, tuple[str, ...]] = {new: (old,) for new, old in wished if new}
    called |= {one.name: one.columns for one in source.joined}
    return tuple(
        FieldSpec(
            name=name,
            type=reading.type,
            sensitivity=sensitivities.get(name) or _strictest(name, called[name]),
        )
        for name, reading in zip(source.names, readings, strict=True)
    )


def _strictest(name: str, called: Sequence[str]) -> Sensitivity:
    classes = list(Sensitivity)
    return max((guess_sensitivity(f"{one} {name}") for one in called), key=classes.index)
