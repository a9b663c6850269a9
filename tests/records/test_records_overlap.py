"""The same people are known through every change of their file, and strangers are not taken for them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from record_families import CHANGES, FAMILIES, RECORD, Table, by, clinic, person, unrelated_pairs

from tests.sweeps import sweep
from vault.audit.entries import EntryType
from vault.errors.storage import Damaged
from vault.records.collections import find_collection
from vault.records.fingerprint import Fingerprint, fingerprint, without_sketches
from vault.records.kept_fingerprints import (
    fingerprint_key,
    open_fingerprint,
    packed,
    seal_fingerprint,
    unpacked,
)
from vault.records.minhash import PACKED, containment, mixed, sketch_of
from vault.records.normalised import keys_of, numbering
from vault.records.overlap import Likeness, likeness
from vault.records.overlapping import _sealed, incoming, overlaps
from vault.sealing.keytree import KeyTree
from vault.sealing.secret import Secret
from vault.store.tables import ImportedFile
from vault.views.records import OverlapReason

KEY = Secret(bytes(range(32)))
OTHER_KEY = Secret(bytes(range(1, 33)))


def of(table: Table, key: Secret = KEY) -> Fingerprint:
    return fingerprint(key, table.rows, table.unit, table.time)


def kept(table: Table) -> Fingerprint:
    """As it comes back from the vault."""
    return unpacked(packed(of(table)))


# the same people --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", sweep(range(20)))
def test_the_same_people_are_known_through_a_change(family: str, change: str, seed: int) -> None:
    draw = np.random.default_rng(seed)
    table = FAMILIES[family](draw)
    again = CHANGES[change](draw, table)

    assert (likeness(kept(table), of(again)), likeness(of(again), kept(table))) == (Likeness.SAME,) * 2


def test_thirty_unrelated_pairs_join_nothing() -> None:
    found = Counter((kind, likeness(kept(one), of(other))) for kind, one, other in unrelated_pairs())

    assert sum(found.values()) == 30
    assert [kind for kind, word in found if word is Likeness.SAME] == []
    assert sum(count for (_, word), count in found.items() if word is Likeness.PERHAPS) <= 2


@pytest.mark.slow
def test_six_hundred_unrelated_pairs_join_nothing() -> None:
    found = Counter(likeness(kept(one), of(other)) for _, one, other in unrelated_pairs(each=100))

    assert found[Likeness.SAME] == 0
    assert found[Likeness.PERHAPS] <= 20


def test_units_alone_never_decide() -> None:
    """The same numbers with other values are other people; the same values under other numbers are the same."""
    draw = np.random.default_rng(3)
    table = clinic(draw)
    shuffled = table.rows["id"].take(pa.array(draw.permutation(table.rows.num_rows)))
    strangers = table.rows.select(["id"]).append_column("weight", pa.array(draw.normal(70, 9, 400)))

    assert likeness(of(table), of(Table(rows=strangers, unit=by("id")))) is Likeness.OTHER
    renumbered = table.rows.set_column(0, "id", shuffled)
    assert likeness(of(table), of(Table(rows=renumbered, unit=by("id")))) is Likeness.SAME


def test_some_equal_columns_are_a_question() -> None:
    """Two people with the same weather on the same days."""
    weather = pa.array(np.round(np.random.default_rng(9).normal(10, 8, 365), 1))
    one, other = (person(np.random.default_rng(seed)) for seed in (1, 2))
    left, right = (replace(each, rows=each.rows.append_column("sky", weather)) for each in (one, other))

    assert likeness(of(left), of(right)) is Likeness.PERHAPS


def test_rows_that_nothing_tells_apart_are_known_when_all_of_them_come_again() -> None:
    rows = pa.table({"smoker": [True, False, True, True] * 9, "sex": ["f", "m", "m", "f"] * 9})
    again = rows.take(pa.array(np.random.default_rng(1).permutation(36)))

    assert likeness(of(Table(rows=rows, unit=RECORD)), of(Table(rows=again, unit=RECORD))) is Likeness.SAME
    assert (
        likeness(of(Table(rows=rows, unit=RECORD)), of(Table(rows=again.slice(1), unit=RECORD)))
        is Likeness.OTHER
    )


def test_without_sketches_half_of_the_columns_close_an_import() -> None:
    draw = np.random.default_rng(5)
    destroyed = unpacked(packed(without_sketches(of(clinic(draw)))))
    others = clinic(np.random.default_rng(6))

    assert destroyed.is_destroyed
    assert likeness(destroyed, of(others)) is Likeness.SAME
    fewer = others.rows.select(["id", "age", "sex", "bmi"]).rename_columns(["id", "age", "x", "y"])
    assert likeness(destroyed, of(replace(others, rows=fewer))) is Likeness.OTHER
    assert likeness(destroyed, of(person(draw))) is Likeness.OTHER


# the rule is a pure function --------------------------------------------------------------------------------

CELLS = st.none() | st.integers(-50, 50) | st.floats(-1e6, 1e6) | st.text(max_size=6)
COLUMNS = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 2**31), min_size=1, max_size=5)


def small(columns: dict[str, int], rows: int) -> Table:
    values = {
        name: np.random.default_rng(seed).integers(0, 2 + seed % 400, rows) for name, seed in columns.items()
    }
    return Table(rows=pa.table(values), unit=RECORD)


@settings(max_examples=25)
@given(COLUMNS, COLUMNS, st.integers(1, 60))
def test_the_rule_does_not_mind_which_is_which(one: dict[str, int], other: dict[str, int], rows: int) -> None:
    left, right = of(small(one, rows)), of(small(other, rows))

    assert likeness(left, right) is likeness(right, left)
    assert likeness(left, left) is Likeness.SAME


@settings(max_examples=25)
@given(COLUMNS, st.integers(1, 60), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_changes_no_fingerprint(
    columns: dict[str, int], rows: int, draw: object
) -> None:
    table = small(columns, rows).rows
    names = sorted(table.column_names, reverse=True)
    again = table.select(names).take(pa.array(list(range(rows))[::-1]))

    assert likeness(of(Table(rows=table, unit=RECORD)), of(Table(rows=again, unit=RECORD))) is Likeness.SAME
    assert of(Table(rows=table, unit=RECORD)).content == of(Table(rows=again, unit=RECORD)).content


@settings(max_examples=25)
@given(st.integers(30, 3000), st.integers(0, 3000), st.integers(0, 2**63))
def test_containment_is_near_the_truth(own: int, shared: int, seed: int) -> None:
    """Within three tenths, which is what 128 buckets of 4 bits can say of sets that are not too unlike."""
    shared = min(shared, own)
    left = mixed(np.arange(own, dtype=np.uint64), seed)
    right = mixed(np.arange(own - shared, 2 * own - shared, dtype=np.uint64), seed)

    assert abs(containment(sketch_of(left), sketch_of(right)) - shared / own) < 0.3


@settings(max_examples=25)
@given(st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=300))
def test_a_sketch_is_of_a_set(features: list[int]) -> None:
    once = np.array(features, dtype=np.uint64)
    found = sketch_of(np.concatenate([once[::-1], once]))

    assert found == sketch_of(once)
    assert len(found.marks) == PACKED


# values -----------------------------------------------------------------------------------------------------


def first_keys(*columns: pa.Array) -> list[list[int]]:
    return [keys_of(pa.chunked_array([column]))[0].tolist() for column in columns]


def test_a_value_is_the_same_however_it_is_written() -> None:
    found = first_keys(
        pa.array([1, 0, 12345]),
        pa.array([1.0, 0.0, 12345.0000001]),
        pa.array(["1", "0.00", "12345.0"]),
        pa.array([" YES", "no", "1.2345e4"]),
    )
    assert found == [found[0]] * 4
    assert first_keys(pa.array(["+1", "-0", "0012345"])) == first_keys(pa.array([1, 0, 12345]))
    assert first_keys(pa.array(["-007", "9" * 18])) == first_keys(pa.array([-7, 10**18 - 1]))
    assert first_keys(pa.array([True, False])) == first_keys(pa.array([1, 0]))
    assert first_keys(pa.array(["Blue ", "RED"])) == first_keys(pa.array(["blue", "red"]))
    (words,) = first_keys(pa.array(["blue", "red", "bleu", "", "blue red", "ä"]))
    assert len(set(words)) == 6


@given(st.floats(1e-2, 1e9))
def test_a_seventh_digit_moves_few_values(value: float) -> None:
    near, far = (keys_of(pa.chunked_array([pa.array([value * by])]))[0][0] for by in (1, 1.01))

    assert near != far


def test_each_name_of_a_unit_is_its_number_whatever_the_others_are() -> None:
    names = ["P-0017", "P-0018", "Q-0200", "17", "test", "2024-01", "18X", "000", None]

    assert numbering(pa.chunked_array([names])).to_pylist() == [
        *("17", "18", "200", "17", "test", "2024-01", "18X", "0", None),
    ]


@pytest.mark.parametrize("odd", ["Q-0001", "test", "11010119900315001X"])
def test_one_odd_name_hides_no_other_unit(odd: str) -> None:
    """However the others are numbered: short with a letter, or with eighteen digits."""
    table = clinic(np.random.default_rng(2))
    telling = table.rows.select(["id", "age", "sex"])  # and only beside their unit
    for names in (
        [f"P-{number:04d}" for number in range(1, 401)],
        [str(110101199000000000 + 7919 * number) for number in range(1, 401)],
    ):
        one = telling.set_column(0, "id", pa.array(names))
        more = pa.concat_tables([one, one.slice(0, 1).set_column(0, "id", pa.array([odd]))])
        found = likeness(of(replace(table, rows=one)), of(replace(table, rows=more)))
        by_row = likeness(of(Table(rows=one, unit=RECORD)), of(Table(rows=more, unit=RECORD)))
        assert (found, by_row, names[0]) == (Likeness.SAME, Likeness.SAME, names[0])
    wholes = one.set_column(0, "id", pa.array([int(name) for name in names]))
    assert likeness(of(replace(table, rows=wholes)), of(replace(table, rows=more))) is Likeness.SAME


def doses(scale: float, *odd: float) -> Table:
    draw = np.random.default_rng(5)
    values = np.concatenate([draw.uniform(1, 9, 400) * scale, odd])
    rows = pa.table({"id": np.arange(len(values)), "dose": values})
    return Table(rows=rows, unit=by("id"))


@pytest.mark.parametrize("scale", [1e-6, 1e-9, 1e-4])
def test_an_odd_row_makes_no_zeros_of_a_column_of_small_numbers(scale: float) -> None:
    """The same doses are known again though one is large, and other ones are not taken for them."""
    one, more = doses(scale), doses(scale, 5.0)
    others = replace(one, rows=one.rows.set_column(1, "dose", one.rows["dose"].take(np.arange(400)[::-1])))

    assert len(set(first_keys(more.rows["dose"].combine_chunks())[0])) > 200
    assert likeness(kept(one), of(more)) is Likeness.SAME
    assert likeness(kept(more), of(others)) is not Likeness.SAME


def test_zeros_with_noise_stay_zeros_beside_larger_numbers() -> None:
    plain, noisy = (pa.array([0.0, 0.0, 0.5, 0.25] * 9), pa.array([1e-9, -1e-8, 0.5, 0.25] * 9))

    assert first_keys(plain) == first_keys(noisy)


def test_what_an_older_version_kept_is_compared_with_what_it_would_keep(bench) -> None:
    """A column that was all zeros for it: in another order the rows are known by their sum alone."""
    numbers = [f"{number * 1e-8:.9f}" for number in range(1, 300)]
    bench.load("dose\n5.0\n" + "\n".join(numbers) + "\n")
    with bench.act() as opened:
        uow, row = opened.uow, opened.uow.find(ImportedFile)[0]
        sealed = _sealed(uow, bench.keys, find_collection(uow, "rows"), ["dose"])
        facts = fingerprint(fingerprint_key(bench.keys), sealed, RECORD, None, 1)
        row.fingerprint = seal_fingerprint(bench.keys, facts, row.digest)
        opened.record(EntryType.ACCESS_VIEW, hidden={"what": "rows", "rows": "all rows"})
    with bench.store.read() as uow:
        turned = bench.parse("dose\n" + "\n".join(numbers[::-1]) + "\n5.0\n", "again.csv")
        rows = incoming(bench.keys, turned.table, RECORD, None)
        found = overlaps(uow, bench.keys, rows, None, {})

    assert facts.content != rows.print.content
    assert [(one.collection, one.reason) for one in found] == [("rows", OverlapReason.SAME_PEOPLE)]


# kept -------------------------------------------------------------------------------------------------------


def test_a_fingerprint_is_kept_sealed_for_its_file_and_comes_back() -> None:
    keys, one = KeyTree(KEY), of(clinic(np.random.default_rng(1), rows=50))
    blob = seal_fingerprint(keys, one, b"a file")

    assert likeness(open_fingerprint(keys, blob, b"a file"), one) is Likeness.SAME
    for other in (
        (keys, blob, b"another"),
        (KeyTree(OTHER_KEY), blob, b"a file"),
        (keys, blob[:-1], b"a file"),
    ):
        with pytest.raises(Damaged):
            open_fingerprint(*other)
    for cut in (b"", packed(one)[:-1], b"\3" + packed(one)[1:]):
        with pytest.raises(Damaged):
            unpacked(cut)


def test_under_another_key_a_fingerprint_says_nothing() -> None:
    table = clinic(np.random.default_rng(1))

    assert likeness(of(table), of(table, OTHER_KEY)) is Likeness.OTHER


def test_what_is_kept_is_128_buckets_of_4_bits_for_each_set_and_no_value() -> None:
    one = of(clinic(np.random.default_rng(1)))

    assert {len(each.beside_unit.sketch.marks) for each in one.columns} == {64}
    assert len(packed(one)) == 79 + 5 * 146
