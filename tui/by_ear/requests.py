"""What others ask, by ear: hear what is asked and what it costs, decide, run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.by_ear.acting import attempt, carry_out, label, possible, watched
from tui.cli.interruption import answered, say_stopping
from tui.dialogs.approval import PreparedApproval, approve, prepare_approval
from tui.text import attack_facts, request_facts, wording
from tui.text.parse import names_text

if TYPE_CHECKING:
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.views.price import PriceView
    from vault.views.requests import Approval, RequestLine, RequestView

LATER: Final = "Decide later"
ATTACK: Final = "Attack a stand-in of it, on made-up data."


def hear_requests(talk: Talk, vault: OwnerSession) -> None:
    """Choose one of all requests, the newest first, again and again."""
    while found := vault.requests():
        chosen = talk.choose("Requests, the newest first.", [_line(one) for one in found])
        if chosen is None:
            return
        hear_request(talk, vault, found[chosen].id)
    talk.say("Nobody has asked anything.")


def _line(one: RequestLine) -> str:
    return f"{one.requester}, about {one.collection}, {one.purpose_words}: {request_facts.state(one)}."


def hear_request(talk: Talk, vault: OwnerSession, request_id: str) -> None:
    """All about one request, and what can be done with it."""
    while True:
        request = vault.request(request_id)
        _say_request(talk, vault, request)
        is_open = request.line.state in request_facts.OPEN_STATES
        actions = possible("requests", request)
        first = ["Decide whether it runs on this computer."] if is_open else []
        last = [ATTACK] if is_open else []
        chosen = talk.choose("What do you want to do?", [*first, *map(label, actions), *last])
        if chosen is None:
            return
        if chosen < len(first):
            if decide_run(talk, vault, request_id):
                return
        elif chosen == len(first) + len(actions):
            attempt(talk, lambda: _attack(talk, vault, request_id))
        else:
            carry_out(talk, vault, actions[chosen - len(first)], request)


def _attack(talk: Talk, vault: OwnerSession, request_id: str) -> None:
    """Attack a stand-in of the job, and say what came of it."""
    talk.say(attack_facts.WHAT_IT_DOES)
    if talk.agrees("Attack it", LATER):
        found = watched(talk, "Attacking", lambda tell: vault.attack_stand_in(request_id, progress=tell))
        talk.say(*([attack_facts.sentence(found)] if found else []))


def _say_request(talk: Talk, vault: OwnerSession, request: RequestView) -> None:
    """What is otherwise than last time first, then who asks for what, and the price."""
    if request.line.state in request_facts.OPEN_STATES:
        say_changes(talk, prepare_approval(vault, request.line.id, frozenset()).approval)
    talk.facts(request_facts.who_and_why(request))
    talk.say(request_facts.THEIRS)
    talk.say("The columns it asks for:")
    talk.facts(request_facts.columns_asked(request.decision))
    talk.say(*request_facts.verdict(request.decision))
    talk.facts(request_facts.what_runs(request))
    talk.facts(request_facts.how_it_stands(request))
    say_price(talk, request.price)


def say_changes(talk: Talk, approval: Approval | None) -> None:
    """What this job asks otherwise than the last one of theirs that was approved."""
    if approval is None:
        return
    talk.say(wording.compared(approval.compared_to, len(approval.changes)))
    talk.say(*(f"{wording.changed(one.what, one.before, one.now)}." for one in approval.changes))


def say_price(talk: Talk, price: PriceView) -> None:
    """What it costs, in a sentence each: the guess, the budget, the numbers."""
    noun = wording.unit_noun(price.unit, price.unit_field)
    cap = wording.lifetime_cap(price.lifetime_epsilon, noun)
    used = price.used_percent_before
    cost = (
        wording.paid_sentence(price.job_percent, used, cap)
        if price.paid
        else wording.cost_sentence(price.job_percent, used, price.used_percent_after, cap)
    )
    talk.say(wording.guess_sentence(price.unit, price.unit_field, price.guess_rate))
    if price.attack:
        talk.say(attack_facts.sentence(price.attack))
    talk.say(cost)
    talk.say(wording.epsilon_sentence(price.epsilon, price.delta, noun, price.worst_case))
    if price.numerical_assumption:
        talk.say(wording.NUMERICAL_ASSUMPTION)


# deciding ---------------------------------------------------------------------------------------------------


def decide_run(talk: Talk, vault: OwnerSession, request_id: str) -> bool:
    """The first of two decisions, by a typed word; whether it was run."""
    prepared = _with_columns(talk, vault, prepare_approval(vault, request_id, frozenset()))
    if prepared.problem:
        talk.say(f"It cannot run: {prepared.problem}")
        return False
    _say_run(talk, prepared)
    if prepared.special:
        talk.say(wording.special_question(prepared.special))
        if not talk.agrees("Yes, I consent explicitly", f"No. {LATER}"):
            return False
    if not talk.types(wording.RUN_WORD, LATER):
        return False
    approve(vault, prepared, special_confirmed=bool(prepared.special))
    run_now(talk, vault, request_id)
    return True


def _with_columns(talk: Talk, vault: OwnerSession, prepared: PreparedApproval) -> PreparedApproval:
    """The same with the optional columns that are wanted, each asked about."""
    if prepared.draft is None:
        return prepared
    asked = [one for one in prepared.request.decision.fields if one.necessity == "optional"]
    wanted: set[str] = set()
    for one in asked:
        talk.say(f"{one.name} is optional: {request_facts.asked_as(one)}. It runs without it as well.")
        if talk.agrees(f"Allow {one.name} too", f"Not {one.name}"):
            wanted.add(one.name)
    return prepare_approval(vault, prepared.request.line.id, frozenset(wanted)) if wanted else prepared


def _say_run(talk: Talk, prepared: PreparedApproval) -> None:
    """Everything that approving would write and do."""
    request, draft, price = prepared.request, prepared.draft, prepared.request.price
    say_changes(talk, prepared.approval)
    talk.say(*request.misfits)
    if draft is not None:
        talk.say("Approving writes this consent.", f"It may read: {names_text(draft.fields)}.")
        talk.facts(request_facts.draft_ends(draft))
        talk.say("What you agree to, as its record will say:", draft.notice)
    if prepared.special:
        talk.say(wording.special_sentence(prepared.special))
    talk.say(
        "It runs on this computer in a process without network and without your files. Nothing leaves by it: you are "
        "asked again.",
        wording.guess_sentence(price.unit, price.unit_field, price.guess_rate),
        wording.cost_now(
            price.epsilon, price.job_percent, price.used_percent_before, price.used_percent_after
        ),
        request_facts.NO_PROMISE,
    )


def run_now(talk: Talk, vault: OwnerSession, request_id: str) -> None:
    """Run what is approved and wait for it; Ctrl-C stops it, and what that cost is said."""
    talk.say("The run begins. Its price is paid before the first record is read, and stays spent.")
    try:
        with answered(say_stopping):
            held = vault.train(request_id, progress=talk.progress("Training"))
    except KeyboardInterrupt:
        talk.say(wording.after_a_stop(vault.request(request_id).line.state))
        return
    talk.say(
        f"The run has ended. Its result is held here for your decision, under held updates: {held.id[:8]}."
    )
