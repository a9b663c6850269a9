"""Holding every index of the versioned tables against its table: lookups go through pages that can be old as well."""

from __future__ import annotations

from typing import Any, Final

from vault.store.versioned import quoted, versioned_tables


def misleading_index(connection: Any) -> str:
    """The table of which a lookup does not find what a reading of the whole table finds; empty when there is none."""
    for table in versioned_tables(connection):
        name = quoted(table.name)
        queries = [_found_by_number_query(name)]
        for index, columns in _indexes(connection, table.name):
            queries += [_found_by_query(name, index, columns), _entries_query(name, index)]
        rows = _number(connection, f"SELECT sum(1) FROM {name} NOT INDEXED")  # noqa: S608  names of the schema
        if any(_number(connection, query) != rows for query in queries):
            return table.name
    return ""


def _found_by_number_query(table: str) -> str:
    """How many rows a lookup by their own number finds."""
    # Backwards, since SQLite finds the next larger number without going down from the root again.
    return (
        f"SELECT sum(hit) FROM (SELECT (SELECT 1 FROM {table} AS again NOT INDEXED WHERE again.rowid = each.rowid)"  # noqa: S608
        f" AS hit FROM {table} AS each NOT INDEXED ORDER BY each.rowid DESC LIMIT -1)"
    )


def _found_by_query(table: str, index: str, columns: list[str]) -> str:
    """How many rows a lookup by this index finds."""
    same = "".join(f"again.{column} IS each.{column} AND " for column in columns)
    return (
        f"SELECT sum(hit) FROM (SELECT (SELECT 1 FROM {table} AS again INDEXED BY {index}"  # noqa: S608
        f" WHERE {same}again.rowid = each.rowid) AS hit FROM {table} AS each NOT INDEXED"
        " ORDER BY each.rowid DESC LIMIT -1)"
    )


def _entries_query(table: str, index: str) -> str:
    """How many entries an index has."""
    return f"SELECT sum(1) FROM {table} INDEXED BY {index}"  # noqa: S608


def _indexes(connection: Any, table: str) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for index, column in connection.execute(_COLUMNS, (table,)):
        found.setdefault(quoted(index), []).append(quoted(column))
    return list(found.items())


def _number(connection: Any, query: str) -> int:
    return connection.execute(query).fetchone()[0] or 0


_COLUMNS: Final = """
    SELECT indexes.name, columns.name
    FROM pragma_index_list(?) AS indexes, pragma_index_info(indexes.name) AS columns
    ORDER BY indexes.name, columns.seqno
"""
