"""Consents: grant, list, show, withdraw, explain, what-if, receipt."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.command_group import CommandGroup
from tui.cli.number_types import WHOLE
from tui.cli.options import AsJson, DryRun, Special
from tui.cli.show_request import confirm_special, show_decision, show_draft
from tui.cli.terminal import (
    confirm,
    is_interactive,
    say,
    write,
    write_facts,
    write_json,
    write_list,
    write_wrapped,
)
from tui.cli.vault_access import global_options, open_vault
from tui.couriers.ending import end_access
from tui.text import wording
from tui.text.consent_facts import is_for_good, returning, withdrawing
from tui.text.parse import QUOTED, names_text, parse_epsilon, parse_moment, parse_names
from vault.errors.consent import NotConfirmed

if TYPE_CHECKING:
    from vault.owner.interface.owner import Owner
    from vault.views.consents import GrantTerms, GrantView, Withdrawal

__all__ = ["group", "show_decision"]

group = typer.Typer(no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(
        group, name="consent", help="What you allow: fields, purpose, until when.", cls=CommandGroup
    )


ID = re.compile("[0-9a-f]{4,32}")

GrantId = Annotated[
    str, typer.Argument(metavar="ID", help="Of a consent; its first four characters are enough.")
]


@group.command("grant")
def grant(
    context: typer.Context,
    requester: Annotated[
        str, typer.Option("--to", metavar="REQUESTER", help="Whose jobs; your own name for them.")
    ],
    collection: Annotated[str, typer.Option("--collection", metavar="NAME", help="Which collection.")],
    fields: Annotated[
        str, typer.Option("--fields", metavar="A,B,…", help=f"The columns they may learn from. {QUOTED}")
    ],
    purpose: Annotated[str, typer.Option("--purpose", metavar="DPV", help="Such as AcademicResearch.")],
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="At most a year from now.")],
    begin: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="Not before; default: now.")
    ] = None,
    records_from: Annotated[
        str | None, typer.Option("--records-from", metavar="DATE", help="Only records from then on.")
    ] = None,
    records_to: Annotated[
        str | None, typer.Option("--records-to", metavar="DATE", help="Only records before then.")
    ] = None,
    uses: Annotated[
        int,
        typer.Option(
            "--uses", metavar="N", click_type=WHOLE, help="How many jobs; default: 1.", show_default=False
        ),
    ] = 1,
    epsilon: Annotated[
        str | None,
        typer.Option(
            "--epsilon", metavar="EPSILON", help="The most one job may cost; default: no cap of its own."
        ),
    ] = None,
    special: Special = False,
) -> None:
    """Allow jobs of one requester to read the named columns for one purpose, until a date."""
    terms: GrantTerms = {
        "requester": requester,
        "collection": collection,
        "fields": parse_names(fields),
        "purpose": purpose,
        "not_after": parse_moment(until),
        "not_before": parse_moment(begin) if begin is not None else None,
        "window": (
            parse_moment(records_from) if records_from is not None else None,
            parse_moment(records_to) if records_to is not None else None,
        ),
        "uses": uses,
        "epsilon_cap": parse_epsilon(epsilon) if epsilon is not None else None,
    }
    with open_vault(context) as vault:
        given = _give(vault, terms, special=special)
    _show(given)
    say("\nNothing leaves by this: every run and every release still asks you.")


def _give(vault: Owner, terms: GrantTerms, *, special: bool) -> GrantView:
    """Show the consent with its notice, ask on a terminal, and give it."""
    draft = vault.preview_grant(**terms)
    write_wrapped(f"You are about to allow {draft.requester}, of {draft.collection}:\n")
    show_draft(draft)
    write_wrapped(
        f"\nWho else gets the result: {', '.join(draft.recipients)}. How long they keep it: {draft.retention}.\n"
    )
    if is_interactive() and not confirm("Give this consent?"):
        raise NotConfirmed()
    return vault.grant(special_confirmed=confirm_special(draft, said=special), **terms)


@group.command("list")
def list_grants(context: typer.Context, as_json: AsJson = False) -> None:
    """Every consent you gave, and its state now."""
    with open_vault(context, writable=False) as vault:
        found = vault.grants()
    write_list(
        found,
        as_json=as_json,
        nothing="You have allowed nobody anything.",
        headings=("id", "requester", "may read", "for", "state (UTC)"),
        row=lambda one: (
            one.id[:8],
            one.requester,
            f"{names_text(one.fields)} of {one.collection}",
            one.purpose_words,
            _standing(one),
        ),
    )


def _standing(one: GrantView) -> str:
    """The state of a consent with the day that goes with it."""
    match one.state:
        case "active":
            return f"active until {one.not_after[:10]}"
        case "not yet":
            return f"not yet, from {one.not_before[:10]}"
        case "expired":
            return f"expired {one.not_after[:10]}"
        case _:
            return _state(one)


def _state(one: GrantView) -> str:
    return "in use by a running job" if one.state == "in use" else one.state


@group.command("show")
def show_grant(context: typer.Context, grant_id: GrantId, as_json: AsJson = False) -> None:
    """One consent."""
    with open_vault(context, writable=False) as vault:
        found = vault.consent(grant_id)
    if as_json:
        write_json(found)
    else:
        _show(found)


def _show(one: GrantView) -> None:
    rows = [
        ("consent", one.id),
        ("requester", one.requester),
        ("may read", f"{names_text(one.fields)} of {one.collection}, and each row's unit and time"),
        ("records", wording.window(one.window_from, one.window_to)),
        ("for", one.purpose_words),
        ("from", one.not_before),
        ("until", one.not_after),
        ("jobs", wording.uses(one.uses, one.uses_spent, one.uses_kept)),
        ("a job costs", f"at most ε {one.epsilon_cap}" if one.epsilon_cap else "what the budget allows"),
        ("state", _state(one)),
    ]
    write_facts(rows)


@group.command("withdraw")
def withdraw(
    context: typer.Context,
    grant_id: GrantId,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Withdraw a consent at once: no new runs, held updates are destroyed."""
    with open_vault(context, writable=not dry_run) as vault:
        if not dry_run and is_interactive():
            _have_meant(vault.preview_withdraw(grant_id))
        done = vault.preview_withdraw(grant_id) if dry_run else vault.withdraw(grant_id)
        paths = global_options(context).paths
        ended = end_access(vault, paths, done.campaign) if done.campaign and not dry_run else []
    if as_json:
        write_json(done)
    if dry_run:
        say("If you withdrew it, this is what would follow (dry run, nothing was changed):")
    _say_withdrawn(done)
    for sentence in ended:
        say(sentence)


