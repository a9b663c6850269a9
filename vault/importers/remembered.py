"""The plan of a collection's last import is applied to the next file into it, where that has the same shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from vault.errors.families import LockboxError
from vault.importers.column_wishes import ColumnWishes
from vault.importers.read import FORMATS
from vault.importers.wishes import SEPARATORS, file_wishes
from vault.importers.written_dates import WORDS
from vault.records.kept_plans import KeptPlan
from vault.views.records import FileChoice

if TYPE_CHECKING:
    from vault.importers.source import File
    from vault.records.schema import ParsedTable

_LISTS: Final = frozenset(("drop", "nulls"))
_BY_COLUMN: Final = frozenset(("rename", "vectors", "decimals", "dates"))
_OF_FILES: Final = frozenset(("as_format", "signs"))
_OF_FORM: Final = ("encoding", "separator", "skip_lines", "zone")


def kept_of(choice: FileChoice, parsed: ParsedTable) -> KeptPlan | None:
    """What is kept of an import: what was said of the file and what was found."""
    form = parsed.form
    if form is None:
        return None
    words: dict[str, Any] = {
        "as_format": form.as_format,
        "part": form.part,
        "drop": list(choice.drop),
        "rename": dict(choice.rename),
        "vectors": dict(choice.vectors),
        "flatten": choice.flatten,
        "nulls": list(choice.nulls),
        "decimal": choice.decimal,
        "decimals": dict(form.decimals),
        "dates": {**form.dates, **choice.dates},
        "signs": dict(parsed.signs),
        **{name: getattr(form, name) for name in _OF_FORM},
    }
    return KeptPlan(header=parsed.called, words=words)


def with_kept(choice: FileChoice, kept: KeptPlan, file: File) -> tuple[FileChoice, File, tuple[str, ...]]:
    """The choice as the last file was read, and what is said of that; as it is for a file of another shape."""
    other = (
        f"The last file into {choice.name} had another shape: what was decided about it is not applied.",
    )
    if file.format != kept.words["as_format"]:
        return choice, file, other
    if file.path is not None and not choice.part:
        file = replace(file.of_part(str(kept.words["part"])), is_named=True)
    found = _merged(choice, kept, file)
    if file.path is None:
        if not _has_shape(found, kept, file):
            return choice, file, other
    elif file.part != kept.words["part"]:
        return choice, file, other
    told = "; ".join(_told(found, file))
    how = f" ({told})" if told else ""
    return found, file, (f"Read as the last file into {choice.name}{how}; otherwise: --no-plan",)


def _merged(choice: FileChoice, kept: KeptPlan, file: File) -> FileChoice:
    """What was said now counts, of each column where both name columns; a text that is UTF-8 is read as such."""
    words = dict(kept.words)
    if choice.decimal:
        words["decimals"] = {}
    if words["encoding"] and _is_utf8(file.data):
        words["encoding"] = ""
    if file.path is not None:
        words = {name: words[name] for name in ("drop", "rename", "part")}
    changed: dict[str, Any] = {}
    for name, value in words.items():
        if name in _OF_FILES:
            continue
        own = getattr(choice, name)
        if name in _BY_COLUMN:
            changed[name] = {**value, **own}
        elif name in _LISTS:
            changed[name] = tuple(dict.fromkeys((*value, *own)))
        else:
            changed[name] = value if own is None or own is False or own == "" else own
    return replace(choice, **changed)


def sign_notes(kept: Mapping[str, str], parsed: ParsedTable) -> Iterator[str]:
    """That numbers carry another sign of money or percent than in the last file: they may mean something else."""
    for name in parsed.table.column_names:
        before, now = kept.get(name, ""), parsed.signs.get(name, "")
        if before != now and parsed.table[name].null_count < len(parsed.table):
            yield f"The numbers in {name} carried {_sign(before)} in the last file, and carry {_sign(now)} in this one."


def _sign(sign: str) -> str:
    return f"the sign {sign}" if sign else "no sign"


def _is_utf8(data: bytes) -> bool:
    """Whether a text is UTF-8 beyond ASCII, which one in another encoding is by chance alone."""
    try:
        return not data.isascii() and bool(data.decode())
    except UnicodeDecodeError:
        return False


def _has_shape(found: FileChoice, kept: KeptPlan, file: File) -> bool:
    """Whether a file has the columns of the last one in their order; names of JSON have none but for a number."""
    wishes = ColumnWishes(drop=found.drop, rename=found.rename, vectors=found.vectors)
    try:
        called = FORMATS[file.format](file, wishes, file_wishes(found)).called
    except LockboxError:
        return False
    is_by_number = any(word.startswith("#") for word in (*found.drop, *found.rename))
    if file.format == "jsonl" and not is_by_number:
        return set(called) == set(kept.header)
    return called == kept.header


def _told(found: FileChoice, file: File) -> Iterator[str]:
    """How it is read, as far as that is no matter of course."""
    names = {sign: name for name, sign in SEPARATORS.items()}
    if found.separator not in ("", ","):
        yield f"separator {names.get(found.separator, found.separator)}"
    if found.encoding:
        yield f"encoding {found.encoding.removesuffix('-sig')}"
    if found.skip_lines:
        yield f"{found.skip_lines} lines skipped" if found.skip_lines > 1 else "1 line skipped"
    if found.drop:
        yield f"without {', '.join(found.drop)}"
    if found.rename:
        yield f"renamed {', '.join(found.rename)}"
    if found.vectors:
        yield f"vectors {', '.join(found.vectors)}"
    if found.nulls:
        yield f"missing {', '.join(found.nulls)}"
    commas = [name for name, sign in found.decimals.items() if sign == ","]
    if commas or found.decimal == ",":
        yield f"decimal comma in {', '.join(commas)}" if commas else "decimal comma"
    yield from _orders(found.dates)
    if file.path is None and found.zone not in ("", "UTC"):
        yield f"zone {found.zone}"


def _orders(dates: Mapping[str, str]) -> Iterator[str]:
    for name, order in dates.items():
        if order != "iso":
            yield f"{name} as {WORDS.get(order, order)}"
