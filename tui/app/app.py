"""The terminal UI: one program, one vault behind the daemon, one screen at a time.

What Textual would show or write by itself is closed in `discreet.py` and `secret.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from textual import work
from textual._time import get_time
from textual.app import App, SystemCommand
from textual.events import Event, InputEvent, Key, MouseDown
from textual.screen import Screen

from tui.app.curtain import Curtain
from tui.app.jumping import JumpingApp
from tui.app.key_action import EVERYWHERE
from tui.app.key_names import key_of
from tui.app.keymap import ACTIONS, bindings
from tui.app.own_keys import read_own_keys, urgent_keys
from tui.app.page import Page
from tui.app.page_classes import screen_class
from tui.app.run_watch import RunWatch, outcome_of_run
from tui.app.themes import BY_NAME, theme_of
from tui.app.threads import in_thread
from tui.app.waiting import NOTHING_SEEN, Look, look_at, standing_of
from tui.app.zone import turn_zone
from tui.cli.exit_codes import ExitCode
from tui.dialogs.dialog import Dialog
from tui.dialogs.help import HelpDialog
from tui.dialogs.lock import QuitDialog
from tui.text.layout import escaped
from tui.text.screen_words import on_screen
from tui.widgets.bar import VaultBar
from tui.widgets.standing import Standing
from vault.errors.daemon import DaemonGone, DaemonHung, DaemonUnreachable
from vault.errors.families import LockboxError, Locked

if TYPE_CHECKING:
    from textual.command import Provider

    from vault.owner.interface.session import OwnerSession
    from vault.settings import Paths, Preferences

T = TypeVar("T")

PULSE_SECONDS: Final = 1.0
LOCKED_BY_ITSELF: Final = (
    "The vault is locked: not used for a while, open for 12 hours, or locked from elsewhere."
)
RUN_LOST: Final = (
    "The vault's process has ended while a job ran, so the vault is locked. What the job cost stays spent, and nothing "
    "of it is held; 8 Audit says how far it came."
)


def _vault_provider() -> type[Provider]:
    """What finds things of the vault, loaded when the palette first opens."""
    from tui.app.palette import VaultProvider

    return VaultProvider


class LockboxApp(JumpingApp):
    """The terminal UI over one vault, or over the sample."""

    TITLE = "Lockbox"
    CSS_PATH = Path(__file__).with_name("lockbox.tcss")
    BINDINGS = bindings(EVERYWHERE)  # type: ignore[assignment]
    COMMAND_PALETTE_BINDING = "ctrl+p"
    COMMANDS = App.COMMANDS | {_vault_provider}
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-normal"), (120, "-wide")]  # noqa: RUF012 (Textual's own)
    VERTICAL_BREAKPOINTS = [(0, "-low"), (30, "-tall")]  # noqa: RUF012

    def __init__(
        self, paths: Paths, preferences: Preferences, *, environ: dict[str, str] | None = None
    ) -> None:
        super().__init__(environ)
        self.paths = paths
        self.preferences = preferences
        self._wanted: tuple[str, str] | None = None
        self._is_going = False
        self.vault: OwnerSession | None = None
        self.own_paths = paths
        self.is_sample = False
        self.own_keys: dict[str, str] = {}
        self.standing = Standing()
        self.run_watch = RunWatch()
        self._seen = NOTHING_SEEN
        self._was_used, self._is_pulsing, self._is_locking = False, False, False
        self._hung_pid, self._curtain = 0, Curtain()
        for theme in BY_NAME.values():
            self.register_theme(theme)
        self.set_theme(preferences.theme)
        self.set_calm(preferences.calm or bool(self.environ.get("ACCESSIBLE")))

    # starting and ending

    def on_mount(self) -> None:
        """Show the first screen; nothing heavy is loaded before."""
        self._take_own_keys()
        self.set_interval(PULSE_SECONDS, self._pulse)
        self.show_first_screen()
        self.call_after_refresh(self._tidy_up)

    def _take_own_keys(self) -> None:
        """Where the file of them cannot be used, ours hold, and that is said."""
        try:
            self.own_keys = read_own_keys(self.own_paths)
        except LockboxError as error:
            self.tell_error(error)
        else:
            self.set_keymap(self.own_keys)

    @work(group="tidy")
    async def _tidy_up(self) -> None:
        """Remove the drafts of vaults that a killed program left."""
        await in_thread(self._remove_drafts)

    def _remove_drafts(self) -> None:
        from tui.app.create_vault import remove_drafts

        remove_drafts(self.own_paths)

    def show_first_screen(self, sentence: str = "") -> None:
        """Show the welcome, or the screen that unlocks the vault there is."""
        from tui.screens.unlock import first_screen

        self._replace_all(first_screen(self.own_paths, sentence))

    def _replace_all(self, screen: Screen[Any]) -> None:
        while len(self.screen_stack) > 2:
            self.pop_screen()
        if len(self.screen_stack) == 2:
            self.switch_screen(screen)
        else:
            self.push_screen(screen)

    def show_vault(
        self, vault: OwnerSession, *, paths: Paths | None = None, is_sample: bool = False, page: str = "home"
    ) -> None:
        """Show an unlocked vault; `paths` are those of the sample."""
        self.vault, self.is_sample, self._seen, self._hung_pid = vault, is_sample, NOTHING_SEEN, 0
        self.paths, self._was_used = paths or self.own_paths, False
        self.standing = Standing(vault=str(self.paths.vault.name), is_sample=is_sample)
        self.run_watch = RunWatch()
        self._replace_all(screen_class(page)())
        self._pulse()

    def close_vault(self, sentence: str, *, is_over: bool = False) -> None:
        """Forget the session and its approver key, and show the first screen with the reason.

        `is_over` says that the session has ended already, so that nobody has to be told.
        """
        vault, self.vault = self.vault, None
        if vault is not None:
            if is_over:
                vault.keep_session()
            self.run_worker(in_thread(vault.close), group="closing", exit_on_error=False)
        self.paths, self.is_sample, self.standing = self.own_paths, False, Standing()
        self.show_first_screen(sentence)

    # talking to the vault

    async def ask(self, question: Callable[[OwnerSession], T]) -> T:
        """Call the vault in a thread and return its answer; raises what the façade raises.

        No question keeps the vault unlocked, since screens draw themselves anew: only the pulse after a key does.
        """
        if self.vault is None:
            raise Locked()
        vault = self.vault.quietly()
        return await in_thread(lambda: question(vault))

    def tell_error(self, error: LockboxError) -> None:
        """Show an error as one sentence with its hint; a session that has ended leads back to the first screen."""
        if isinstance(error, Locked) and self.vault is not None:
            self.close_vault(LOCKED_BY_ITSELF, is_over=True)
            return
        # The sentence of an error may quote a value.
        is_hidden = self.has_class("-curtained")
        hidden = f"The reason is behind the curtain: {key_of('everywhere.curtain', self.own_keys)}"
        said = hidden if is_hidden else escaped(on_screen(error))
        self.notify(said, title="Not done", severity="error", timeout=10, markup=False)

    def tell(self, sentence: str, *, title: str = "") -> None:
        """Show a sentence about what happened."""
        self.notify(escaped(sentence), title=escaped(title), markup=False, timeout=8)

    def notify(self, message: str, **given: Any) -> None:
        """Say it in a corner of a page; in a dialog, where that would cover fields, below the buttons."""
        super().notify(message, **given)
        if isinstance(self.screen, Dialog):
            title = given.get("title")
            self.screen.show_note(f"{title}: {message}" if title else message)

    # the pulse: when the vault locks, what runs, whether the trail has grown

    async def on_event(self, event: Event) -> None:
        """Note keys and clicks; only they keep the vault open. A dialog that has just come up hears none."""
        if isinstance(event, Key | MouseDown):
            self._was_used = True
        if not (isinstance(event, InputEvent) and self._is_unheard(event)):
            await super().on_event(event)

    def _is_unheard(self, event: InputEvent) -> bool:
        """Whether nothing may come of it: the program ends already, or a dialog was not seen yet."""
        if self._exit or event.is_forwarded or not self.screen_stack:
            return self._exit
        is_urgent = isinstance(event, Key) and event.key in urgent_keys(self.own_keys)
        return not is_urgent and isinstance(self.screen, Dialog) and self.screen.is_deaf_to(event)

    @work(group="pulse")
    async def _pulse(self) -> None:
        # One at a time: a slow answer is waited for, not thrown away.
        if self.vault is None or self._is_pulsing:
            return
        vault, was_used = self.vault, self._was_used
        self._was_used, self._is_pulsing = False, True
        try:
            look = await in_thread(lambda: look_at(vault, self.paths, self.clock, is_background=not was_used))
            self.tell_answers_again()
            await self._on_pulse(look)
        except LockboxError as error:
            if vault is self.vault and not self._is_locking:
                self._pulse_failed(error)
        finally:
            self._is_pulsing = False

    def _pulse_failed(self, error: LockboxError) -> None:
        if isinstance(error, DaemonHung):
            self.on_hung(error)
        elif isinstance(error, DaemonGone | DaemonUnreachable | Locked):
            is_lost = bool(self.standing.running) and not isinstance(error, Locked)
            self.close_vault(RUN_LOST if is_lost else LOCKED_BY_ITSELF, is_over=True)
        else:
            self.tell_error(error)

    def show_standing(self) -> None:
        """Show the facts of the top line."""
        # Over the stack, which is empty when the program has ended while the vault was answering.
        for bar in [bar for screen in self.screen_stack[-1:] for bar in screen.query(VaultBar)]:
            bar.show_standing(self.standing)

    async def _on_pulse(self, look: Look) -> None:
        pulse = look.pulse
        if look.seen != self._seen:
            await self._load_status(look.moment)
            self._seen = look.seen
        self.standing = Standing(
            vault=str(self.paths.vault.name),
            is_sample=self.is_sample,
            seconds_to_lock=pulse.seconds_to_lock,
            is_read_only=self.standing.is_read_only,
            used_percent=self.standing.used_percent,
            waiting=self.standing.waiting,
            running=len(pulse.runs),
        )
        self.show_standing()
        for screen in self.screen_stack:
            on_pulse = getattr(screen, "on_pulse", None)
            if on_pulse is not None and self._has_widgets(screen):
                on_pulse(pulse)
        await self._tell_ended({run.request for run in pulse.runs})

    def _has_widgets(self, screen: Screen[Any]) -> bool:
        """Whether a screen has something to draw on: it is made, and the program does not take it away to end."""
        return self.is_running and screen.is_mounted and screen.is_attached

    async def _tell_ended(self, now: set[str]) -> None:
        """Tell about the runs that have ended, on whichever page the owner is."""
        for request_id in self.run_watch.missing(now):
            title, sentence = await self.ask(lambda vault, one=request_id: outcome_of_run(vault, one))  # type: ignore[misc]
            if sentence and self.run_watch.unfollow(request_id):
                self.tell(sentence, title=title)
        self.run_watch.update(now)

    async def _load_status(self, moment: float) -> None:
        """Load the top line and the pages again that asked before, as the trail, a courier or a mesh has gone on."""
        home = self.paths.courier
        self.standing = await self.ask(lambda vault: standing_of(vault, home))
        for screen in self.screen_stack:
            if isinstance(screen, Page) and self._has_widgets(screen) and not screen.has_asked_since(moment):
                screen.reload()

    # actions of every screen

    def action_go(self, page: str) -> None:
        """Open a screen, unless a dialog waits for an answer or the vault is locked."""
        if self.vault is not None and isinstance(self.screen, Page):
            self.open_page(page)

    def open_page(self, page: str, *, at: str = "") -> None:
        """Open a screen with the cursor of its list on the line of this key, if it has one."""
        self._wanted = (page, at)
        if not self._is_going:
            self._is_going = True
            self._go()

    @work(group="go")
    async def _go(self) -> None:
        """Open the page that was asked for last; the next one waits until this one is made."""
        try:
            while self._wanted is not None and self.vault is not None:
                (page, at), self._wanted = self._wanted, None
                if at or page != getattr(self.screen_stack[-1] if self.screen_stack else None, "NAME", page):
                    screen = screen_class(page)()
                    if isinstance(screen, Page):
                        screen.cursor_key = at
                    await self.switch_screen(screen)
        finally:
            self._wanted, self._is_going = None, False

    async def action_search(self) -> None:
        """Search in the list of the screen."""
        if isinstance(self.screen, Page):
            await self.screen.action_search()

    async def action_help(self) -> None:
        """Show or hide the explanation: beside a page, in front of anything else."""
        if isinstance(self.screen, Page):
            await self.screen.toggle_help()
        elif not isinstance(self.screen, HelpDialog):
            self.push_screen(HelpDialog(self.screen))

    def action_curtain(self) -> None:
        """Hide or show every value."""
        is_drawn, key = self._curtain.turn(self), key_of("everywhere.curtain", self.own_keys)
        self.tell(f"Values are hidden; {key} shows them." if is_drawn else "Values are shown.")

    def action_zone(self) -> None:
        """Show times in the zone of this computer, or in UTC."""
        self.tell(turn_zone(self.screen_stack, self.now()))

    def action_leave(self) -> None:
        """Leave the program, after a question where a run goes on."""
        if isinstance(self.screen, QuitDialog):
            return
        if self.standing.running and self.vault is not None:
            self.push_screen(QuitDialog())
        else:
            self.exit(ExitCode.OK)

    async def action_quit(self) -> None:
        """Leave the program from anywhere, also from a field."""
        self.action_leave()

    def action_help_quit(self) -> None:
        """Say that ctrl+c ends nothing here: it is pressed too easily by somebody who means to copy."""
        self.tell("Nothing was ended or copied. ctrl+q leaves this program from anywhere.")

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette: every action that is possible here, and none of Textual's own."""
        places = (EVERYWHERE, getattr(screen, "NAME", "")) if self.vault is not None else (EVERYWHERE,)
        for action in ACTIONS:
            is_possible = self.vault is not None or action.command is None
            if action.where in places and is_possible and action.name != "command_palette":
                yield SystemCommand(action.label, action.sentence, self._runs(action.name))

    def _runs(self, name: str) -> Callable[[], Any]:
        async def run() -> None:
            target = self.screen if hasattr(self.screen, f"action_{name.partition('(')[0]}") else self
            await self.run_action(name, target)

        return run

    def clock(self) -> float:
        """Seconds of a clock that only goes forward."""
        return get_time()

    def time_of(self, event: InputEvent) -> float:
        """When a key or a click was made, by the same clock."""
        return event.time

    def now(self) -> datetime:
        """The time, for what ends by itself."""
        return datetime.now(UTC)

    # how it looks

    def set_calm(self, is_calm: bool) -> None:
        """No animation, no blinking, tables of numbers for plots."""
        self.animation_level = "none" if is_calm else "full"
        self.set_class(is_calm, "-calm")

    def set_theme(self, wanted: str) -> None:
        """Take the colours of this preference."""
        self.theme = theme_of(wanted, self.environ).name

    @property
    def is_calm(self) -> bool:
        """Whether plots become tables and nothing moves."""
        return self.has_class("-calm")
