"""Errors of the audit trail."""

from __future__ import annotations

from vault.errors.families import Broken, Invalid


class LogBroken(Broken):
    """The audit trail does not verify: {reason}."""


class RequesterNotOnTrail(Invalid):
    """There is no requester {name}, and the trail names none."""

    hint = "see: lockbox requester list"


class RequesterRenamed(Invalid):
    """{before} was renamed, and is called {name} now."""

    hint = "look for them by that name: entries from before the renaming count too"


class CollectionNotOnTrail(Invalid):
    """There is no collection {name}, and the trail names none."""

    hint = "see: lockbox data list; of an erased one say the name that it had"


class VerifierKeyInvalid(Invalid):
    """What was given as the key is no verifier key: {reason}."""

    hint = "give the line itself, which the owner hands out, and no file; lockbox audit key shows that of a vault"
