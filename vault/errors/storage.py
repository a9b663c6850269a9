"""Errors of the vault's folder, its database and its disk."""

from __future__ import annotations

from vault.errors.families import Broken, Invalid, Unavailable


class Damaged(Broken):
    """{what} is damaged or was tampered with."""

    hint = "restore a backup; what is damaged was not used"


class NoVault(Unavailable):
    """There is no vault at {path}."""

    hint = "make one with: lockbox init"


class NoSample(NoVault):
    """There is no sample at {path}."""

    hint = "make one with: lockbox demo --sample"


class VaultExists(Invalid):
    """There is already a vault at {path}."""


class PlaceTaken(Invalid):
    """There is something else at {path}; a vault is made where nothing is."""


class VaultIncomplete(Broken):
    """The vault at {path} is not whole: {missing}."""

    hint = "put that file back from a backup: without it nobody can open this vault, and a new one has none of its data"


class VaultBusy(Unavailable):
    """Another lockbox process is writing to this vault."""

    hint = "wait for it to end, as --wait 60 does; two writers would fork the audit trail"


class OpenElsewhere(Unavailable):
    """A lockbox process has this vault open and cannot be asked from here, so the vault may not be locked."""

    hint = (
        "a command at work ends by itself; what was unlocked in another session, with another XDG_RUNTIME_DIR or "
        "LOCKBOX_RUNTIME, is locked from there"
    )


class DiskFull(Unavailable):
    """The disk is full; nothing was changed."""


class NotExported(Unavailable):
    """Nothing was exported to {path}: {reason}. The trail names this attempt, as it is recorded first."""


class DiskReadOnly(Unavailable):
    """Nothing can be written to {path}; nothing was changed."""

    hint = "look at whom the folder belongs to, and whether its disk may be written to"


class DiskFailing(Unavailable):
    """The disk that holds {path} reports an error; nothing was changed."""

    hint = "look at the health of the disk, and restore a backup to another one"


class OutOfResources(Unavailable):
    """The computer has no {what} left for this."""

    hint = (
        "close what is not needed and try again; look before you do it again, what you asked for may be done"
    )


class OutdatedVault(Unavailable):
    """This vault was written by an older version of lockbox and has to be brought up to date first."""

    hint = "open it once on a disk that can be written to"


class NewerVault(Unavailable):
    """This vault was written by a newer version of lockbox."""


class UnsafePermissions(Unavailable):
    """Other users of this computer can enter {path}."""

    hint = "close it to them: chmod 700"


class SystemRefused(Unavailable):
    """The system refused: {reason}."""
