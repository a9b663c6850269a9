"""The pictures of the screens show nothing of the machine they were made on, and load nothing from anywhere."""

from __future__ import annotations

import re
from pathlib import Path

import make_screens
import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "screens"
README = (FOLDER.parents[1] / "README.md").read_text(encoding="utf-8")
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


def test_the_readme_shows_three_of_them() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(docs/screens/([\w-]+)\.svg\)", README)
    assert len(shown) == 3
    assert set(shown) <= set(NAMES)
