"""Fixtures of the audit room."""

from __future__ import annotations

from audit_home import exported, trail

__all__ = ["exported", "trail"]
