from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vault.importers.read import read_table
from vault.records.schema import ParsedTable


@pytest.fixture
def parse(tmp_path: Path) -> Callable[..., ParsedTable]:
    """Parse bytes or text as a file of the given name."""

    def parse(content: bytes | str, name: str = "rows.csv", **options: object) -> ParsedTable:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(file, **options)  # type: ignore[arg-type]

    return parse
