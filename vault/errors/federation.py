"""Errors between many vaults and who asks them: invitations, and what a coordinator answers."""

from __future__ import annotations

from vault.errors.families import Broken, Invalid, Refused, Unavailable


class InvitationInvalid(Invalid):
    """This is no invitation: {reason}."""

    hint = "an invitation is a file from whoever asks, as lockbox campaign invite writes it"


class AccessInvalid(Invalid):
    """This is neither a coordinator's folder nor an access to one: {reason}."""

    hint = "an access is a file, as lockbox campaign access writes it"


class AnswerInvalid(Broken):
    """This answer is refused: {reason}."""


class CertificateUnusable(Invalid):
    """That file holds no certificate in PEM that can be served."""


class CoordinatorUnreachable(Unavailable):
    """The coordinator at {url} cannot be reached: {reason}."""

    hint = "try again later; nothing is lost by waiting"


class CoordinatorNotOpen(Unavailable):
    """The coordinator has not opened the campaign yet."""

    hint = "try again later; until then there is nothing to fetch"


class CoordinatorBusy(Unavailable):
    """The coordinator cannot answer now: {sentence}."""

    hint = "try again later; nothing is lost by waiting"


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


class NoneCarried(Unavailable):
    """A courier carries no campaign here."""

    hint = "a campaign is carried from an invitation on: lockbox courier join INVITATION"


class NothingCarried(Invalid):
    """There is no campaign {campaign} that a courier carries here."""

    hint = "lockbox courier status lists them; one is carried from its invitation on: lockbox courier join INVITATION"


class VaultNotOpen(Unavailable):
    """No process has the vault open, so a courier cannot speak to it."""

    hint = "open it: lockbox unlock"


class CourierFailed(Unavailable):
    """The courier ended before its work was done: {reason}."""


class CourierNotLetIn(Refused):
    """The vault does not let this courier in: it locks just now, the access has ended, or who asks is blocked."""

    hint = "to give it access anew: lockbox courier join, with the same invitation"


class CarriedFromElsewhere(Refused):
    """A courier carries this campaign already, from {url}: no other address or certificate takes its place."""

    hint = "if that is meant, leave it first: lockbox courier leave ID"


class OtherCampaign(Broken):
    """The coordinator hands out another campaign than the one of the invitation."""

    hint = "nothing was taken in; ask whoever invited you"


class FederationMissing(Unavailable):
    """The Python package {package} is not installed."""

    hint = "install it beside Lockbox: pip install 'lockbox-vault[federation]'"


class FlowerMissing(Unavailable):
    """The campaign aggregates by {strategy} of Flower, and Flower {version} is not installed."""

    hint = "install it beside Lockbox: pip install 'lockbox-vault[flower]'"


class CoordinatorExists(Invalid):
    """There is already something at {path}; a coordinator is made where nothing is."""


class CampaignServed(Refused):
    """This campaign has its coordinator, made at {path}; a second one would show its vaults another log."""

    hint = (
        "its quorum is in coordinator.toml there; "
        "if it is gone and nobody enrolled, delete coordinator.path in the campaign"
    )


class NoCoordinator(Unavailable):
    """There is no coordinator at {path}."""

    hint = "make one with: lockbox coordinator init DIR --campaign CAMPAIGNDIR"


class CoordinatorDamaged(Broken):
    """The coordinator at {path} cannot be used: {reason}."""

    hint = "put back a backup of its folder"


class DatabaseUnusable(Unavailable):
    """The coordinator's database does not answer: {reason}."""


class DatabaseOther(Invalid):
    """The database is that of another coordinator or version: {reason}."""


class PortTaken(Unavailable):
    """Nothing can listen on {address}: {reason}."""


class NotEnrolled(Refused):
    """You are not enrolled in this campaign."""

    hint = "join again by your invitation: lockbox courier join INVITATION; else ask whoever invited you"


class CodeRefused(Refused):
    """This invitation is not known here, or was used by another vault."""


class EnrolledInOtherTier(Refused):
    """This vault is enrolled in another noise tier of the campaign, and a tier does not change."""


class EnrolledOtherwise(Broken):
    """The campaign's log has this vault in another noise tier, {there}, and you agreed to {here}: nothing is sent."""

    hint = "answers would weigh by a noise that they do not have; ask whoever invited you"


class EnrolmentNotLogged(Unavailable):
    """The campaign's log does not have this vault's key yet: until it does nothing is handed over or sent."""

    hint = "whoever runs the rounds writes it down as it enrols; ask them if it goes on for longer than a day"


class EnrolmentNotProven(Refused):
    """The key that asks to be enrolled did not sign that."""


class NothingThere(Unavailable):
    """There is no {what} here."""


class OtherAnswer(Refused):
    """This vault gave another answer in this round already; the first one counts."""


class RoundClosed(Refused):
    """This round takes no answers any more."""


class UploadTooLarge(Invalid):
    """What was sent is larger than {most} bytes."""


class UploadTooSlow(Unavailable):
    """What was sent did not come within {seconds} seconds."""


class TooManyRequests(Unavailable):
    """You ask too often; wait {seconds} seconds."""


class NotAggregated(Unavailable):
    """A round cannot be aggregated now: {reason}."""


class WitnessSilent(Unavailable):
    """The witness has not cosigned the checkpoint: {reason}."""
