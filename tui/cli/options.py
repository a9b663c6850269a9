"""Options that many commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Special = Annotated[
    bool,
    typer.Option("--special", help="Without a terminal: your explicit yes to columns of a special category."),
]
AsJson = Annotated[bool, typer.Option("--json", help='One JSON object a line, each with "v":1.')]
