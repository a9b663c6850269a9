"""The simple actions of an owner, each declared once.

The command of an action, its key, its dialog and its rows in the pages of docs are made from its record here.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any, Final

from tui.text import request_facts, times, update_facts, wording
from tui.text.action import REASON, Action, Entry, Question, Target
from tui.text.campaign_actions import ATTEND, LEAVE
from tui.text.model_actions import DELETE_MODEL
from tui.text.parse import names_text

if TYPE_CHECKING:
    from vault.owner.interface.owner import Owner
    from vault.views.releases import ReleaseView
    from vault.views.requests import RequestView
    from vault.views.runs import RunView

NAME_ROOM: Final = 30
NEWEST: Final = 50
"""Entries of the trail among which the one of what was just done is looked for."""


REQUESTER: Final = Target(metavar="NAME", help="Your own name for them.")
REQUEST: Final = Target(metavar="ID", help="Of a request; its first four characters are enough.")
UPDATE: Final = Target(metavar="ID", help="Of a held update; its first four characters are enough.")


def newest_entry(vault: Owner, kind: str) -> str:
    """The number of the newest entry of this type in the trail, as it is shown."""
    found = [line.seq for line in vault.audit_lines(newest=NEWEST) if line.type == kind]
    return f"#{max(found)}" if found else "unknown"


# who asks ---------------------------------------------------------------------------------------------------


def _who(request: RequestView) -> str:
    return request.line.requester


def _short(request: RequestView) -> str:
    return wording.short(request.line.requester, NAME_ROOM)


def _check_new_name(name: str) -> None:
    from vault.client.attach import check_name_of

    check_name_of(name)


def _rename(vault: Owner, name: str, new_name: str) -> str:
    vault.rename_requester(name, new_name)
    return new_name


TRUST: Final[Action[RequestView]] = Action(
    name="trust",
    words="requester trust",
    help="Note that you compared the fingerprint with them in person.",
    target=REQUESTER,
    call=lambda vault, name, _: vault.trust_requester(name),
    reply=lambda name, _: [f"{name} is marked as verified in person. It allows them nothing by itself."],
    question=Question(
        page="requests",
        key="t",
        label="Key checked…",
        sentence="Note that you checked who a key belongs to, in person.",
        target=_who,
        obstacle=request_facts.why_not_to_trust,
        title=lambda one: f"Did you check the key of {_short(one)} with them in person?",
        consequence=lambda one: (
            f"Their key is {one.fingerprint}. Say yes only if {_short(one)} read these letters to you, face to face "
            "or in a call in which you knew their voice. It allows them nothing; it says that a request is really "
            "theirs."
        ),
        verb="I checked it",
        done=lambda one, _: f"The key of {_who(one)} is noted as verified in person.",
    ),
)

BLOCK: Final[Action[RequestView]] = Action(
    name="block",
    words="requester block",
    help="Accept nothing more from them, send nothing to them, and take back your approvals that have not run.",
    target=REQUESTER,
    call=lambda vault, name, _: vault.block_requester(name),
    reply=lambda name, ids: [
        f"{name} is blocked: no new requests, no runs, no releases.",
        *request_facts.taken_back(ids, is_done=True),
    ],
    question=Question(
        page="requests",
        key="b",
        label="Block…",
        sentence="Accept nothing more from who asks.",
        target=_who,
        obstacle=lambda one: (
            f"{_who(one)} is blocked already." if one.line.requester_status == "blocked" else ""
        ),
        title=lambda one: f"Block {_short(one)}?",
        consequence=lambda one: (
            f"Nothing more is accepted from {_short(one)}, what runs for them is stopped (its price stays spent), and "
            "nothing is sent to them. What has left already stays with them. You can unblock them later."
        ),
        besides=lambda vault, one: " ".join(
            request_facts.taken_back(request_facts.approved_of(vault.requests(), _who(one)), is_done=False)
        ),
        verb="Block",
        done=lambda one, ids: " ".join(
            [f"{_who(one)} is blocked.", *request_facts.taken_back(ids, is_done=True)]
        ),
    ),
)

UNBLOCK: Final[Action[RequestView]] = Action(
    name="unblock",
    words="requester unblock",
    help="Let somebody you blocked ask again; their key counts as not verified.",
    target=REQUESTER,
    call=lambda vault, name, _: vault.unblock_requester(name),
    reply=lambda name, _: [
        f"{name} is not blocked any more, and their key is not verified. Consents that you did not withdraw hold "
        "again."
    ],
    question=Question(
        page="requests",
        key="u",
        label="Unblock…",
        sentence="Let who was blocked ask again.",
        target=_who,
        obstacle=lambda one: "" if one.line.requester_status == "blocked" else f"{_who(one)} is not blocked.",
        title=lambda one: f"Let {_short(one)} ask again?",
        consequence=lambda one: (
            f"{_short(one)} can send requests again. Their key counts as NOT VERIFIED until you check it with them "
            "anew."
        ),
        verb="Unblock",
        done=lambda one, _: f"{_who(one)} may ask again; their key is not verified.",
    ),
)

RENAME: Final[Action[RequestView]] = Action(
    name="rename",
    words="requester rename",
    help="Give them another name of your own; their key and what you allow them stay the same.",
    target=REQUESTER,
    entries=(
        Entry(
            name="new",
            help="Your new name for them.",
            placeholder="your new name for them",
            longest=80,
            is_required=True,
            check=_check_new_name,
        ),
    ),
    call=lambda vault, name, said: _rename(vault, name, said["new"]),
    reply=lambda name, new: [
        f"{name} is called {new} from now on. Earlier entries of the trail keep the old name."
    ],
    question=Question(
        page="requests",
        key="n",
        label="Rename…",
        sentence="Give who asks another name of your own.",
        target=_who,
        title=lambda one: f"Call {_short(one)} by another name?",
        consequence=lambda one: (
            f"Every screen and every command calls them by the new name from now on. Their key stays "
            f"{one.fingerprint}, and what you allow them stays. Earlier entries of the trail keep the old name."
        ),
        verb="Rename",
        done=lambda one, new: f"{_who(one)} is called {new} from now on.",
    ),
)

TOKEN: Final[Action[RequestView]] = Action(
    name="token",
    words="requester token",
    help="Make a token with which they reach their own requests here for 90 days; it is shown once.",
    target=REQUESTER,
    call=lambda vault, name, _: vault.issue_token(name),
    data=str,
    reply=lambda name, _: [
        f"Only {name} should have it. It submits jobs and fetches what you released to them, and nothing else.",
        f"To end it: lockbox requester revoke {shlex.quote(name)}",
    ],
)

REVOKE: Final[Action[RequestView]] = Action(
    name="revoke",
    words="requester revoke",
    help="End every token of theirs at once.",
    target=REQUESTER,
    call=lambda vault, name, _: vault.revoke_tokens(name),
    reply=lambda name, ended: [f"{name}: {wording.counted(ended, 'token')} revoked."],
)


# what they ask ----------------------------------------------------------------------------------------------


def _stop(vault: Owner, request_id: str) -> str:
    vault.stop_training(request_id)
    return wording.after_a_stop(vault.request(request_id).line.state)


def _what_stopping_ends(vault: Owner, request_id: str) -> list[str]:
    """Nothing where no such run goes on: to stop it is refused then."""
    runs = [run for run in vault.runs() if run.request.startswith(request_id.lower())]
    return [request_facts.what_stopping_costs(run) for run in runs]


REFUSE: Final[Action[RequestView]] = Action(
    name="refuse",
    words="request refuse",
    help="Say no; it holds for six months for what they ask of this collection for this purpose.",
    target=REQUEST,
    entries=(REASON,),
    call=lambda vault, request, said: vault.refuse(request, reason=said["reason"]),
    reply=lambda _request, until: [
        f"Refused. Until {times.full_time(until)} no question of theirs for this purpose on this collection is "
        "shown to you, and they are told so, unless you had approved this request before.",
        "To hear such questions again: lockbox request lift ID",
    ],
    question=Question(
        page="requests",
        key="x",
        label="Refuse…",
        sentence="Say no to a request.",
        behind="run",
        is_shown=True,
        target=lambda one: one.line.id,
        obstacle=lambda one: (
            ""
            if one.line.state in request_facts.OPEN_STATES
            else f"There is nothing left to decide: this request is {request_facts.state(one.line)}."
        ),
        title=lambda one: f"Refuse the request of {_short(one)}?",
        consequence=lambda one: (
            f"{request_facts.what_they_hear(one)} Nothing is read or spent. For six months no question of theirs for "
            "this purpose on this collection is shown to you, unless you lift it. This request stays refused. A reason "
            "stays in your vault; you need not give one."
        ),
        verb="Refuse",
        done=lambda _, until: (
            f"Refused. No question of this kind of theirs is shown until {times.full_time(until)}."
        ),
    ),
)

LIFT: Final[Action[RequestView]] = Action(
    name="lift",
    words="request lift",
    help="Let questions like this one be shown to you again, before the six months of your no are over.",
    target=REQUEST,
    call=lambda vault, request, _: vault.lift_refusal(request),
    reply=lambda _request, _: [
        "Lifted: questions of this kind are shown to you again. What was refused stays refused."
    ],
    question=Question(
        page="requests",
        key="i",
        label="Lift your no…",
        sentence="Hear questions like this one again before your no is over.",
        target=lambda one: one.line.id,
        obstacle=lambda one: (
            "" if one.no_until else "You have no refusal in force for questions like this one."
        ),
        title=lambda one: f"Hear such questions of {_short(one)} again?",
        consequence=lambda one: (
            f"Your no to {_short(one)} for this purpose on {wording.short(one.line.collection, NAME_ROOM)} would hold "
            f"until {times.full_time(one.no_until)}. Lifted, their next job is shown to you as a question. What "
            "was refused stays refused."
        ),
        verb="Lift",
        done=lambda one, _: f"Questions of this kind of {_who(one)} are shown to you again.",
    ),
)

STOP: Final[Action[RunView]] = Action(
    name="stop",
    words="request stop",
    help="End a run and discard what it learned. Once it was paid for, its budget stays spent.",
    target=REQUEST,
    call=lambda vault, request, _: _stop(vault, request),
    reply=lambda _request, sentence: [sentence],
    foretold=_what_stopping_ends,
    question=Question(
        page="training",
        key="s",
        label="Stop…",
        sentence="End a run and discard what it learned, after a question.",
        is_shown=True,
        target=lambda run: run.request,
        title=lambda _: "Stop this run and discard what it learned?",
        consequence=request_facts.what_stopping_costs,
        verb="Stop and discard",
        word="STOP",
        safe="Let it run",
        done=lambda _run, sentence: str(sentence),
    ),
)


# what they would get ----------------------------------------------------------------------------------------


def _withhold(vault: Owner, release_id: str) -> tuple[str, bool]:
    """The number of its entry, and whether the update may have left before."""
    vault.withhold(release_id)
    unsure = vault.release(release_id).may_have_left
    return newest_entry(vault, "settings.change" if unsure else "release.withhold"), unsure


def _what_keeping_ends(vault: Owner, release_id: str) -> list[str]:
    """Nothing of one that is decided about: to keep it private is refused then."""
    found = vault.release(release_id)
    return [] if update_facts.is_decided(found) else [update_facts.keeping(found)]


WITHHOLD: Final[Action[ReleaseView]] = Action(
    name="withhold",
    words="release withhold",
    help="Keep a held update private for good; its bytes are deleted, its budget stays spent.",
    target=UPDATE,
    call=lambda vault, release, _: _withhold(vault, release),
    reply=lambda _release, done: [update_facts.kept_private(done)],
    foretold=_what_keeping_ends,
    question=Question(
        page="release",
        key="D",
        label="Keep…",
        sentence="Open the decision to delete it for good.",
        behind="release",
        is_shown=True,
        target=lambda one: one.id,
        obstacle=lambda one: (
            update_facts.nothing_to_decide(one.state) if update_facts.is_decided(one) else ""
        ),
        title=lambda _: "Keep this update private for good?",
        consequence=update_facts.keeping,
        facts=lambda one: (
            ("for", wording.requester_with_key(one.recipient, one.fingerprint, one.recipient_status)),
            ("learned from", f"{names_text(one.fields_used)} of {one.collection}"),
            ("digest", one.digest),
        ),
        note="Who asked is told nothing of it: from outside it looks like every other end.",
        verb="Keep private for good",
        word="KEEP",
        safe="Decide later",
        done=lambda _one, done: update_facts.kept_private(done, f"; audit entry {done[0]}"),
        done_title="Kept private",
    ),
)


ACTIONS: Final[tuple[Action[Any], ...]] = (
    TRUST,
    BLOCK,
    UNBLOCK,
    RENAME,
    TOKEN,
    REVOKE,
    REFUSE,
    LIFT,
    STOP,
    LEAVE,
    ATTEND,
    WITHHOLD,
    DELETE_MODEL,
)


def questions(page: str) -> list[tuple[Action[Any], Question[Any]]]:
    """The simple actions of one page."""
    return [(one, one.question) for one in ACTIONS if one.question is not None and one.question.page == page]


def action_of(page: str, name: str) -> Action[Any]:
    """The simple action of this name on this page."""
    return next(action for action, _ in questions(page) if action.name == name)
