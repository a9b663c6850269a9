"""Errors of the learner and its sandbox."""

from __future__ import annotations

from vault.errors.families import Refused, Unavailable


class LearnerFailed(Unavailable):
    """The learner process ended before its result: {reason}."""


class RunLost(LearnerFailed):
    """The run ended without a result, and its budget is spent: {reason}."""

    hint = "the charge stays whatever ends a run; another run is another job"


class SandboxMissing(Refused):
    """The learner cannot be confined on this computer: {reason}."""

    hint = "jobs from other people do not run unconfined"
