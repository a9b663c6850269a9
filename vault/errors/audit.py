"""Errors of the audit trail."""

from __future__ import annotations

from vault.errors.families import Broken, Invalid


class LogBroken(Broken):
    """The audit trail does not verify: {reason}."""


class VerifierKeyInvalid(Invalid):
    """What was given as the key is no verifier key: {reason}."""

    hint = "it is one line that the owner hands out; lockbox audit key shows that of a vault"
