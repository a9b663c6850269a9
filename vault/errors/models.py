"""Errors of models that an owner keeps."""

from __future__ import annotations

from vault.errors.families import Invalid, Refused


class UnknownModel(Invalid):
    """You keep no model {name}."""

    hint = "see: lockbox model list"


class ModelExists(Invalid):
    """You keep a model {name} already."""

    hint = "give this one another name: --name NAME"


class NotYourRelease(Invalid):
    """This release answers no job of this vault."""

    hint = (
        "to keep another vault's model, say what it answers and who signed it: --job JOBDIR --vault-key KEY"
    )


class RoundNotOver(Refused):
    """This release is a round of a campaign; what it learned is yours to see only when the campaign is over."""


class ColumnMissing(Invalid):
    """{collection} has no column {column}, which the model needs."""


class NoLabels(Invalid):
    """No row of {collection} has a value of {column} that the model knows."""
