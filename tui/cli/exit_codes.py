"""The exit codes of the command line, each with its sentence, and the one translation of errors into them."""

from __future__ import annotations

from enum import IntEnum

from vault.errors.families import Broken, Exhausted, LockboxError, Locked, Refused, Unavailable


class ExitCode(IntEnum):
    """How a command ended."""

    OK = 0
    FAILED = 1
    USAGE = 2
    LOCKED = 3
    REFUSED = 4
    EXHAUSTED = 5
    BROKEN = 6
    UNAVAILABLE = 7
    INTERRUPTED = 130


MEANING: dict[ExitCode, str] = {
    ExitCode.OK: "it worked",
    ExitCode.FAILED: "it failed, or a value cannot be used; the sentence on stderr says why",
    ExitCode.USAGE: "the command was written wrong: an unknown command or option, or an argument too many or too few",
    ExitCode.LOCKED: "locked, or the wrong passphrase",
    ExitCode.REFUSED: "refused: by consent, by policy or by a person",
    ExitCode.EXHAUSTED: "the privacy budget does not allow it",
    ExitCode.BROKEN: "tampered with or damaged",
    ExitCode.UNAVAILABLE: "not available now: missing, busy, full or read-only",
    ExitCode.INTERRUPTED: "interrupted",
}

FAMILIES: tuple[tuple[type[LockboxError], ExitCode], ...] = (
    (Locked, ExitCode.LOCKED),
    (Refused, ExitCode.REFUSED),
    (Exhausted, ExitCode.EXHAUSTED),
    (Broken, ExitCode.BROKEN),
    (Unavailable, ExitCode.UNAVAILABLE),
)


def exit_code(error: LockboxError) -> ExitCode:
    """The code of an error's family."""
    return next((code for family, code in FAMILIES if isinstance(error, family)), ExitCode.FAILED)
