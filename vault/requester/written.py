"""Files that are written whole or not at all; apart, because the store behind it brings its database."""

from __future__ import annotations

from vault.store.files import drafted

__all__ = ["drafted"]
