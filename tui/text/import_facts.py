"""A file to import as sentences: what would be kept, how sensitive it is, what counts as one, what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.text import wording
from tui.text.dates import plain_date
from tui.text.layout import escaped
from tui.text.overlap_facts import cap_sentence

if TYPE_CHECKING:
    from vault.views.records import ImportPlan, ImportReport

KINDS: Final = ("int", "float", "bool", "text", "timestamp", "category")
SENSITIVITIES: Final = ("ordinary", "sensitive", "special", "identifying")
CLASSES: Final = {
    "ordinary": "no harm known if it came out.",
    "sensitive": "it would hurt if it came out, such as money, moods and places.",
    "special": "a special category by law (GDPR Articles 9 and 10), such as health: jobs need an explicit yes for it.",
    "identifying": "it may name somebody: a name, an address, an account, a phone.",
}
FEW_VALUES: Final = (
    "It has few values, as classes have: hardly anything can be learned, and no person is a unit."
)
EXAMPLE_ROOM: Final = 24
MARKS: Final = {"ordinary": " ", "sensitive": "!", "special": "‼", "identifying": "@"}


def consequence_of(preview: ImportPlan) -> str:
    """How many rows and units, and the cap on everything that jobs may ever tell."""
    rows = wording.counted(preview.rows, "row")
    refused = f", {preview.refused_rows:,} refused" if preview.refused_rows else ""
    noun = wording.unit_noun(preview.unit.kind, preview.unit.of)
    where = (
        "a new collection"
        if preview.rows_before is None
        else f"the collection {escaped(preview.collection)}, which has {wording.counted(preview.rows_before, 'row')}"
    ) + (" and which jobs may read" if preview.under_consent else "")
    units = (
        f"{wording.counted(preview.units, noun)}: {wording.unit_sentence(preview.unit.kind, preview.unit.of)}"
    )
    cap = f"Lifetime privacy budget: {wording.lifetime_cap(preview.lifetime_epsilon, noun)}, fixed for good."
    return f"{rows}{refused}, into {where}.\n{units}.\n{cap_sentence(preview) or cap}"


def units_of(preview: ImportPlan, *, first: str) -> list[str]:
    """What may count as one here; what the vault recommends comes first, and columns of few values last."""
    named = [f"column:{one.name}" for one in preview.columns if one.sensitivity == "identifying"]
    others = [f"column:{one.name}" for one in preview.columns if one.type == "text"]
    classes = [f"column:{one.name}" for one in preview.columns if one.type == "category"]
    days = ["day"] if preview.time_field else []
    found = dict.fromkeys([first, str(preview.unit), *days, "record", *named, *[*others, *classes][:3]])
    columns = {f"column:{one.name}" for one in preview.columns}
    return [unit for unit in found if unit in columns or unit in ("day", "record")]


def unit_words(unit: str, preview: ImportPlan) -> str:
    """A privacy unit in one line, with what it does not hide, and a warning where it names classes and not people."""
    kind, _, field = unit.partition(":")
    noun = wording.unit_noun(kind, field or None)
    sentence = wording.unit_sentence(kind, field or None)
    are_few = field in {one.name for one in preview.columns if one.type == "category"}
    warning = f" {FEW_VALUES}" if are_few else ""
    return f"{sentence[:1].upper()}{sentence[1:]}. {wording.not_hidden(kind, noun)}{warning}"


def unit_example(unit: str, preview: ImportPlan) -> str:
    """One unit as the file itself names it, such as “2 Nov 2025 is one day.”"""
    kind, _, field = unit.partition(":")
    named = preview.time_field if kind == "day" else field
    samples = [text for one in preview.columns if one.name == named for text in one.samples[:1]]
    if not samples:
        return ""
    said = plain_date(samples[0]) if kind == "day" else samples[0]
    return f"{escaped(wording.short(said, EXAMPLE_ROOM))} is one {wording.unit_noun(kind, field or None)}."


def refused_words(preview: ImportPlan) -> str:
    """The rows that are refused and why, the first ten of them."""
    if not preview.refused_rows:
        return ""
    shown = [f"  line {row.line}: {row.reason}" for row in preview.first_refused]
    more = preview.refused_rows - len(shown)
    rest = [f"  and {more:,} more"] if more > 0 else []
    return "\n".join([f"{wording.counted(preview.refused_rows, 'row')} refused:", *shown, *rest])


def report_words(report: ImportReport) -> str:
    """What an import did, in one sentence."""
    refused = f" {wording.counted(len(report.refused), 'row')} refused." if report.refused else ""
    return f"{wording.counted(report.rows, 'row')} sealed in {escaped(report.collection)}.{refused}"
