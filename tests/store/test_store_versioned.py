"""The digest of the versioned rows: every table takes part, every change is carried, every difference is found."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from vault.errors.storage import Damaged
from vault.sealing.keytree import KeyTree
from vault.sealing.multiset import MultisetDigest
from vault.sealing.secret import Secret
from vault.store import indexes
from vault.store.engine import Store
from vault.store.row_seal import RowSeal
from vault.store.tables import GrantRow, Row, RowDigest, VaultFact
from vault.store.times import parse_stamp
from vault.store.unit_of_work import UnitOfWork
from vault.store.versioned import BY_LENGTH, NOT_VERSIONED, encode, versioned_tables

KEY = Secret(bytes(range(32)))
SEAL = RowSeal.of(KeyTree(KEY))
ROOT = b"r" * 32
DAY = parse_stamp("2026-11-21T12:00:00Z")


@pytest.fixture
def sealed(store: Store) -> Store:
    """A database with some rows, and the digest over them."""
    with store.write() as unit:
        for number in range(20):
            unit.add(VaultFact(key=f"fact {number}", value="x" * number))
            unit.add(grant(number))
        SEAL.fix(unit, 1, ROOT)
        unit.commit()
    return store


def grant(number: int) -> GrantRow:
    return GrantRow(
        id=f"{number:032x}", requester_id="somebody", collection_id=1, record="{}", not_after=DAY, created_at=DAY
    )  # fmt: skip


def problem(store: Store, *, size: int = 1) -> str:
    with store.read() as unit:
        return SEAL.problem(unit, size, ROOT)


def raw(store: Store, statement: str) -> None:
    """Change the file as nobody but an attacker, or the program's own mistake, would."""
    assert store._writer is not None
    with store._writer.begin() as connection:
        connection.execute(text(statement))


# what takes part ----------------------------------------------------------------------------------------------


def test_every_table_takes_part_or_stands_in_the_list_with_its_reason(store: Store) -> None:
    with store.read() as unit, unit.connection() as connection:
        part = {table.name: table.columns for table in versioned_tables(connection)}

    tables = set(Row.metadata.tables)
    assert tables | {"alembic_version"} == part.keys() | NOT_VERSIONED.keys()
    assert not part.keys() & NOT_VERSIONED.keys()
    assert {"log_entry", "disclosure", "row_digest"} == NOT_VERSIONED.keys(), (
        "each one is a decision of its own"
    )
    assert {("segment", "blob"), ("request", "weights"), ("held", "update")} == BY_LENGTH.keys()
    for name in part.keys() & tables:
        assert set(part[name]) == {column.name for column in Row.metadata.tables[name].columns}


values = st.one_of(
    st.none(), st.integers(-(2**63), 2**63 - 1), st.text(), st.binary(), st.floats(allow_nan=False)
)


@given(st.lists(values, max_size=4), st.lists(values, max_size=4))
def test_two_rows_that_differ_are_different_bytes(one: list[Any], other: list[Any]) -> None:
    def bytes_of(row: list[Any]) -> bytes:
        return encode("t", tuple(f"c{number}" for number in range(len(row))), tuple(row))

    def exact(row: list[Any]) -> list[tuple[type, str]]:
        return [(type(value), repr(value)) for value in row]

    assert (bytes_of(one) == bytes_of(other)) == (exact(one) == exact(other))


def test_a_row_of_whole_numbers_is_written_like_any_other() -> None:
    one, both = b"t2:t%t1:ai1;", b"t4:b%dci-2;"

    assert encode("t%", ("a", "b%dc"), (1, -2)) == one + both
    assert encode("t%", ("a", "b%dc"), (1, None)) == one + both.replace(b"i-2;", b"n")
    assert encode("t%", ("a",), (1,)) == one
    with pytest.raises((TypeError, ValueError)):
        encode("t%", ("a", "b%dc"), (1, 2, 3))


@given(st.lists(st.binary(max_size=4)), st.randoms(use_true_random=False))
def test_a_sum_says_what_is_there_and_not_in_which_order_it_came(elements: list[bytes], draw: Any) -> None:
    one, other = MultisetDigest(KEY), MultisetDigest(KEY)
    one.update(elements)
    shuffled = draw.sample(elements, len(elements))
    for element in (*shuffled, b"more", b"more"):
        other.add(element)
    assert one.digest() != other.digest()
    other.remove(b"more")
    assert one.digest() != other.digest(), "twice is not once"
    other.remove(b"more")

    assert one.digest() == other.digest()
    assert MultisetDigest(Secret(bytes(32)), one.digest()).digest() == one.digest()


# carried ------------------------------------------------------------------------------------------------------


def _add(unit: UnitOfWork) -> None:
    unit.add(VaultFact(key="another", value="é\0"))


def _change(unit: UnitOfWork) -> None:
    row = unit.get(GrantRow, f"{3:032x}")
    assert row is not None
    row.uses_spent += 1


def _change_twice(unit: UnitOfWork) -> None:
    _change(unit)
    unit.add(VaultFact(key="between", value=""))
    _change(unit)


def _delete(unit: UnitOfWork) -> None:
    for row in unit.find(VaultFact, value="xx"):
        unit.delete(row)


def _delete_many(unit: UnitOfWork) -> None:
    unit.delete_all(GrantRow, requester_id="somebody")


def _rename(unit: UnitOfWork) -> None:
    row = unit.get(VaultFact, "fact 3")
    assert row is not None
    row.key = "fact three"


def _replace_by_insert(unit: UnitOfWork) -> None:
    with unit.connection() as connection:
        connection.execute("INSERT OR REPLACE INTO vault_fact (key, value) VALUES ('fact 3', 'another')")


