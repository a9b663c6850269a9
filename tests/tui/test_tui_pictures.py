"""The pictures of the screens show nothing of the machine they were made on, and load nothing from anywhere."""

from __future__ import annotations

import html
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import make_screens
import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
README = (FOLDER.parents[1] / "README.md").read_text(encoding="utf-8")
SIZE, CELL = make_screens.SIZE, 12.2
NAMES = ["welcome", *(one.name for one in make_screens.PICTURES)]


def test_there_is_one_for_each_screen_that_is_named_and_no_other() -> None:
    assert sorted(NAMES) == sorted(file.stem for file in FOLDER.glob("*.svg"))


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_names_no_place_and_no_host(name: str) -> None:
    svg = (FOLDER / f"{name}.svg").read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    words = re.sub(r"<[^>]*>", " ", svg)
    assert "://" not in svg
    assert "@font-face" not in svg
    assert re.findall(r"(?:^|[\s\"'(])(/(?:home|root|tmp|work|var|usr|Users)\b\S*)", words) == []


# It takes half a minute of CPU: a vault of two months, and every screen of it.
@pytest.mark.slow
def test_every_picture_is_what_its_screen_shows_now(tmp_path: Path) -> None:
    """Where a screen was changed on purpose, `make screens` makes its picture anew, to be looked at."""
    made = tmp_path / "screens"
    command = [sys.executable, str(make_screens.__file__), "--to", str(made)]
    subprocess.run(command, check=True, capture_output=True, timeout=400)
    assert sorted(file.stem for file in made.glob("*.svg")) == sorted(NAMES)
    changed = [name for name in NAMES if words_of(made / f"{name}.svg") != words_of(FOLDER / f"{name}.svg")]
    assert changed == []


def words_of(picture: Path) -> dict[str, str]:
    """The lines of a picture by their height; a colour may be caught while the screen behind a dialog still dims."""
    shown, lines = picture.read_text(encoding="utf-8"), defaultdict(dict[int, str])
    for x, y, text in re.findall(r'<text class="[^"]*" x="([^"]*)" y="([^"]*)"[^>]*>([^<]*)', shown):
        lines[y] |= {round(float(x) / CELL) + place: sign for place, sign in enumerate(html.unescape(text))}
    return {y: "".join(line.get(place, " ") for place in range(SIZE[0])) for y, line in lines.items()}


def test_the_readme_shows_three_of_them() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(docs/screens/([\w-]+)\.svg\)", README)
    assert len(shown) == 3
    assert set(shown) <= set(NAMES)
