"""Every action of the terminal UI: its keys, its sentence, and the command that does the same.

The palette, the footer, the help panel and a test of parity are all made from this list. No single key releases,
erases or allows anything: what cannot be undone opens a dialog whose confirmation is another key or a typed word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, Final

from textual.binding import Binding

from tui.actions import questions
from tui.app.key_action import EVERYWHERE, KeyAction, key_action
from tui.app.keys_of_models import MODEL_KEYS
from tui.app.keys_of_requests import HOME_KEYS, REQUEST_KEYS
from tui.text.action import Action, Question

LEAVES: Final = "ctrl+q"
"""Ends the program from anywhere; no action has it, and nobody can give it to one."""


PAGES: Final = ("home", "data", "consents", "requests", "training", "release", "budget", "audit")

_DECLARED: Final[tuple[KeyAction, ...]] = (
    key_action(EVERYWHERE, "go('home')", "1", "Home", "What waits for you and what happened.", "status"),
    key_action(EVERYWHERE, "go('data')", "2", "Data", "Your collections and their columns.", "data list"),
    key_action(EVERYWHERE, "go('consents')", "3", "Consents", "What you have allowed whom.", "consent list"),
    key_action(EVERYWHERE, "go('requests')", "4", "Requests", "What others ask.", "request list"),
    key_action(EVERYWHERE, "go('training')", "5", "Training", "What runs on this computer.", "status"),
    key_action(
        EVERYWHERE, "go('release')", "6", "Release", "What is held, and what has left.", "release list"
    ),
    key_action(EVERYWHERE, "go('budget')", "7", "Budget", "The lifetime privacy budget.", "budget"),
    key_action(EVERYWHERE, "go('audit')", "8", "Audit", "The trail of everything.", "audit show"),
    key_action(
        EVERYWHERE, "go('settings')", "9,comma", "Settings", "Lock time, calm mode, paths.", "settings"
    ),
    key_action(EVERYWHERE, "go('models')", "0", "Models", "The models you keep for yourself.", "model list"),
    key_action(EVERYWHERE, "help", "question_mark,f1", "Help", "Explain this screen.", None, shown=True),
    key_action(
        EVERYWHERE,
        "leave",
        "q",
        "Quit",
        "Leave this program; the vault locks itself later.",
        None,
        shown=True,
    ),
    key_action(
        EVERYWHERE, "command_palette", "ctrl+p", "All", "Search every action by its name.", None, shown=True
    ),
    key_action(EVERYWHERE, "search", "slash", "Find", "Search in the list of this screen.", None, shown=True),
    key_action(
        EVERYWHERE, "curtain", "ctrl+k", "Curtain", "Hide every value on the screen, or show it again.", None
    ),
    key_action(EVERYWHERE, "lock", "ctrl+l", "Lock", "Lock the vault now.", "lock"),
    key_action(
        EVERYWHERE,
        "suspend_process",
        "ctrl+z",
        "Pause",
        "Go back to the shell for a while; fg returns.",
        None,
    ),
    key_action(
        EVERYWHERE,
        "jump",
        "ctrl+o",
        "Jump",
        "Show a letter on each field, list and button, and go to the one you press.",
        None,
    ),
    key_action(EVERYWHERE, "zone", "Z", "Zone", "Show times in the zone of this computer, or in UTC.", None),
    # release
    key_action("release", "open", "enter", "Open", "Read all about this update.", "release show", shown=True),
    key_action(
        "release",
        "release",
        "R",
        "Release…",
        "Open the decision to let it leave; it cannot be called back.",
        "release send",
        shown=True,
    ),
    key_action(
        "release",
        "several",
        "A",
        "Several…",
        "Open the decision to let several of them leave, each with its digest, under one typed word.",
        "release send",
    ),
    key_action("release", "numbers", "e", "ε, δ", "Show the price as numbers.", "release show", shown=True),
    key_action(
        "release",
        "for_you",
        "f",
        "For you",
        "How the model does on your own rows, once nothing can be decided any more.",
        "release show",
    ),
    *MODEL_KEYS,
    *HOME_KEYS,
    *REQUEST_KEYS,
    # training
    key_action(
        "training", "look", "enter", "Look at it", "Go to what became of a run.", "request show", shown=True
    ),
    # budget
    key_action(
        "budget",
        "open",
        "enter",
        "Open",
        "What this job costs, and what a guess could gain by it.",
        "request show",
        shown=True,
    ),
    key_action(
        "budget",
        "plot",
        "p",
        "Over time",
        "What was used over time, by collection or by requester.",
        "budget --history",
        shown=True,
    ),
    key_action("budget", "numbers", "e", "ε, δ", "Show the price as numbers.", "request show"),
    key_action(
        "budget", "how", "h", "How to read", "Explain the numbers in plain words.", "budget", shown=True
    ),
    # audit
    key_action(
        "audit", "open", "enter", "Open", "Read an entry, or all of one request.", "audit show", shown=True
    ),
    key_action(
        "audit",
        "verify",
        "v",
        "Verify",
        "Recompute every entry and check every page of the database.",
        "audit verify",
        shown=True,
    ),
    key_action(
        "audit",
        "export",
        "e",
        "Export…",
        "Write the trail so that others can verify it.",
        "audit export",
        shown=True,
    ),
    key_action(
        "audit",
        "filter",
        "f",
        "Filter…",
        "Show only what is about one requester or collection, or ended in one way.",
        "audit show",
        shown=True,
    ),
    key_action("audit", "verifier_key", "K", "Key", "The key an auditor should get from you.", "audit key"),
    key_action("audit", "older", "o", "Older", "Entries before these.", "audit show"),
    key_action("audit", "newer", "n", "Newer", "Entries after these.", "audit show"),
    # settings
    key_action(
        "settings", "change", "enter", "Change…", "Set what the cursor is on.", "settings", shown=True
    ),
    key_action(
        "settings",
        "doctor",
        "d",
        "Try the sandbox",
        "Try from inside what a learner must not be able to do.",
        "doctor",
        shown=True,
    ),
    # data
    key_action(
        "data", "open", "enter", "Columns", "Show what its columns are, without a value.", "data list"
    ),
    key_action(
        "data",
        "view",
        "v",
        "View",
        "Draw every column, for your eyes; the look is recorded.",
        "data show",
        shown=True,
    ),
    key_action(
        "data",
        "browse",
        "b",
        "Rows",
        "Read the rows, for your eyes; the look is recorded.",
        "data browse",
        shown=True,
    ),
    key_action(
        "data",
        "search_all",
        "s",
        "Search…",
        "Find a text in the rows of every collection; the looks are recorded.",
        "data search",
        shown=True,
    ),
    key_action("data", "import", "i", "Import…", "Seal a file into your vault.", "import", shown=True),
    key_action(
        "data", "add_rows", "a", "Add rows…", "Seal a file into the collection of this line.", "import"
    ),
    key_action(
        "data",
        "export",
        "e",
        "Export…",
        "Take everything in a collection out, readable, for yourself.",
        "data export",
    ),
    key_action(
        "data",
        "card",
        "c",
        "Card…",
        "Describe a collection to who asks, in a file; nothing of it is computed from records.",
        "data card",
    ),
    key_action(
        "data",
        "erase",
        "D",
        "Erase…",
        "Open the decision to destroy a collection for good.",
        "data erase",
    ),
    key_action("columns", "open", "enter", "Read", "Read all about this column.", "data list"),
    key_action(
        "columns",
        "view",
        "v",
        "View",
        "Draw every column, for your eyes; the look is recorded.",
        "data show",
        shown=True,
    ),
    key_action(
        "columns",
        "browse",
        "b",
        "Rows",
        "Read the rows, for your eyes; the look is recorded.",
        "data browse",
        shown=True,
    ),
    key_action("browse", "row", "space", "Whole row", "Show one row whole.", "data browse", shown=True),
    key_action("browse", "next", "n", "Next", "The next page of rows.", "data browse", shown=True),
    key_action("browse", "previous", "p", "Previous", "The page before.", "data browse", shown=True),
    key_action("browse", "jump", "o", "Go to…", "Go to a row by its number.", "data browse", shown=True),
    key_action(
        "found", "open", "enter", "Rows", "Open the rows that hold the text.", "data search", shown=True
    ),
    # consents
    key_action("consents", "open", "enter", "Open", "Read all about this consent.", "consent show"),
    key_action(
        "consents", "give", "n", "New…", "Open the form for a new consent.", "consent grant", shown=True
    ),
    key_action(
        "consents",
        "withdraw",
        "w",
        "Withdraw…",
        "Open the decision to withdraw this consent.",
        "consent withdraw",
        shown=True,
    ),
    key_action(
        "consents",
        "what_if",
        "x",
        "What if…",
        "Try what your consents would say to a job.",
        "consent what-if",
        shown=True,
    ),
    key_action(
        "consents",
        "receipt",
        "t",
        "Receipt",
        "Show the receipt of this consent.",
        "consent receipt",
    ),
    key_action(
        "consents", "turn", "c", "Collection", "Show the consents of the next collection.", "consent list"
    ),
)


def _with_simple(declared: Iterable[KeyAction]) -> Iterator[KeyAction]:
    """The actions of every page with its simple ones: behind the action they name, else behind all of the page."""
    for where, group in groupby(declared, key=lambda one: one.where):
        here = [*group]
        for action, question in questions(where):
            names = [one.name for one in here]
            place = names.index(question.behind) + 1 if question.behind else len(here)
            here.insert(place, _simple(action, question))
        yield from here


def _simple(action: Action[Any], question: Question[Any]) -> KeyAction:
    return KeyAction(
        name=f"do('{action.name}')",
        keys=question.key,
        label=question.label,
        sentence=question.sentence,
        where=question.page,
        command=action.words,
        is_shown=question.is_shown,
    )


ACTIONS: Final = tuple(_with_simple(_DECLARED))


def actions(where: str) -> list[KeyAction]:
    """The actions of one screen, or those of every screen."""
    return [action for action in ACTIONS if action.where == where]


def bindings(where: str) -> list[Binding]:
    """The actions of one screen as Textual bindings; only those that are shown stand in the footer."""
    return [
        Binding(
            one.keys,
            one.name,
            one.label,
            show=one.is_shown,
            tooltip=one.sentence,
            priority=one.is_urgent,
            id=one.id,
        )
        for one in actions(where)
    ]