def _have_meant(planned: Withdrawal) -> None:
    """Where more ends than the consent, say so and ask: what was paid for is lost, or a campaign is left for good."""
    if not is_for_good(planned):
        return
    for sentence in withdrawing(planned):
        say(sentence)
    if not confirm("\nThis cannot be undone. Withdraw it?"):
        raise NotConfirmed()


def _say_withdrawn(done: Withdrawal) -> None:
    say(f"Consent {done.grant[:8]} is withdrawn; nothing more is read under it.")
    if done.stopped:
        say(f"{wording.counted(len(done.stopped), 'run')} stopped; the budget that was paid stays spent.")
    if done.destroyed:
        say(f"{wording.counted(len(done.destroyed), 'held update')} destroyed.")
    if done.campaign:
        say(f"Campaign {done.campaign[:8]}, for which it was given, is left with it.")
    if done.returned:
        say(returning(done))
    if done.already_left:
        say(
            f"{wording.counted(len(done.already_left), 'update')} already left; that cannot be called back, and what "
            "was taught stays."
        )
    if done.may_have_left:
        say(
            f"{wording.counted(len(done.may_have_left), 'update')} may have left; that cannot be called back either. "
            "What is still here is destroyed."
        )


@group.command("explain")
def explain(
    context: typer.Context,
    job: Annotated[
        Path, typer.Argument(metavar="JOB", help="A job folder, or the id of a request that waits.")
    ],
    as_json: AsJson = False,
) -> None:
    """What your consents say about a job, field by field, and the smallest change that would turn it."""
    with open_vault(context, writable=False) as vault:
        is_id = not job.exists() and ID.fullmatch(str(job))
        found = vault.explain_request(str(job)) if is_id else vault.explain(job)
    if as_json:
        write_json(found)
    else:
        show_decision(found)


@group.command("what-if")
def what_if(
    context: typer.Context,
    requester: Annotated[
        str, typer.Option("--to", metavar="REQUESTER", help="Who would ask; your own name for them.")
    ],
    collection: Annotated[str, typer.Option("--collection", metavar="NAME", help="Of which collection.")],
    fields: Annotated[
        str, typer.Option("--fields", metavar="A,B,…", help=f"The columns, all required. {QUOTED}")
    ],
    purpose: Annotated[str, typer.Option("--purpose", metavar="DPV", help="Such as AcademicResearch.")],
    epsilon: Annotated[
        str | None,
        typer.Option(
            "--epsilon", metavar="EPSILON", help="What the job would cost; default: no cap is tried."
        ),
    ] = None,
    records_from: Annotated[
        str | None, typer.Option("--records-from", metavar="DATE", help="Only records from then on.")
    ] = None,
    records_to: Annotated[
        str | None, typer.Option("--records-to", metavar="DATE", help="Only records before then.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What your consents would say if somebody asked for these columns now; nobody is asked and nothing is stored."""
    with open_vault(context, writable=False) as vault:
        found = vault.what_if(
            requester=requester,
            collection=collection,
            fields=parse_names(fields),
            purpose=purpose,
            epsilon=parse_epsilon(epsilon) if epsilon is not None else None,
            window=(
                parse_moment(records_from) if records_from is not None else None,
                parse_moment(records_to) if records_to is not None else None,
            ),
        )
    if as_json:
        write_json(found)
        return
    show_decision(found, lead="Such a job would be ")
    say(
        "\nOnly what your consents say: the budget has a say in every job as well, and every run and release asks you."
    )


@group.command("receipt")
def receipt(context: typer.Context, grant_id: GrantId, as_json: AsJson = False) -> None:
    """The consent as an ISO/IEC TS 27560 receipt; it is JSON, on one line with --json."""
    import json

    with open_vault(context, writable=False) as vault:
        found = vault.receipt(grant_id)
    if as_json:
        write_json(found)
    else:
        write(json.dumps(found, ensure_ascii=False, indent=2))
