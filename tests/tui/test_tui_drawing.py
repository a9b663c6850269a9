"""Every column can be drawn: also an empty one, one that is always the same, and one with hostile labels."""

from __future__ import annotations

from decimal import Decimal

import pytest
from rich.cells import cell_len

from tui.text.attack_facts import run_sentence
from tui.text.days_calendar import calendar_lines
from tui.text.drawing import draw_column, draw_curve, draw_line, score_sentence
from vault.records.summary import ColumnSummary, Histogram, Point
from vault.views.attack import AttackView
from vault.views.field_types import FieldType
from vault.views.over_time import Calendar, DayRows, Every, PlaceCell, Places, Share
from vault.views.releases import OwnerResults

WIDTHS = [80, 60, 40]


def column(kind: FieldType = FieldType.FLOAT, **facts: object) -> ColumnSummary:
    known: dict[str, object] = {"name": "steps", "rows": 10, "nulls": 0, "distinct": 5, "every": Every.DAY}
    return ColumnSummary(type=kind, **(known | facts))  # type: ignore[arg-type]


def course(*values: float, spread: float | None = 0.5) -> tuple[Point, ...]:
    """One value a day; with a spread, means of numbers that far apart."""
    return tuple(
        Point(
            label=f"2026-01-{day:02}",
            value=value,
            low=None if spread is None else value - spread,
            high=None if spread is None else value + spread,
            rows=2,
        )
        for day, value in enumerate(values, start=1)
    )


NUMBERS = column(
    minimum=0.0, maximum=12345.678, mean=33.3333, median=3.0, is_mean=True,
    histogram=Histogram(edges=(0.0, 4115.2, 8230.4, 12345.678), counts=(7, 0, 3)),
    over_time=course(1.0, 5.0, 2.0),
)  # fmt: skip


@pytest.mark.parametrize("width", WIDTHS)
def test_a_drawing_fits_the_width(width: int) -> None:
    labels = column(FieldType.TEXT, top=(("x" * 60, 1234567), ("short", 1)))
    for drawn in (draw_column(NUMBERS, width), draw_column(labels, width)):
        assert all(cell_len(line) <= width for line in drawn.split("\n"))


def test_numbers_show_their_ends_their_mean_and_their_bins() -> None:
    drawn = draw_column(NUMBERS, 80)
    assert drawn.startswith("steps (float): 10 values, 5 different, 0 to 12,346, mean 33.33\n")
    assert "0 to 4,115" in drawn
    assert "mean ● and range │ by day, 2026-01-01 to 2026-01-03" in drawn


def test_a_bin_that_holds_something_has_a_bar_and_an_empty_one_has_none() -> None:
    few = column(
        minimum=0.0, maximum=2.0, histogram=Histogram(edges=(0.0, 1.0, 1.5, 2.0), counts=(10_000, 0, 1))
    )
    bars = [line.count("█") for line in draw_column(few, 80).split("\n")[1:4]]
    assert bars == [40, 0, 1]


@pytest.mark.parametrize(
    "kind", [FieldType.FLOAT, FieldType.INT, FieldType.BOOL, FieldType.TEXT, FieldType.TIMESTAMP]
)
def test_an_empty_column_is_said_to_be_empty(kind: FieldType) -> None:
    assert draw_column(column(kind, rows=0, distinct=0), 80) == f"steps ({kind}): no value\n"
    assert (
        draw_column(column(kind, rows=7, nulls=7, distinct=0), 80) == f"steps ({kind}): no value, 7 empty\n"
    )


def test_a_column_that_is_always_the_same_is_not_drawn_as_a_distribution() -> None:
    same = column(
        FieldType.INT, distinct=1, minimum=3, maximum=3, mean=3.0, is_mean=True,
        over_time=course(3.0, 3.0, 3.0, spread=0),
        histogram=Histogram(edges=(2.5, 3.0, 3.5), counts=(0, 10)),
    )  # fmt: skip
    assert draw_column(same, 80).split("\n") == [
        "steps (int): 10 values, always the same, mean 3",
        f"  3 {'█' * 40} 10",
        "  mean ● and range │ by day, 2026-01-01 to 2026-01-03",
        "  3 all along",
        "",
    ]


def test_whole_numbers_are_counted_in_whole_bins() -> None:
    edges = tuple(index / 3 for index in range(13))
    counts = (5, 0, 0, 4, 0, 0, 3, 0, 0, 2, 0, 1)
    cups = column(FieldType.INT, minimum=0, maximum=4, histogram=Histogram(edges=edges, counts=counts))
    bars = [line.split() for line in draw_column(cups, 80).split("\n")[1:-1]]
    assert [(label, count) for label, _, count in bars] == [
        ("0", "5"),
        ("1", "4"),
        ("2", "3"),
        ("3", "2"),
        ("4", "1"),
    ]


def test_truth_values_show_their_share_of_true() -> None:
    truths = column(FieldType.BOOL, distinct=2, mean=0.615, top=(("true", 6), ("false", 4)))
    assert "true in 61.5 %" in draw_column(truths, 80)


