"""Which rows have a version: those whose every change is carried forward in the digest of the rows.

SQLCipher authenticates a page, not its version, so a page of last week put back is as genuine as any. What decides
anything is therefore held against a digest that every act carries forward. A table of the file takes part unless it
stands in `NOT_VERSIONED`, so that one that is added later takes part by itself.

Neither list is changed for a table that a vault may have: the digest of its rows would no longer fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

NOT_VERSIONED: Final[Mapping[str, str]] = {
    "log_entry": "the root of the trail binds every entry, and is held against the mark",
    "disclosure": "its entry binds it by a salted digest, and one that is missing counts as erased; it decides nothing",
    "row_digest": "it is the digest itself, under a MAC and bound to the head of the trail",
}

BY_LENGTH: Final[Mapping[tuple[str, str], str]] = {
    (
        "segment",
        "blob",
    ): "sealed to its row's place, generation and number of rows, so that no older one opens",
    ("request", "weights"): "its manifest names their SHA-256, which is compared before they are used",
    ("held", "update"): "its manifest names its SHA-256, which is compared before it leaves",
}
"""Large columns of which the digest takes only the length, since their bytes are checked where they are used."""

SEQUENCE: Final = "sqlite_sequence"
_SCHEMA: Final = ("name", "sql", "tbl_name", "type")


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionedTable:
    """One table that takes part, and its columns in the order of their names."""

    name: str
    columns: tuple[str, ...]

    def values(self) -> list[str]:
        """What of each column takes part, as SQL in which the place of the name of its row is left open."""
        return [
            f"length({{row}}{quoted(column)})"
            if (self.name, column) in BY_LENGTH
            else "{row}" + quoted(column)
            for column in self.columns
        ]

    def element(self, values: tuple[object, ...]) -> bytes:
        """One row as bytes; two different rows, of whichever tables, never give the same."""
        return encode(self.name, self.columns, values)


def versioned_tables(connection: Any) -> list[VersionedTable]:
    """The tables of this file that take part, whatever its revision."""
    found: dict[str, list[str]] = {}
    for table, column in connection.execute(_COLUMNS):
        if table not in NOT_VERSIONED:
            found.setdefault(table, []).append(column)
    return [VersionedTable(name=name, columns=tuple(columns)) for name, columns in found.items()]


def elements(connection: Any) -> Iterator[bytes]:
    """Every versioned row of the file, the numbers given away, and the schema itself, each as bytes."""
    for table in versioned_tables(connection):
        # By the table and never by an index, which is held against the table apart.
        values = ", ".join(table.values()).format(row="")
        query = f"SELECT {values} FROM {quoted(table.name)} NOT INDEXED"  # noqa: S608  names of the schema
        yield from map(table.element, connection.execute(query))
    yield from sequence_elements(connection)
    for row in connection.execute(f"SELECT {', '.join(_SCHEMA)} FROM sqlite_schema"):  # noqa: S608
        yield encode("sqlite_schema", _SCHEMA, row)


def sequence_elements(connection: Any) -> list[bytes]:
    """The largest number that each table ever gave away: a number is never given twice."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (SEQUENCE,)).fetchall():
        return []
    rows = connection.execute(f"SELECT name, seq FROM {SEQUENCE}").fetchall()  # noqa: S608
    return [encode(SEQUENCE, ("name", "seq"), row) for row in rows]


def highest_given(connection: Any, table: str) -> int:
    """The largest number that this table ever gave away, 0 where it gave none."""
    rows = connection.execute(f"SELECT max(seq) FROM {SEQUENCE} WHERE name = ?", (table,)).fetchall()  # noqa: S608
    return rows[0][0] or 0


def encode(table: str, columns: tuple[str, ...], values: tuple[object, ...]) -> bytes:
    """A row as bytes: the table, then each column and its value, every part with its kind and its length."""
    if {*map(type, values)} == {int}:
        return _of_numbers(table, columns) % values
    parts = [_part(table)]
    for column, value in zip(columns, values, strict=True):
        parts += (_part(column), _part(value))
    return b"".join(parts)


def quoted(name: str) -> str:
    """A name of the schema in SQL."""
    return '"' + name.replace('"', '""') + '"'


@cache
def _of_numbers(table: str, columns: tuple[str, ...]) -> bytes:
    """What `encode` gives for a row of whole numbers, with the place of each left open: most rows are of that kind."""
    names = [_part(name).replace(b"%", b"%%") for name in (table, *columns)]
    return b"i%d;".join([names[0] + names[1], *names[2:], b""])


def _part(value: object) -> bytes:
    match value:
        case None:
            return b"n"
        case int():
            return b"i%d;" % value
        case str():
            data = value.encode()
            return b"t%d:%b" % (len(data), data)
        case bytes():
            return b"b%d:%b" % (len(value), value)
    return b"f%b;" % float.hex(value).encode() if isinstance(value, float) else _refuse(value)


def _refuse(value: object) -> bytes:
    raise TypeError(f"a stored value is no {type(value).__name__}")


_COLUMNS: Final = """
    SELECT tables.name, columns.name
    FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
    WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
    ORDER BY tables.name, columns.name
"""
