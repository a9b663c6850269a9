"""The program as its screens, dialogs and widgets see it; they are typed against this and never import the app."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.events import InputEvent

    from tui.app.run_watch import RunWatch
    from tui.widgets.standing import Standing
    from vault.errors.families import LockboxError
    from vault.owner.interface.session import OwnerSession
    from vault.settings import Paths, Preferences

T = TypeVar("T")


class Program(Protocol):
    """One run of the terminal UI, over one vault at a time."""

    paths: Paths
    """Of the vault that is shown, which may be the sample."""
    own_paths: Paths
    preferences: Preferences
    environ: Mapping[str, str]
    is_sample: bool
    own_keys: Mapping[str, str]
    """The keys a person chose instead of ours, by action."""
    standing: Standing
    run_watch: RunWatch

    @property
    def is_calm(self) -> bool:
        """Whether plots become tables and nothing moves."""

    def clock(self) -> float:
        """Seconds of a clock that only goes forward."""

    def time_of(self, event: InputEvent) -> float:
        """When a key or a click was made, by the same clock."""

    def now(self) -> datetime:
        """The time, for what ends by itself."""

    async def ask(self, question: Callable[[OwnerSession], T]) -> T:
        """Call the vault in a thread and return its answer; raises what the façade raises."""

    def tell(self, sentence: str, *, title: str = "") -> None:
        """Show a sentence about what happened."""

    def tell_error(self, error: LockboxError) -> None:
        """Show an error as one sentence with its hint."""

    def open_page(self, page: str, *, at: str = "") -> None:
        """Open a page with the cursor of its list on the line of this key."""

    def action_go(self, page: str) -> None:
        """Open a page unless a dialog waits for an answer."""

    def show_vault(
        self, vault: OwnerSession, *, paths: Paths | None = None, is_sample: bool = False, page: str = "home"
    ) -> None:
        """Show an unlocked vault."""

    def show_first_screen(self, sentence: str = "") -> None:
        """Show the welcome, or the screen that unlocks the vault."""

    def may_open_real_vault(self) -> bool:
        """Whether a vault that is not the sample may be opened here."""

    def lock_now(self, *, stop_training: bool) -> object:
        """End the process that has the keys."""

    def end_hung(self) -> object:
        """End the process that has the keys and does not answer."""

    def set_calm(self, is_calm: bool) -> None:
        """Stop or allow movement and plots."""

    def set_theme(self, wanted: str) -> None:
        """Take the colours of this preference."""

    def talk_instead(self) -> None:
        """End the screens; what follows is a conversation in lines, for a screen reader."""

    def exit(self, result: int) -> None:
        """End the program with this exit code."""


def program_of(node: DOMNode) -> Program:
    """The program a screen belongs to."""
    return cast("Program", node.app)
