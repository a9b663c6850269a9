"""A page with pictures: nothing on it runs or is loaded, no value is read as markup, and no place is on it."""

from __future__ import annotations

import base64
import hashlib
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from tests.records.conftest import NOW
from vault.errors.families import Invalid
from vault.records.collections import find_collection
from vault.records.markup import element
from vault.records.picture_page import write_page
from vault.records.summary import summarise

HOSTILE = "<script src=//x.y></script>\"'><img src=x onerror=alert(1)>&#60;"
ROWS = "".join(
    f'2026-{month:02}-{day:02}T08:00:00Z,{month * day},{50 + day / 100},13.1,"{label}",{day % 2 == 0}\n'
    for month in range(1, 9)
    for day, label in ((1, "good"), (2, HOSTILE.replace('"', '""')), (9, "good"))
)
TABLE = f"at,steps,latitude,longitude,<b>mood</b>,was & is\n{ROWS}"
ELEMENTS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "h1",
        "h2",
        "h3",
        "p",
        "section",
        "details",
        "summary",
    ),
    *("table", "tr", "th", "td", "svg", "g", "text", "rect", "circle", "polygon", "polyline"),
}


class Seen(HTMLParser):
    """What a browser makes of a page: its elements, their attributes, its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture
def written(bench):
    """The page of a table with hostile labels and places, and where it lies."""
    bench.load(TABLE, time_field="at", unit="day")
    target = bench.folder / "page.html"
    with bench.store.read() as uow:
        facts = find_collection(uow, "rows")
        summaries = summarise(bench.owner(uow), facts)
        report = write_page(summaries, facts, target, NOW)
    return report, target, summaries, facts


def test_nothing_runs_and_nothing_is_loaded_and_the_policy_says_so(written):
    _, target, *_ = written
    page = target.read_text(encoding="utf-8")
    seen = Seen(page)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()

    assert seen.names <= ELEMENTS
    assert not [
        name for name, _ in seen.attributes if name.startswith("on") or name in {"src", "href", "style"}
    ]
    assert "url(" not in style
    assert "@import" not in style
    assert (
        "content",
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
    ) in seen.attributes
    assert set(re.findall(r"\w+://[^\"<\s]*", page)) == {"http://www.w3.org/2000/svg"}
    ET.fromstring(page.removeprefix("<!DOCTYPE html>\n"))


def test_names_and_values_stand_there_as_they_are(written):
    _, target, *_ = written
    seen = Seen(target.read_text(encoding="utf-8"))
    text = "".join(seen.texts)

    assert HOSTILE[:39] in text
    assert {"<b>mood</b>", "was & is", "rows"} <= set(seen.texts)
    assert "24 rows in 6 columns, drawn on 2026-03-01." in text
    assert "readable by anyone who gets this file" in text
    assert {
        "How the values are spread",
        "Mean and range by week",
        "Share of each by week",
        "Share of true by week",
    } <= {*seen.texts}


def test_places_are_not_on_it(written):
    report, target, summaries, _ = written
    page = target.read_text(encoding="utf-8")

    assert (report.left_out, report.columns, report.rows) == (("latitude", "longitude"), 4, 24)
    assert summaries[2].places is not None
    assert "50.0" not in page
    assert "13.1" not in page


def test_what_is_a_place_by_its_name_is_not_on_it_however_it_is_written(bench):
    row = "525312000,133812000,52.53x,13.38,52.531,13.382\n"
    bench.load(f"latitudeE7,longitudeE7,lat,lng,latitude,longitude\n{row}{row}")
    with bench.store.read() as uow:
        facts = find_collection(uow, "rows")
        summaries = summarise(bench.owner(uow), facts)
        report = write_page(summaries, facts, bench.folder / "page.html", NOW)
    page = (bench.folder / "page.html").read_text(encoding="utf-8")

    assert report.left_out == ("latitudeE7", "longitudeE7", "lat", "lng", "latitude", "longitude")
    assert not re.search("5253|52.53|13.38|13,38|525,3", page)


def test_it_is_for_its_owner_alone_and_takes_no_place_of_another(written):
    _, target, summaries, facts = written

    assert target.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Invalid, match="something is already there"):
        write_page(summaries, facts, target, NOW)


def test_an_element_escapes_what_it_is_given():
    made = element("text", "<i>\x1b\u202e", element("b", "&"), class_='"x"', text_anchor="end", x=1.50)

    assert made == '<text class="&quot;x&quot;" text-anchor="end" x="1.5">&lt;i&gt;··<b>&amp;</b></text>'
