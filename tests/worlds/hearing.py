"""A conversation by ear without a terminal: what is said, what is answered, and what would be done."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from tui.by_ear.talk import InputEnded, Talk
from vault.owner.interface.owner import Owner

DEEDS = frozenset(
    {
        *("approve", "train", "send", "withhold", "withdraw", "grant", "refuse", "lift_refusal"),
        *("trust_requester", "block_requester", "unblock_requester", "rename_requester", "add_requester"),
        *(
            "issue_token",
            "revoke_tokens",
            "end_token",
            "end_campaign_token",
            "let_courier_in",
            "join_campaign",
            "leave_campaign",
            "attend_campaign",
        ),
        *("erase_collection", "undo_import", "export_collection", "export_pictures", "hand_out_card"),
        *("add_model", "fit_model", "predict_collection", "predict_file", "export_model", "delete_model"),
        *("export_audit", "disclose_audit", "confirm_date", "set_drills", "backup", "stop_training"),
    }
)


class Done(Exception):
    """Something would have been done; nothing was."""


@dataclass(slots=True, kw_only=True)
class Watched:
    """A vault of which everything may be heard; what would change it is noted, and ends the conversation."""

    vault: Owner
    deeds: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)
    instead: dict[str, Callable[..., Any]] = field(default_factory=dict)
    """What is answered in the place of the vault."""

    def __getattr__(self, name: str) -> Any:
        """What the vault answers, or a deed that is noted."""
        if name in self.instead:
            return self.instead[name]
        return self._noting(name) if name in DEEDS else getattr(self.vault, name)

    def _noting(self, name: str) -> Callable[..., None]:
        def note(*given: Any, **named: Any) -> None:
            self.deeds.append((name, given, named))
            raise Done

        return note


class Answers:
    """What somebody types: each answer goes to the question it was meant for, and a choice is made by its words."""

    def __init__(self, heard: io.StringIO, answers: Sequence[tuple[str, str]]) -> None:
        self._heard, self._left, self._seen = heard, list(answers), 0

    def isatty(self) -> bool:
        """No terminal: nothing can have been typed ahead."""
        return False

    def readline(self) -> str:
        """The next line; nothing once every answer was given."""
        asked = words(self._heard.getvalue()[self._seen :])
        self._seen = len(self._heard.getvalue())
        if not self._left:
            return ""
        question, answer = self._left.pop(0)
        assert question in asked, f"{question!r} was not asked but: {asked}"
        if not asked.endswith("Number:"):
            return f"{answer}\n"
        found = re.search(rf"(\d+)\. {re.escape(answer)}", asked)
        assert found is not None, f"there is no choice {answer!r} in: {asked}"
        return f"{found[1]}\n"


def words(said: str) -> str:
    """What was said, in one line with single spaces."""
    return " ".join(said.split())


def hear(part: Callable[[Talk], object], *answers: tuple[str, str]) -> str:
    """Talk until every answer was given or something would have been done; all that was said."""
    heard = io.StringIO()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(sys, "stderr", heard)
        patched.setattr(sys, "stdin", Answers(heard, answers))
        with suppress(InputEnded, Done):
            part(Talk())
    return words(heard.getvalue())
