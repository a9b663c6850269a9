"""A CSV file is cut in blocks, into the same rows, lines and refusals as Python's reader of CSV gives."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vault.errors.records import Unreadable
from vault.importers import csv_blocks, csv_rows
from vault.importers.column_wishes import ColumnWishes
from vault.importers.csv_file import open_csv
from vault.importers.source import File
from vault.importers.wishes import FileWishes

NO_SIGN = st.characters(exclude_characters='"\n\r;', exclude_categories=("Cs",))
PLAIN = st.text(NO_SIGN, max_size=4)
ANYTHING = st.text(st.sampled_from('";\n\ra\u00e9\ufeff '), max_size=6)
QUOTED = st.text(NO_SIGN | st.sampled_from('";\n\r'), max_size=4).map(
    lambda text: '"{}"'.format(text.replace('"', '""'))
)
END = st.sampled_from(["\n", "\r\n"])
WELL = st.tuples(st.lists(PLAIN | QUOTED, min_size=2, max_size=2).map(";".join), END).map("".join)
WRITTEN = st.tuples(st.lists(PLAIN | QUOTED, max_size=3).map(";".join), END | st.just("\r")).map("".join)
FILES = st.tuples(
    st.sampled_from(["a;b\n", 'a;"b"\r\n', '"a\n";b\n', "\na;b\n", "a\n", "\ufeffa;b\n"]),
    st.lists(WELL, max_size=4).map("".join),
    st.lists(WELL | WRITTEN | ANYTHING, max_size=5).map("".join),
    st.lists(WELL, max_size=4).map("".join),
    ANYTHING,
).map("".join)
LONGEST = csv_rows.LONGEST_TEXT


def rows_of(
    data: bytes, *, block: int | None, longest: int = LONGEST, encoding: str = "utf-8-sig", skipped: int = 0
) -> object:
    """Every line with its cells, and what is refused, in the order of lines; or why nothing is read.

    Without a size of blocks Python's reader cuts them all.
    """
    file, said = (
        File(name="a.csv", format="csv", data=data),
        FileWishes(encoding=encoding, separator=";", skip_lines=skipped),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_rows, "LONGEST_TEXT", longest)
        patch.setattr(csv_blocks, "LONGEST_TEXT", longest)
        patch.setattr(csv_blocks, "BLOCK", block or csv_blocks.BLOCK)
        if block is None:
            patch.setattr(csv_blocks, "_block", lambda *_: None)
        try:
            batches = list(open_csv(file, ColumnWishes(), said).batches())
        except Unreadable as error:
            return str(error)
    whole = [
        (line, *cells)
        for one in batches
        for line, *cells in zip(one.lines, *(column.to_pylist() for column in one.columns), strict=True)
    ]
    return whole, [(row.line, row.reason) for one in batches for row in one.refused]


@pytest.mark.parametrize("examples", [100, pytest.param(4_000, marks=pytest.mark.slow)])
def test_blocks_give_what_a_reader_of_csv_gives(examples: int) -> None:
    """Wherever quotes stand, whatever stands in them, blank lines and ragged ones among them, wherever a block ends."""

    @settings(max_examples=examples, deadline=None)
    @given(
        text=FILES,
        block=st.integers(1, 40) | st.just(csv_blocks.BLOCK),
        longest=st.integers(2, 9) | st.just(LONGEST),
        encoding=st.sampled_from(["utf-8-sig", "cp1252", "utf-16"]),
        skipped=st.integers(0, 2),
    )
    def gives_the_same(text: str, block: int, longest: int, encoding: str, skipped: int) -> None:
        data = text.encode(encoding, "ignore")
        one, other = (
            rows_of(data, block=size, longest=longest, encoding=encoding, skipped=skipped)
            for size in (block, None)
        )
        assert one == other

    gives_the_same()


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ('"1";"a;b"\n', [(2, "1", "a;b")]),
        ('1;"a\nb"\n2;c\n', [(2, "1", "a\nb"), (4, "2", "c")]),
        ('1;"a\r\nb"\r\n2;c\r\n', [(2, "1", "a\r\nb"), (4, "2", "c")]),
        ('"";""""\n\n ;""\n', [(2, None, '"'), (4, " ", None)]),
        ("1;2\r\n\r\n3;4\r\n", [(2, "1", "2"), (4, "3", "4")]),
        ("\ufeff;1\n", [(2, "\ufeff", "1")]),
    ],
)
def test_a_block_is_cut_as_its_quotes_say(
    rows: str, found: list[tuple[object, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of them is left to Python's reader, but for a block that begins as a mark does."""
    if "\ufeff" not in rows:
        monkeypatch.setattr(csv_blocks, "_until", None)
    assert rows_of(f"a;b\n{rows}".encode(), block=csv_blocks.BLOCK) == (found, [])


@pytest.mark.parametrize(
    "odd", ['"1"x;2', '1;x"a;b"', '1;a""b', '1;"a"b"c"', '1;"a";"b', '"";"";""', ' "1;2";3', "1;2\r3;4"]
)
def test_an_odd_row_is_read_or_refused_as_by_a_reader_of_csv(odd: str) -> None:
    data = f"a;b\n0;0\n{odd}\n5;6\n".encode()
    assert rows_of(data, block=csv_blocks.BLOCK) == rows_of(data, block=None)


@pytest.mark.parametrize("block", [8, csv_blocks.BLOCK, None])
def test_a_lone_carriage_return_ends_a_row_which_is_refused_where_it_is_too_short(block: int | None) -> None:
    refused = [(3, "1 cell where the header has 2")]
    assert rows_of(b"a;b\n0;0\n1\r2;3\n", block=block) == ([(2, "0", "0"), (4, "2", "3")], refused)


def test_one_odd_block_leaves_the_others_to_arrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A quote within a cell that has none around it is a sign like any other, and only its block is gone through."""
    left: list[int] = []
    until = csv_blocks._until
    monkeypatch.setattr(
        csv_blocks, "_until", lambda reader, byte: left.append(reader.place().line) or until(reader, byte)
    )
    rows = ["1;x\n"] * 20 + ['2;5" wide\n'] + ["3;y\n"] * 20
    found = rows_of("".join(["a;b\n", *rows]).encode(), block=16)
    assert found == ([(2 + at, *row.strip().split(";")) for at, row in enumerate(rows)], [])
    assert len(left) == 1


def test_a_quote_that_is_not_closed_is_named_by_its_line() -> None:
    for block in (8, None):
        said = rows_of(b'a;b\n1;2\n3;"4\n5;6\n' + b"7;8\n" * 20, block=block)
        assert "in the row of line 3 a quote is not closed or a cell is too long" in str(said)


def test_a_cell_that_is_too_long_is_named_by_its_line() -> None:
    data = b"a;b\n1;2\n1;" + b"x" * (LONGEST + 1) + b"\n"
    csv.field_size_limit(1 << 20)  # as a reader of another file may have left it
    for block in (csv_blocks.BLOCK, None):
        said = rows_of(data, block=block)
        assert "in the row of line 3 a quote is not closed or a cell is too long" in str(said)
