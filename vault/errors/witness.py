"""Errors of a witness, who cosigns the heads of logs: what it says no to, and what it cannot use."""

from __future__ import annotations

from vault.errors.families import Broken, Invalid, Refused, Unavailable


class NoWitnessHere(Unavailable):
    """There is no witness in {path}."""

    hint = "make one: lockbox witness init DIR --name NAME"


class UnknownLog(Invalid):
    """This witness does not watch that log."""

    hint = "let it: lockbox witness watch DIR CAMPAIGNDIR"


class CheckpointUnsigned(Broken):
    """The checkpoint does not carry a valid signature of the log's own key."""


class CheckpointMalformed(Invalid):
    """That is no checkpoint that a witness can take: {reason}."""


class CheckpointElsewhere(Refused):
    """The proof begins at another size than {size}, up to which this witness has cosigned."""


class CheckpointInconsistent(Refused):
    """The checkpoint is not shown to go on from the one that was cosigned last; it is not cosigned."""

    hint = "a log that was split can never be cosigned again"
