"""Many vaults that answer in rounds: plan, new, sign, check, round and more for requesters, the rest for owners."""

from __future__ import annotations

import shlex
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import click
import typer

from tui.cli import campaign_tiers
from tui.cli.action_commands import add_actions
from tui.cli.campaign_tiers import Tier, Tiers
from tui.cli.command_group import CommandGroup
from tui.cli.coordinated_campaigns import add_coordinated_commands
from tui.cli.options import AsJson
from tui.cli.owner_campaigns import add_owner_commands
from tui.cli.terminal import say, say_meanwhile, write, write_facts, write_json
from tui.couriers.ending import end_access
from tui.text import wording
from tui.text.parse import parse_count, parse_epsilon, quoted_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from vault.requester.campaign_description import CampaignDescription
    from vault.requester.campaign_plan import Outlook, Plan
    from vault.requester.campaigns import CampaignFacts

COMPUTING: Final = "Computing the noise and the price of all rounds …"

group = typer.Typer(no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(
        group, name="campaign", help="Many vaults that answer one requester in rounds.", cls=CommandGroup
    )


CampaignDir = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a campaign.")]
Description = Annotated[
    Path | None, typer.Argument(metavar="CAMPAIGN.toml", help="What you ask; see docs/campaign.md.")
]
Epsilon = Annotated[
    str,
    typer.Option(
        "--epsilon",
        metavar="EPSILON",
        show_default=False,
        help="What all rounds together may cost at most; default: 1.",
    ),
]
UnitsGuess = Annotated[
    str | None,
    typer.Option("--units-guess", metavar="N", help="How many units you think one vault has."),
]


@group.command("plan")
def plan(
    description: Annotated[
        Path, typer.Argument(metavar="CAMPAIGN.toml", help="What you ask; see docs/campaign.md.")
    ],
    vaults: Annotated[
        str, typer.Option("--vaults", metavar="M", help="How many vaults you think will answer.")
    ],
    units_guess: UnitsGuess = None,
    epsilon: Epsilon = "1",
    tier: Tiers = None,
    as_json: AsJson = False,
) -> None:
    """Say what a campaign would be worth, cost and ask of people, before anybody is asked; writes nothing."""
    from vault.requester.aim import Aim
    from vault.requester.campaign_plan import LIFETIME, check_guesses, check_useful, plan, tier_plans
    from vault.requester.campaigns import drafted_campaign

    asked, aim = _described(description, units_guess), Aim(most=parse_epsilon(epsilon))
    tiers = campaign_tiers.aims(tier or [])
    guesses = {"vaults": parse_count(vaults), "units_guess": asked.units_guess}
    check_guesses(**guesses)
    document, _ = drafted_campaign(asked, aim=aim, now=datetime.now(UTC), tiers=tiers, begin=_say_computing)
    found = plan(document, **guesses, delta=aim.delta)
    others = tier_plans(document, **guesses, delta=aim.delta)
    if as_json:
        write_json(
            _as_json(found) | {"tiers": [{"tier": name, **_as_json(one)} for name, one in others.items()]}
        )
    else:
        kind, _, name = document.job.unit.partition(":")
        write_facts([*_plan_rows(found), *_price_rows(found, kind, name or None), *_tier_rows(others)])
    check_useful(found)
    _warn_of_budget(found.price.percent_of(LIFETIME, 2))
    if not found.with_absent.is_useful:
        say("Beware: if three in ten stay away, it is not useful.")
    typed = "".join(f" --tier {shlex.quote(one)}" for one in tier or [])
    say(f"Next: lockbox campaign new {shlex.quote(str(description))} --to DIR --epsilon {epsilon}{typed}")


@group.command("new")
def new(
    to: Annotated[Path | None, typer.Option("--to", metavar="DIR", help="A new folder.")] = None,
    description: Description = None,
    epsilon: Epsilon = "1",
    units_guess: UnitsGuess = None,
    tier: Tiers = None,
    template: Annotated[bool, typer.Option("--template", help="Print an example CAMPAIGN.toml.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write an unsigned campaign, its first weights and a key for its rounds; the noise follows from --epsilon."""
    from vault.requester import campaign_description
    from vault.requester.aim import Aim
    from vault.requester.campaign_log import ROUND_KEY_FILE
    from vault.requester.campaigns import new_campaign

    if template:
        write(campaign_description.template())
        return
    if description is None or to is None:
        raise click.UsageError("give a CAMPAIGN.toml and --to DIR, or --template")
    asked, aim = _described(description, units_guess), Aim(most=parse_epsilon(epsilon))
    tiers = campaign_tiers.aims(tier or [])
    facts = new_campaign(asked, aim=aim, folder=to, now=datetime.now(UTC), tiers=tiers, begin=_say_computing)
    show_campaign(facts, as_json=as_json)
    say(f"{to / ROUND_KEY_FILE} signs the rounds: give it to whoever runs them, and to nobody else.")
    say(f"Next: lockbox campaign sign {to} --key SECRETFILE")


@group.command("sign")
def sign(
    folder: CampaignDir,
    key: Annotated[Path, typer.Option("--key", metavar="SECRETFILE", help="Your secret key file.")],
    as_json: AsJson = False,
) -> None:
    """Sign a campaign, once for all of its rounds; your key is not needed again and can stay off line."""
    from vault.requester.campaigns import sign_campaign

    signed = sign_campaign(folder, key)
    if as_json:
        write_json(signed)
    else:
        write(signed.digest)
    say(f"Campaign {signed.campaign_id[:8]} is signed by {signed.fingerprint}.")
    say("A vault has an id of its own for it, and shows this one and the digest.")
    say(f"Next: lockbox coordinator init FOLDER --campaign {shlex.quote(str(folder))}")


@group.command("check")
def check(folder: CampaignDir, as_json: AsJson = False) -> None:
    """Check signature and form of a campaign, and what all of its rounds cost."""
    from vault.requester.aim import DELTA
    from vault.requester.campaigns import check_campaign

    say_meanwhile(COMPUTING)
    show_campaign(check_campaign(folder, delta=DELTA, now=datetime.now(UTC)), as_json=as_json)
    say("It is signed, and in the form that vaults take in.")


@group.command("round")
def write_round(
    folder: CampaignDir,
    number: Annotated[str, typer.Argument(metavar="N", help="Which round, from 1 on.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="A new folder.")],
    weights: Annotated[
        Path | None,
        typer.Option(
            "--weights", metavar="FILE", help="What it starts from; default: the campaign's first weights."
        ),
    ] = None,
    tier: Tier = None,
    as_json: AsJson = False,
) -> None:
    """Write the job of one round, signed by the round key beside the campaign; vaults take it in like any job."""
    from vault.requester.campaign_rounds import new_round

    found = new_round(folder, parse_count(number), to=to, weights=weights, tier=tier)
    if as_json:
        write_json({"job_id": found.job_id, "round": found.campaign.round, "expires": found.expires})
    else:
        write(found.job_id)
    say(
        f"Round {found.campaign.round} is open until {found.expires}. For owners: lockbox request submit {to}"
    )


add_coordinated_commands(group)


@group.command("split")
def split(
    folder: CampaignDir,
    proof: Annotated[
        Path,
        typer.Argument(metavar="PROOF", help="What a vault kept of it: campaign show ID --json, a file."),
    ],
    as_json: AsJson = False,
) -> None:
    """For anybody: verify the proof that a campaign's log was split, so that vaults were shown different things."""
    from vault.errors.campaigns import LogNotSplit
    from vault.requester.campaign_log import fork_in_file, is_fork_of

    if not is_fork_of(fork_in_file(proof), folder):
        raise LogNotSplit()
    if as_json:
        write_json({"split": True})
    else:
        write(
            "The log was split: two checkpoints, both signed by whoever runs the rounds, cannot be of one log."
        )


add_owner_commands(group)
add_actions(
    group, "campaign", {"leave": lambda vault, paths, done: end_access(vault, paths, done.campaign.id)}
)


def _described(path: Path, units_guess: str | None) -> CampaignDescription:
    from vault.requester.campaign_description import campaign_from_description

    found = campaign_from_description(path)
    if units_guess is None:
        return found
    return replace(found, job=replace(found.job, training_units_guess=parse_count(units_guess)))


def _say_computing() -> None:
    say_meanwhile(COMPUTING)


def show_campaign(facts: CampaignFacts, *, as_json: bool) -> None:
    """Write what is asked by a campaign, and what all of its rounds cost."""
    from vault.requester.campaign_plan import LIFETIME

    document, price = facts.document, facts.price
    if as_json:
        write_json(
            {
                "campaign_id": document.campaign_id,
                "digest": facts.digest,
                "fingerprint": facts.fingerprint,
                "protocol": document.protocol,
                "rounds": document.rounds,
                "deadlines": document.deadlines,
                "collection": document.job.collection,
                "unit": document.job.unit,
                "noise_multiplier": document.job.dp.noise_multiplier,
                "epsilon": price.together.epsilon,
                "epsilon_of_round": price.of_round.epsilon,
                "delta": price.together.delta,
                "guess_rate": price.together.guess_rate,
                "numerical_assumption": price.together.numerical_assumption,
                "tiers": campaign_tiers.as_json(facts),
            }
        )
        return
    kind, _, name = document.job.unit.partition(":")
    write_facts(
        [
            ("campaign", document.campaign_id),
            ("digest", facts.digest or "none before it is signed"),
            ("protocol", f"{document.protocol}, {wording.counted(document.rounds, 'round')}"),
            ("rounds end", f"{document.deadlines[0]} to {document.deadlines[-1]}"),
            ("collection", f"{document.job.collection}, unit {document.job.unit}"),
            (
                "columns",
                ", ".join(f"{quoted_name(one.name)} ({one.necessity})" for one in document.job.fields),
            ),
            ("units of a vault", f"at most {document.most_units:,}"),
            ("witness", f"{document.witness.name}" if document.witness else "nobody"),
            ("costs", f"ε {price.together.epsilon} at δ {price.together.delta:f}, all rounds together"),
            (
                "means",
                _means(kind, name or None, price.together.guess_rate, price.together.numerical_assumption),
            ),
            *campaign_tiers.rows(facts, kind, name or None),
        ]
    )
    _warn_of_budget(price.percent_of(LIFETIME, 2))
    if document.witness is None and not document.peers:
        say(
            "Beware: without a witness each vault's owner is told that others may have been shown something else."
        )


def _means(kind: str, name: str | None, guess_rate: Decimal, is_assumed: bool) -> str:
    sentence = wording.guess_sentence(kind, name, guess_rate)
    return f"{sentence} {wording.NUMERICAL_ASSUMPTION}" if is_assumed else sentence


def _plan_rows(found: Plan) -> list[tuple[str, str]]:
    return [
        ("planning number", _outlook(found.expected)),
        ("if three in ten stay away", _outlook(found.with_absent)),
        (
            "",
            "Points of 100 × AUC that were lost to noise at such a number, against the same model of all records in "
            f"one place without privacy (docs/campaign.md). {_how_far_it_goes(found.protocol)}",
        ),
    ]


def _tier_rows(found: Mapping[str, Plan]) -> list[tuple[str, str]]:
    """What each noise tier costs, and what would be learned if all vaults were in it."""
    return [
        (
            f"in tier {name}",
            f"ε {one.price.together.epsilon} at δ {one.price.together.delta:f}; were all vaults in it, "
            f"{_outlook(one.expected)}",
        )
        for name, one in found.items()
    ]


def _how_far_it_goes(protocol: str) -> str:
    from vault.requester.campaign_plan import MEASURED_PROTOCOL

    if protocol == MEASURED_PROTOCOL:
        return "Yours may differ."
    return f"It was measured for gradient sums in ten rounds: what {protocol} loses at such a number was not."


def _warn_of_budget(percent: Decimal) -> None:
    from vault.requester.campaign_plan import LIFETIME

    if percent > wording.WHOLE:
        say(
            f"Beware: all rounds together are more than a whole lifetime budget of ε {LIFETIME}, the preset of a new "
            "vault. Only a vault whose owner chose a larger one can pay them."
        )


def _outlook(one: Outlook) -> str:
    vaults = wording.counted(one.vaults, "vault")
    useful = "" if one.is_useful else ": not useful"
    return f"{one.planning_number:g} with {vaults}: {one.points_lost} points lost{useful}"


def _price_rows(found: Plan, kind: str, name: str | None) -> list[tuple[str, str]]:
    from vault.requester.campaign_plan import LIFETIME

    together, rounds = found.price.together, wording.counted(found.rounds, "round")
    return [
        ("costs", f"ε {together.epsilon} at δ {together.delta:f} for {rounds} together"),
        ("of a lifetime budget", f"{found.price.percent_of(LIFETIME, 2)} % of ε {LIFETIME}"),
        ("means", _means(kind, name, together.guess_rate, together.numerical_assumption)),
        ("numbers a round, of a vault", f"{found.bytes_up:,} bytes up, {found.bytes_down:,} down"),
        (
            "approvals of a person",
            f"{found.approvals}: the consent, and each of {wording.counted(found.rounds, 'release')}",
        ),
    ]


def _as_json(found: Plan) -> dict[str, Any]:
    from vault.requester.campaign_plan import LIFETIME

    price = found.price
    return {
        "planning_number": found.expected.planning_number,
        "points_lost": found.expected.points_lost,
        "useful": found.expected.is_useful,
        "useful_with_absent": found.with_absent.is_useful,
        "planning_number_with_absent": found.with_absent.planning_number,
        "vaults": found.expected.vaults,
        "units_guess": found.units_guess,
        "rounds": found.rounds,
        "numbers": found.numbers,
        "epsilon": price.together.epsilon,
        "epsilon_of_round": price.of_round.epsilon,
        "delta": price.together.delta,
        "guess_rate": price.together.guess_rate,
        "numerical_assumption": price.together.numerical_assumption,
        "budget_share": price.percent_of(LIFETIME, 4) / 100,
        "bytes_up": found.bytes_up,
        "bytes_down": found.bytes_down,
        "approvals": found.approvals,
    }
