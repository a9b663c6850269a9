"""The settings page: the settings, the paths, the versions and the sandbox probe."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, DataTable, Input

from tui.app.key_names import key_of
from tui.app.own_keys import keys_file
from tui.app.page import Page
from tui.app.sandbox_probe import Attempt, probe
from tui.app.threads import in_thread
from tui.dialogs.dialog import Dialog
from tui.text import wording
from tui.text.parse import parse_minutes
from tui.widgets.facts import Facts
from tui.widgets.number_input import WHOLE, NumberInput
from tui.widgets.plain import Plain
from tui.widgets.table import Line, ListTable
from vault.errors.families import LockboxError
from vault.settings import LONGEST_LOCK_MINUTES, THEMES, Preferences, read_preferences, write_preferences

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.settings import Paths

Change = Callable[[Preferences], Preferences]

LOCK, CALM, THEME, DRILLS = "lock-minutes", "calm", "theme", "drills"
WIDE: Final = 80
ABOUT: Final = {
    LOCK: ("lock after", "until the keys are gone", "without a key; then the keys are gone"),
    CALM: ("calm mode", "nothing moves, no plots", "nothing moves; plots are tables of numbers"),
    THEME: ("colours", "dark, light or contrast", "dark, light, contrast, or as the terminal says"),
    DRILLS: ("drills", "requests nobody sent", "now and then a request that nobody sent"),
}
"""What can be set: its name, and what it does, in few words and in more."""
STAYS_CALM: Final = "ACCESSIBLE is set for this program, so it stays calm whatever is set here."
UNTRIED: Final = "Not tried since this screen was opened"
TRYING: Final = "… trying, from inside a locked-in learner, what it must not be able to do"
BAD_MINUTES: Final = f"Type a whole number of minutes from 1 to {LONGEST_LOCK_MINUTES}."


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFacts:
    """What is set, in how many seconds the vault that is open now locks, and whether drills come in it."""

    preferences: Preferences
    seconds_to_lock: int | None
    are_drills_on: bool = False


class SettingTable(ListTable):
    """What can be set."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "select_cursor", "Change…")]


