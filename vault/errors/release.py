"""Errors of held updates and of releases."""

from __future__ import annotations

from vault.errors.families import Broken, Invalid, Refused, Unavailable


class UnknownRelease(Invalid):
    """There is no held update {release}."""

    hint = "see: lockbox release list"


class NoResultYet(UnknownRelease):
    """Nothing is held of request {release}: it is {state}."""

    hint = "see where it stands: lockbox request show ID"


class DigestMismatch(Refused):
    """The digest you confirmed is not that of the held update; nothing left."""

    hint = "look again: lockbox release show ID"


class HeldUpdateDamaged(Broken):
    """The held update is not the one that was held; nothing left."""


class DestinationUnusable(Invalid):
    """Nothing can be written to {path}: {reason}."""


class DestinationUnavailable(Unavailable):
    """Nothing can be written to {path}: {reason}."""


class ReleaseNotWritten(Unavailable):
    """The release could not be written to {path}: {reason}; nothing left."""

    hint = "it is held as before: send it to another folder, or keep it private"


class ReleaseMayHaveLeft(Unavailable):
    """The release could not be written to {path}: {reason}; it may have left in part."""

    hint = "the same approved bytes can be sent again to another folder, or what is here of them destroyed"


class ReleaseNotRecorded(Unavailable):
    """The files are at {path}, but that could not be recorded: {reason}; they count as having left."""

    hint = "the same approved bytes can be sent again to another folder once it can be recorded"


class PackageMissing(Unavailable):
    """The Python package {package} is not installed."""

    hint = "install it beside Lockbox: pip install 'lockbox-vault[onnx]'"


class ReleaseInvalid(Broken):
    """This release does not verify: {reason}."""


class NotARelease(Invalid):
    """{path} is no folder of a release."""

    hint = "a release is a folder, as it was sent: lockbox update verify DIR --vault-key KEY"


class AnswersOtherJob(Invalid):
    """This release answers another job: {answered}, and not {asked}."""

    hint = "give the folder of the job that it answers: --job JOBDIR"


class AnswersOtherOfId(Invalid):
    """This release answers another job of this id: a round in another noise tier, or one that was changed."""

    hint = "give the folder of the job that it answers: --job JOBDIR"


class HoldsSum(Invalid):
    """This release holds a sum and no model."""

    hint = "to write the sum: lockbox update verify DIR --sum FILE, without --model and --onnx"


class HoldsModel(Invalid):
    """This release holds no sum, but how a model's weights change."""

    hint = "to write the model: --job JOBDIR with --model FILE or --onnx FILE"


class NotOurModel(Invalid):
    """{file} is no model as lockbox update verify --onnx writes them: {reason}."""

    hint = "nothing of it was run; take the model from update verify, or try it with a program of your own"


class NotTheModel(Invalid):
    """{file} does not hold the weights of this job's model: {reason}."""

    hint = "a model from update verify --model goes with the --job that it answers, one from --onnx goes without --job"
