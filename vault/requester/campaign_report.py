"""The report of a campaign as one page: no script, nothing loaded from anywhere, for any browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vault.records.markup import Markup, element, joined
from vault.records.picture_page import titled_page
from vault.requester.campaign_plan import USEFUL, Plan
from vault.views.counting import counted

WIDTH, HEIGHT, EDGE, FOOT = 720, 200, 70, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRound:
    """A round that was opened: its answers, those left out, and the score of the weights that came of it."""

    number: int
    closed: str
    answers: int
    left_out: int
    bytes: int
    score: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignReport:
    """What is told of a campaign; scores are of public rows, in ``measure``, empty without such rows.

    ``first_score`` is that of the weights before the first round. ``planned`` is reckoned with as many vaults as
    answered on the average, None before any did.
    """

    title: str
    campaign: str
    facts: tuple[tuple[str, str], ...]
    enrolled: int
    invited: int
    rounds: tuple[ReportRound, ...]
    measure: str
    first_score: float | None
    planned: Plan | None
    left_out: tuple[tuple[str, ...], ...]
    refused: tuple[tuple[str, ...], ...]
    written: str


def report_page(report: CampaignReport) -> bytes:
    """The page."""
    page = titled_page(
        report.title,
        element(
            "p", f"Campaign {report.campaign}. Written on {report.written} by its coordinator.", class_="soft"
        ),
        _table(("", ""), report.facts),
        _participation(report),
        _scores(report),
        _planning(report),
        _rejected(report),
    )
    return f"<!DOCTYPE html>\n{page}\n".encode()


# its parts ------------------------------------------------------------------------------------------------


def _participation(report: CampaignReport) -> Markup:
    rows = [
        (str(one.number), one.closed, f"{one.answers:,}", f"{one.left_out:,}", f"{one.bytes:,}")
        for one in report.rounds
    ]
    points = [(one.number, float(one.answers)) for one in report.rounds]
    return element(
        "section",
        element("h2", "Participation"),
        element("p", f"{counted(report.enrolled, 'vault')} enrolled of {report.invited:,} invited."),
        _bars(points, report.enrolled, "Answers by round"),
        _table(("round", "closed (UTC)", "answers", "left out", "bytes"), rows),
    )


def _scores(report: CampaignReport) -> Markup:
    if not report.measure:
        said = "No public rows were given (--rows), so nothing was scored: a coordinator sees no others."
        return element("section", element("h2", "Score by round"), element("p", said, class_="soft"))
    found = [(0, report.first_score), *((one.number, one.score) for one in report.rounds if one.closed)]
    points = [(number, score) for number, score in found if score is not None]
    rows = [(str(number) if number else "before", _score(score)) for number, score in found]
    return element(
        "section",
        element("h2", f"Score by round: {report.measure}"),
        element("p", "Of the requester's own public rows; no vault's record is in it."),
        _line(points, f"Score by round, {report.measure}") if points else Markup(),
        _table(("round", "score"), rows),
    )


def _score(score: float | None) -> str:
    return "none" if score is None else f"{score:.1f}"


def _planning(report: CampaignReport) -> Markup:
    heading, found = element("h2", "The planning number and what came out"), report.planned
    if found is None:
        return element("section", heading, element("p", "No round has an answer yet.", class_="soft"))
    outlook = found.expected
    useful = "" if outlook.is_useful else f", which is below {USEFUL:g} and so not useful"
    said = (
        f"With {counted(outlook.vaults, 'vault')} that answered on the average, and a guess of "
        f"{counted(found.units_guess, 'unit')} in each, the planning number is {outlook.planning_number:g}{useful}. "
        f"At such a number gradient sums of ten rounds lost {outlook.points_lost} points of 100 × AUC against the same "
        "model of all records in one place."
    )
    last = next((one.score for one in reversed(report.rounds) if one.score is not None), None)
    came = "" if last is None else f" What came out scores {last:.1f} ({report.measure}) on the public rows."
    return element("section", heading, element("p", said + came))


def _rejected(report: CampaignReport) -> Markup:
    parts = [element("h2", "Rejected updates")]
    if not report.left_out and not report.refused:
        parts.append(element("p", "None."))
    if report.left_out:
        said = "Answers that were kept and are in no model: far longer than most others, their known noise taken off."
        parts += [element("p", said), _table(("round", "vault"), report.left_out)]
    if report.refused:
        said = "What was sent and is no answer."
        parts += [
            element("p", said),
            _table(("round", "vault", "times", "why, the last time"), report.refused),
        ]
    return element("section", *parts)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Markup:
    lines = [element("tr", *(element("th", head) for head in heads))] if any(heads) else []
    lines += [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    return element("table", joined(*lines))


# pictures -------------------------------------------------------------------------------------------------


def _bars(points: Sequence[tuple[int, float]], most: float, title: str) -> Markup:
    """One bar a round, the whole height being as many as there could be."""
    most = max([most, *(value for _, value in points)], default=1) or 1
    step = (WIDTH - EDGE) / max(1, len(points))
    bars = [
        element(
            "rect",
            element("title", f"round {number}: {value:g}"),
            class_="bar",
            x=EDGE + place * step + 1,
            y=HEIGHT * (1 - value / most),
            width=max(1.0, step - 2),
            height=HEIGHT * value / most,
        )
        for place, (number, value) in enumerate(points)
    ]
    return _picture(title, *bars, *_scale(0.0, most), *_feet(points))


def _line(points: Sequence[tuple[int, float]], title: str) -> Markup:
    """A line through the scores."""
    values = [value for _, value in points]
    low, high = min(values), max(values)
    room = (high - low) or 1.0
    first, last = points[0][0], points[-1][0]
    places = [
        (
            EDGE + 6 + (WIDTH - EDGE - 12) * (number - first) / max(1, last - first),
            6 + (HEIGHT - 12) * (1 - (value - low) / room),
        )
        for number, value in points
    ]
    corners = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
    dots = [
        element(
            "circle", element("title", f"round {number}: {value:.1f}"), class_="dot", cx=left, cy=top, r=2.5
        )
        for (number, value), (left, top) in zip(points, places, strict=True)
    ]
    return _picture(
        title, element("polyline", class_="line", points=corners), *dots, *_scale(low, high), *_feet(points)
    )


def _scale(low: float, high: float) -> list[Markup]:
    return [
        element("text", f"{value:.3g}", class_="count", x=EDGE - 8, y=top, text_anchor="end")
        for value, top in ((high, 12), (low, HEIGHT))
    ]


def _feet(points: Sequence[tuple[int, float]]) -> list[Markup]:
    if not points:
        return []
    ends = [(f"round {points[0][0]}", EDGE, "start"), (f"round {points[-1][0]}", WIDTH, "end")]
    return [
        element("text", text, class_="count", x=left, y=HEIGHT + FOOT - 6, text_anchor=anchor)
        for text, left, anchor in ends[: len(points)]
    ]


def _picture(title: str, *parts: Markup) -> Markup:
    box = f"0 0 {WIDTH} {HEIGHT + FOOT}"
    return element("svg", element("title", title), *parts, viewBox=box, role="img", aria_label=title)
