"""Errors of keeping: passphrases and keys, the database and its disk, the trail."""

from __future__ import annotations

from vault.failures.tree import Broken, Invalid, Locked, Refused, Unavailable

# sealing --------------------------------------------------------------------------------------------------


class WrongPassphrase(Locked):
    """That passphrase does not open this vault."""

    hint = "nobody can reset it; the recovery key opens the vault too: lockbox --recovery-key"


class WrongRecoveryKey(Locked):
    """That recovery key does not open this vault."""

    hint = "it is on the sheet printed when the vault was made"


class RecoveryKeyMistyped(Invalid):
    """The recovery key is mistyped: its check letters do not fit."""


class RecoveryKeyNotConfirmed(Invalid):
    """The vault is made, but the recovery key was not typed back."""

    hint = "if you have no right copy of it, delete the vault and make it again before you put data in"


class PassphraseMissing(Locked):
    """No passphrase was given and there is no terminal to ask on."""

    hint = "give an open file descriptor: --passphrase-fd N"


class DamagedHeader(Broken):
    """The key header of the vault is damaged in both copies: {what}."""

    hint = "restore it from a backup; the passphrase alone cannot open the vault without it"


class Damaged(Broken):
    """{what} is damaged or was tampered with."""

    hint = "restore a backup; what is damaged was not used"


# store ----------------------------------------------------------------------------------------------------


class NoVault(Unavailable):
    """There is no vault at {path}."""

    hint = "make one with: lockbox init"


class NotConfirmed(Refused):
    """You said no; nothing was changed."""


class VaultExists(Invalid):
    """There is already a vault at {path}."""


class VaultBusy(Unavailable):
    """Another lockbox process is writing to this vault."""

    hint = "wait for it to end; two writers would fork the audit trail"


class DiskFull(Unavailable):
    """The disk is full; nothing was changed."""


class DiskReadOnly(Unavailable):
    """The vault cannot be written to at {path}; nothing was changed."""


class DiskFailing(Unavailable):
    """The disk that holds {path} reports an error; nothing was changed."""

    hint = "look at the health of the disk, and restore a backup to another one"


class OutdatedVault(Unavailable):
    """This vault was written by an older version of lockbox and has to be brought up to date first."""

    hint = "open it once on a disk that can be written to"


class OlderVault(Unavailable):
    """This vault is an older copy: {reason}."""

    hint = "you can look and export; acting on it would take back withdrawals and spent budget"


class MarkNotWritten(Unavailable):
    """What you did is stored and recorded, but the reminder outside the vault could not be written to {path}."""

    hint = "without it an older copy of the vault would go unnoticed; make that folder writable"


class MarkUnwritable(Unavailable):
    """The reminder outside the vault cannot be written to {path}; nothing was spent and nothing left."""

    hint = "without it an older copy would take back what is spent and sent; make that folder writable"


class NewerVault(Unavailable):
    """This vault was written by a newer version of lockbox."""


class UnsafePermissions(Unavailable):
    """Other users of this computer can enter {path}."""

    hint = "close it to them: chmod 700"


# audit ----------------------------------------------------------------------------------------------------


class LogBroken(Broken):
    """The audit trail does not verify: {reason}."""


class KeyFileInvalid(Invalid):
    """{path} is not a lockbox key file: {reason}."""
