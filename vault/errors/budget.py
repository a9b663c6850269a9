"""Errors of the privacy budget."""

from __future__ import annotations

from vault.errors.families import Broken, Exhausted


class BudgetExhausted(Exhausted):
    """The privacy budget does not allow this job: {reason}."""

    hint = "see: lockbox budget"


class BudgetFixedOtherwise(Broken):
    """The privacy budget of this vault was fixed with {what} than this program counts with."""

    hint = "use the version of lockbox that made the vault, or restore a backup"
