"""Errors of campaigns, in which many vaults answer one requester in rounds."""

from __future__ import annotations

from typing import Final

from vault.errors.families import Broken, Exhausted, Invalid, Refused

OWN_NOISE: Final = "the campaign's own"
"""What the noise of a campaign is called where it has tiers beside."""


class CampaignInvalid(Invalid):
    """The campaign is not acceptable: {reason}."""


class CampaignTampered(Broken):
    """The campaign does not carry a valid signature of its requester."""

    hint = "it was changed after signing, or signed by another key"


class CampaignNotUseful(Invalid):
    """Such a campaign is not useful: at its planning number, {number}, noise cost models {lost} points."""

    hint = "what helps: more vaults, more units in each, fewer columns, fewer rounds, a larger ε"


class NoVaultCanPayRound(Exhausted):
    """No vault can pay for one round of it: that costs more than a quarter of ε {most}, the largest lifetime budget."""

    hint = "ask for less: a smaller --epsilon of lockbox campaign new, or more rounds"


class NoVaultCanPayRounds(Exhausted):
    """No vault can pay for these rounds: together they cost more than half of ε {most}, which no requester can use."""

    hint = "ask for less: a smaller --epsilon of lockbox campaign new, or fewer rounds"


class NoVaultCanPayTier(Exhausted):
    """No vault can pay in noise tier {tier}: a round costs over a quarter of ε {most}, or all over half of it."""

    hint = "ask for less there: a smaller EPSILON in --tier NAME=EPSILON of lockbox campaign new"


class NoSuchTier(Invalid):
    """The campaign has no noise tier {tier}: it has {known}."""

    hint = "the tier stands in the invitation, or whoever asks tells it"


class NoTierMade(NoSuchTier):
    """The campaign has no noise tier {tier}: it has {known}."""

    hint = "its tiers are those that lockbox campaign new --tier made; lockbox campaign check DIR shows them"


class OtherTier(Refused):
    """This vault has the campaign in another noise tier, {here}, and a tier does not change."""

    hint = "it is assigned once, by whoever asks; whoever wants another one asks by another campaign"


class CarriedInTier(Refused):
    """A courier carries this campaign in the noise tier of its invitation, {here}: no other is set by hand."""

    hint = "whoever invited you assigned it; whoever wants another one asks by another invitation or campaign"


class RoundTampered(Broken):
    """The job does not carry a valid signature of the campaign's round key."""

    hint = "it was changed after signing, or belongs to another campaign"


class RoundDeparts(Refused):
    """The job is no round of this campaign: {reason}."""

    hint = "a round differs from the campaign in its weights, id, number and deadline alone"


class CampaignLogBroken(Broken):
    """The log of the campaign does not hold: {reason}."""

    hint = "whoever carries the rounds asks for them again; if it stays so, ask the requester"


class CampaignLogMissing(Refused):
    """This round comes without the log of its campaign, and only its owner takes in such a one, by hand."""

    hint = "hand it in with the campaign's log, as lockbox courier does"


class CampaignLogOlder(Refused):
    """This checkpoint of the campaign's log has {shown} of its lines, and one with {kept} was seen before."""

    hint = "fetch the log again; if it stays so, its coordinator went back to an older copy"


class CampaignNotWitnessed(Refused):
    """The checkpoint of the campaign's log is not cosigned by {name}, whom the campaign names as its witness."""

    hint = "wait until the witness has cosigned it"


class CampaignLogForked(Refused):
    """The log of the campaign was split: this checkpoint does not go on from the one that was shown before."""

    hint = "both checkpoints are kept as a proof; no round of this campaign is taken in any more by its log"


class RoundNotInLog(Refused):
    """The log of the campaign has {found} for round {number}, and not this one."""

    hint = "every vault must be shown the same; ask the requester"


class RoundClosedInLog(Refused):
    """The log of the campaign shows round {number} closed; it takes no answers any more."""


class LogNotSplit(Broken):
    """Both checkpoints can be of one log: this proves nothing against whoever keeps it."""


class ModelNotInLog(Refused):
    """The log of the campaign does not have these weights as its final model."""

    hint = "every vault must be shown the same; ask the requester"


class CampaignModelInvalid(Invalid):
    """The final model is not acceptable: {reason}."""


class CampaignModelTampered(Broken):
    """The final model does not carry a valid signature of the campaign's round key."""

    hint = "it was changed after signing, or belongs to another campaign"


class ModelTooEarly(Refused):
    """What {name} does on your own records is yours to see once the last release of its campaign is decided."""

    hint = "see: lockbox campaign list; leaving the campaign is such a decision too"


class UnknownCampaign(Invalid):
    """There is no campaign {campaign} here."""

    hint = "see: lockbox campaign list"


class OtherThanCampaign(UnknownCampaign):
    """{campaign} is the id of {what} and not of a campaign."""

    hint = "see: lockbox request show ID, or lockbox consent show ID"


class CampaignReplayed(Refused):
    """This campaign was already received on {date}."""

    hint = "see: lockbox campaign list"


class CampaignMismatch(Refused):
    """What was agreed to is not the campaign as it is here, by its digest or noise tier; nothing was agreed to."""

    hint = "look again: lockbox campaign show ID"


class CampaignLeft(Refused):
    """This campaign cannot be joined again: {what}."""

    hint = "to take part in their learning again, be invited to another campaign"


class CampaignWrongState(Refused):
    """You cannot do that now: {reason}."""

    hint = "see: lockbox campaign show ID"


class CampaignUnderRefusal(Refused):
    """You said no to {name} for this purpose on {collection} until {until}; this campaign is refused by it."""

    hint = "to hear such questions again: lockbox request lift ID"


class CampaignOver(Refused):
    """This round is refused: you {what} its campaign on {date}."""

    hint = "see: lockbox campaign list"


class RoundTooLate(Refused):
    """This is round {number}, and round {later} of its campaign was received already; rounds only rise."""


class RoundOfCampaign(Refused):
    """This request is a round of campaign {campaign}, which is agreed to or left as a whole."""

    hint = "see: lockbox campaign show ID"
