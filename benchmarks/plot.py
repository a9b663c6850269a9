"""A picture of measured points: panels side by side, of which each shows one figure by how many vaults there were."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

WIDTH, HEIGHT = 400, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 36, 52, 48
STYLE: Final = (
    "text{font:13px sans-serif;fill:#333}.title{font-weight:bold}.line{fill:none;stroke:#2a6f4e;stroke-width:2}"
    ".point{fill:#2a6f4e}.grid{stroke:#ddd}.axis{stroke:#888}.guide{stroke:#b36b00;stroke-dasharray:5 4;fill:none}"
    ".note{fill:#8a5300}"
)


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Points (x, y); ``guide`` is a second line to hold them against, with what it is."""

    title: str
    points: Sequence[tuple[float, float]]
    ticks: Sequence[float]
    is_log: bool = False
    guide: Sequence[tuple[float, float]] = ()
    guide_is: str = ""

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where a point lies, in pixels from the panel's upper left corner."""
        xs, (low, high) = [one for one, _ in self.points], (min(self.ticks), max(self.ticks))
        across = (math.log(x) - math.log(min(xs))) / (math.log(max(xs)) - math.log(min(xs)))
        up = (math.log(y / low) / math.log(high / low)) if self.is_log else (y - low) / (high - low)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    def drawn(self) -> list[str]:
        """Its elements."""
        end = WIDTH - RIGHT
        found = [f'<text class="title" x="{LEFT}" y="24">{escape(self.title)}</text>']
        for tick in self.ticks:
            _, y = self.place(self.points[0][0], tick)
            found.append(f'<line class="grid" x1="{LEFT}" y1="{y:.1f}" x2="{end}" y2="{y:.1f}"/>')
            found.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{tick:,g}</text>')
        for x, _ in self.points:
            at, y = self.place(x, self.ticks[0])
            found.append(f'<text x="{at:.1f}" y="{y + 18:.1f}" text-anchor="middle">{x:,.0f}</text>')
        found.append(f'<text x="{(LEFT + end) / 2}" y="{HEIGHT - 8}" text-anchor="middle">vaults</text>')
        if self.guide:
            found.append(f'<polyline class="guide" points="{self._line(self.guide)}"/>')
            found.append(f'<text class="note" x="{LEFT}" y="42">- - {escape(self.guide_is)}</text>')
        found.append(f'<polyline class="line" points="{self._line(self.points)}"/>')
        for x, y in self.points:
            at, up = self.place(x, y)
            found.append(f'<circle class="point" cx="{at:.1f}" cy="{up:.1f}" r="3.5"/>')
        return found

    def _line(self, points: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.place(*one) for one in points))


def draw(panels: Sequence[Panel], file: Path) -> None:
    """Write the panels side by side as SVG."""
    width = WIDTH * len(panels)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" width="{width}" height="{HEIGHT}">',
        f'<style>{STYLE}</style><rect width="{width}" height="{HEIGHT}" fill="#fff"/>',
    ]
    for place, panel in enumerate(panels):
        parts += [f'<g transform="translate({place * WIDTH},0)">', *panel.drawn(), "</g>"]
    file.write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")
