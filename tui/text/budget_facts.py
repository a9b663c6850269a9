"""What is said about a budget as a whole; docs/privacy.md shows how its numbers come about."""

from __future__ import annotations

from typing import Final

JOBS_ADD_UP: Final = (
    "Jobs add up: 32 jobs of ε 1, each 55 in 100, fill a budget of ε 8 and together allow 75 right guesses in 100."
)  # fmt: skip
