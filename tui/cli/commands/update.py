"""The requester's side of a release: update verify."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import click
import typer

from tui.cli.options import AsJson
from tui.cli.terminal import say, write_facts, write_json
from vault.errors.records import FileMissing
from vault.errors.release import DestinationUnusable

group = typer.Typer(no_args_is_help=True)


@group.callback()
def _update() -> None:
    """Keep `verify` a command of its own."""


@group.command("verify")
def verify(
    release: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a release.")],
    vault_key: Annotated[
        Path,
        typer.Option(
            "--vault-key", metavar="KEY", help="A file with the vault's key for you, from its owner."
        ),
    ],
    job: Annotated[
        Path | None, typer.Option("--job", metavar="JOBDIR", help="Also check that it answers this job.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option("--model", metavar="FILE", help="With --job: write the trained weights (safetensors)."),
    ] = None,
    sum_file: Annotated[
        Path | None,
        typer.Option("--sum", metavar="FILE", help="Of a gradient_sum: write the noisy sum (safetensors)."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check signature, digests and form of a release, and write the trained model or the sum."""
    from vault.requester.releases import apply_update, released_sum, verify_release

    if model and not job:
        raise click.UsageError("--model needs --job, which holds the starting weights")
    facts = verify_release(release, vault_key, job)
    if model and job:
        _write_model(apply_update(_read(job / "weights.safetensors"), release), model)
    if sum_file:
        _write_model(released_sum(release), sum_file)
    if as_json:
        write_json(
            {
                "digest": facts.digest,
                "vault": facts.vault_fingerprint,
                "manifest": facts.manifest.model_dump(),
            }
        )
        return
    manifest = facts.manifest
    rows = [
        ("release", manifest.release_id),
        ("signed by vault", facts.vault_fingerprint),
        ("answers your job", "yes, this very one" if facts.answers_job else "not checked (give --job)"),
        ("learned from", ", ".join(manifest.fields_used)),
        ("not granted", ", ".join(manifest.fields_withheld) or "none"),
        ("privacy", f"ε {manifest.epsilon} at δ {manifest.delta} per {manifest.unit}"),
        ("keep as agreed", manifest.retention),
    ]
    write_facts(rows)
    say("The release verifies.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileMissing(path=path) from error


def _write_model(data: bytes, path: Path) -> None:
    try:
        with path.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise DestinationUnusable(path=path, reason=error.strerror or "it cannot be written") from error
