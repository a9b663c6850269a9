"""The week of a vault in plain sentences: what happened, and what waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from tui.text import request_facts, times, wording
from tui.text.dates import plain_date

if TYPE_CHECKING:
    from vault.views.campaigns import CampaignLine
    from vault.views.digest import Digest, UpdateLine
    from vault.views.requests import RequestLine

T = TypeVar("T")

MOST: Final = 6
"""Sentences of one kind; how many more there are is said."""
QUIET: Final = "Nothing happened in your vault in this week."
NOTHING_LEFT: Final = "Nothing left this computer in this week."
NOTHING_HERE: Final = "This copy records nothing that left this computer in this week; later copies may."
NOTHING_WAITS: Final = "Nothing waits for you."
NOT_SENT: Final = "It is made from your own vault, on this computer, and sent nowhere."

COUNTED: Final = (
    ("record.import", "import"),
    ("record.erase", "erasure"),
    ("export", "export"),
    ("access.view", "look at records"),
    ("consent.grant", "new consent"),
    ("consent.withdraw", "withdrawal"),
    ("consent.expire", "consent that ran out"),
    ("requester.add", "new requester"),
    ("request.approve", "approved request"),
    ("request.refuse", "refused request"),
    ("request.expire", "request that ran out"),
    ("campaign.received", "new campaign"),
    ("campaign.join", "joined campaign"),
    ("campaign.refuse", "refused campaign"),
    ("campaign.leave", "left campaign"),
    ("campaign.round", "round of a campaign"),
    ("campaign.model", "final model of a campaign"),
    ("campaign.fork", "campaign log that does not hold"),
    ("request.return", "request that waits for you again"),
    ("requester.trust", "verified key"),
    ("requester.block", "blocked requester"),
    ("log.recovered", "going on from an older copy"),
    ("run.failed", "failed run"),
    ("release.withhold", "update kept private"),
    ("release.destroy", "destroyed update"),
    ("release.expire", "update that ran out"),
    ("models", "change of the models you keep"),
    ("settings.change", "other change"),
    ("vault.unlock", "unlocking"),
)
_PLURALS: Final = {
    "look at records": "looks at records",
    "consent that ran out": "consents that ran out",
    "round of a campaign": "rounds of a campaign",
    "final model of a campaign": "final models of campaigns",
    "campaign log that does not hold": "campaign logs that do not hold",
    "request that ran out": "requests that ran out",
    "request that waits for you again": "requests that wait for you again",
    "going on from an older copy": "times going on from an older copy",
    "change of the models you keep": "changes of the models you keep",
    "update kept private": "updates kept private",
    "update that ran out": "updates that ran out",
}


def title(digest: Digest) -> str:
    """Which week."""
    return f"Your week, {plain_date(_day(digest.since))} to {plain_date(_day(digest.until))}"


def happened(digest: Digest) -> list[str]:
    """What happened in the week, what left first."""
    counted = _counted(digest)
    found = [
        *_most(digest.left, _left),
        *([WRONG] if "access.denied" in counted else []),
        *_most(digest.asked, _asked),
        *_most(digest.drills, str),
        *_most(digest.spent, lambda one: _spent(one.collection, one.jobs, wording.percent(one.used_percent))),
        *_counts(counted),
    ]
    nothing = NOTHING_HERE if digest.may_lack_events else NOTHING_LEFT
    return [*([] if digest.left else [nothing]), *(found or [QUIET])]


def _counted(digest: Digest) -> dict[str, int]:
    """Entries by their type, those about models apart from the other changes."""
    counted = {one.type: one.count for one in digest.events}
    others = counted.pop("settings.change", 0) - digest.model_changes
    apart = {"models": digest.model_changes, "settings.change": others}
    return counted | {kind: count for kind, count in apart.items() if count}


def waits(digest: Digest) -> list[str]:
    """What waits now, what cannot be called back first."""
    found = [
        *_most(digest.unfinished, _unfinished),
        *_most(digest.held, _held),
        *_most(digest.waiting, _waiting),
        *_most(digest.campaigns, _campaign),
        *_most(digest.approved, _approved),
        *_most(
            digest.ending,
            lambda one: (
                f"Your consent to {one.requester} for {one.purpose_words} on {one.collection} ends on "
                f"{times.full_time(one.not_after)}."
            ),
        ),
    ]
    return found or [NOTHING_WAITS]


WRONG: Final = "Wrong passphrases were tried; the trail says how many, and when."


def _day(stamp: str) -> str:
    return times.day_of(stamp).isoformat()


def _most(found: Sequence[T], sentence: Callable[[T], str]) -> list[str]:
    more = len(found) - MOST
    return [*map(sentence, found[:MOST]), *([f"And {more} more of these."] if more > 0 else [])]


def _counts(counted: dict[str, int]) -> list[str]:
    """Everything else on the trail, in one sentence."""
    parts = [_number(counted[kind], noun) for kind, noun in COUNTED if kind in counted]
    return [f"On the trail: {', '.join(parts)}."] if parts else []


def _number(count: int, noun: str) -> str:
    return f"{count} {_PLURALS[noun]}" if count > 1 and noun in _PLURALS else wording.counted(count, noun)


def _left(one: UpdateLine) -> str:
    return f"An update from {one.collection} left for {one.recipient}, on {times.full_time(one.at)}."


def _asked(one: RequestLine) -> str:
    return (
        f"{one.requester} asked to learn from {one.collection}, for {one.purpose_words}: "
        f"{request_facts.state(one)}."
    )


def _spent(collection: str, jobs: int, used: str) -> str:
    were = "was" if jobs == 1 else "were"
    return (
        f"{wording.counted(jobs, 'job')} {were} paid for from {collection}; {used} of its budget is used now."
    )


def _unfinished(one: UpdateLine) -> str:
    return (
        f"An update from {one.collection} may have left for {one.recipient}: its sending was begun on "
        f"{times.full_time(one.at)} and not finished."
    )


def _held(one: UpdateLine) -> str:
    return (
        f"An update from {one.collection} for {one.recipient} is held for your decision until "
        f"{times.full_time(one.at)}; then it is destroyed."
    )


def _waiting(one: RequestLine) -> str:
    return (
        f"{one.requester} waits for your answer about {one.collection}, for {one.purpose_words}, until "
        f"{times.full_time(one.expires_at)}."
    )


def _campaign(one: CampaignLine) -> str:
    return (
        f"{one.requester} asks you to join a campaign of {wording.counted(one.rounds, 'round')} on {one.collection}, "
        f"for {one.purpose_words}."
    )


def _approved(one: RequestLine) -> str:
    return f"You approved a job of {one.requester} on {one.collection}; it has not run."
