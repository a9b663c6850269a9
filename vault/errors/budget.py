"""Errors of the privacy budget."""

from __future__ import annotations

from vault.errors.families import Broken, Exhausted, Refused


class BudgetExhausted(Exhausted):
    """The privacy budget does not allow this job: {reason}."""

    hint = "see: lockbox budget"


class JoinNotProven(Refused):
    """{collection} would share the budget of another collection for good, which needs your passphrase."""

    hint = "look at the file again, then import it"


class WiderNotProven(Refused):
    """{collection} would have {what}, which needs your passphrase."""

    hint = "look at the file again, then import it"


class UnitsDiffer(Refused):
    """{collection} holds the same people and counts by {unit}, and one lifetime budget needs one unit: {way_out}."""


class BudgetFixedOtherwise(Broken):
    """The privacy budget of this vault was fixed with {what} than this program counts with."""

    hint = "use the version of lockbox that made the vault, or restore a backup"
