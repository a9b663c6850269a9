"""What an owner does with their records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vault import erasure
from vault.audit.entries import EntryType
from vault.budget import ledger
from vault.errors.budget import JoinNotProven, WiderNotProven
from vault.errors.consent import UnderConsent
from vault.errors.families import Invalid
from vault.file_names import spelled
from vault.lifecycle.backup import check_new
from vault.owner.interface.kinds import Progress, unwatched
from vault.queries.collections import collection_views
from vault.queries.consents import is_under_consent
from vault.records import collections
from vault.store.destination import already_recorded
from vault.views.history import ALL_RECORDS
from vault.views.records import (
    ColumnSummary,
    Erasure,
    ExportReport,
    FileChoice,
    ImportPlan,
    ImportReport,
    OverlapReason,
    Page,
    PicturesReport,
    RowFilter,
)

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.importers.held_plans import HeldPlans
    from vault.lifecycle.opened import OpenVault
    from vault.records.collections import CollectionFacts
    from vault.records.reading import ColumnReader
    from vault.views.collections import CollectionView


class RecordActions:
    """Import, look, take out, erase.

    What touches rows loads pyarrow and numpy, which most acts can do without: it is loaded in the methods that do.
    """

    _opened: OpenVault
    _plans: HeldPlans

    def plan_import(self, choice: FileChoice, *, progress: Progress = unwatched) -> ImportPlan:
        from vault.importers.plan import make_plan

        last = self._plans.get(choice.path)
        plan = make_plan(
            self._opened.read, self._opened.keys, choice, last=last, look=self._compare, progress=progress
        )
        with self._opened.read() as uow:
            is_read = is_under_consent(uow, plan.shown.collection, self._opened.now(uow))
        needs = is_read or joins(plan.shown) or bool(widens(plan.shown))
        shown = replace(plan.shown, under_consent=is_read, needs_passphrase=needs)
        plan = replace(plan, shown=shown)
        self._plans.keep(plan)
        return plan.shown

    def _compare(self) -> None:
        """What a file has in common with the records tells about them."""
        what = f"{ALL_RECORDS}, to compare a file with them"
        self._opened.note_look(EntryType.ACCESS_VIEW, hidden={"what": what, "rows": "all rows"})

    def check_import(self, plan_id: str) -> None:
        from vault.importers.plan import check_plan

        plan = self._plans.find(plan_id)
        with self._opened.read() as uow:
            check_plan(uow, self._opened.keys, plan)

    def import_planned(self, plan_id: str, *, progress: Progress = unwatched) -> ImportReport:
        return self._import(plan_id, progress, is_proven=False)

    def import_under_consent(self, plan_id: str, *, progress: Progress = unwatched) -> ImportReport:
        return self._import(plan_id, progress, is_proven=True)

    def _import(self, plan_id: str, progress: Progress, *, is_proven: bool) -> ImportReport:
        from vault.importers.plan import store_plan

        plan = self._plans.find(plan_id)
        with self._opened.act() as act:
            if not is_proven:
                _check_without_proof(act, plan.shown)
            report = store_plan(act, plan, progress)
        self._plans.forget(plan)
        return report

    def check_lifetime(self, text: str = "") -> str:
        return ledger.check_lifetime(text or str(ledger.LIFETIME))

    def collections(self) -> list[CollectionView]:
        with self._opened.read() as uow:
            return collection_views(uow)

    def browse(
        self, name: str, *, first: int = 0, limit: int = 100, search: str = "", only: RowFilter | None = None
    ) -> Page:
        from vault.records import browsing

        wanted = only or RowFilter(text=search)
        browsing.check_page(wanted, first=first, limit=limit)
        with self._opened.read() as uow:
            browsing.check_fits(collections.find_collection(uow, name), wanted)

        def hidden(facts: CollectionFacts) -> dict[str, str]:
            return {"what": name, "rows": _which_rows(facts, wanted, first, limit)}

        with self._looking(name, EntryType.ACCESS_VIEW, hidden) as (facts, reader):
            return browsing.page(reader, facts, wanted, first=first, limit=limit)

    def search_all(self, only: RowFilter, *, limit: int = 20, progress: Progress = unwatched) -> list[Page]:
        from vault.records import browsing

        browsing.check_page(only, first=0, limit=limit)
        if only.is_all:
            raise Invalid(reason="a search is for a text, a time, or both")
        with self._opened.read() as uow:
            names = browsing.searched(collections.list_collections(uow), only)
        pages = []
        for done, name in enumerate(names):
            progress(done, len(names))
            pages.append(self.browse(name, limit=limit, only=only))
        progress(len(names), len(names))
        return [page for page in pages if page.matches]

    def show_collection(self, name: str) -> list[ColumnSummary]:
        from vault.records.summary import summarise

        with self._looking(name, EntryType.ACCESS_VIEW, {"what": name, "rows": "all rows"}) as (
            facts,
            reader,
        ):
            return summarise(reader, facts)

    def export_collection(
        self, name: str, target: Path, *, as_format: str, safe_for_spreadsheets: bool = False,
        progress: Progress = unwatched,
    ) -> ExportReport:  # fmt: skip
        from vault.records.export import check_form, export_rows

        check_form(as_format, safe_for_spreadsheets=safe_for_spreadsheets)
        check_new(self._opened, target)
        with self._leaving(name, target) as (facts, reader):
            return export_rows(
                reader, facts, target, as_format, progress, safe_for_spreadsheets=safe_for_spreadsheets
            )

    def export_pictures(self, name: str, target: Path, *, progress: Progress = unwatched) -> PicturesReport:
        from vault.records.picture_page import write_page
        from vault.records.summary import summarise

        check_new(self._opened, target)
        with self._opened.read() as uow:
            now = self._opened.now(uow)
        with self._leaving(name, target) as (facts, reader):
            found = summarise(reader, facts, progress)
            return write_page(found, facts, target, now)

    @contextmanager
    def _leaving(self, name: str, target: Path) -> Iterator[tuple[CollectionFacts, ColumnReader]]:
        """The one way to a reader for what the owner takes out: whose records left, and to where, is on the trail."""
        hidden = {"collection": name, "target": spelled(target.name)}
        with (
            self._looking(name, EntryType.EXPORT, hidden, profile="records") as opened,
            already_recorded(target),
        ):
            yield opened

    @contextmanager
    def _looking(
        self,
        name: str,
        kind: EntryType,
        hidden: Mapping[str, str] | Callable[[CollectionFacts], Mapping[str, str]],
        **clear: str,
    ) -> Iterator[tuple[CollectionFacts, ColumnReader]]:
        """The one way to a reader for the owner's eyes: the look is on the trail before there is one."""
        from vault.records.reading import ColumnReader

        with self._opened.read() as uow:
            facts = collections.find_collection(uow, name)
            told = hidden(facts) if callable(hidden) else hidden
            self._opened.note_look(kind, clear=clear, hidden=told)
            with closing(ColumnReader.of_owner(uow, self._opened.keys, facts.id)) as reader:
                yield facts, reader

    def preview_erase(self, name: str, *, fingerprint_too: bool = False) -> Erasure:
        self._opened.check_writable()
        with self._opened.read() as uow:
            return erasure.plan(self._opened, uow, name, fingerprint_too=fingerprint_too)

    def erase_collection(self, name: str, *, fingerprint_too: bool = False) -> Erasure:
        self._plans.forget_all()
        return erasure.erase(self._opened, name, fingerprint_too=fingerprint_too)


