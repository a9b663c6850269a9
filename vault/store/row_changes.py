"""What one transaction changed in the versioned rows, told by the database itself.

Temporary triggers of the writing connection call back with the old and the new values of each row, so that no way of
writing goes unseen: neither rows deleted by a condition nor a statement somebody adds later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from vault.store.versioned import VersionedTable, quoted, sequence_elements, versioned_tables

if TYPE_CHECKING:
    from vault.sealing.multiset import MultisetDigest

# A function is told no text beyond a zero byte in it, so every text is told in hexadecimal.
_TOLD: Final = "CASE typeof({value}) WHEN 'text' THEN hex({value}) ELSE {value} END"
_ROWS: Final = {"INSERT": ("NEW",), "DELETE": ("OLD",), "UPDATE": ("OLD", "NEW")}


class RowChanges:
    """The rows that came and went in the running transaction of one writing connection."""

    def __init__(self) -> None:
        self._tables: dict[str, VersionedTable] = {}
        self._rows: list[tuple[str, str, tuple[object, ...]]] = []
        self._sequence: list[bytes] = []

    def watch(self, connection: Any) -> None:
        """Follow every change that this connection makes from now on."""
        connection.create_function("row_changed", -1, self._note)
        self._tables = {table.name: table for table in versioned_tables(connection)}
        for table in self._tables.values():
            for event in _ROWS:
                connection.execute(_trigger(table, event))

    def begin(self, connection: Any) -> None:
        """Forget the transaction before: a new one has just begun."""
        self._rows.clear()
        self._sequence = sequence_elements(connection)

    def apply(self, digest: MultisetDigest, connection: Any) -> None:
        """Bring a digest of the rows as they were when the transaction began to the rows as they are now."""
        for row, name, values in self._rows:
            element = self._tables[name].element(values)
            if row == "NEW":
                digest.add(element)
            else:
                digest.remove(element)
        for element in self._sequence:
            digest.remove(element)
        digest.update(sequence_elements(connection))

    def _note(self, row: str, table: str, *values: object) -> None:
        self._rows.append((row, table, tuple(map(_value, values))))


def _value(told: object) -> object:
    return bytes.fromhex(told).decode() if isinstance(told, str) else told


def _trigger(table: VersionedTable, event: str) -> str:
    values = ", ".join(_TOLD.format(value=value) for value in table.values())
    calls = "".join(
        f"SELECT row_changed('{row}', '{table.name}', {values.format(row=f'{row}.')}); "
        for row in _ROWS[event]
    )
    name = quoted(f"row_changed_{table.name}_{event}")
    return f"CREATE TEMP TRIGGER {name} AFTER {event} ON main.{quoted(table.name)} BEGIN {calls}END"
