"""Importing a file as it was planned at once, for tests that are about something else."""

from __future__ import annotations

from vault.owner.interface.owner import Owner
from vault.views.records import FileChoice, ImportReport


def import_file(vault: Owner, choice: FileChoice) -> ImportReport:
    """Plan the import and carry it out."""
    plan = vault.plan_import(choice)
    return (vault.import_under_consent if plan.needs_passphrase else vault.import_planned)(plan.id)
