"""Every error a person can meet.

The docstring of each class is the sentence shown; ``{placeholders}`` are filled from the keyword facts given
when it is raised. Facts are things the person typed or owns; never key material, never record values.

    LockboxError
    ├── Invalid            exit 1   input that cannot be used, said in one sentence
    ├── Locked             exit 3   no key, or the wrong one
    ├── Refused            exit 4   consent, policy or a person said no
    ├── Exhausted          exit 5   the privacy budget does not allow it
    ├── Broken             exit 6   tampered or damaged
    ├── Unavailable        exit 7   busy, full, read-only, missing
    └── InternalError      exit 1   a bug of ours
"""

from __future__ import annotations

from string import Formatter
from typing import ClassVar


class LockboxError(Exception):
    """Something went wrong."""

    hint: ClassVar[str] = ""

    def __init__(self, **facts: object) -> None:
        super().__init__()
        self.facts = facts
        wanted = {name for _, name, _, _ in Formatter().parse(self.template()) if name}
        if wanted != set(facts):
            raise TypeError(f"{type(self).__name__} wants the facts {sorted(wanted)}, got {sorted(facts)}")

    @classmethod
    def template(cls) -> str:
        """The sentence with its placeholders: the first paragraph of the docstring."""
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())

    def __str__(self) -> str:
        return self.template().format(**self.facts)


class Invalid(LockboxError):
    """That input cannot be used: {reason}."""


class Locked(LockboxError):
    """The vault is locked."""


class Refused(LockboxError):
    """Refused: {reason}."""


class Exhausted(LockboxError):
    """The privacy budget does not allow it: {reason}."""


class Broken(LockboxError):
    """Damaged or tampered with: {what}."""


class Unavailable(LockboxError):
    """Not available now: {reason}."""


class InternalError(LockboxError):
    """Lockbox made a mistake of its own: {what}."""

    hint = "nothing was released; please report this sentence"


# sealing ------------------------------------------------------------------------------------------------


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


# store --------------------------------------------------------------------------------------------------


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


# records and importers ----------------------------------------------------------------------------------


class FileMissing(Unavailable):
    """There is no file {path}."""


class Unreadable(Invalid):
    """{name} cannot be read as {format}: {reason}."""


class FileChanged(Invalid):
    """{name} is not the file you looked at any more; nothing was stored."""

    hint = "look at it again, then import it"


class AlreadyImported(Refused):
    """This very file was already imported on {date}."""

    hint = "importing it twice would count every record twice and break the privacy unit"


class UnknownCollection(Invalid):
    """There is no collection {name}."""

    hint = "see: lockbox data list"


class CollectionErased(UnknownCollection):
    """The collection {name} was erased after jobs had learned from it; its name stays taken."""

    hint = "the budget spent on it stays spent; give other records another name"


class ErasedNotCleared(Unavailable):
    """{collection} is erased, but its sealed bytes may still be on the disk: {reason}."""

    hint = "this vault cannot open them any more; they go when lockbox opens it the next time"


class UnknownField(Invalid):
    """Collection {collection} has no field {name}."""

    hint = "see: lockbox data list"


class SchemaMismatch(Invalid):
    """The columns of this file do not fit the collection {collection}: {reason}."""


class NothingToImport(Invalid):
    """No row of this file could be imported."""


# consent and requests -----------------------------------------------------------------------------------


class ConsentRefused(Refused):
    """No consent covers this: {reason}."""

    hint = "lockbox consent explain JOB gives every reason"


class SpecialNotConfirmed(Refused):
    """What belongs to a special category needs your explicit yes, --special, and nothing was allowed: {columns}."""

    hint = "special are the categories of GDPR Articles 9 and 10, such as health; read what is asked before you say it"


class UnknownGrant(Invalid):
    """There is no consent {grant}."""

    hint = "see: lockbox consent list"


