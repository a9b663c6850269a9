"""Every claim of the proof, and of the threat model where it names tests, names one that is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROOF = (ROOT / "docs/proof.md").read_text()
THREATS = (ROOT / "docs/threat-model.md").read_text()


def test_every_test_that_the_proof_or_the_threat_model_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", PROOF + THREATS))
    there = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)", file.read_text())
    }

    assert len(named) > 25
    assert named - there == set()


def test_the_figures_of_the_proof_are_those_of_the_plan() -> None:
    plan = (ROOT / "learner/dp/plan.py").read_text()
    clipping = (ROOT / "learner/dp/clipping.py").read_text()

    assert "2 * (self.terms + 4) * UNIT_ROUNDOFF * MAX_UNITS * self.cancellation" in plan
    assert "4 * (self.product_roundoff * self.slots + lost)" in plan
    assert "off / (1 - off)" in plan
    assert "SLOTS: Final = 64\n" in plan
    assert "A product is of the k = 64 units" in PROOF
    assert "MAX_CANCELLATION: Final = 128.0" in plan
    assert "ρ is 1\n   for units of one row and 128 else" in PROOF
    assert "1 - 2.0**-22" in clipping
    assert "(1 − 2^-22)·min(1, C/N)" in PROOF
