"""Several files or folders in one import: all are looked at before anything is stored."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tui.cli.look_at_files import LookedAt, check_said, look_at
from tui.cli.progress import progress_bar
from tui.cli.show_import import ask_to_seal, say_sealed, show_preview, with_its_unit
from tui.cli.terminal import is_interactive, say, write_json
from tui.cli.vault_access import ask_beforehand, open_vault
from tui.text import wording
from tui.text.several_facts import ALL, ONE_BUDGET, decides_more, of_each_part, same_export, these_files
from vault.errors.families import Invalid, LockboxError
from vault.file_names import spelled

if TYPE_CHECKING:
    import typer

    from vault.owner.interface.owner import Owner
    from vault.views.records import FileChoice, ImportPlan, ImportReport


def import_all(
    context: typer.Context,
    choices: Sequence[FileChoice],
    *,
    dry_run: bool,
    as_json: bool,
    save_to: Path | None,
) -> None:
    """Look at every file, ask once, and seal them one by one as they were shown; `Invalid` for a plan to save."""
    if save_to is not None:
        raise Invalid(reason="a plan is saved of one file")
    with open_vault(context, writable=not dry_run) as vault:
        choices = [one for choice in choices for one in _of_each_part(vault, choice)]
        found = _looked_at(vault, choices)
        if as_json and dry_run:
            write_json({"files": [_plain(one.plan) for one in found]})
        elif not as_json or is_interactive():
            for one in found:
                _show(one, as_json=as_json)
        found = [_with_its_unit(vault, one, is_asked=not dry_run) for one in found]
        choices, plans = [one.choice for one in found], [one.plan for one in found]
        if dry_run:
            say("\nNothing was stored (dry run).")
            return
        ask_to_seal(f"Seal the rows of {these_files(len(plans))}?")
        if any(plan.needs_passphrase for plan in plans):
            ask_beforehand(vault)
        reports = list(_sealed(vault, choices, plans))
    if as_json:
        write_json({"files": [asdict(report) for report in reports]})
        return
    for report in reports:
        say_sealed(report, as_json=False)
    rows = wording.counted(sum(report.rows for report in reports), "row")
    say(f"{rows} of {wording.counted(len(reports), 'file')} sealed.")


def _of_each_part(vault: Owner, choice: FileChoice) -> list[FileChoice]:
    """The file once for each part that it holds, each for a collection of its own; as it is where one is named."""
    if choice.part != ALL:
        return [choice]
    with _named(choice.path):
        found = of_each_part(choice, vault.plan_import(replace(choice, part="")))
    if len(found) > 1:
        say(ONE_BUDGET)
    return found


def _looked_at(vault: Owner, choices: Sequence[FileChoice]) -> list[LookedAt]:
    """A plan of each, checked as far as the others do not matter; what stands against one stands against all.

    At a terminal it is still asked about a unit that is only proposed.
    """
    found, can_ask = [], is_interactive()
    with progress_bar("reading files") as progress:
        for number, choice in enumerate(choices):
            progress(number, len(choices))
            with _named(choice.path):
                one = look_at(vault, choice)
                if not (one.plan.unit_is_proposed and can_ask):
                    vault.check_import(one.plan.id)
            found.append(one)
        progress(len(choices), len(choices))
    check_said(found)
    return found


def _with_its_unit(vault: Owner, found: LookedAt, *, is_asked: bool) -> LookedAt:
    """The file with the unit that was proposed, once whoever is at the terminal said so; raises `NotConfirmed`."""
    if not found.plan.unit_is_proposed:
        return found
    say(f"\n{found.plan.source}:")
    choice, plan = with_its_unit(vault, found.choice, found.plan, is_asked=is_asked)
    with _named(choice.path):
        vault.check_import(plan.id)
    return replace(found, choice=choice, plan=plan)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Name the file before the sentence that says what stands against it."""
    try:
        yield
    except LockboxError:
        say(f"{spelled(path.name)}:")
        raise


def _sealed(
    vault: Owner, choices: Sequence[FileChoice], shown: Sequence[ImportPlan]
) -> Iterator[ImportReport]:
    with progress_bar("sealing files") as progress:
        for number, (choice, before) in enumerate(zip(choices, shown, strict=True)):
            progress(number, len(choices))
            with _named(choice.path):
                plan = vault.plan_import(choice)  # the files before it are stored by now
            if decides_more(before, plan, same_export(choice, choices)):
                _show(LookedAt(choice=choice, plan=plan), as_json=True)
                ask_to_seal(f"The files before it are stored now. Seal {plan.source} as well?")
            seal = vault.import_planned
            if plan.needs_passphrase:
                ask_beforehand(vault)
                seal = vault.import_under_consent
            with _named(choice.path):
                report = seal(plan.id)
            yield report
        progress(len(choices), len(choices))


def _show(found: LookedAt, *, as_json: bool) -> None:
    say(f"\n{found.plan.source}:")
    show_preview(found.plan, on=sys.stderr if as_json else sys.stdout)
    if found.note:
        say(f"Note: {found.note}")


def _plain(plan: ImportPlan) -> dict[str, object]:
    # the id of a plan is good for this opening of the vault alone
    return {name: value for name, value in asdict(plan).items() if name != "id"}