class UnknownRequester(Invalid):
    """There is no requester {name}."""

    hint = "add one with: lockbox requester add NAME KEYFILE"


class RequesterExists(Invalid):
    """There is already a requester with this {what}."""


class RequesterBlocked(Refused):
    """The requester {name} is blocked."""

    hint = "to lift that: lockbox requester unblock NAME"


class OtherCollection(Refused):
    """{name} may ask about {collection} alone, and this job names another collection."""


class ManifestInvalid(Invalid):
    """The job manifest is not acceptable: {reason}."""


class ManifestTampered(Broken):
    """The job manifest does not carry a valid signature of its requester."""

    hint = "it was changed after signing, or signed by another key"


class WeightsInvalid(Invalid):
    """The starting weights are not acceptable: {reason}."""


class WeightsTampered(Broken):
    """The starting weights are not the ones the manifest names."""


class JobReplayed(Refused):
    """This job was already received on {date}."""

    hint = "another run is another job with another id and another price"


class UnknownRequest(Invalid):
    """There is no request {request}."""

    hint = "see: lockbox request list"


class WrongState(Refused):
    """The request is {state}; that cannot be done now."""


class CollectionInUse(WrongState):
    """A job learns from {collection} now; it can be erased when that has ended."""

    hint = "to end it at once, withdraw its consent: lockbox consent withdraw ID"


# budget -------------------------------------------------------------------------------------------------


class BudgetExhausted(Exhausted):
    """The privacy budget does not allow this job: {reason}."""

    hint = "see: lockbox budget"


class BudgetFixedOtherwise(Broken):
    """The privacy budget of this vault was fixed with {what} than this program counts with."""

    hint = "use the version of lockbox that made the vault, or restore a backup"


# learner and release ------------------------------------------------------------------------------------


class LearnerFailed(Unavailable):
    """The learner process ended before its result: {reason}."""


class RunLost(LearnerFailed):
    """The run ended without a result, and its budget is spent: {reason}."""

    hint = "the charge stays whatever ends a run; another run is another job"


class SandboxMissing(Refused):
    """The learner cannot be confined on this computer: {reason}."""

    hint = "jobs from other people do not run unconfined"


class UnknownRelease(Invalid):
    """There is no held update {release}."""

    hint = "see: lockbox release list"


class DigestMismatch(Refused):
    """The digest you confirmed is not that of the held update; nothing left."""

    hint = "look again: lockbox release show ID"


class HeldUpdateDamaged(Broken):
    """The held update is not the one that was held; nothing left."""


class DestinationUnusable(Invalid):
    """Nothing can be written to {path}: {reason}."""


class ReleaseNotWritten(Unavailable):
    """The release could not be written to {path}: {reason}; it may have left in part."""

    hint = "the same approved bytes can be sent again to another folder"


class ReleaseNotRecorded(Unavailable):
    """The files are at {path}, but that could not be recorded: {reason}; they count as having left."""

    hint = "the same approved bytes can be sent again to another folder once it can be recorded"


class ReleaseInvalid(Broken):
    """This release does not verify: {reason}."""


# the daemon ---------------------------------------------------------------------------------------------


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


class TrainingRuns(Refused):
    """A training runs; locking now would end it, and its budget stays spent."""

    hint = "wait for it, or stop it: lockbox lock --stop-training"


class SocketUnusable(Unavailable):
    """The vault's process cannot listen at {path}: {reason}."""


class DaemonGone(Unavailable):
    """The vault's process ended before it answered."""

    hint = "look before you do it again: what you asked for may be done"


class DaemonUnreachable(Unavailable):
    """The vault's process does not answer as it should: {reason}."""

    hint = "end it, and the vault is locked: lockbox lock"


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


# audit --------------------------------------------------------------------------------------------------


class LogBroken(Broken):
    """The audit trail does not verify: {reason}."""


class KeyFileInvalid(Invalid):
    """{path} is not a lockbox key file: {reason}."""