class Settings(Page[SettingsFacts]):
    """The settings, the paths, the versions and the sandbox."""

    NAME = "settings"
    TITLE_TEXT = "Settings"
    HELP: ClassVar[str] = """\
# Settings
**enter** changes what the cursor is on.

* **lock after**: minutes without a key until the process that has your vault open ends, and the keys with it
* **calm mode**: nothing moves, and plots become tables of numbers
* **colours**: dark, light, high contrast, or as the terminal says (by COLORFGBG)
* **drills**: one to four weeks apart a request that nobody sent, like one you approved but for one thing; whatever you
  decide about it does nothing, and it says so then
* **d** tries from inside a learner what it must not be able to do to this vault

Nothing secret is kept in the file of the settings.
"""

    def __init__(self) -> None:
        super().__init__()
        self._facts = SettingsFacts(preferences=Preferences(), seconds_to_lock=None)
        self._own: Paths | None = (
            None  # for the thread that fetches: the program may have left this screen by then
        )

    def body(self) -> ComposeResult:
        """What can be set, then what can only be looked at."""
        self._own = self.program.own_paths
        yield SettingTable("setting", "now", "what it does", id="settings-list")
        with VerticalScroll(id="settings-body"):
            with Vertical(classes="settings-part"):
                yield Plain("Where everything lies", classes="heading")
                yield Facts(places(self.program.paths), id="paths", classes="value")
                yield Plain("Versions", classes="heading")
                yield Facts(versions(), id="versions")
            with Vertical(classes="settings-part"):
                yield Plain("Whether what learns is locked in", classes="heading")
                key = key_of("settings.doctor", self.program.own_keys)
                yield Plain(f"{UNTRIED}: {key}", id="sandbox-standing")
                yield Facts((), id="sandbox")

    def fetch(self, vault: OwnerSession) -> SettingsFacts:
        """What is set, as the file says it now."""
        return SettingsFacts(
            preferences=Preferences() if self._own is None else read_preferences(self._own),
            seconds_to_lock=vault.pulse(is_background=True).seconds_to_lock,
            are_drills_on=vault.status().are_drills_on,
        )

    async def draw(self, facts: SettingsFacts) -> None:
        """Show it."""
        self._facts = facts
        self._fill()

    def _fill(self) -> None:
        found, place = self._facts.preferences, int(self.app.size.width >= WIDE)
        now = {
            LOCK: wording.counted(found.lock_minutes, "minute"),
            CALM: _on_or_off(found.calm),
            THEME: found.theme,
            DRILLS: _on_or_off(self._facts.are_drills_on),
        }
        lines = ((key, name, now[key], about[place]) for key, (name, *about) in ABOUT.items())
        self.query_one(ListTable).fill(Line(key=key, cells=tuple(cells)) for key, *cells in lines)

    def on_resize(self) -> None:
        """Say as much of what each does as the new width has room for."""
        if self._is_made:
            self._fill()

    # changing

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter and a click change it."""
        event.stop()
        self.action_change()

    @work(exclusive=True, group="act")
    async def action_change(self) -> None:
        """Change what the cursor is on: calm mode at once, minutes in a dialog."""
        chosen = self.chosen_key()
        if chosen == LOCK:
            minutes = await self.app.push_screen_wait(MinutesDialog(self._facts.preferences.lock_minutes))
            if minutes is not None:
                await self._set_minutes(minutes)
        elif chosen == CALM:
            await self._set_calm(not self._facts.preferences.calm)
        elif chosen == THEME:
            await self._set_theme(_after(self._facts.preferences.theme))
        elif chosen == DRILLS:
            await self._set_drills(not self._facts.are_drills_on)

    async def _set_drills(self, is_on: bool) -> None:
        """Let drills come in this vault, or end them."""
        if not await self.ask(lambda vault: _drills_set(vault, is_on=is_on)):
            return
        self.program.tell(wording.drills_sentence(is_on=is_on))
        self.reload()

    async def _set_minutes(self, minutes: int) -> None:
        """Save the minutes, and apply them to the vault that is open now."""
        if await self._save(lambda found: replace(found, lock_minutes=minutes)):
            await self.ask(lambda vault: vault.lock_after(minutes))
            self.program.tell(f"The vault locks after {wording.counted(minutes, 'minute')} without a key.")
            self.reload()

    async def _set_calm(self, is_calm: bool) -> None:
        """Save calm mode, and apply it at once."""
        if await self._save(lambda found: replace(found, calm=is_calm)):
            must_be = bool(self.program.environ.get("ACCESSIBLE"))
            self.program.set_calm(is_calm or must_be)
            said = f"Calm mode is {_on_or_off(is_calm)}."
            self.program.tell(f"{said} {STAYS_CALM}" if must_be and not is_calm else said)
            self.reload()

    async def _set_theme(self, theme: str) -> None:
        """Save the colours, and show them at once."""
        if await self._save(lambda found: replace(found, theme=theme)):
            self.program.set_theme(theme)
            self.program.tell(f"Colours: {theme}.")
            self.reload()

    async def _save(self, change: Change) -> bool:
        """Write the changed settings over what the file says now; an error is told, and nothing is changed."""
        paths = self.program.own_paths
        try:
            self.program.preferences = await in_thread(lambda: _save_preferences(paths, change))
        except LockboxError as error:
            self.program.tell_error(error)
            return False
        return True

    # the sandbox

    @work(exclusive=True, group="doctor")
    async def action_doctor(self) -> None:
        """Let a learner try what it must not be able to do; a process of its own does it, and nothing waits for it."""
        standing = self.query_one("#sandbox-standing", Plain)
        standing.set_text(TRYING)
        paths = self.program.paths
        try:
            found = await in_thread(lambda: probe(paths))
        except LockboxError as error:
            standing.set_text(f"✗ {error} {error.hint}".strip())
            self.call_after_refresh(standing.scroll_visible, animate=False, top=True)
            return
        standing.set_text(sandbox_sentence(found))
        standing.set_class(not all(one.refused for one in found), "bad")
        self.query_one("#sandbox", Facts).set_facts(attempts(found))
        self.call_after_refresh(standing.scroll_visible, animate=False, top=True)


class MinutesDialog(Dialog[int]):
    """The minutes until the vault locks; dismissed with a number that is possible."""

    AUTO_FOCUS = "#minutes"

    def __init__(self, minutes: int) -> None:
        super().__init__()
        self._minutes = minutes

    def title_text(self) -> str:
        """The question."""
        return "Lock the vault after how many minutes without a key?"

    def consequence(self) -> str:
        """What locking is, and what it is not."""
        return (
            "When it locks, the process that has the keys ends. A run that was paid for is finished first. It counts "
            f"from the last key or click, and holds from now on. From 1 to {LONGEST_LOCK_MINUTES} minutes."
        )

    def before_buttons(self) -> Iterable[Widget]:
        """The number."""
        yield NumberInput(str(self._minutes), id="minutes", form=WHOLE, such_as="15")
        yield Plain("", id="problem", classes="bad")

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("set", "Set it")]

    def on_mount(self) -> None:
        """Nothing is typed wrong yet."""
        self.query_one("#set", Button).disabled = False

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter does what the button does: it can be changed again at any time."""
        event.stop()
        self.chosen("set")

    def on_input_changed(self, event: Input.Changed) -> None:
        """What was wrong is not any more."""
        event.stop()
        self.query_one("#problem", Plain).set_text("")

    def chosen(self, name: str) -> None:
        """Leave with the number, or say what is wrong with it."""
        minutes = parse_minutes(self.query_one("#minutes", Input).value)
        if minutes is None:
            self.query_one("#problem", Plain).set_text(BAD_MINUTES)
        else:
            self.dismiss(minutes)


