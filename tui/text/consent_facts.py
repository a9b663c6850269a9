"""A consent as names and facts: its state, what it lets be read, and what withdrawing it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tui.text import times, wording
from tui.text.parse import names_text
from tui.text.request_facts import records
from tui.text.wording import requester_with_key

if TYPE_CHECKING:
    from vault.views.collections import CollectionView
    from vault.views.consents import GrantDraft, GrantView, Withdrawal
    from vault.views.requesters import RequesterView

Facts = list[tuple[str, str]]

SOON: Final = timedelta(days=7)
MARKS: Final = {
    "active": "●",
    "expires soon": "◷",
    "not yet": "▷",
    "in use": "◍",
    "requester blocked": "✗",
    "used up": "◌",
    "expired": "○",
    "withdrawn": "×",
}
ALLOWED, NOT_ALLOWED = "●", "·"
IN_FORCE: Final = ("active", "expires soon", "not yet", "in use")
METHODS: Final = {
    "command": "by itself, as a consent",
    "request": "with the approval of a request",
    "terminal": "at a terminal",
}
HAPPENS: Final = (
    "Nothing leaves by this: each run asks you again before it starts, and again before anything is sent."
)
IF_WITHDRAWN: Final = (
    "If you withdraw: no new runs, held updates are destroyed. What was released stays in models that learned from "
    "it; it cannot be taken back."
)


# how it stands ----------------------------------------------------------------------------------------------


def standing(one: GrantView, now: datetime) -> str:
    """The state of a consent, with its last seven days told apart."""
    if one.state == "active" and datetime.fromisoformat(one.not_after) - now <= SOON:
        return "expires soon"
    return one.state


def marked(one: GrantView, now: datetime) -> str:
    """The same with its mark."""
    word = standing(one, now)
    return f"{MARKS[word]} {word}"


def marked_in_short(one: GrantView, now: datetime) -> str:
    """The same where there is little room."""
    return marked(one, now).replace("requester blocked", "blocked")


def uses_left(one: GrantView) -> int:
    """How many jobs it still lets run."""
    return max(0, one.uses - one.uses_spent - one.uses_kept)


def by_standing(found: Iterable[GrantView], now: datetime) -> list[GrantView]:
    """Those in force first, then those that have ended; otherwise as they came."""
    return sorted(found, key=lambda one: list(MARKS).index(standing(one, now)))


def state_sentence(one: GrantView, now: datetime) -> str:
    """Where a consent stands, in one line."""
    match standing(one, now):
        case "active" | "expires soon":
            left = wording.time_left((datetime.fromisoformat(one.not_after) - now).total_seconds())
            more = f": it ends in {left}; {wording.counted(uses_left(one), 'job')} left"
        case "not yet":
            more = f": it begins on {times.full_time(one.not_before)}"
        case "in use":
            more = " by a running job: no other job can run under it"
        case "used up":
            more = ": no job can run under it any more"
        case "requester blocked":
            more = ": nothing runs under it until you unblock them"
        case "expired":
            more = f" on {times.full_time(one.not_after)}: nothing runs under it any more"
        case _:
            more = ": nothing runs under it any more"
    return f"{marked(one, now)}{more}"


def columns_in_words(one: GrantView, columns: int | None) -> str:
    """How many of the columns of its collection it lets be read."""
    of = f" of {columns}" if columns is not None else ""
    return f"{len(one.fields)}{of}"


def facts(one: GrantView, collection: CollectionView | None, who: RequesterView | None) -> Facts:
    """Everything that was agreed to."""
    asker = requester_with_key(one.requester, who.fingerprint, who.status) if who else one.requester
    return [
        ("to", asker),
        ("may read", f"{_with_classes(one, collection)}; and each row's unit and time"),
        ("not", _not_named(one, collection)),
        *ends(one),
    ]


def ends(one: GrantView) -> Facts:
    """What it is for, and where it comes to its ends."""
    window = f"{times.short_time(one.not_before)} to {times.full_time(one.not_after)}"
    return [
        ("of", f"{one.collection}, records: {records(one.window_from, one.window_to)}"),
        ("for", one.purpose_words),
        ("from, until", f"{window}, or when you withdraw"),
        ("jobs", wording.uses(one.uses, one.uses_spent, one.uses_kept)),
        ("a job costs", f"at most ε {one.epsilon_cap}" if one.epsilon_cap else "what the budget allows"),
        ("consent", one.id),
    ]


def _with_classes(one: GrantView, collection: CollectionView | None) -> str:
    classes = {field.name: field.sensitivity for field in collection.fields} if collection else {}
    return ", ".join(wording.with_sensitivity(name, classes.get(name, "ordinary")) for name in one.fields)


def _not_named(one: GrantView, collection: CollectionView | None) -> str:
    if collection is None:
        return "the collection was erased"
    rest = [field.name for field in collection.fields if field.name not in one.fields]
    return names_text(rest) or "no column is left out"


# its receipt ------------------------------------------------------------------------------------------------


def receipt_facts(receipt: Mapping[str, Any]) -> Facts:
    """What the receipt adds: how it was given, to what notice, and what was released under it."""
    record = receipt["record"]
    processing, given = record["processing"], record["events"][0]
    explicit = ", ".join(given["explicit_for"])
    recipients = [one for one in processing["recipients"] if one != record["parties"][1]["id"]]
    return [
        (
            "given",
            f"{times.full_time(given['time'])}, {_how(receipt, given['method'])}",
        ),
        *([("a yes of its own for", explicit)] if explicit else []),
        ("who else gets it", ", ".join(map(wording.quoted, recipients)) or "nobody that they name"),
        ("they keep it", wording.quoted(processing["retention"]["update"])),
        ("released under it", "; ".join(map(_released, receipt["released"])) or "nothing"),
        ("record digest", receipt["record_sha256"]),
    ]


def _how(receipt: Mapping[str, Any], method: str) -> str:
    campaign = receipt.get("campaign")
    return f"by joining campaign {campaign[:8]}" if campaign else METHODS.get(method, method)


def notice_of(receipt: Mapping[str, Any]) -> str:
    """What the person was shown, word for word."""
    return str(receipt["record"]["processing"]["privacy_notice"]["text"])


def _released(one: Mapping[str, str]) -> str:
    return f"{one['request'][:8]} {one['state']}, {times.full_time(one['at'])}"


# giving one -------------------------------------------------------------------------------------------------


def granting(draft: GrantDraft, collection: CollectionView) -> str:
    """What giving this consent does, short enough to stay in sight."""
    count, all_columns = len(draft.fields), len(collection.fields)
    named = [wording.short(name, 14) for name in draft.fields]
    shown = ", ".join(named) if count <= 3 else f"{', '.join(named[:2])} and {count - 2} more"
    rest = all_columns - count
    without = f" Not: the other {rest}." if rest > 1 else " Not: the other one." if rest else ""
    of = f"{count} of {wording.counted(all_columns, 'column')}, {wording.counted(collection.rows, 'row')}"
    return (
        f"May read: {shown} ({of} of {wording.short(draft.collection, 20)}).{without} For: {draft.purpose_words}. "
        f"Until {times.full_time(draft.not_after)}, {wording.counted(draft.uses, 'run')}, or when you withdraw."
        f"\n{HAPPENS}\n{IF_WITHDRAWN}"
    )


# withdrawing one --------------------------------------------------------------------------------------------


def returning(one: Withdrawal) -> str:
    """The approved jobs that have not run and are a question again."""
    jobs = wording.counted(len(one.returned), "approved job")
    verb = "that has not run waits" if len(one.returned) == 1 else "that have not run wait"
    return f"{jobs} {verb} for your decision again: {_ids(one.returned)}."


def is_for_good(planned: Withdrawal) -> bool:
    """Whether withdrawing loses what was paid for, or a campaign, neither of which a new consent brings back."""
    return bool(planned.destroyed or planned.stopped or planned.campaign)


def withdrawing(planned: Withdrawal) -> list[str]:
    """What withdrawing stops, destroys, and cannot reach, a sentence each."""
    stopped, held, left, maybe = _counts(planned)
    sentences = ["No new run starts under it, from now on."]
    if planned.campaign:
        sentences.append(
            f"It was given for campaign {planned.campaign[:8]}, which you leave with it, for good."
        )
    if stopped:
        sentences.append(f"{stopped} in training now: stopped. The budget stays spent.")
    if planned.returned:
        sentences.append(returning(planned))
    sentences.append(
        f"{held} destroyed: {_ids(planned.destroyed)}." if held else "No update is held under it."
    )
    if left:
        sentences.append(
            f"{left} already left and cannot be called back: {_ids(planned.already_left)}. What was taught stays."
        )
    if maybe:
        sentences.append(
            f"{maybe} may have left; that cannot be called back either: {_ids(planned.may_have_left)}. What is still "
            "here is destroyed."
        )
    if not left and not maybe:
        sentences.append("Nothing was released under it.")
    return sentences


def withdrawn(done: Withdrawal) -> str:
    """What withdrawing did."""
    stopped, held, left, maybe = _counts(done)
    sentences = [f"Consent {done.grant[:8]} is withdrawn; nothing more is read under it."]
    sentences += [f"{stopped} stopped."] if stopped else []
    sentences += [f"{held} destroyed: {_ids(done.destroyed)}."] if held else []
    sentences += [returning(done)] if done.returned else []
    sentences += (
        [f"{left} already left; that cannot be called back: {_ids(done.already_left)}."] if left else []
    )
    sentences += (
        [f"{maybe} may have left: {_ids(done.may_have_left)}; what was still here is destroyed."]
        if maybe
        else []
    )
    return " ".join(sentences)


def _counts(one: Withdrawal) -> tuple[str, str, str, str]:
    """How many runs, held updates, updates that left and that may have, in words; empty for none."""
    pairs = (
        (one.stopped, "run"),
        (one.destroyed, "held update"),
        (one.already_left, "update"),
        (one.may_have_left, "update"),
    )
    stopped, held, left, maybe = (wording.counted(len(ids), noun) if ids else "" for ids, noun in pairs)
    return stopped, held, left, maybe


def _ids(ids: Iterable[str]) -> str:
    return ", ".join(one[:8] for one in ids)
