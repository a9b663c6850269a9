"""Fixtures of the whole stories."""

from __future__ import annotations

from tests.worlds.vaults import (
    _forks,
    held_template,
    held_world,
    known_template,
    known_world,
    nursery,
    quiet,
    today,
    today_template,
    world,
)

__all__ = [
    "_forks",
    "held_template",
    "held_world",
    "known_template",
    "known_world",
    "nursery",
    "quiet",
    "today",
    "today_template",
    "world",
]
