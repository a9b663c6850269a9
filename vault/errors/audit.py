"""Errors of the audit trail."""

from __future__ import annotations

from vault.errors.families import Broken


class LogBroken(Broken):
    """The audit trail does not verify: {reason}."""