def _drills_set(vault: OwnerSession, *, is_on: bool) -> bool:
    vault.set_drills(is_on)
    return True


def _save_preferences(paths: Paths, change: Change) -> Preferences:
    changed = change(read_preferences(paths))
    write_preferences(paths, changed)
    return changed


def _after(theme: str) -> str:
    return THEMES[(THEMES.index(theme) + 1) % len(THEMES)]


def _on_or_off(is_on: bool) -> str:
    return "on" if is_on else "off"


OLD_OUTBOX = "an earlier version put releases there; nothing reads it, hand them over or delete it"


def places(paths: Paths) -> list[tuple[str, str]]:
    """Where everything lies."""
    return [
        ("vault", str(paths.vault)),
        ("state", f"{paths.state}  (the reminder outside the vault, which tells an older copy)"),
        ("socket", str(paths.socket)),
        ("settings", str(paths.config)),
        ("own keys", f'{keys_file(paths)}  (such as requests.run = "ctrl+a"; ? names every action)'),
        *([("old outbox", f"{paths.outbox}  ({OLD_OUTBOX})")] if paths.outbox.is_dir() else []),
    ]


def versions() -> list[tuple[str, str]]:
    """What runs here."""
    return [
        ("lockbox", metadata.version("lockbox-vault")),
        ("Python", platform.python_version()),
        ("Textual", metadata.version("textual")),
        ("system", f"{platform.system()} {platform.release()} on {platform.machine()}"),
    ]


def sandbox_sentence(found: Sequence[Attempt]) -> str:
    """Whether jobs of others run here."""
    through = sum(not one.refused for one in found)
    if through:
        allowed = wording.counted(through, "attempt")
        return f"✗ {allowed} of {len(found)} not refused: jobs from other people do not run on this computer."
    return f"✓ All {len(found)} attempts were refused: jobs run confined on this computer."


def attempts(found: Sequence[Attempt]) -> list[tuple[str, str]]:
    """Every attempt with its answer; what was not refused stands first."""
    ordered = sorted(found, key=lambda one: one.refused)
    return [(f"refused ({one.how})" if one.refused else "ALLOWED", one.name) for one in ordered]
