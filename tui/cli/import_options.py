"""What a person can say about a file that is imported, as options of the command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from tui.cli.number_types import WHOLE

Files = Annotated[
    list[Path],
    Argument(
        metavar="FILE",
        help="CSV, JSON Lines, Parquet or a known export; or a folder of them.",
    ),
]
Into = Annotated[str | None, Option("--collection", metavar="NAME", help="Default: the name of the file.")]
Format = Annotated[
    str | None,
    Option(
        "--as", metavar="FORMAT", help="csv, jsonl, parquet or one of lockbox formats; default: by itself."
    ),
]
Part = Annotated[
    str | None,
    Option("--part", metavar="PART", help="Which table of a known export, or all; see lockbox formats."),
]
Unit = Annotated[
    str | None,
    Option("--unit", metavar="UNIT", help="What counts as one: record, day, or the name of a column."),
]
Time = Annotated[
    str | None, Option("--time", metavar="COLUMN", help="The column that says when a row happened.")
]
Types = Annotated[
    list[str] | None,
    Option("--type", metavar="COLUMN=TYPE", help="float, int, bool, text, timestamp, category or vector(N)."),
]
Sensitivities = Annotated[
    list[str] | None,
    Option("--sensitivity", metavar="COLUMN=CLASS", help="ordinary, sensitive, special or identifying."),
]
Drop = Annotated[
    list[str] | None,
    Option("--drop", metavar="COLUMN", help="A column to leave out; #3 is the third one."),
]
Rename = Annotated[
    list[str] | None,
    Option("--rename", metavar="COLUMN=NAME", help="Another name for a column; #3 is the third one."),
]
Vectors = Annotated[
    list[str] | None,
    Option(
        "--vector",
        metavar="NAME=COLUMNS",
        help="Numbered columns as one: pixel=64 for pixel_0 to pixel_63, or NAME=FIRST..LAST.",
    ),
]
Lifetime = Annotated[
    str | None,
    Option("--lifetime", metavar="EPSILON", help="Lifetime privacy budget of a new collection; default: 8."),
]
SamePeople = Annotated[
    list[str] | None,
    Option(
        "--same-people", metavar="NAME", help="The rows are of the people of this collection: one budget."
    ),
]
OtherPeople = Annotated[
    list[str] | None,
    Option(
        "--other-people",
        metavar="NAME",
        help="They are not of its people, whatever they look like: two budgets.",
    ),
]
Encoding = Annotated[
    str, Option("--encoding", metavar="NAME", help="Of its text, such as cp1252; default: found out.")
]
Separator = Annotated[
    str,
    Option("--separator", metavar="SIGN", help="Between cells: comma, semicolon, tab, bar or another sign."),
]
SkipLines = Annotated[
    int | None,
    Option("--skip-lines", metavar="N", click_type=WHOLE, help="So many lines stand before the header."),
]
Flatten = Annotated[
    bool, Option("--flatten", help="JSON: what is nested is taken apart, into columns such as a.b.")
]
Nulls = Annotated[
    list[str] | None, Option("--null", metavar="TEXT", help="A cell of this text is a missing value.")
]
Decimals = Annotated[
    list[str] | None,
    Option("--decimal", metavar="SIGN", help="What decimals begin with: , or .; of one column: COLUMN=SIGN."),
]
Dates = Annotated[
    list[str] | None,
    Option(
        "--date-format",
        metavar="COLUMN=FORM",
        help="dmy, mdy, ymd, iso, or epoch, epoch-ms, epoch-us since 1970.",
    ),
]
Zone = Annotated[
    str,
    Option(
        "--zone", metavar="ZONE", help="Of times that name none, such as Europe/Berlin; days begin in it too."
    ),
]
Plan = Annotated[
    Path | None, Option("--plan", metavar="FILE", help="What was decided about such a file, as it was saved.")
]
NoPlan = Annotated[
    bool, Option("--no-plan", help="What was decided about the last file into that collection is left alone.")
]
SavePlan = Annotated[
    Path | None, Option("--save-plan", metavar="FILE", help="Write what is decided to a new file.")
]
AllowRefused = Annotated[
    bool, Option("--allow-refused", help="Import the other rows where some are refused.")
]
DryRun = Annotated[bool, Option("--dry-run", help="Show what would be stored, and store nothing.")]
