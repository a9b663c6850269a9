"""The record of a simple action: what its command, its key and its dialog are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

if TYPE_CHECKING:
    from vault.owner.interface.owner import Owner

S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an action is about, as the first argument of its command."""

    metavar: str
    help: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A text that goes with an action: an argument of the command where it is required, else an option."""

    name: str
    help: str
    placeholder: str
    longest: int
    is_required: bool = False
    check: Callable[[str], None] = lambda _: None
    """Raises for what no vault takes, so that its command refuses that before it asks for a passphrase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[S]):
    """The key of an action on one page, and the dialog in which it is decided; `S` is what the cursor is on."""

    page: str
    key: str
    label: str
    sentence: str
    target: Callable[[S], str]
    title: Callable[[S], str]
    consequence: Callable[[S], str]
    verb: str
    done: Callable[[S, Any], str]
    obstacle: Callable[[S], str] = lambda _: ""
    """Why it cannot be done now, or empty."""
    facts: Callable[[S], Sequence[tuple[str, str]]] = lambda _: ()
    besides: Callable[[Owner, S], str] | None = None
    """What else follows as things stand in the vault, said behind the consequence; empty where nothing does."""
    note: str = ""
    safe: str = "Not now"
    word: str = ""
    """Typed before it is done, where that is for good."""
    done_title: str = ""
    behind: str = ""
    """The action of the page behind whose key this one stands; empty: behind all of them."""
    is_shown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Action(Generic[S]):
    """One simple action; `call` does it, with what its entries say, and `reply` is what the command says then."""

    name: str
    words: str
    help: str
    target: Target
    call: Callable[[Owner, str, Mapping[str, str]], Any]
    reply: Callable[[str, Any], Sequence[str]]
    data: Callable[[Any], str] | None = None
    """What the command writes to stdout, if anything."""
    entries: tuple[Entry, ...] = ()
    question: Question[S] | None = None
    foretold: Callable[[Owner, str], Sequence[str]] | None = None
    """What is for good about it: its command says so before, asks where there is somebody to ask, and has --dry-run."""


def _check_reason(text: str) -> None:
    from vault.client.attach import check_reason

    check_reason(text)


REASON: Final = Entry(
    name="reason",
    help="For your own record; it stays in the vault.",
    placeholder="your reason, for you alone (optional)",
    longest=500,
    check=_check_reason,
)
