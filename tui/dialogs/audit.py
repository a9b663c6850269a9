"""Dialogs of the audit page: an entry or all of a request, the export for others, and the verifier key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from textual.widget import Widget
from textual.widgets import Input

from tui.dialogs.dialog import Dialog
from tui.dialogs.vault_call import VaultCallDialog
from tui.text import times, wording
from tui.text.parse import parse_path
from tui.widgets.facts import Facts
from tui.widgets.plain import Plain
from tui.widgets.text_input import TextInput

if TYPE_CHECKING:
    from vault.views.audit import AuditCheck, AuditLine

TITLE_ROOM: Final = 50
HOLDS: Final = (
    (
        "in it",
        "what kind each entry is, its minute, ids without names, what jobs cost (ε, δ, steps), sizes and digests, "
        "commitments to what is hidden, the signed root, and proofs of each approval and release",
    ),
    (
        "not in it",
        "your records and their values, columns, collections, files, requesters, purposes, your reasons, "
        "and any key of the vault",
    ),
    ("to check it", "docs/audit-format.md says how, with tools this program did not write"),
    ("more", "proofs of single entries and from earlier sizes, chosen details: lockbox audit export --help"),
    ("the key", "give the verifier key (K) to the auditor yourself: one from the bundle proves nothing"),
)


class EntryDialog(Dialog[None]):
    """One entry, or all that belongs to one request."""

    AUTO_FOCUS = "#details"

    def __init__(self, title: str, lines: Sequence[AuditLine]) -> None:
        super().__init__()
        self._about, self._lines = title, lines

    def title_text(self) -> str:
        """Which request or day."""
        return wording.short(self._about, TITLE_ROOM)

    def consequence(self) -> str:
        """How much of it there is."""
        zone = "of this computer's zone" if times.are_local() else "UTC"
        return f"{wording.counted(len(self._lines), 'entry')}; times are {zone}."

    def details(self) -> Iterable[Widget]:
        """Every sentence whole."""
        yield Facts([("", self._about)] if len(self._about) > TITLE_ROOM else (), classes="value")
        yield Facts(
            [
                (f"#{line.seq}  {times.short_time(line.ts)}", f"{line.sentence}\n({line.type})")
                for line in self._lines
            ],
            classes="value",
        )

    def safe_label(self) -> str:
        """Reading changes nothing."""
        return "Back"


class KeyDialog(Dialog[None]):
    """The verifier key, shown when it is asked for."""

    def __init__(self, vkey: str) -> None:
        super().__init__()
        self._vkey = vkey

    def title_text(self) -> str:
        """What it is."""
        return "The verifier key of this trail"

    def consequence(self) -> str:
        """What it is for."""
        return (
            "Who has it can check that nothing recorded was changed. It opens nothing. Give it to an auditor yourself, "
            "apart from what you export. To copy it: lockbox audit key"
        )

    def details(self) -> Iterable[Widget]:
        """The key."""
        yield Plain(self._vkey, id="vkey", classes="value")

    def safe_label(self) -> str:
        """Reading changes nothing."""
        return "Back"


class AuditExportDialog(VaultCallDialog):
    """Where the bundle goes; dismissed with a sentence about what was written."""

    AUTO_FOCUS = "#folder"

    def title_text(self) -> str:
        """What is done."""
        return "Write the trail so that others can verify it"

    def consequence(self) -> str:
        """What others will be able to see."""
        return (
            "Who gets the folder sees when something of which kind happened. It names no column, requester, file or "
            "value. The trail records that you exported it."
        )

    def details(self) -> Iterable[Widget]:
        """What is in it and what is not."""
        yield Facts(HOLDS)

    def before_buttons(self) -> Iterable[Widget]:
        """Where to."""
        yield TextInput(placeholder="path of a new folder", id="folder")
        yield from super().before_buttons()

    def choices(self) -> Iterable[tuple[str, str]]:
        """The verb."""
        return [("export", "Export")]

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the path leads to the buttons; it writes nothing."""
        event.stop()
        self.query_one("#export").focus()

    def chosen(self, name: str) -> None:
        """Write it."""
        typed = self.query_one("#folder", Input).value.strip()
        if not typed:
            self.show_problem("Type the path of a new folder.")
            return
        folder = parse_path(typed)
        self.carry_out(
            lambda vault: vault.export_audit(folder),
            lambda found: _exported(found, folder),
            lambda found: _exported(found, folder),
            title="Exported",
        )


def _exported(found: AuditCheck, folder: Path) -> str:
    entries = wording.counted(found.size, "entry")
    return f"{entries} exported and checked, root {found.root[:16]}…, to {folder}"
