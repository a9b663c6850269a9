"""Options that many commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from vault.errors.families import Invalid

Special = Annotated[
    bool,
    typer.Option("--special", help="Without a terminal: your explicit yes to columns of a special category."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change, and change nothing.")]
AsJson = Annotated[bool, typer.Option("--json", help='One JSON object a line, each with "v":1.')]


def pairs_of(
    given: list[str] | None, form: str = "what is said of a column is written COLUMN=WORD"
) -> dict[str, str]:
    """What is said of each name, NAME=WORD; raises `Invalid` for another form, and for two words of one name."""
    pairs: dict[str, str] = {}
    for left, sign, right in (text.partition("=") for text in given or []):
        if not (left and sign and right):
            raise Invalid(reason=form)
        if left in pairs:
            raise Invalid(reason=f"two words are said of the column {left}")
        pairs[left] = right
    return pairs


def vectors_of(given: list[str] | None) -> dict[str, str]:
    """What is said of vectors; raises `Invalid`."""
    return pairs_of(given, "a vector is written NAME=N or NAME=FIRST..LAST, such as pixel=64")
