"""A request as names and facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.text import times, wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vault.views.consents import DecisionView, FieldAskView, GrantDraft
    from vault.views.requests import BudgetUse, RequestLine, RequestView, RoundOf
    from vault.views.runs import RunView

Facts = list[tuple[str, str]]

THEIRS = "What stands in quotes is their word; no program can make them keep it."
NO_PROMISE = (
    "Lockbox does not promise that the model is good, or that they keep their word about its use. "
    "It does not make anybody anonymous."
)
TICKED, EMPTY = "■", "□"
OPEN_STATES = ("waiting", "approved")
"""States in which something can still be decided."""


def who_and_why(found: RequestView) -> Facts:
    """Who asks for what, with their promises as quotations."""
    line = found.line
    return [
        ("from", f"{line.requester}: key {found.fingerprint}, {wording.key_warning(line.requester_status)}"),
        *part_of(line.round),
        *so_far(found),
        ("reached at", wording.quoted(found.contact)),
        ("for", f"{line.purpose_words}: {wording.quoted(found.purpose_text)}"),
        ("who gets it", ", ".join(map(wording.quoted, found.recipients)) or line.requester),
        ("they keep it", wording.quoted(found.retention)),
    ]


CAMPAIGN_LEFT = "over, its campaign is left"
REOPENED = "refused, as the vault was reopened"
ERASED = "ended by erasure"
_ENDED_WITH = {"reopening": REOPENED, "erasure": ERASED}


def state(line: RequestLine) -> str:
    """Where a request stands. A round is refused with its whole campaign, never by itself."""
    if line.state == "waiting" and not line.waits:
        return wording.REQUESTER_BLOCKED
    if line.state == "refused_person" and line.round is not None:
        return state_of_round(line.state)
    return _ENDED_WITH[line.ended_with] if line.ended_with else wording.state(line.state)


def state_of_round(word: str) -> str:
    """A state of a round of a campaign, which nobody refuses by itself."""
    return CAMPAIGN_LEFT if word == "refused_person" else wording.state(word)


_SHORT_STATES = {
    "approved": "not run yet",
    "refused_policy": "policy: no",
    "refused_person": "you refused",
    "failed": "failed, paid",
    "sending": "may have left",
    "released": "left",
    "destroyed": "destroyed",
}


def short_state(line: RequestLine) -> str:
    """Where a request stands, where there is little room."""
    short = {
        CAMPAIGN_LEFT: "campaign left",
        REOPENED: "reopened",
        ERASED: "erased",
        wording.REQUESTER_BLOCKED: "blocked",
    }
    return short.get(state(line), _SHORT_STATES.get(line.state, state(line)))


def round_words(one: RoundOf) -> str:
    """Which round of which campaign a request or an update is."""
    return f"round {one.number} of campaign {one.campaign[:8]}"


def part_of(one: RoundOf | None) -> Facts:
    """The campaign that a request or an update belongs to, where it does."""
    if one is None:
        return []
    tier = "" if one.tier is None else f", in noise tier {one.tier}"
    return [("part of", f"{round_words(one)}{tier}")]


def so_far(found: RequestView) -> Facts:
    """What all other jobs of theirs that ran here read and cost together, in one line."""
    one = found.so_far
    if one is None:
        return []
    if not one.jobs:
        return [("so far", "no other job of theirs has run here")]
    names: dict[str, list[str]] = {}
    for collection, column in one.columns:
        names.setdefault(collection, []).append(column)
    read = "; ".join(f"{', '.join(columns)} of {collection}" for collection, columns in names.items())
    jobs, left = wording.counted(one.jobs, "other job"), wording.counted(one.left, "update")
    went = f"{left} {'has' if one.left == 1 else 'have'} left the vault"
    used = " and ".join(f"{wording.percent(each.used_percent)} of {_budget(each)}" for each in one.used)
    paid = f"{'it' if one.jobs == 1 else 'together they'} used {used}; " if used else ""
    return [("so far", f"{jobs} read {read}; {paid}{went}")]


def _budget(one: BudgetUse) -> str:
    *others, last = one.collections
    if not others:
        return f"the lifetime budget of {last}"
    return f"the lifetime budget that {', '.join(others)} and {last} share"


def what_runs(found: RequestView) -> Facts:
    """What would be computed: on which records, by which model, with how much noise."""
    line = found.line
    return [
        ("records", f"{line.collection}, {records(found.window_from, found.window_to)}"),
        ("model", f"{found.model}, {wording.counted(found.parameters, 'parameter')}"),
        (
            "training",
            f"{wording.counted(found.steps, 'step')}; {_share(found.sampling_rate)}",
        ),
        ("noise", f"{found.noise_multiplier:g} times the clip norm {found.clip_norm:g}, added in every step"),
        ("its result", wording.time_to_decide(found.slot_minutes)),
        ("job", f"{found.job_id}, digest {found.manifest_digest[:16]}"),
    ]


def _share(sampling_rate: float) -> str:
    """How much of the data a step takes."""
    if sampling_rate == 1:
        return "each takes all of your data"
    return f"each takes {sampling_rate:.2g} of your data by chance"


def records(begin: str | None, end: str | None) -> str:
    """Which records by their time; all of them where no end is named."""
    if begin is None and end is None:
        return "all of them, of whatever time"
    return wording.window(begin, end)


def how_it_stands(found: RequestView) -> Facts:
    """Its number, its ends and its state."""
    line = found.line
    return [
        ("request", line.id[:8]),
        ("came", f"{times.full_time(line.received_at)}"),
        ("ends", f"{times.full_time(line.expires_at)}"),
        ("state", state(line)),
        *why_it_stands(found),
    ]


def why_it_stands(found: RequestView) -> Facts:
    """Why it is where it is, why it cannot run, and the no that holds for its kind; what there is of it."""
    is_open = found.line.state in OPEN_STATES
    said = ("back, because" if is_open else "because", found.reason or "")
    holds = f"{times.full_time(found.no_until)}" if found.no_until else ""
    hardly = " ".join(found.misfits) if is_open else ""
    facts = (said, ("cannot run", found.obstacle), ("does not fit", hardly), ("your no holds until", holds))
    return [(name, text) for name, text in facts if text]


def asked_as(field: FieldAskView) -> str:
    """What a column is to the job, and how sensitive it is."""
    about = f"{field.necessity} {field.role}".rstrip()
    if field.sensitivity == "ordinary":
        return about
    return f"{about}; {wording.sensitivity_words(field.sensitivity)}"


def columns_asked(found: DecisionView) -> Facts:
    """Every column with what the consents say about it now."""
    return [(f"{TICKED if one.permitted else EMPTY} {one.name}", _column(one)) for one in found.fields]


def _column(one: FieldAskView) -> str:
    verdict = "allowed" if one.permitted else "not allowed"
    reasons = "; ".join(one.reasons)
    now = f"now {verdict}: {reasons}" if reasons else f"now {verdict}"
    return "\n".join(part for part in (asked_as(one), one.transform, now) if part)


def verdict(found: DecisionView) -> list[str]:
    """What the consents say as a whole: every reason that no column has told, and what would turn it."""
    told = {reason for one in found.fields for reason in one.reasons}
    more = [f"{reason[:1].upper()}{reason[1:]}." for reason in found.reasons if reason not in told]
    return [*more, *what_turns(found)]


def what_turns(found: DecisionView) -> list[str]:
    """The smallest change that would turn a verdict, or that none of any consent lets the job run here."""
    if found.cannot_run:
        return [f"It cannot run here as it is, whatever you allow. {found.cannot_run}"]
    return [f"The smallest change that would turn it: {'; '.join(found.change)}."] if found.change else []


def columns_asked_and_allowed(found: DecisionView) -> tuple[int, int]:
    """How many columns a job asks for, and how many of them the consents allow now."""
    return len(found.fields), sum(one.permitted for one in found.fields)


def draft_ends(draft: GrantDraft) -> Facts:
    """Where the consent that approving writes comes to its ends."""
    beside = " and ".join(wording.with_sensitivity(one.name, one.sensitivity) for one in draft.beside)
    return [
        ("read beside", f"{beside}, of every row" if beside else "nothing"),
        ("records", records(draft.window_from, draft.window_to)),
        ("for", draft.purpose_words),
        ("until", f"{times.full_time(draft.not_after)}, or when you withdraw"),
        ("for how often", wording.counted(draft.uses, "run")),
        ("costs", cost_cap(draft)),
    ]


def cost_cap(draft: GrantDraft) -> str:
    """What a run under a consent may cost at most; of several runs each, which do not add up to what all cost."""
    if not draft.epsilon_cap:
        return "what the budget allows"
    return f"{'each run ' if draft.uses > 1 else ''}at most ε {draft.epsilon_cap}"


def what_stopping_costs(run: RunView) -> str:
    """What ending a run means for its price, and that nothing of it is held."""
    spent = (
        f"Its price, {wording.epsilon_up(run.epsilon)}, was paid before your records were read and stays spent."
        if run.step
        else "If its price is paid by then, it stays spent; before that, nothing is."
    )
    return (
        f"The run for {wording.short(run.requester, _NAME_ROOM)} ends now, and nothing of it is held. {spent} "
        "The same job cannot run again once it was paid."
    )


def what_they_hear(one: RequestView) -> str:
    """What who asks is told of a no."""
    if one.line.state == "approved":
        return "They hear nothing of it, as you had approved it: only that it is over, in the end."
    return "They hear “no” and until when it holds, and nothing else."


def taken_in(line: RequestLine) -> str:
    """What becomes of a request that came in: a round of a campaign that was joined waits for no other word."""
    if line.state != "approved" or line.round is None:
        return "waits for you"
    return f"is {round_words(line.round)}, approved by your word on that"


def approved_of(lines: Iterable[RequestLine], requester: str) -> list[str]:
    """The ids of the requests of this requester that are approved and have not run."""
    return [one.id for one in lines if one.requester == requester and one.state == "approved"]


def taken_back(ids: Sequence[str], *, is_done: bool) -> list[str]:
    """What blocking does to the approvals of these requests; nothing where there are none."""
    if not ids:
        return []
    that, those = ("was", "were") if is_done else ("is", "are")
    shown = ", ".join(one[:8] for one in ids)
    if len(ids) == 1:
        said = f"Your approval of request {shown}, which has not run, {that} taken back"
        return [f"{said}; it waits for you again once you unblock them."]
    said = f"Your approvals of {len(ids)} requests that have not run {those} taken back ({shown})"
    return [f"{said}; they wait for you again once you unblock them."]


def why_not_to_trust(request: RequestView) -> str:
    """Why the key of who asks cannot be marked as verified now, or empty."""
    match request.line.requester_status:
        case "trusted":
            return f"The key of {request.line.requester} is noted as verified in person already."
        case "blocked":
            return f"{request.line.requester} is blocked; unblock them first."
    return ""


_NAME_ROOM = 30