def _which_rows(facts: CollectionFacts, wanted: RowFilter, first: int, limit: int) -> str:
    """Those that are shown; of some that are meant, as how many these are is only known once all were read, at most."""
    last = first + limit if not wanted.is_all else min(first + limit, facts.rows)
    if last <= first:
        return f"no row, as there are {facts.rows:,}"
    return f"{_what_rows(wanted)}, {first + 1:,} to {last:,}"


def _what_rows(wanted: RowFilter) -> str:
    """Which rows, without the text and the time that were asked for."""
    asked = [*(["a text"] if wanted.text else []), *(["a time"] if wanted.has_time else [])]
    return f"rows with {' and '.join(asked)}" if asked else "rows"


_SURE: Final = {
    OverlapReason.SAME_PEOPLE: "holds the same people",
    OverlapReason.SAME_EXPORT: "is a table of the same kind of export",
}


def joins(plan: ImportPlan) -> bool:
    """Whether the import would make one budget of several."""
    return any(one.joins for one in plan.overlaps)


def widens(plan: ImportPlan) -> str:
    """What lets more be told than was proposed: a budget beside one for the same people, or a cap above the default."""
    for one in plan.overlaps:
        if one.reason in _SURE and not one.joins:
            return f"a budget of its own although {one.collection} {_SURE[one.reason]}"
    if plan.rows_before is None and Decimal(plan.lifetime_epsilon) > ledger.LIFETIME:
        return f"a lifetime budget above ε {ledger.LIFETIME}"
    return ""


def _check_without_proof(act: AuditedTransaction, plan: ImportPlan) -> None:
    """Raise `UnderConsent`, `JoinNotProven` or `WiderNotProven` for what a token alone may not import."""
    if is_under_consent(act.uow, plan.collection, act.now):
        raise UnderConsent(collection=plan.collection)
    if joins(plan):
        raise JoinNotProven(collection=plan.collection)
    if what := widens(plan):
        raise WiderNotProven(collection=plan.collection, what=what)