def test_labels_and_names_of_other_people_cannot_steer_the_terminal_or_add_lines() -> None:
    hostile = column(FieldType.CATEGORY, name="a\x1b[2Jb\nc", top=(("\x1b[31mred\u202e\n", 3), ("[bold]", 1)))
    drawn = draw_column(hostile, 80)
    assert all(sign == "\n" or sign.isprintable() for sign in drawn)
    assert drawn.split("\n")[0].startswith(r"a\x1b[2Jb\nc (category)")
    assert len(drawn.split("\n")) == 4
    assert "[bold]" in drawn


def test_one_point_in_time_is_no_course() -> None:
    assert "by day" not in draw_column(column(over_time=course(1.0)), 80)


def test_means_stand_on_a_line_from_least_to_most_and_a_day_without_values_is_a_gap() -> None:
    points = (*course(1.0, 5.0, 2.0), Point(label="2026-01-05", value=9.0, low=9.0, high=9.0, rows=1))
    drawn = draw_column(column(is_mean=True, over_time=points), 80).split("\n")[2:-1]
    picture = ["".join(line.split("┤")[1].ljust(15)[::3]) for line in drawn]
    assert len(drawn) == 9
    assert [[line[day] for line in picture].count("●") for day in range(5)] == [1, 1, 1, 0, 1]
    assert [line[0] for line in picture][-2:] == ["│", "●"]
    assert picture[0] == "    ●"


def test_shares_and_counts_are_one_line_each_and_numbers_in_calm_mode() -> None:
    good, bad = (
        Share(label=name, over_time=course(*values, spread=None))
        for name, values in (("go\x1bod", (0.0, 1.0)), ("bad", (1.0, 0.0)))
    )
    mood = column(FieldType.CATEGORY, over_time=course(2.0, 2.0, spread=None), shares=(good, bad))
    drawn = draw_column(mood, 60)
    assert "go\\x1bod  █ 0 to 100 %" in drawn
    assert "share of each by day, 2026-01-01 to 2026-01-02" in drawn
    words = " ".join(draw_column(mood, 60, calm=True).split())
    assert "day go\\x1bod bad 2026-01-01 0 % 100 % 2026-01-02 100 % 0 %" in words
    note = column(FieldType.TEXT, over_time=course(2.0, 2.0, spread=None))
    assert "how many by day, 2026-01-01 to 2026-01-02\n  ██ at most 2" in draw_column(note, 60)


def test_a_course_longer_than_the_line_is_drawn_in_longer_steps() -> None:
    points = tuple(
        Point(label=f"{2000 + month // 12}-{month % 12 + 1:02}", value=1.0, low=0.0, high=2.0, rows=1)
        for month in range(240)
    )
    drawn = draw_column(column(is_mean=True, every=Every.MONTH, over_time=points), 60)
    assert "by 5 months, 2000-01 to 2019-12" in " ".join(drawn.split())
    assert max(map(cell_len, drawn.split("\n"))) <= 60


def days(*counted: tuple[str, int], earlier: int = 0) -> Calendar:
    return Calendar(days=tuple(DayRows(day=day, rows=rows) for day, rows in counted), earlier=earlier)


def test_a_calendar_has_a_column_a_week_and_says_what_is_missing() -> None:
    drawn = calendar_lines(days(("2026-01-05", 1), ("2026-01-06", 4), ("2026-01-14", 2), earlier=3), 60)
    said = " ".join(" ".join(drawn).split())
    assert said.startswith(
        "rows on 3 of 10 days (UTC), 2026-01-05 to 2026-01-14, and on 3 days before; the longest gap"
    )
    assert "is 7 days, 2026-01-07 to 2026-01-13" in said
    assert drawn[-9:] == [
        " 2026 Jan",
        "  Mon ░·",
        "      █·",
        "  Wed ·▒",
        "      ·",
        "  Fri ·",
        "      ·",
        "  Sun ·",
        "  · none, ░ 1, ▒ 2, ▓ 3, █ 4",
    ]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_calendar_shows_the_newest_weeks_also_where_one_day_lies_far_off(width: int) -> None:
    far = days(
        ("1950-01-01", 1), *((f"2026-{month:02}-01", month) for month in range(1, 13)), ("9999-12-31", 1)
    )
    drawn = calendar_lines(far, width)
    assert max(map(cell_len, drawn)) <= width
    assert "9999" in {line.split()[0] for line in drawn if line.split()}
    assert any("Oct Nov" in line for line in drawn)
    assert "month days with rows rows" in " ".join(" ".join(calendar_lines(far, width, calm=True)).split())


