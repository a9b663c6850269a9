"""Errors between many vaults and who asks them: invitations, and what a coordinator answers."""

from __future__ import annotations

from vault.errors.families import Broken, Invalid, Refused, Unavailable


class InvitationInvalid(Invalid):
    """This is no invitation: {reason}."""

    hint = "an invitation is a file from whoever asks, as lockbox campaign invite writes it"


class AnswerInvalid(Broken):
    """This answer is refused: {reason}."""


class CertificateUnusable(Invalid):
    """That file holds no certificate in PEM that can be served."""


class CoordinatorUnreachable(Unavailable):
    """The coordinator at {url} cannot be reached: {reason}."""

    hint = "the courier tries again by itself; nothing is lost meanwhile"


class CoordinatorIsAnother(Broken):
    """What answers at {url} is not the coordinator of the invitation: its certificate is another one."""

    hint = "nothing was sent to it; ask whoever invited you, who can invite you anew"


class CoordinatorRefused(Refused):
    """The coordinator says no: {sentence}."""


class CoordinatorOdd(Broken):
    """The coordinator does not answer as it should: {reason}."""


class CourierFolderDamaged(Broken):
    """What the courier keeps at {path} cannot be read: {reason}."""

    hint = "join again with the invitation: the same code gets the same access for the same vault"


class CourierAtWork(Unavailable):
    """Another courier is at work for this campaign."""


class NothingCarried(Invalid):
    """There is no campaign {campaign} that a courier carries here."""

    hint = "see: lockbox courier status"


class VaultNotOpen(Unavailable):
    """No process has the vault open, so a courier cannot speak to it."""

    hint = "open it: lockbox unlock"


class CourierFailed(Unavailable):
    """The courier ended before its work was done: {reason}."""


class CourierNotLetIn(Refused):
    """The vault does not let this courier in: its access has ended, or whoever asks is blocked."""

    hint = "to give it access anew: lockbox courier join, with the same invitation"


class OtherCampaign(Broken):
    """The coordinator hands out another campaign than the one of the invitation."""

    hint = "nothing was taken in; ask whoever invited you"
