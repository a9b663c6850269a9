"""The rows of one campaign within a transaction: every statement on them names the campaign."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, Select, Table, func, insert, select, update


class Rows:
    """What the tables have of a campaign, by a connection in a transaction."""

    def __init__(self, connection: Connection, campaign: str) -> None:
        self.connection, self.campaign = connection, campaign

    def of(self, table: Table, **key: Any) -> Select[Any]:
        """What asks for the rows of a table that have these values."""
        return select(table).where(table.c.campaign == self.campaign, *_where(table, key))

    def found(self, table: Table, **key: Any) -> RowMapping | None:
        """The row that has these values, or None where there is none."""
        return self.connection.execute(self.of(table, **key)).mappings().one_or_none()

    def one(self, table: Table, **key: Any) -> RowMapping:
        """The row that has these values and is always there."""
        return self.connection.execute(self.of(table, **key)).mappings().one()

    def count(self, table: Table, **key: Any) -> int:
        """How many rows have these values."""
        asked = select(func.count()).select_from(table)
        asked = asked.where(table.c.campaign == self.campaign, *_where(table, key))
        return int(self.connection.execute(asked).scalar_one())

    def add(self, table: Table, /, **values: Any) -> None:
        """Add a row."""
        self.connection.execute(insert(table).values(campaign=self.campaign, **values))

    def add_all(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Add rows, all by one statement."""
        if rows:
            self.connection.execute(insert(table), [{"campaign": self.campaign, **each} for each in rows])

    def change(self, table: Table, at: dict[str, Any], /, **values: Any) -> None:
        """Give the rows that have the values of ``at`` others."""
        changed = update(table).where(table.c.campaign == self.campaign, *_where(table, at))
        self.connection.execute(changed.values(**values))


def members(fact: Any) -> dict[str, Any]:
    """What a fact holds, by name, as a row has it."""
    return {name: getattr(fact, name) for name in fact.__slots__}


def picked(row: RowMapping, kind: Any) -> dict[str, Any]:
    """What a fact of this kind has of a row."""
    return {name: row[name] for name in kind.__slots__}


def _where(table: Table, key: dict[str, Any]) -> list[Any]:
    return [table.c[name] == value for name, value in key.items()]
