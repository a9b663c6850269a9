"""Fixtures of the requests room."""

from __future__ import annotations

from requests_home import home, mould, shared_home

__all__ = ["home", "mould", "shared_home"]
