"""By ear an owner can do everything: no action of the interface and no simple action is left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import tui.by_ear
from tests.worlds.hearing import DEEDS
from tui.actions import ACTIONS as SIMPLE
from tui.text.action import Action
from vault.owner.interface.actions import ACTIONS
from vault.owner.interface.kinds import Kind

ROOM = Path(tui.by_ear.__file__).parent
BESIDE = (
    "dialogs/approval.py",
    "text/audit_facts.py",
    "couriers/joining.py",
    "couriers/by_hand.py",
    "couriers/ending.py",
)
"""Where the conversation lets the vault be asked, besides its own files."""
NOT_ASKED = {
    "settle": "the process that has the vault open does it by itself",
    "consent": "the list of all consents has each of them whole",
    "model": "the list of all models has each of them whole",
    "explain_request": "a request that is heard has the verdict on it",
    "check_import": "files are imported one by one, each of which is checked as it is",
}
"""What has no place of its own, and why it needs none."""
OF_SESSION = {"lock", "lock_after", "change_passphrase"}


@cache
def nodes() -> tuple[ast.AST, ...]:
    """Everything that is written there."""
    files = [*ROOM.glob("*.py"), *(ROOM.parent / name for name in BESIDE)]
    return tuple(node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))


def is_vault(node: ast.expr) -> bool:
    """Whether this is the open vault: `vault`, or the `vault` of what was opened."""
    return getattr(node, "id", getattr(node, "attr", "")) == "vault"


def asked_of_vault() -> set[str]:
    """What the conversation asks of the vault."""
    return {node.attr for node in nodes() if isinstance(node, ast.Attribute) and is_vault(node.value)}


def offered_pages() -> set[str]:
    """The pages whose simple actions are offered."""
    calls = (node for node in nodes() if isinstance(node, ast.Call))
    named = [call.args[0] for call in calls if getattr(call.func, "id", "") == "possible"]
    return {str(one.value) for one in named if isinstance(one, ast.Constant)}


def names_in(function: FunctionType) -> set[str]:
    """What a function asks for by name, and those that it calls."""
    own = set(function.__code__.co_names)
    called = [function.__globals__[name] for name in own if name in function.__globals__]
    return own.union(*(names_in(one) for one in called if isinstance(one, FunctionType)))


def is_offered(action: Action[Any]) -> bool:
    """Whether it stands among the choices of a page that is heard, or is carried out by its name."""
    if action.question is not None:
        return action.question.page in offered_pages()
    named = {node.id for node in nodes() if isinstance(node, ast.Name)}
    return action.name.upper() in named or bool(names_in(action.call) & set(ACTIONS) & asked_of_vault())


def test_every_simple_action_is_offered_by_ear() -> None:
    assert len(SIMPLE) > 10
    assert [action.name for action in SIMPLE if not is_offered(action)] == []


def test_every_action_of_an_owner_can_be_done_by_ear() -> None:
    done = asked_of_vault().union(*(names_in(action.call) for action in SIMPLE if is_offered(action)))
    assert set(ACTIONS) - done == set(NOT_ASKED)
    assert done >= OF_SESSION


def test_every_part_of_the_conversation_is_reached_from_its_beginning() -> None:
    found, left = set[str](), ["conversation"]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += _imported(ROOM / f"{name}.py")
    assert found == {file.stem for file in ROOM.glob("[a-z]*.py")}


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "tui.by_ear":
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tui.by_ear."):
            yield str(node.module).rpartition(".")[2]


def test_whatever_takes_the_passphrase_is_watched_for_in_these_tests() -> None:
    proven = {name for name, found in ACTIONS.items() if Kind.PROVEN in found.kind}
    assert proven - DEEDS == {"import_under_consent"}
