"""Errors of the vault's own process and of whoever talks to it."""

from __future__ import annotations

from vault.errors.families import Invalid, Locked, Refused, Unavailable


class SessionEnded(Locked):
    """This session is over, or was never opened."""

    hint = "unlock again: lockbox unlock"


class TooManyTries(Unavailable):
    """Too many tries: wait {seconds} seconds."""


class NotAtThisDoor(Refused):
    """The vault's process does not answer that: {reason}."""


class BodyTooLarge(NotAtThisDoor):
    """The vault's process does not answer that: {reason}."""


class ApprovalNotProven(Refused):
    """It was not proven that you, with your passphrase, meant exactly this; nothing was done."""

    hint = "decide again; an approval is good once, for two minutes, and for one act"


class Stopped(Refused):
    """It was stopped before its end."""


class UnknownAction(Invalid):
    """There is no action {action} that was begun here."""


class TrainingRuns(Refused):
    """A training runs; locking now would end it, and its budget stays spent."""

    hint = "wait for it, or stop it: lockbox lock --stop-training"


class SocketUnusable(Unavailable):
    """The vault's process cannot listen at {path}: {reason}."""

    hint = "every command can open the vault itself; another and shorter folder is named by LOCKBOX_RUNTIME"


class DaemonGone(Unavailable):
    """The vault's process ended before it answered."""

    hint = "look before you do it again: what you asked for may be done"


class DaemonUnreachable(Unavailable):
    """The vault's process does not answer as it should: {reason}."""

    hint = "end it, and the vault is locked: lockbox lock"


class DaemonHung(Unavailable):
    """The vault's process, number {pid}, takes connections and does not answer."""

    hint = "wait and try again, or end it, and the vault is locked: lockbox lock"


class ProcessNotConfirmed(Unavailable):
    """It is not certain that process {pid} is the one that has this vault open, so it was not ended."""

    hint = "look at it, and end it yourself: kill -KILL, and its number"


class DaemonElsewhere(Unavailable):
    """The vault's process serves {what}, and not what you named."""

    hint = "lock it first, where it was unlocked: lockbox lock"


class DaemonNotStarted(Unavailable):
    """The vault's process did not start: {reason}."""


class KeysLogged(Unavailable):
    """{what} is set: everything typed here, a passphrase too, would be written to a log; no vault is opened."""

    hint = "unset it and start again; only the sample may be opened with it"


class VaultUnlocked(Unavailable):
    """The vault is unlocked already, by another lockbox process."""

    hint = "lock it first: lockbox lock"


class NameNotText(Invalid):
    """The name of this file or folder is not UTF-8 text, which is all that the unlocked vault takes: {path}."""

    hint = "rename it, or lock the vault and give the command again: lockbox lock"
