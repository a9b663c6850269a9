"""A file without a quote is cut in blocks, into the same rows, lines and refusals as a reader of CSV gives."""

from __future__ import annotations

import csv

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.errors.records import Unreadable
from vault.importers import csv_file, plain_lines
from vault.importers.column_wishes import ColumnWishes
from vault.importers.source import File

CELL = st.text(st.characters(exclude_characters='"\n\r;', exclude_categories=("Cs",)), max_size=4)
LINE = st.lists(CELL, max_size=4).map(";".join)
TEXTS = st.tuples(st.lists(LINE, max_size=12), st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())


def rows_of(data: bytes, *, in_blocks: bool, monkeypatch: pytest.MonkeyPatch, block: int = 1 << 20) -> object:
    """Every line with its cells, and what is refused, in the order of lines; or why nothing is read."""
    file = File(name="a.csv", format="csv", data=data)
    with monkeypatch.context() as patch:
        patch.setattr(plain_lines, "BLOCK", block)
        if not in_blocks:
            patch.setattr(csv_file, "plain_lines", lambda *_args, **_more: None)
        try:
            source = csv_file.open_csv(file, ColumnWishes(), csv_file.FileWishes(separator=";", skip_lines=0))
            batches = list(source.batches())
        except Unreadable as error:
            return str(error)
    whole = [
        (line, *cells)
        for one in batches
        for line, *cells in zip(one.lines, *(column.to_pylist() for column in one.columns), strict=True)
    ]
    return whole, [(row.line, row.reason) for one in batches for row in one.refused]


@given(text=TEXTS, block=st.integers(1, 40), blank=st.integers(0, 1))
def test_blocks_give_what_a_reader_of_csv_gives(
    text: tuple[list[str], str, bool, bool], block: int, blank: int
) -> None:
    """Whatever stands in the cells, blank lines and lines of other lengths among them, and wherever a block ends."""
    lines, end, has_last_end, has_mark = text
    content = end.join([*[""] * blank, "a;b;c", *lines]) + (end if has_last_end else "")
    data = content.encode("utf-8-sig" if has_mark else "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        assert rows_of(data, in_blocks=True, monkeypatch=patch, block=block) == rows_of(
            data, in_blocks=False, monkeypatch=patch
        )


@pytest.mark.parametrize(
    "data",
    [
        b'a;b\n"1";2\n', b"a;b\r1;2\r", b"\na;b\n1;2\n", b"a\n1\n", b"a;b", "a;b\n1;2\n".encode("utf-16"),
    ],
)  # fmt: skip
def test_what_is_more_than_lines_is_left_to_a_reader_of_csv(data: bytes) -> None:
    file = File(name="a.csv", format="csv", data=data)
    encoding = "utf-16" if data[:1] in (b"\xff", b"\xfe") else "utf-8"
    width = 1 if data == b"a\n1\n" else 2
    assert plain_lines.plain_lines(file, encoding=encoding, separator=";", skipped=0, width=width) is None


def test_a_cell_that_is_too_long_is_named_by_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"a;b\n1;2\n1;" + b"x" * 131_073 + b"\n"
    csv.field_size_limit(1 << 20)  # as a reader of another file may have left it
    for in_blocks in (True, False):
        said = rows_of(data, in_blocks=in_blocks, monkeypatch=monkeypatch)
        assert "in the row of line 3 a quote is not closed or a cell is too long" in str(said)
