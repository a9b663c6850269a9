"""The audit page: the trail by request, the newest first, and whether it verifies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.widgets import DataTable

from tui.app.key_names import key_of
from tui.app.page import Page
from tui.dialogs.audit import AuditExportDialog, EntryDialog, KeyDialog
from tui.dialogs.trail_filter import TrailFilterDialog
from tui.text import times, wording
from tui.text.audit_facts import known_in, only_words, verified
from tui.widgets.plain import Plain
from tui.widgets.table import Line, ListTable
from vault.errors.families import LockboxError
from vault.views.history import TrailFilter

if TYPE_CHECKING:
    from textual.events import Resize

    from vault.owner.interface.session import OwnerSession
    from vault.views.audit import AuditLine
    from vault.views.history import TimelineGroup

EVERYTHING: Final = TrailFilter()
ENTRIES: Final = 250
"""Of one page; with a heading for each of them it is still a list of at most 500 lines."""

BESIDE: Final = 32
"""What stands beside a sentence on its line: the number of the entry and its time."""

LEAST_ROOM: Final = 20
UNVERIFIED: Final = "Not verified since this screen was opened"
VERIFYING: Final = "… recomputing every entry, and checking every page of the database"
NO_MATCH: Final = "No entry of this page has that. Escape shows all of it again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """One page of the trail, and the number of the newest entry of all."""

    groups: tuple[TimelineGroup, ...]
    newest: int
    only: TrailFilter = EVERYTHING

    @property
    def first(self) -> int:
        """The oldest entry of this page."""
        return min((line.seq for group in self.groups for line in group.lines), default=0)

    @property
    def last(self) -> int:
        """The newest entry of this page."""
        return max((line.seq for group in self.groups for line in group.lines), default=0)

    @property
    def has_older(self) -> bool:
        """Whether there may be entries before these; a filter finds no more where it did not fill the page."""
        count = sum(len(group.lines) for group in self.groups)
        return bool(self.first) and (self.only.is_all or count >= ENTRIES)


class Audit(Page[Trail]):
    """Everything that happened, a sentence each."""

    NAME = "audit"
    TITLE_TEXT = "Audit"
    HELP: ClassVar[str] = """\
# Audit
Everything that happened in this vault, one sentence an entry. A request's whole life stands together under who asked.

