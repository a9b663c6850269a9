"""Write a request on the terminal: who asks, what for, what it costs, and what approving would write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.cli.terminal import confirm, is_interactive, write, write_after, write_facts, write_wrapped
from tui.text import attack_facts, wording
from tui.text.request_facts import OPEN_STATES, THEIRS, cost_cap, part_of, so_far, what_turns, why_it_stands
from tui.text.request_facts import state as state_words
from tui.text.wording import requester_with_key
from vault.errors.consent import NotConfirmed

if TYPE_CHECKING:
    from vault.views.consents import DecisionView, FieldAskView, GrantDraft
    from vault.views.price import PriceView
    from vault.views.requests import Approval, RequestView

MOST_SQUARES = 30
INDENT = "      "


def show_request(found: RequestView) -> None:
    """Draw one request with its price and what the consents say now."""
    line = found.line
    write_facts(
        [
            ("request", line.id),
            *_who_and_why(found),
            ("expires", line.expires_at),
            ("state", state_words(line)),
            *why_it_stands(found),
        ]
    )
    write_wrapped(THEIRS)
    write()
    show_price(found.price)
    write()
    if line.state in OPEN_STATES:
        show_decision(found.decision, lead="What your consents say now: ")
    else:
        show_columns(found.decision)


def _who_and_why(found: RequestView) -> list[tuple[str, str]]:
    line = found.line
    window = wording.window(found.window_from, found.window_to)
    learns = (
        f"{found.model}, {wording.counted(found.parameters, 'parameter')}, "
        f"{wording.counted(found.steps, 'step')}, clip norm {found.clip_norm:g}, "
        f"noise multiplier {found.noise_multiplier:g}"
    )
    return [
        ("from", requester_with_key(line.requester, found.fingerprint, line.requester_status)),
        *part_of(line.round),
        *so_far(found),
        ("reached at", wording.quoted(found.contact)),
        ("for", f"{line.purpose_words}: {wording.quoted(found.purpose_text)}"),
        ("who gets it", ", ".join(map(wording.quoted, found.recipients)) or line.requester),
        ("they keep it", wording.quoted(found.retention)),
        ("its result", wording.time_to_decide(found.slot_minutes)),
        ("records", f"{line.collection}, {window}"),
        ("model", learns),
    ]


def show_price(price: PriceView) -> None:
    """Say what a job costs: the guess as 100 dots, the lifetime budget, and the numbers."""
    for row in wording.dots(price.guess_rate):
        write(f"  {row}")
    noun = wording.unit_noun(price.unit, price.unit_field)
    job, used = price.job_percent, price.used_percent_before
    cap = wording.lifetime_cap(price.lifetime_epsilon, noun)
    _consequence(wording.guess_sentence(price.unit, price.unit_field, price.guess_rate))
    if price.attack:
        _consequence(attack_facts.sentence(price.attack))
    if price.paid:
        _consequence(wording.paid_sentence(job, used, cap))
    else:
        _consequence(wording.cost_sentence(job, used, price.used_percent_after, cap))
    _consequence(wording.epsilon_sentence(price.epsilon, price.delta, noun, price.worst_case))
    if price.numerical_assumption:
        _consequence(wording.NUMERICAL_ASSUMPTION)


def _consequence(sentence: str) -> None:
    write_after("• ", sentence)


def show_decision(found: DecisionView, *, lead: str = "") -> None:
    """Draw a verdict with every reason."""
    write(f"{lead}{'allowed' if found.permitted else 'refused'}")
    told = {reason for one in found.fields for reason in one.reasons}
    for one in found.fields:
        mark, verdict = ("■", "allowed") if one.permitted else ("□", "not allowed")
        write_after(f"  {mark} ", f"{one.name} ({_about(one)}): {verdict}")
        if one.transform:
            write_after(INDENT, one.transform)
        for reason in one.reasons:
            write_after(INDENT, reason)
    for reason in found.reasons:
        if reason not in told:
            write_after(INDENT, reason)
    for sentence in what_turns(found):
        write_wrapped(sentence)


def show_columns(found: DecisionView) -> None:
    """Draw the columns a job asks for and how it reads each of them, without any verdict."""
    write("The columns it asks for:")
    for one in found.fields:
        write_after("  • ", f"{one.name} ({_about(one)}): {one.transform}")


def _about(one: FieldAskView) -> str:
    about = f"{one.necessity} {one.role}".rstrip()
    return about if one.sensitivity == "ordinary" else f"{about}, {one.sensitivity}"


def show_changes(what: Approval) -> None:
    """Draw what this request asks otherwise than the last one of this requester that was approved."""
    write_wrapped(wording.compared(what.compared_to, len(what.changes)))
    for one in what.changes:
        write_after("  • ", wording.changed(one.what, one.before, one.now))


def show_approval(what: Approval) -> None:
    """Draw what approving would change, with every consequence, before anything is changed."""
    line = what.request.line
    write_wrapped(f"{line.requester} asks to learn from {line.collection}, once.\n")
    show_changes(what)
    write()
    write_facts(_who_and_why(what.request))
    write_wrapped(THEIRS)
    for sentence in what.request.misfits:
        write_wrapped(sentence)
    write()
    if what.draft:
        show_columns(what.request.decision)
        write()
        write("Approving writes this consent:")
        show_draft(what.draft)
    else:
        show_decision(what.request.decision, lead="What your consents say now: ")
    if not (what.draft or what.request.decision.permitted):
        write_wrapped(
            "\nApproving it would be refused; with --draft-grant it writes the consent it needs, for one run."
        )
    write()
    show_price(what.request.price)
    _consequence(
        "It runs on this computer in a process without network and without your files; nothing leaves by it."
    )


def show_draft(draft: GrantDraft) -> None:
    """Draw a consent before it is given: its columns and how sensitive they are, its ends, and its notice."""
    asked = len(draft.fields) + len(draft.withheld)
    squares = f"{wording.squares(len(draft.fields), asked)}  " if asked <= MOST_SQUARES else ""
    write_facts(
        [
            ("columns", f"{squares}allowed {len(draft.fields)} of {asked}"),
            ("allowed", columns_read(draft)),
            ("withheld", ", ".join(draft.withheld) or "none"),
            ("for", draft.purpose_words),
            ("records", wording.window(draft.window_from, draft.window_to)),
            ("from", draft.not_before),
            ("until", f"{draft.not_after}, for {wording.counted(draft.uses, 'run')}"),
            ("costs", cost_cap(draft)),
        ]
    )
    if draft.special:
        write_wrapped(wording.special_sentence(draft.special))
    write_wrapped("\nWhat you agree to, as its record will say:")
    write_wrapped(draft.notice)


def columns_read(draft: GrantDraft) -> str:
    """Every column that would be read, each with its class where that is not the ordinary one."""
    own, beside = (
        [wording.with_sensitivity(one.name, one.sensitivity) for one in columns]
        for columns in (draft.reads, draft.beside)
    )
    return ", ".join([*own, f"and {' and '.join(beside)}"] if beside else own)


def confirm_special(draft: GrantDraft | None, *, said: bool) -> bool:
    """Whether the person agreed to what belongs to a special category: asked on a terminal, else `said` by a flag.

    Raises `NotConfirmed` for a no.
    """
    if draft is None or not draft.special or not is_interactive():
        return said
    if not confirm(f"\n{wording.special_question(draft.special)}"):
        raise NotConfirmed()
    return True
