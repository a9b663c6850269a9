"""A file of any known format to a typed table, by one read of its bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from vault.errors.families import Invalid
from vault.errors.records import FileMissing, Unreadable
from vault.file_names import spelled
from vault.importers.convert import ConvertedBatch, convert_batch
from vault.importers.csv_file import open_csv
from vault.importers.infer import choose_types, is_category, notes, sample
from vault.importers.json_lines import open_json_lines
from vault.importers.parquet_file import open_parquet
from vault.importers.source import MOST_ROWS, File, RawBatch, Source
from vault.records.schema import ARROW_TYPES, ParsedTable
from vault.records.sensitivity import guess_sensitivity
from vault.views.field_types import FieldSpec, FieldType, Sensitivity

LARGEST_FILE = 2**30
FORMATS: dict[str, Callable[[File], Source]] = {
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
_PACKED = {b"PK\x03\x04": "a zip or spreadsheet file", b"\x1f\x8b": "packed with gzip", b"%PDF": "a PDF"}


def parse(
    file: File,
    *,
    types: Mapping[str, FieldType] | None = None,
    sensitivities: Mapping[str, Sensitivity] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> ParsedTable:
    """Parse CSV, JSON Lines or Parquet; types and sensitivities that are not given are guessed.

    Rows that do not fit are refused with their line and a reason that repeats no value. Raises Unreadable for a
    file that is hostile or no such format, Invalid for a column that is not there. ``progress`` is told the rows
    parsed, and of how many once they are counted; before, of 0.
    """
    source = FORMATS[file.format](file)
    _check_columns(source.names, [*(types or {}), *(sensitivities or {})])
    first = _Pass(file=file, progress=progress)
    samples = sample(first.through(source.batches())) or [[] for _ in source.names]
    chosen = choose_types(source, samples, types or {})
    second = _Pass(file=file, progress=progress, of=first.rows)
    types_in_order = list(chosen.values())
    batches = [
        convert_batch(batch, source.names, types_in_order) for batch in second.through(source.batches())
    ]
    table = _table(chosen, batches)
    chosen |= {name: FieldType.CATEGORY for name in _categories(table, chosen, types or {})}
    return ParsedTable(
        fields=_fields(chosen, sensitivities or {}),
        table=table,
        lines=pa.array((line for batch in batches for line in batch.lines), type=pa.int64()),
        refused=tuple(sorted((row for batch in batches for row in batch.refused), key=lambda row: row.line)),
        digest_input=digest_of(file),
        format=file.format,
        source=file.name,
        notes=(*source.notes, *notes(source.names, samples, chosen)),
    )


def read_file(path: Path, as_format: str | None = None) -> File:
    """The bytes of a file, read once: what is parsed is what is digested.

    Raises FileMissing, Unreadable for what is no such file, Invalid for a format that is not there.
    """
    if as_format not in (None, *FORMATS):
        raise Invalid(reason=f"there is no format {as_format}, only {', '.join(FORMATS)}")
    called = as_format or _ENDINGS.get(path.suffix.lower(), "csv")
    try:
        data = _bytes(path, called)
    except OSError as error:
        raise Unreadable(name=_name(path), format=called, reason="this user cannot read it") from error
    return _file(_name(path), data, as_format or _format(path.suffix, data))


def digest_of(file: File) -> bytes:
    """The SHA-256 of the file's bytes."""
    return hashlib.sha256(file.data).digest()


def _bytes(path: Path, called: str) -> bytes:
    if not path.exists():
        raise FileMissing(path=path)
    if not path.is_file():
        reason = "it is a folder" if path.is_dir() else "it is not a file"
        raise Unreadable(name=_name(path), format=called, reason=reason)
    if path.stat().st_size > LARGEST_FILE:
        raise Unreadable(name=_name(path), format=called, reason="it is larger than 1 GiB; split it")
    return path.read_bytes()


def _name(path: Path) -> str:
    """The file's own name, safe to print and to write down; a dot is called what it stands for."""
    name = path.name if path.name not in ("", "..") else path.resolve().name or str(path.resolve())
    return spelled(name)


def _file(name: str, data: bytes, known: str) -> File:
    file = File(name=name, format=known, data=data)
    if not data:
        raise file.unreadable("it is empty")
    for start, what in _PACKED.items():
        if data.startswith(start):
            raise file.unreadable(f"it is {what}; export it as CSV, JSON Lines or Parquet")
    return file


def _format(suffix: str, data: bytes) -> str:
    """The format by the ending of the file's name, else by its first bytes."""
    if data.startswith(b"PAR1"):
        return "parquet"
    return _ENDINGS.get(suffix.lower()) or ("jsonl" if data.lstrip()[:1] == b"{" else "csv")


@dataclass(slots=True, kw_only=True)
class _Pass:
    """One way through a file: its rows are counted, bounded, and told to whoever looks."""

    file: File
    progress: Callable[[int, int], None]
    of: int = 0
    rows: int = 0

    def through(self, batches: Iterable[RawBatch]) -> Iterator[RawBatch]:
        """Every batch; raises Unreadable for a file of too many rows."""
        for batch in batches:
            self.rows += len(batch.lines) + len(batch.refused)
            if self.rows > MOST_ROWS:
                raise self.file.unreadable(f"it has more than {MOST_ROWS:,} rows; split it")
            self.progress(self.rows if self.of else 0, self.of)
            yield batch


def _check_columns(names: tuple[str, ...], asked: list[str]) -> None:
    for name in asked:
        if name not in names:
            raise Invalid(reason=f"the file has no column {name}")


def _table(chosen: Mapping[str, FieldType], batches: list[ConvertedBatch]) -> pa.Table:
    columns = [
        pa.chunked_array([batch.columns[place] for batch in batches], type=ARROW_TYPES[wanted])
        for place, wanted in enumerate(chosen.values())
    ]
    return pa.table(columns, names=list(chosen))


def _categories(
    table: pa.Table, chosen: Mapping[str, FieldType], given: Mapping[str, FieldType]
) -> list[str]:
    return [
        name
        for name, known in chosen.items()
        if known is FieldType.TEXT and name not in given and is_category(table[name])
    ]


def _fields(
    chosen: Mapping[str, FieldType], sensitivities: Mapping[str, Sensitivity]
) -> tuple[FieldSpec, ...]:
    return tuple(
        FieldSpec(name=name, type=known, sensitivity=sensitivities.get(name) or guess_sensitivity(name))
        for name, known in chosen.items()
    )
