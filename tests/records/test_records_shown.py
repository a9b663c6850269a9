"""What crosses the wire about records is light: a client that shows rows has no use for Arrow."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("pyarrow", "numpy", "sqlalchemy", "sqlmodel", "sqlcipher3", "nacl")


@pytest.mark.parametrize("module", ["vault.views.records", "vault.views.field_types"])
def test_importing_what_is_shown_loads_nothing_heavy(module):
    found = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print([m for m in {HEAVY!r} if m in sys.modules])"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.strip() == "[]"
