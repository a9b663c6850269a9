"""The requester's side: job keygen, new, sign, check."""

from __future__ import annotations

import shlex
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import click
import typer

from tui.cli.command_group import CommandGroup
from tui.cli.job_from_card import (
    CardOption,
    FeaturesOption,
    KeyOption,
    LabelOption,
    ask_epsilon,
    check_options,
    job_from_card,
    read_card,
    write_template,
)
from tui.cli.options import AsJson
from tui.cli.terminal import say, say_meanwhile, write, write_facts, write_json
from tui.text import wording
from tui.text.parse import parse_count, parse_epsilon, parse_times_in_hundred, quoted_name

if TYPE_CHECKING:
    from vault.requester.aim import Aim
    from vault.requester.forecast import Forecast
    from vault.requester.jobs import JobFacts

COMPUTING: Final = "Computing the noise and the price …"

group = typer.Typer(no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(group, name="job", help="For requesters: keys, jobs, signatures.", cls=CommandGroup)


JobDir = Annotated[Path, typer.Argument(metavar="JOBDIR", help="The folder of a job.")]


@group.command("keygen")
def keygen(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")], as_json: AsJson = False
) -> None:
    """Make the key pair that signs your jobs."""
    from vault.requester.keys import keygen

    keys = keygen(folder)
    if as_json:
        write_json(keys)
    else:
        write(str(keys.public))
    say(f"Give {keys.public} to vault owners, and keep {keys.secret} to yourself.")
    say(f"Fingerprint, to be compared in person: {keys.fingerprint}")


@group.command("new")
def new(
    to: Annotated[Path | None, typer.Option("--to", metavar="JOBDIR", help="A new folder.")] = None,
    description: Annotated[
        Path | None, typer.Argument(metavar="JOB.toml", help="What you ask; see docs/job-manifest.md.")
    ] = None,
    epsilon: Annotated[
        str | None,
        typer.Option("--epsilon", metavar="EPSILON", help="What the job may cost at most; without it, 1."),
    ] = None,
    guess_rate: Annotated[
        str | None,
        typer.Option(
            "--guess-rate",
            metavar="TIMES",
            help="Instead of --epsilon: in how many of 100 cases a guess about one unit may be right at most.",
        ),
    ] = None,
    units_guess: Annotated[
        str | None,
        typer.Option(
            "--units-guess",
            metavar="N",
            help="How many units you think there are; what JOB.toml leaves out of [training] follows.",
        ),
    ] = None,
    card: CardOption = None,
    vault_key: KeyOption = None,
    label: LabelOption = None,
    features: FeaturesOption = None,
    template: Annotated[bool, typer.Option("--template", help="Print an example JOB.toml.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write an unsigned job that costs at most --epsilon; noise and training follow by a public recipe."""
    from vault.requester.description import job_from_description
    from vault.requester.jobs import new_job

    check_options(card, vault_key=vault_key, label=label, features=features)
    found = read_card(card, vault_key) if card else None
    if template:
        write_template(found)
        return
    if description is None or to is None:
        raise click.UsageError("give a JOB.toml and --to JOBDIR, or --template")
    if epsilon is not None and guess_rate is not None:
        raise click.UsageError("give --epsilon or --guess-rate, not both")
    if found:
        asked = job_from_card(description, found, label=label, features=features)
        epsilon = ask_epsilon() if epsilon is None and guess_rate is None else epsilon
    else:
        asked = job_from_description(description)
    if units_guess is not None:
        asked = replace(asked, training_units_guess=parse_count(units_guess))
    aim = _aim(epsilon, guess_rate)
    say_meanwhile(COMPUTING)
    facts = new_job(asked, aim=aim, folder=to, now=datetime.now(UTC))
    _show(facts, as_json=as_json)
    say(f"Next: lockbox job sign {to} --key SECRETFILE")


def _aim(epsilon: str | None, guess_rate: str | None) -> Aim:
    from vault.requester.aim import Aim

    if guess_rate is not None:
        return Aim(most=parse_times_in_hundred(guess_rate), of="guess_rate")
    return Aim(most=parse_epsilon("1" if epsilon is None else epsilon))


@group.command("sign")
def sign(
    job: JobDir,
    key: Annotated[Path, typer.Option("--key", metavar="SECRETFILE", help="Your secret key file.")],
    as_json: AsJson = False,
) -> None:
    """Sign a job; one byte changed afterwards makes it another job, and refused."""
    from vault.requester.jobs import sign_job

    signed = sign_job(job, key)
    if as_json:
        write_json(signed)
    else:
        write(signed.digest)
    say(f"Job {signed.job_id[:8]} is signed by {signed.fingerprint}.")
    say(
        f"Give the folder to the owners of vaults, who take it in by: lockbox request submit {shlex.quote(str(job))}"
    )


@group.command("check")
def check(job: JobDir, as_json: AsJson = False) -> None:
    """Check a job as a vault would before it looks at itself, and what it costs."""
    from vault.requester.jobs import check_job

    say_meanwhile(COMPUTING)
    _show(check_job(job, now=datetime.now(UTC)), as_json=as_json)


def _show(facts: JobFacts, *, as_json: bool) -> None:
    manifest, price = facts.manifest, facts.price
    if as_json:
        write_json(
            {
                "job_id": manifest.job_id,
                "digest": facts.digest,
                "fingerprint": facts.fingerprint,
                "collection": manifest.collection,
                "unit": manifest.unit,
                "fields": [field.name for field in manifest.fields],
                "parameters": facts.parameters,
                "noise_multiplier": manifest.dp.noise_multiplier,
                "epsilon": price.epsilon,
                "delta": price.delta,
                "guess_rate": price.guess_rate,
                "training": _training(facts),
                "forecast": asdict(facts.forecast),
            }
        )
        return
    kind, _, name = manifest.unit.partition(":")
    rows = [
        ("job", manifest.job_id),
        ("collection", f"{manifest.collection}, unit {manifest.unit}"),
        ("columns", ", ".join(f"{quoted_name(field.name)} ({field.necessity})" for field in manifest.fields)),
        ("model", f"{facts.computes}, {wording.counted(facts.parameters, 'parameter')}"),
        (
            "noise multiplier",
            f"{manifest.dp.noise_multiplier:g}, {wording.counted(manifest.dp.steps, 'step')}",
        ),
        (
            "training",
            ", ".join(
                f"{name} {number if isinstance(number, str) else f'{number:g}'}"
                for name, number in _training(facts).items()
            ),
        ),
        ("costs", f"ε {price.epsilon} at δ {price.delta:f}"),
        ("means", wording.guess_sentence(kind, name or None, price.guess_rate)),
    ]
    write_facts([*rows, *_outlook(facts.forecast)])
    for warning in facts.forecast.warnings:
        say(f"Beware: {warning}")


def _training(facts: JobFacts) -> dict[str, float | str]:
    """What the recipe chose, or the requester."""
    dp, optimizer = facts.manifest.dp, facts.manifest.optimizer
    return {
        "sampling_rate": dp.sampling_rate,
        "expected_batch": dp.expected_batch,
        "clip": dp.clip,
        "optimizer": optimizer.kind,
        **{name: each for name, each in optimizer.model_dump().items() if isinstance(each, float)},
    }


def _points(lost: float) -> str:
    return "1 point" if lost == 1 else f"{lost:g} points"


def _outlook(forecast: Forecast) -> list[tuple[str, str]]:
    """A planning number for each count of units, and where it comes from; nothing for what is no model."""
    if not forecast.expected:
        return []
    lost = [
        f"{wording.counted(each.units, 'unit')}: about {_points(each.points_lost)}"
        for each in forecast.expected
    ]
    return [
        ("planned for", wording.counted(forecast.units_guess, "unit")),
        ("lost to noise", "; ".join(lost)),
        (
            "",
            "Points of 100 right answers, or of R² in 100, against the same model without privacy: what ten tables "
            "lost at the same ratio of signal to noise (docs/recipes.md). Yours may differ.",
        ),
    ]
