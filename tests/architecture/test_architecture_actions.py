"""A simple action is one line of the interface, one record, its logic and its entry: counted by the newest one."""

from __future__ import annotations

import re
from pathlib import Path

from tests.docs.make_pages import beginning, key_row
from tui.actions import ACTIONS, questions
from tui.app.keymap import ACTIONS as KEYS
from vault.owner.interface.actions import ACTIONS as INTERFACE

ROOT = Path(__file__).parents[2]
SOURCES = [file for top in ("vault", "learner", "tui") for file in sorted((ROOT / top).rglob("*.py"))]
RENAMING = re.compile(r"rename_requester|requesters\.rename|REQUESTER_RENAME|requester[. ]rename")


def test_renaming_a_requester_stands_in_so_many_files_and_no_other() -> None:
    found = {
        str(file.relative_to(ROOT)) for file in SOURCES if RENAMING.search(file.read_text(encoding="utf-8"))
    }

    assert found == {
        "vault/owner/interface/requesters.py",  # its line of the interface
        "vault/owner/requesters.py",  # who carries it out
        "vault/requests/requesters.py",  # its logic
        "vault/audit/entry_types.py",  # its entry
        "vault/audit/sentences.py",  # and the sentence of that
        "tui/actions.py",  # its record
    }


def test_every_simple_action_has_a_command_of_its_own_and_a_name_of_its_own_on_its_page() -> None:
    assert len({one.words for one in ACTIONS}) == len(ACTIONS)
    for page in ("requests", "training", "release"):
        names = [action.name for action, _ in questions(page)]
        assert names == list(dict.fromkeys(names))


def test_what_follows_from_the_record_of_an_action_is_there() -> None:
    (rename,) = (one for one in ACTIONS if one.name == "rename")
    (key,) = (one for one in KEYS if one.command == rename.words)

    assert "rename_requester" in INTERFACE
    assert key_row(key) in (ROOT / "docs" / "terminal-ui.md").read_text(encoding="utf-8")
    assert beginning(rename) in (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
