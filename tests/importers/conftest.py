from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from vault.importers import read
from vault.records.schema import ParsedTable


@pytest.fixture
def parse(tmp_path: Path) -> Callable[..., ParsedTable]:
    """Parse bytes or text as a file of the given name."""

    def parse(
        content: bytes | str, name: str = "rows.csv", as_format: str | None = None, **options: object
    ) -> ParsedTable:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read.parse(read.read_file(file, as_format), **options)  # type: ignore[arg-type]

    return parse
