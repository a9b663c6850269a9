"""Whatever text comes, what is drawn fits the width, loses nothing, and cannot steer the terminal."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.cli import terminal
from tui.cli.terminal import write, write_after, write_facts, write_json, write_table, write_wrapped
from tui.text import layout
from tui.text.layout import escaped, hanging

TEXTS = st.text(max_size=200)
WORDS = st.lists(st.text("abcdefgh,.", min_size=1, max_size=12), min_size=1, max_size=40)
CELLS = st.text("abc déf 日本 [bold]", max_size=30)
STEERING = "\x1b[31m\x07\r\x9b31m\u202e\u2066\u200b\ufeff\u2028\x00"


def harmless(sign: str) -> bool:
    kind = unicodedata.category(sign)
    return sign == "\n" or not (kind.startswith("C") or kind in ("Zl", "Zp"))


# what is seen -------------------------------------------------------------------------------------------------


@given(TEXTS)
def test_nothing_that_steers_a_terminal_is_left(text: str) -> None:
    assert all(map(harmless, escaped(text)))
    assert "\n" not in layout.one_line(text)


@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    assert text == escaped(text)


def test_what_cannot_be_seen_is_spelled_out() -> None:
    assert escaped("a\x1b[31mb\u202ec") == r"a\x1b[31mb\u202ec"
    assert layout.one_line("one\nlockbox: error: two") == r"one\nlockbox: error: two"


def test_what_is_said_and_shown_goes_through_it(capsys: pytest.CaptureFixture[str]) -> None:
    terminal.say(f"said {STEERING}")
    write(f"shown {STEERING}")
    write_wrapped(f"told {STEERING}")
    write_after("• ", f"after {STEERING}")
    write_facts([("name", STEERING)])
    write_table(("name",), [(STEERING,)])
    write_json({"text": STEERING})
    seen = capsys.readouterr()
    assert all(map(harmless, seen.out + seen.err))


@given(TEXTS)
def test_json_keeps_every_sign_though_none_of_them_steers(text: str) -> None:
    written = terminal._safe_json({"text": text})
    assert all(map(harmless, written))
    assert "\n" not in written
    assert {"text": text} == json.loads(written)


# prose --------------------------------------------------------------------------------------------------------


@given(WORDS, st.integers(40, 100))
def test_sentences_are_broken_between_words_and_none_is_lost(words: list[str], width: int) -> None:
    drawn = layout.wrapped(" ".join(words), width)
    assert words == drawn.split()
    assert all(len(line) <= width for line in drawn.split("\n"))


def test_commands_keys_and_drawings_are_not_broken() -> None:
    command = "  lockbox release send 12345678 --confirm-digest 12345678 --to A_FOLDER_SOMEWHERE"
    assert f"To let it leave:\n{command}" == layout.wrapped(f"To let it leave:\n{command}", 40)


def test_line_ends_that_were_meant_stay() -> None:
    assert layout.wrapped("\none\n\ntwo\n", 40) == "\none\n\ntwo\n"


def test_a_sentence_is_carried_over_under_itself() -> None:
    assert hanging("• ", "one two three four", 12) == "• one two\n  three four"


# facts and tables ---------------------------------------------------------------------------------------------


@given(
    st.lists(st.tuples(st.text("abc", min_size=1, max_size=12), CELLS), min_size=1, max_size=5),
    st.integers(40, 100),
)
def test_facts_fit_and_stand_under_themselves(rows: list[tuple[str, str]], width: int) -> None:
    drawn = layout.facts_text(rows, width)
    assert all(cell_len(line) <= width for line in drawn.split("\n"))
    assert not [line for line in drawn.split("\n") if line != line.rstrip()]
    assert drawn.split("\n")[0].startswith(rows[0][0])


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=5), st.integers(40, 100))
def test_tables_fit_and_lose_no_sign(rows: list[tuple[str, ...]], width: int) -> None:
    headings = ("id", "name", "purpose", "state")
    drawn = layout.table_text(headings, rows, width)
    assert all(cell_len(line) <= width for line in drawn.split("\n"))
    written = "".join(sorted("".join(cell for row in rows for cell in row).replace(" ", "")))
    without = drawn.replace(" ", "").replace("\n", "")
    assert all(without.count(sign) >= written.count(sign) for sign in set(written))


def test_short_cells_are_never_broken_while_a_long_one_gives_way() -> None:
    row = ("d70d003e", "Sleep lab", "nights", "academic research", "2026-12-21 04:03", "waits for you")
    lines = layout.table_text(("id", "requester", "of", "purpose", "until (UTC)", "state"), [row], 74).split(
        "\n"
    )
    assert all(cell in lines[1] for cell in row if cell != "academic research")
    assert "research" in lines[2]


def test_a_table_that_cannot_fit_becomes_a_block_a_row() -> None:
    row = ("d70d003e", "Sleep lab", "academic research", "2026-12-21 04:03")
    drawn = layout.table_text(("id", "requester", "purpose", "until"), [row, row], 40)
    assert drawn.split("\n\n")[0].split("\n") == [
        "id         d70d003e",
        "requester  Sleep lab",
        "purpose    academic research",
        "until      2026-12-21 04:03",
    ]
    assert len(drawn.split("\n\n")) == 2


def test_cells_are_never_read_as_markup() -> None:
    drawn = layout.table_text(("name",), [("[bold red]Sleep[/] [link=x]lab",)], 80)
    assert "[bold red]Sleep[/] [link=x]lab" in drawn
    assert "[bold red]" in layout.facts_text([("name", "[bold red]x")], 80)


@pytest.mark.parametrize("width", [40, 80, 101])
def test_a_bold_heading_is_no_wider_than_the_table(width: int) -> None:
    row = ("d70d003e", "long words of a purpose " * 9)
    lines = layout.table_text(("id", "purpose"), [row], width, colour=True).split("\n")
    shown = [line.replace("\x1b[1m", "").replace("\x1b[0m", "") for line in lines]
    assert (shown[0], max(map(len, shown)) <= width) == ("id        purpose", True)


def test_only_a_terminal_gets_bold_headings() -> None:
    assert "\x1b" not in layout.table_text(("name",), [("x",)], 80)
    assert "\x1b[1m" in layout.table_text(("name",), [("x",)], 80, colour=True)


@pytest.mark.parametrize(
    ("columns", "width"), [("80", 80), ("20", layout.NARROWEST), ("0", 80), ("200", 200)]
)
def test_the_width_is_that_of_the_terminal_but_never_too_narrow_to_read(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert width == terminal.width()


def test_sentences_are_not_drawn_wider_than_one_reads(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    terminal.say("word " * 60)
    assert max(map(len, capsys.readouterr().err.split("\n"))) <= layout.WIDEST


def test_a_fingerprint_is_broken_nowhere() -> None:
    """People compare it group by group, by eye or by voice."""
    for width in range(40, 70):
        said = (
            f"The invitation names a key, and its fingerprint is {FINGERPRINT}, which you compare with them."
        )
        assert FINGERPRINT in layout.hanging("", said, width)
        assert FINGERPRINT in layout.facts_text([("from", said)], width)
    assert "\\ue000" in layout.escaped(layout.hanging("", f"{FINGERPRINT} \ue000", 40))


FINGERPRINT = "5b9c d051 cd3b a6e9"
