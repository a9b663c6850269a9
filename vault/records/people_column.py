"""Which column of a file names people in several rows each: it counts as one, unless its owner says otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vault.records.sensitivity import name_words

if TYPE_CHECKING:
    from vault.records.schema import ParsedTable

_PEOPLE: Final = frozenset(("patient", "patients", "person", "participant", "proband", "respondent"))
# Of a program, a subject line or a machine as well: they name people where an id stands beside them.
_PERHAPS_PEOPLE: Final = frozenset(
    ("user", "customer", "client", "member", "subject", "student", "employee", "driver", "child", "case")
)
_IDS: Final = frozenset(
    (
        "id",
        "ids",
        "uid",
        "uuid",
        "guid",
        "pid",
        "mrn",
        "ssn",
        "nr",
        "no",
        "num",
        "number",
        "key",
        "code",
        "pseudonym",
    )
)
_ALONE: Final = frozenset(("id", "uid", "uuid", "guid", "pid", "mrn", "ssn", "pseudonym"))


def people_column(parsed: ParsedTable) -> str | None:
    """The first column whose name says that it names people, and that names one of several in more than one row.

    None where a row would have no unit, and in a known export, whose unit is its format's.
    """
    if parsed.export is not None:
        return None
    names = (field.name for field in parsed.fields if _may_name_people(field.name))
    return next((name for name in names if _repeats(parsed, name)), None)


def _may_name_people(name: str) -> bool:
    words = name_words(name) | ({"id"} if name.rstrip().endswith("#") else set())
    if words & _PEOPLE:
        return words <= _PEOPLE | _IDS
    if words & _PERHAPS_PEOPLE:
        return bool(words & _IDS) and words <= _PERHAPS_PEOPLE | _IDS
    return bool(words) and words <= _ALONE


def _repeats(parsed: ParsedTable, name: str) -> bool:
    import pyarrow.compute as pc

    values = parsed.table[name]
    people: int = pc.count_distinct(values).as_py()
    return values.null_count == 0 and 1 < people < len(values)
