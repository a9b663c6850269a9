"""The requester's side: job keygen, new, sign, check."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
import typer

from tui.cli.options import AsJson
from tui.cli.terminal import say, write, write_facts, write_json
from tui.text import wording
from tui.text.parse import parse_epsilon

if TYPE_CHECKING:
    from vault.requester.jobs import JobFacts

group = typer.Typer(no_args_is_help=True)

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
        str, typer.Option("--epsilon", metavar="EPSILON", help="What the job may cost at most.")
    ] = "1",
    template: Annotated[bool, typer.Option("--template", help="Print an example JOB.toml.")] = False,
    as_json: AsJson = False,
) -> None:
    """Write an unsigned job; the noise is calibrated so that it costs at most --epsilon."""
    from vault.requester.description import job_from_description
    from vault.requester.description import template as job_template
    from vault.requester.jobs import new_job

    if template:
        write(job_template().rstrip())
        return
    if description is None or to is None:
        raise click.UsageError("give a JOB.toml and --to JOBDIR, or --template")
    facts = new_job(
        job_from_description(description),
        epsilon=parse_epsilon(epsilon),
        folder=to,
        now=datetime.now(UTC),
    )
    _show(facts, as_json=as_json)
    say(f"Next: lockbox job sign {to} --key SECRETFILE")


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


@group.command("check")
def check(job: JobDir, as_json: AsJson = False) -> None:
    """Check a job as a vault would before it looks at itself, and what it costs."""
    from vault.requester.jobs import check_job

    _show(check_job(job), as_json=as_json)


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
            }
        )
        return
    kind, _, name = manifest.unit.partition(":")
    rows = [
        ("job", manifest.job_id),
        ("collection", f"{manifest.collection}, unit {manifest.unit}"),
        ("columns", ", ".join(f"{field.name} ({field.necessity})" for field in manifest.fields)),
        ("model", f"{facts.computes}, {wording.counted(facts.parameters, 'parameter')}"),
        (
            "noise multiplier",
            f"{manifest.dp.noise_multiplier:g}, {wording.counted(manifest.dp.steps, 'step')}",
        ),
        ("costs", f"ε {price.epsilon} at δ {price.delta:f}"),
        ("means", wording.guess_sentence(kind, name or None, price.guess_rate)),
    ]
    write_facts(rows)
