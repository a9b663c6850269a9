"""How noised gradients become steps: post-processing, of which a job may choose any."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vault.requests.canonical import Wire


class Sgd(Wire):
    """A noised step moves the weights by its gradient, with momentum."""

    kind: Literal["sgd"]
    lr: Annotated[float, Field(allow_inf_nan=False, ge=1e-6, le=100)]
    momentum: Annotated[float, Field(allow_inf_nan=False, ge=0, le=0.99)]


class DecayedSgd(Wire):
    """The same with a learning rate that goes down to nothing after the last step."""

    kind: Literal["sgd_decayed"]
    lr: Annotated[float, Field(allow_inf_nan=False, ge=1e-6, le=100)]
    momentum: Annotated[float, Field(allow_inf_nan=False, ge=0, le=0.99)]
    decay: Literal["linear", "cosine"]


class Adam(Wire):
    """Adam, from whose second moment the variance of the noise is taken off."""

    kind: Literal["adam"]
    lr: Annotated[float, Field(allow_inf_nan=False, ge=1e-6, le=100)]
    beta1: Annotated[float, Field(allow_inf_nan=False, ge=0, le=0.999)]
    beta2: Annotated[float, Field(allow_inf_nan=False, ge=0, le=0.9999)]
    decay: Literal["none", "linear", "cosine"]


class NoOptimizer(Wire):
    """No step is taken: what leaves is a sum."""

    kind: Literal["none"]


OptimizerAsk = Annotated[Sgd | DecayedSgd | Adam | NoOptimizer, Field(discriminator="kind")]