* **enter** opens an entry, or all of one request; **/** narrows what is on this page
* **f** shows only what is about one requester or one collection, or ended in one way, of the whole trail
* **v** recomputes every entry and says how far the trail is whole
* **e** writes it for others to verify, without names, columns, files or values; **K** shows the key they check it with
* **o** and **n** go to older and newer entries

An act that was never written cannot be proven missing, and times are those of this computer's clock.
"""

    def __init__(self) -> None:
        super().__init__()
        self._facts = Trail(groups=(), newest=0)
        self._before: int | None = None
        self._filter = ""
        self._only = EVERYTHING

    def body(self) -> ComposeResult:
        """Whether it is whole, which entries these are, and the entries."""
        key = key_of("audit.verify", self.program.own_keys)
        yield Plain(f"{UNVERIFIED}: {key}", id="audit-verified")
        yield Plain(id="audit-place", classes="muted")
        yield ListTable("entry", times.heading(), "what happened", id="audit-list", classes="value")
        yield Plain(id="audit-entry", classes="value")

    def fetch(self, vault: OwnerSession) -> Trail:
        """One page, whatever the length of the trail."""
        newest, only = vault.timeline(limit=1), self._only
        page = vault.timeline(before=self._before, limit=ENTRIES, about=only)
        return Trail(
            groups=tuple(page), newest=max(line.seq for one in newest for line in one.lines), only=only
        )

    async def draw(self, facts: Trail) -> None:
        """Show the page."""
        self._facts = facts
        self._fill()

    def _fill(self) -> None:
        lines = list(rows(self._facts.groups, self._filter, max(LEAST_ROOM, self.app.size.width - BESIDE)))
        table = self.query_one(ListTable)
        table.name_column(1, times.heading())
        table.fill(lines)
        found = NO_MATCH if self._filter and not lines else "  ·  ".join(self._place())
        self.query_one("#audit-place", Plain).set_text(found)

    def _place(self) -> list[str]:
        """What the filter leaves, which entries these are, and the keys for others."""
        facts, own = self._facts, self.program.own_keys
        older, newer, other = (
            f"{name}: {key_of(f'audit.{name}', own)}" for name in ("older", "newer", "filter")
        )
        ways = [*([older] if facts.has_older else []), *([newer] if self._has_newer() else [])]
        part = f"of #0 to #{facts.newest:,}" if facts.first or facts.last < facts.newest else "all there are"
        place = f"entries #{facts.first:,} to #{facts.last:,}, {part}"
        if facts.only.is_all:
            return [place, *ways]
        count = sum(len(group.lines) for group in facts.groups)
        return [f"{only_words(facts.only)}: {wording.counted(count, 'entry')}", other, *ways]

    def _has_newer(self) -> bool:
        facts = self._facts
        return facts.last < facts.newest if facts.only.is_all else self._before is not None

    def filter_list(self, text: str) -> None:
        """Show the entries of this page that have this text, and whole requests whose title has it."""
        self._filter = text
        self._fill()

    def on_resize(self, event: Resize) -> None:
        """Sentences are cut to the width; the whole of each stands under the list."""
        self._fill()

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Under the list stands the whole sentence."""
        event.stop()
        said = [f"#{line.seq}  {line.sentence}" for _, line in self._chosen()]
        self.query_one("#audit-entry", Plain).set_text(
            said[0] if len(said) == 1 else _title(self._chosen_group())
        )

    def _chosen(self) -> list[tuple[TimelineGroup, AuditLine]]:
        """The entry under the cursor, or all entries of the request under it."""
        key = self.chosen_key() or ""
        every = [(group, line) for group in self._facts.groups for line in group.lines]
        return [one for one in every if key in (_entry_key(one[1]), _group_key(one[0]))]

    def _chosen_group(self) -> TimelineGroup | None:
        return next((group for group, _ in self._chosen()), None)

    # actions

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter and a click open it."""
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """The entry or the request under the cursor, whole."""
        found, group = self._chosen(), self._chosen_group()
        if group is not None:
            self.app.push_screen(EntryDialog(_title(group), [line for _, line in found]))

    def action_older(self) -> None:
        """The page before."""
        if self._facts.has_older:
            self._before = self._facts.first
            self.reload()
        else:
            self.program.tell("These are the oldest entries.")

    def action_newer(self) -> None:
        """The page after, which ends at the newest entry when it is near."""
        if not self._has_newer():
            self.program.tell("These are the newest entries.")
            return
        end = self._facts.last + 1 + ENTRIES
        self._before = end if end <= self._facts.newest and self._only.is_all else None
        self.reload()

    @work(exclusive=True, group="act")
    async def action_filter(self) -> None:
        """Choose whom, what and which outcome the entries are about."""
        known = await self.ask(known_in)
        if known is None:
            return
        only = await self.app.push_screen_wait(TrailFilterDialog(known, self._only))
        if only is not None:
            self._only, self._before = only, None
            self.reload()

    @work(exclusive=True, group="verify")
    async def action_verify(self) -> None:
        """Recompute the whole trail, however long it takes; what was found stays on the screen."""
        self._show_verified(VERIFYING, is_bad=False)
        try:
            said = await self.program.ask(verified)
        except LockboxError as error:
            self._show_verified(f"✗ {error} {error.hint}".strip(), is_bad=True)
        else:
            self._show_verified(f"✓ {said}", is_bad=False)

    def _show_verified(self, sentence: str, *, is_bad: bool) -> None:
        line = self.query_one("#audit-verified", Plain)
        line.set_class(is_bad, "bad")
        line.set_text(sentence)

    @work(exclusive=True, group="act")
    async def action_export(self) -> None:
        """Write the trail for others, in a dialog."""
        said = await self.app.push_screen_wait(AuditExportDialog())
        if said:
            self._show_verified(f"→ {said}", is_bad=False)

    @work(exclusive=True, group="act")
    async def action_verifier_key(self) -> None:
        """Show the key to check the trail with."""
        found = await self.ask(lambda vault: vault.audit_key())
        if found is not None:
            await self.app.push_screen_wait(KeyDialog(found))


def rows(groups: Sequence[TimelineGroup], text: str, room: int) -> Iterator[Line]:
    """A line for each group and one for each of its entries.

    With a text only the entries that have it, or all of a group where none has it but its title.
    """
    for group in groups:
        title = _title(group)
        lines = [line for line in group.lines if _has(text, *_cells(line))]
        lines = lines or (list(group.lines) if _has(text, title, group.request or "") else [])
        if lines:
            yield Line(
                key=_group_key(group),
                cells=("", (group.request or "")[:8], wording.short(title, room)),
                style="bold",
            )
            for line in lines:
                seq, when, sentence = _cells(line)
                yield Line(key=_entry_key(line), cells=(seq, when, wording.short(sentence, room)))


def _has(text: str, *words: str) -> bool:
    return any(text.casefold() in one.casefold() for one in words)


def _cells(line: AuditLine) -> tuple[str, str, str]:
    return f"#{line.seq}", times.short_time(line.ts), line.sentence


def _title(group: TimelineGroup | None) -> str:
    return group.title if group else ""


def _group_key(group: TimelineGroup) -> str:
    return f"group {group.request or group.title}"


def _entry_key(line: AuditLine) -> str:
    return f"entry {line.seq}"
