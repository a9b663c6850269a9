"""What the pages say about actions is written from their records, and what stands beside it by hand is kept."""

from __future__ import annotations

import re

import pytest

from tests.docs.make_pages import COMMANDS, KEYS, with_command_sections, with_key_tables
from vault.owner.interface.actions import ACTIONS
from vault.owner.interface.kinds import Kind

KEY_PAGE, COMMAND_PAGE = (path.read_text(encoding="utf-8") for path in (KEYS, COMMANDS))


def test_the_pages_are_as_they_would_be_written_now() -> None:
    assert with_key_tables(KEY_PAGE) == KEY_PAGE
    assert with_command_sections(COMMAND_PAGE) == COMMAND_PAGE


def test_a_row_that_is_missing_is_written_again() -> None:
    rows = KEY_PAGE.splitlines(keepends=True)
    without = "".join(row for row in rows if "`lockbox requester block`" not in row)

    assert without != KEY_PAGE
    assert with_key_tables(without) == KEY_PAGE


@pytest.mark.parametrize("words", ["requester block", "requester revoke", "request stop"])
def test_a_section_that_is_missing_is_put_behind_the_one_of_the_action_before(words: str) -> None:
    without = re.sub(rf"### lockbox {words}\n\n.*?(?=### |## )", "", COMMAND_PAGE, flags=re.DOTALL)

    assert without != COMMAND_PAGE
    assert with_command_sections(without) == COMMAND_PAGE


def test_what_is_written_by_hand_in_a_section_is_kept() -> None:
    other = COMMAND_PAGE.replace(
        "Say no; it holds for six months for what they ask of this collection for this purpose.",
        "Something else.",
    )

    assert other != COMMAND_PAGE
    assert with_command_sections(other) == COMMAND_PAGE
    assert "a use of a consent that it kept is free again then" in with_command_sections(other)


def test_the_page_of_the_process_says_of_every_action_whether_it_needs_the_passphrase() -> None:
    page = (KEYS.parent / "daemon.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.*) \| (yes|no) \| .* \|$", page, re.MULTILINE)
    said = {name: proof for names, proof in rows for name in re.findall(r"`([a-z_]+)`", names)}

    assert said == {name: "yes" if Kind.PROVEN in one.kind else "no" for name, one in ACTIONS.items()}