def _replace_by_update(unit: UnitOfWork) -> None:
    with unit.connection() as connection:
        connection.execute("UPDATE OR REPLACE vault_fact SET key = 'fact 3' WHERE key = 'fact 4'")


@pytest.mark.parametrize(
    "change",
    [
        *(_add, _change, _change_twice, _delete, _delete_many, _rename),
        *(_replace_by_insert, _replace_by_update),
    ],
)
def test_every_way_of_writing_is_carried(sealed: Store, change: Any) -> None:
    with sealed.write() as unit:
        change(unit)
        SEAL.carry(unit, before=1, size=2, root=ROOT)
        unit.commit()

    assert problem(sealed, size=2) == ""
    assert problem(sealed) == "its rows are of another time than its trail"


def test_a_unit_that_was_undone_leaves_nothing_to_carry(sealed: Store) -> None:
    with sealed.write() as unit:
        _add(unit)
    with sealed.write() as unit:
        _change(unit)
        SEAL.carry(unit, before=1, size=2, root=ROOT)
        unit.commit()

    assert problem(sealed, size=2) == ""


def test_a_change_beside_the_acts_is_found_even_after_later_acts(sealed: Store) -> None:
    raw(sealed, "UPDATE \"grant\" SET uses_spent = 7 WHERE id LIKE '%5'")
    with sealed.write() as unit:
        _add(unit)
        SEAL.carry(unit, before=1, size=2, root=ROOT)
        unit.commit()

    assert problem(sealed, size=2) == "some of its rows are not those that were written last"


@pytest.mark.parametrize("column", ["size", "root", "digest", "mac"])
def test_a_digest_that_is_not_genuine_is_neither_believed_nor_carried(sealed: Store, column: str) -> None:
    other = {"size": "2", "root": "zeroblob(32)", "digest": "zeroblob(64)", "mac": "zeroblob(32)"}[column]
    raw(sealed, f"UPDATE row_digest SET {column} = {other}")

    assert problem(sealed) == "the digest of its rows is missing or not genuine"
    with pytest.raises(Damaged), sealed.write() as unit:
        SEAL.carry(unit, before=1, size=2, root=ROOT)


def test_a_digest_of_an_earlier_head_is_not_carried(sealed: Store) -> None:
    with pytest.raises(Damaged), sealed.write() as unit:
        SEAL.carry(unit, before=2, size=3, root=ROOT)


def test_a_vault_without_a_digest_carries_none(store: Store) -> None:
    with store.write() as unit:
        _add(unit)
        SEAL.carry(unit, before=1, size=2, root=ROOT)
        unit.commit()

    with store.read() as unit:
        assert unit.count(RowDigest) == 0
    assert problem(store) == "the digest of its rows is missing or not genuine"


# found --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO vault_fact VALUES ('new', '')",
        "DELETE FROM vault_fact WHERE key = 'fact 3'",
        "UPDATE vault_fact SET value = '' WHERE key = 'fact 3'",
        "UPDATE alembic_version SET version_num = '0002'",
        "INSERT INTO sqlite_sequence VALUES ('collection', 9)",
        "DROP INDEX ix_grant_requester_id",
        "CREATE TABLE more (a)",
    ],
)
def test_any_other_rows_numbers_or_schema_are_found(sealed: Store, statement: str) -> None:
    raw(sealed, statement)

    assert problem(sealed) == "some of its rows are not those that were written last"


def test_old_pages_of_an_index_are_found_although_every_row_is_right(
    path: Path, key: bytes, tmp_path: Path
) -> None:
    """A lookup by the index would not find a consent that stands in the table."""
    with Store.create(path, key) as store:
        with store.write() as unit:
            unit.add(grant(1))
            SEAL.fix(unit, 1, ROOT)
            unit.commit()
        store.checkpoint_wal()
    before = path.read_bytes()
    with Store.open(path, key, writable=True) as store:
        with store.write() as unit:
            unit.add(grant(2))
            SEAL.fix(unit, 1, ROOT)
            unit.commit()
        with store.read() as unit, unit.connection() as connection:
            pages = _index_pages(connection)
    after = path.read_bytes()
    assert len(pages) == 3
    for number in pages:
        at = 4096 * (number - 1)
        path.write_bytes(after[:at] + before[at : at + 4096] + after[at + 4096 :])
        with Store.open(path, key, writable=False) as store:
            assert problem(store) == "looking something up in its table grant does not find what stands there"
    path.write_bytes(after)
    with Store.open(path, key, writable=False) as store:
        assert problem(store) == ""


def _index_pages(connection: Any) -> list[int]:
    rows = connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'grant'"
    )
    return [number for (number,) in rows]


def test_every_index_is_really_used_to_look_up(sealed: Store) -> None:
    """Else a plan that reads the table alone would find nothing wrong with any index."""
    name = '"grant"'
    with sealed.read() as unit, unit.connection() as connection:
        for index, columns in indexes._indexes(connection, "grant"):
            seen: list[str] = []
            for question in (
                indexes._found_by_query(name, index, columns),
                indexes._entries_query(name, index),
            ):
                plan = connection.execute(f"EXPLAIN QUERY PLAN {question}").fetchall()
                seen.append(" ".join(str(row[3]) for row in plan))
            assert all(f"COVERING INDEX {index.strip(chr(34))}" in each for each in seen), seen


def test_a_read_of_a_random_key_gives_no_digest(sealed: Store) -> None:
    other = RowSeal.of(KeyTree(Secret(os.urandom(32))))
    with sealed.read() as unit:
        assert other.problem(unit, 1, ROOT) == "the digest of its rows is missing or not genuine"
