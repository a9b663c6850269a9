"""By what many answers can become one: our own rules, and strategies of Flower by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from vault.errors.families import Invalid
from vault.requester.closed_words import check_word
from vault.requests.campaign import AVERAGING_STRATEGIES, MOVING_STRATEGIES, RobustRule

PREFIX: Final = "flower:"
RULES: Final = (*get_args(RobustRule), *AVERAGING_STRATEGIES, *MOVING_STRATEGIES)
STRATEGY_STEPS: Final[Mapping[str, tuple[float, float]]] = {
    "flower:FedAvgM": (1.0, 0.0),
    "flower:FedAdagrad": (0.1, 0.0),
    "flower:FedAdam": (0.1, 0.9),
    "flower:FedYogi": (0.01, 0.9),
}
"""Step and momentum of the strategies that move the weights where a description has none: Flower's own."""
_NOISE: Final = "adds noise or clips, which every vault has done already"
UNFIT: Final[Mapping[str, str]] = {
    "FedProx": "changes what vaults train, which the job of a round says alone",
    "QFedAvg": "needs the loss of each vault, which no release has",
    "FedXgbBagging": "joins trees, which no vault trains",
    "FedXgbCyclic": "hands one model from vault to vault, and picks which",
    "DifferentialPrivacyClientSideAdaptiveClipping": _NOISE,
    "DifferentialPrivacyClientSideFixedClipping": _NOISE,
    "DifferentialPrivacyServerSideAdaptiveClipping": _NOISE,
    "DifferentialPrivacyServerSideFixedClipping": _NOISE,
}
"""Strategies of Flower that need more than the answers, and what."""


def check_rule(rule: object) -> None:
    """Refuse a rule that is none, and say why a strategy of Flower is none here; raises ``Invalid``."""
    name = rule.removeprefix(PREFIX) if isinstance(rule, str) and rule.startswith(PREFIX) else ""
    if name in UNFIT:
        raise Invalid(reason=f"[campaign] rule cannot be {rule}: {name} {UNFIT[name]}")
    check_word("[campaign] rule", rule, RULES)
