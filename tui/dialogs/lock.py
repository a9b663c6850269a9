"""The dialogs that lock or quit while a training runs."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from tui.cli.exit_codes import ExitCode
from tui.dialogs.dialog import Dialog
from tui.widgets.plain import Plain
from vault.errors.families import LockboxError

STOPPED = (
    "Stopping ends it now. Its price was paid before your records were read and stays paid; "
    "nothing is held of it."
)


class LockDialog(Dialog[None]):
    """Lock while a training runs: it would be stopped, because locking ends the process that has the keys."""

    def title_text(self) -> str:
        """The question."""
        return "A training runs. Lock all the same?"

    def consequence(self) -> str:
        """What becomes of the run."""
        return f"Locking ends the process that has the keys, and the training with it.\n{STOPPED}"

    def safe_label(self) -> str:
        """Nothing changes."""
        return "Stay"

    def choices(self) -> Iterable[tuple[str, str]]:
        """Stop it and lock."""
        return (("stop", "Stop, discard and lock"),)

    def chosen(self, _name: str) -> None:
        """Stop and lock."""
        self.dismiss(None)
        self.program.lock_now(stop_training=True)


class HungDialog(Dialog[None]):
    """Lock while the vault's process does not answer: it is ended without being asked."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self._pid = pid

    def title_text(self) -> str:
        """The question."""
        return "The vault's process does not answer. End it?"

    def consequence(self) -> str:
        """What becomes of its work."""
        return (
            f"Process {self._pid} has the keys. Ending it locks the vault at once. What it had not finished is undone; "
            "a training is lost, and what it cost stays spent. If it answers again by itself, nothing is lost."
        )

    def safe_label(self) -> str:
        """Nothing changes."""
        return "Wait"

    def choices(self) -> Iterable[tuple[str, str]]:
        """End it."""
        return (("end", "End it and lock"),)

    def chosen(self, _name: str) -> None:
        """End it."""
        self.dismiss(None)
        self.program.end_hung()


class QuitDialog(Dialog[None]):
    """Leave while a training runs: it goes on behind the program, or is stopped."""

    def title_text(self) -> str:
        """The question."""
        return "A training runs. Leave this program?"

    def consequence(self) -> str:
        """What becomes of the run in either case."""
        return (
            "Left running, it goes on without this program, and its result is held until you decide.\n"
            "The vault locks itself when it was not used for a while and the training is over.\n" + STOPPED
        )

    def details(self) -> Iterable[Widget]:
        """Where to look later."""
        yield Plain("Later: lockbox, or lockbox status and lockbox release list.", classes="muted")

    def safe_label(self) -> str:
        """Nothing changes."""
        return "Stay"

    def choices(self) -> Iterable[tuple[str, str]]:
        """Leave it running, or stop it."""
        return (("leave", "Leave it running"), ("stop", "Stop and discard"))

    def chosen(self, name: str) -> None:
        """Leave, at once or when the run was stopped."""
        if name == "leave":
            self.program.exit(ExitCode.OK)
        else:
            self.run_worker(self._stop_and_leave(), exclusive=True, group="stop")

    async def _stop_and_leave(self) -> None:
        try:
            for run in await self.program.ask(lambda vault: vault.runs()):
                await self.program.ask(lambda vault, run=run: vault.stop_training(run.request))  # type: ignore[misc]
        except LockboxError as error:
            self.program.tell_error(error)
            return
        self.program.exit(ExitCode.OK)
