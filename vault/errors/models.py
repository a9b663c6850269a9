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


class RoundNotKept(Refused):
    """This release is a round of a campaign, and no single round is kept as a model."""


class FittedElsewhere(Refused):
    """{name} was fitted at home on {collection}, and a copy fitted on other rows would outlive those."""

    hint = "fit the released model that it began from"


class RowsGone(Refused):
    """Rows of {collection} were erased while the model was fitted to them; nothing was kept."""


class ColumnMissing(Invalid):
    """{collection} has no column {column}, which the model needs."""


class NoLabels(Invalid):
    """No row of {collection} has a value of {column} that the model knows."""
