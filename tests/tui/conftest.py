"""Worlds behind the screens."""

from __future__ import annotations

from e2e_home import held_template, held_world, quiet, today, today_template, world

__all__ = ["held_template", "held_world", "quiet", "today", "today_template", "world"]