def test_places_are_listed_without_a_map() -> None:
    cells = (
        PlaceCell(latitude=52.5, longitude=13.4, rows=8),
        PlaceCell(latitude=-33.9, longitude=-18.4, rows=2),
    )
    places = Places(latitude="lat", longitude="lon", decimals=1, cells=cells, other_cells=2, other_rows=3)
    drawn = draw_column(column(places=places, minimum=0.0, maximum=1.0), 80)
    assert "places of lat and lon, rounded to 0.1°; for the screen alone" in drawn
    assert "52.5° N, 13.4° E ████████████████████████████████████████ 8" in drawn
    assert "33.9° S, 18.4° W ██████████ 2" in drawn
    assert "2 more places with 3 rows" in drawn


@pytest.mark.parametrize(
    "values",
    [
        *([0.0, 1.0], [-1e9, 1e9], [1e-9, 2e-9], [float(index % 7) for index in range(5000)]),
        *([-1e308, 1e308], [1.0, 1e100], [1e308, 1e308], [1e-300, 2e-300], [5e-324, 0.0], [1e16, 1e16 + 2]),
    ],
)
def test_a_line_is_drawn_within_its_frame(values: list[float]) -> None:
    lines = draw_line(values, title="loss", width=60)
    assert len(lines) <= 12
    assert max(map(len, lines)) <= 60
    assert "\x1b" not in "".join(lines)


def test_the_title_of_a_line_names_the_power_of_ten_it_is_drawn_in() -> None:
    assert "loss, in 1e99" in "".join(draw_line([2e99, 5e99], title="loss", width=60))
    assert "in 1e" not in "".join(draw_line([2e5, 5e-3], title="loss", width=60))


def results(**facts: object) -> OwnerResults:
    known: dict[str, object] = {
        "rows": 100, "steps": (1, 2, 3), "loss": (0.7, 0.6, 0.5), "metric_name": "accuracy",
        "metric": (0.5, 0.6, 0.7), "final_loss": 0.5, "final_metric": 0.7123,
    }  # fmt: skip
    return OwnerResults(**(known | facts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "last"),
    [
        ({}, "  accuracy of this model on your 100 rows: 71.2 %"),
        ({"metric_name": "rmse", "final_metric": 12.3456}, "  rmse of this model on your 100 rows: 12.35"),
        (
            {"rows": 0, "steps": (), "loss": (), "metric": (), "final_loss": None, "final_metric": None},
            "  an overflow)",
        ),
        ({"rows": 1}, "  accuracy of this model on your 1 row: 71.2 %"),
    ],
)
def test_the_owners_results_end_with_the_score_of_the_model_that_leaves(
    facts: dict[str, object], last: str
) -> None:
    drawn = draw_curve(results(**facts), 60).split("\n")
    assert drawn[-1] == last
    assert all(len(line) <= 60 for line in drawn)


def test_a_sum_is_not_told_as_a_model_that_learned_nothing() -> None:
    drawn = draw_curve(results(is_sum=True, base_metric=0.8), 100)

    assert drawn.strip().startswith("a sum over your 100 rows and no model")
    assert "\n" not in drawn.strip()
    assert "learned nothing" not in drawn


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        (
            {"base_metric": 0.63},
            "accuracy of this model on your 100 rows: 71.2 %; always guessing the most common answer: 63.0 %",
        ),
        (
            {"base_metric": 0.8},
            "accuracy of this model on your 100 rows: 71.2 %; always guessing the most common answer: 80.0 % "
            "(it learned nothing that helps)",
        ),
        (
            {"metric_name": "rmse", "final_metric": 2.0, "base_metric": 2.5},
            "rmse of this model on your 100 rows: 2; always guessing the mean: 2.5",
        ),
        (
            {"metric_name": "rmse", "final_metric": 3.0, "base_metric": 2.5},
            "rmse of this model on your 100 rows: 3; always guessing the mean: 2.5 (it learned nothing that helps)",
        ),
    ],
)
def test_a_score_stands_beside_that_of_a_guess_that_knows_no_column(
    facts: dict[str, object], sentence: str
) -> None:
    assert score_sentence(results(**facts)) == sentence


def test_a_curve_without_steps_is_not_drawn() -> None:
    assert draw_curve(results(loss=(), steps=(), metric=()), 60).count("\n") == 0


def test_an_attack_on_a_run_says_how_little_it_says() -> None:
    found = AttackView(guesses=500, right_rate=Decimal("0.531"), least_seen=Decimal("0.538"), steps_seen=40)
    assert run_sentence(found, "patient") == (
        "We attacked this very run, a weaker test than that of a stand-in: of your patients and made-up ones, put "
        "together from halves of yours, somebody who knows all else and saw 40 of its steps would have told 54 in 100 "
        "right, and by luck 50 (500 guesses; the test could not have seen less than 54). That is one run and a mean "
        "over what you have: a single patient may stand out more. A failed attack proves nothing and says nothing "
        "about habits."
    )
    few = AttackView(guesses=0, right_rate=None, least_seen=None)
    assert run_sentence(few, "day") == (
        "No attack on this very run was tried: of fewer than 50 days, or of a network that learns from fewer at once, "
        "no number is shown."
    )
