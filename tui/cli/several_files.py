"""Several files or folders in one import: all are looked at before anything is stored."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tui.cli.progress import progress_bar
from tui.cli.show_import import ask_to_seal, say_sealed, show_preview
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

_ENDINGS: Final = frozenset((".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".pq"))


def files_of(paths: Sequence[Path]) -> list[Path]:
    """The files that were named, and in the place of a folder its tables in the order of their names."""
    return [file for path in paths for file in (_tables_in(path) if path.is_dir() else [path])]


def _tables_in(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in _ENDINGS and path.is_file())
    if not found:
        raise Invalid(
            reason=f"the folder {folder} holds no file that ends with {', '.join(sorted(_ENDINGS))}"
        )
    return found


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
        plans = _looked_at(vault, choices)
        if as_json and dry_run:
            write_json({"files": [_plain(plan) for plan in plans]})
        elif not as_json or is_interactive():
            for plan in plans:
                _show(plan, as_json=as_json)
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


def _looked_at(vault: Owner, choices: Sequence[FileChoice]) -> list[ImportPlan]:
    """A plan of each, checked as far as the others do not matter; what stands against one stands against all."""
    plans = []
    with progress_bar("reading files") as progress:
        for number, choice in enumerate(choices):
            progress(number, len(choices))
            with _named(choice.path):
                plan = vault.plan_import(choice)
                vault.check_import(plan.id)
            plans.append(plan)
        progress(len(choices), len(choices))
    return plans


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
                _show(plan, as_json=True)
                ask_to_seal(f"The files before it are stored now. Seal {plan.source} as well?")
            seal = vault.import_planned
            if plan.needs_passphrase:
                ask_beforehand(vault)
                seal = vault.import_under_consent
            with _named(choice.path):
                report = seal(plan.id)
            yield report
        progress(len(choices), len(choices))


def _show(plan: ImportPlan, *, as_json: bool) -> None:
    say(f"\n{plan.source}:")
    show_preview(plan, on=sys.stderr if as_json else sys.stdout)


def _plain(plan: ImportPlan) -> dict[str, object]:
    # the id of a plan is good for this opening of the vault alone
    return {name: value for name, value in asdict(plan).items() if name != "id"}
