"""Errors of campaigns, in which many vaults answer one requester in rounds."""

from __future__ import annotations

from vault.errors.families import Broken, Invalid, Refused


class CampaignInvalid(Invalid):
    """The campaign is not acceptable: {reason}."""


class CampaignTampered(Broken):
    """The campaign does not carry a valid signature of its requester."""

    hint = "it was changed after signing, or signed by another key"


class CampaignNotUseful(Invalid):
    """Such a campaign is not useful: at its planning number, {number}, noise cost models {lost} points."""

    hint = "what helps: more vaults, more units in each, fewer columns, fewer rounds, a larger ε"


class RoundTampered(Broken):
    """The job does not carry a valid signature of the campaign's round key."""

    hint = "it was changed after signing, or belongs to another campaign"


class RoundDeparts(Refused):
    """The job is no round of this campaign: {reason}."""

    hint = "a round differs from the campaign in its weights, id, number and deadline alone"
