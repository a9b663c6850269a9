"""Alembic runs this file for each upgrade. The transaction belongs to `vault.store.schema.migrate`."""

from __future__ import annotations

from alembic import context

from vault.store.tables import Row

context.configure(connection=context.config.attributes["connection"], target_metadata=Row.metadata)
context.run_migrations()
