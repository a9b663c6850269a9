"""Errors of records, consents, requests, the budget, the learner and the release."""

from __future__ import annotations

from vault.failures.tree import Broken, Exhausted, Invalid, Refused, Unavailable

# records and importers ------------------------------------------------------------------------------------


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


# consent and requests -------------------------------------------------------------------------------------


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


# budget ---------------------------------------------------------------------------------------------------


class BudgetExhausted(Exhausted):
    """The privacy budget does not allow this job: {reason}."""

    hint = "see: lockbox budget"


class BudgetFixedOtherwise(Broken):
    """The privacy budget of this vault was fixed with {what} than this program counts with."""

    hint = "use the version of lockbox that made the vault, or restore a backup"


# learner and release --------------------------------------------------------------------------------------


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
