"""A consent that is given by hand, in words: what it would be, and that it was given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.text import request_facts, times, wording
from tui.text.layout import escaped
from tui.text.parse import names_text

if TYPE_CHECKING:
    from vault.views.collections import CollectionView
    from vault.views.consents import GrantDraft, GrantView


def draft_facts(draft: GrantDraft, collection: CollectionView) -> list[tuple[str, str]]:
    """Every column with its class, and every end of the consent."""
    reads = ", ".join(wording.with_sensitivity(one.name, one.sensitivity) for one in draft.reads)
    rest = [field.name for field in collection.fields if field.name not in draft.fields]
    return [
        ("to", draft.requester),
        ("may read", f"{reads}, of {draft.collection}"),
        ("not", names_text(rest) or "no column is left out"),
        *request_facts.draft_ends(draft),
        ("from", f"{times.full_time(draft.not_before)}"),
        ("who else gets it", ", ".join(draft.recipients) or "nobody that they name"),
        ("they keep it", draft.retention),
    ]


def given(one: GrantView) -> str:
    """What was allowed by it, and what is still asked."""
    who, columns = escaped(one.requester), wording.counted(len(one.fields), "column")
    return (
        f"{who} may learn from {columns} of {escaped(one.collection)} until {times.day_of(one.not_after)}. Nothing "
        "leaves by this: every run and every release still asks you."
    )
