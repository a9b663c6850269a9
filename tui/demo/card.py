"""The closing card: 80 columns, on the terminal and as an SVG picture; every number comes from this run."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from tui.text import wording

if TYPE_CHECKING:
    from rich.text import Text

WIDTH = 80
BAR = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one demo did; accuracies are on patients who never entered the vault."""

    stayed: int
    held_out: int
    left_bytes: int
    asked: int
    allowed: int
    start: float
    private: float
    non_private: float
    majority: float
    epsilon: Decimal
    delta: Decimal
    guess_rate: Decimal
    refusals: tuple[tuple[str, str], ...]
    trail: int


def lines(outcome: Outcome) -> list[Text]:
    """The card's lines, none longer than 76 characters."""
    from rich.text import Text

    dots = wording.dots(outcome.guess_rate)
    right = wording.times_in_hundred(outcome.guess_rate)
    plain = [
        f"STAYED  {outcome.stayed} patients' records, sealed in the vault",
        f"LEFT    one file, {outcome.left_bytes:,} bytes, released by a person",
        "",
        f"asked {outcome.asked} columns  {wording.squares(outcome.allowed, outcome.asked)}  allowed {outcome.allowed}",
        "",
        f"accuracy on {outcome.held_out} other patients (most common answer: {outcome.majority:.2f})",
        bar("start", outcome.start, "zero weights"),
        bar("private", outcome.private, f"ε {outcome.epsilon:.2f}, δ {outcome.delta:f}"),
        bar("non-private", outcome.non_private, "demo only"),
        "",
        f"{dots[0]}  A guess whether one given patient is in it",
        f"{dots[1]}  is right at most {right} times in 100, instead of 50.",
        f"{dots[2]}  What holds for many patients is not hidden:",
        f"{dots[3]}  it is what the model learns.",
        "",
        *(line for attack, refusal in outcome.refusals for line in _refusal(attack, refusal)),
        "",
        f"{outcome.trail} entries on the audit trail, verified from the exported files alone",
    ]
    return [styled(Text(line)) for line in plain]


def styled(text: Text) -> Text:
    """A line with colour beside its words and shapes, never instead of them."""
    text.highlight_regex(r"^(STAYED|LEFT)", "bold")
    text.highlight_regex(r"[■█]+|●+", "green")
    text.highlight_regex(r"[□░]+|○+", "dim")
    text.highlight_regex(r"^✗", "bold red")
    return text


def bar(name: str, share: float, about: str) -> str:
    """A share as a bar with its name before and what it is behind."""
    filled = round(share * BAR)
    return f"{name:>11} {'█' * filled}{'░' * (BAR - filled)} {share:.2f}  {about}"


def _refusal(attack: str, sentence: str) -> list[str]:
    """An attack and the sentence that refused it, on as many lines as it takes."""
    first, *more = textwrap.wrap(sentence, 55)
    return [f"✗ {attack:18} {first}", *(f"{'':21}{line}" for line in more)]


def draw(card: Sequence[Text], svg: Path, *, title: str = "Lockbox: what just happened") -> None:
    """Print a card on the terminal and write the same card as SVG."""
    from rich.console import Console, Group
    from rich.panel import Panel

    panel = Panel(Group(*card), title=title, width=WIDTH)
    Console(width=WIDTH, highlight=False).print(panel)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        recorder = Console(width=WIDTH, record=True, file=nowhere, highlight=False, color_system="truecolor")
        recorder.print(panel)
        svg.write_text(recorder.export_svg(title="lockbox demo", code_format=SVG), encoding="utf-8")


# A picture that loads nothing from anywhere: the library's own template names a web font.
SVG = """\
<svg class="rich-terminal" xml:space="preserve" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
