"""Errors of campaigns, in which many vaults answer one requester in rounds."""

from __future__ import annotations

from vault.errors.families import Broken, Exhausted, Invalid, Refused


class CampaignInvalid(Invalid):
    """The campaign is not acceptable: {reason}."""


class CampaignTampered(Broken):
    """The campaign does not carry a valid signature of its requester."""

    hint = "it was changed after signing, or signed by another key"


class CampaignNotUseful(Invalid):
    """Such a campaign is not useful: at its planning number, {number}, noise cost models {lost} points."""

    hint = "what helps: more vaults, more units in each, fewer columns, fewer rounds, a larger ε"


class NoVaultCanPayRounds(Exhausted):
    """No vault can pay for these rounds: together they cost more than half of ε {most}, which no requester can use."""

    hint = "ask for less: a smaller --epsilon, fewer rounds or more noise"


class RoundTampered(Broken):
    """The job does not carry a valid signature of the campaign's round key."""

    hint = "it was changed after signing, or belongs to another campaign"


class RoundDeparts(Refused):
    """The job is no round of this campaign: {reason}."""

    hint = "a round differs from the campaign in its weights, id, number and deadline alone"


class CampaignLogBroken(Broken):
    """The log of the campaign does not hold: {reason}."""

    hint = "whoever carries the rounds asks for them again; if it stays so, ask the requester"


class UnknownCampaign(Invalid):
    """There is no campaign {campaign} here."""

    hint = "see: lockbox campaign list"


class CampaignReplayed(Refused):
    """This campaign was already received on {date}."""

    hint = "see: lockbox campaign list"


class CampaignMismatch(Refused):
    """The digest that was agreed to is not that of the campaign; nothing was agreed to."""

    hint = "look again: lockbox campaign show ID"


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
