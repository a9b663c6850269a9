"""The rooms of the terminal UI: what lies at its top, and that screens, dialogs and widgets never import the app."""

from __future__ import annotations

from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2] / "tui"
ROOMS = {"app", "by_ear", "cli", "couriers", "demo", "dialogs", "screens", "text", "widgets"}
PURE = {"tui.actions", *(f"tui.text.{file.stem}" for file in ROOT.glob("text/[a-z]*.py"))}


def imports() -> dict[str, set[str]]:
    """Every module of the terminal UI and what it imports, also for types alone."""
    graph = grimp.build_graph("tui", include_external_packages=True, cache_dir=None)
    return {name: graph.find_modules_directly_imported_by(name) for name in graph.modules if "tui" in name}


def test_nothing_lies_at_the_top_but_the_actions() -> None:
    found = {path.name for path in ROOT.iterdir() if path.name != "__pycache__"}

    assert found == {"__init__.py", "py.typed", "actions.py", *ROOMS}


def test_screens_dialogs_and_widgets_know_the_program_and_not_the_app() -> None:
    drawn = {name: names for name, names in imports().items() if name.split(".")[1:2] in DRAWN}

    assert len(drawn) > 40
    assert {name: names & APP for name, names in drawn.items() if names & APP} == {}


def test_words_and_actions_draw_nothing() -> None:
    found = imports()

    assert {name: found[name] & {"textual", "typer", "click"} for name in PURE} == {
        name: set() for name in PURE
    }


def test_the_conversation_by_ear_draws_nothing() -> None:
    heard = {name: names for name, names in imports().items() if name.split(".")[1:2] == ["by_ear"]}
    drawing = {"textual", "rich", "tui.app.app", "tui.app.start"}

    assert len(heard) > 8
    assert {name for name, names in heard.items() if names & drawing} == set()
    assert {
        name for name, names in heard.items() if any(one.split(".")[1:2] in DRAWN[::2] for one in names)
    } == set()


DRAWN = (["screens"], ["dialogs"], ["widgets"])
APP = {"tui.app.app", "tui.app.start", "tui.cli.command_line", "tui.cli.terminal"}
