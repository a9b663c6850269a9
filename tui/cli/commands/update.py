"""The requester's side of a release: update verify, predict."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import click
import typer

from tui.cli.command_group import CommandGroup
from tui.cli.import_options import Vectors
from tui.cli.options import AsJson, vectors_of
from tui.cli.terminal import say, write, write_facts, write_json
from tui.text import model_facts
from tui.text.parse import names_text
from tui.text.wording import counted

group = typer.Typer(no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(group, name="update", help="For requesters: check what was released.", cls=CommandGroup)


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
        typer.Option("--sum", metavar="FILE", help="Of a gradient_sum or moments: write the sum."),
    ] = None,
    onnx: Annotated[
        Path | None,
        typer.Option(
            "--onnx",
            metavar="FILE",
            help="With --job: write the whole model, columns in and answers out (ONNX).",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check signature, digests and form of a release, and write the trained model or the sum."""
    from vault.requester.new_file import check_new, write_all_new
    from vault.requester.releases import verify_release

    _check_choice(model, onnx, job)
    check_new(*filter(None, (model, sum_file, onnx)))
    facts, made = verify_release(release, vault_key, job), _made(release, job, model, sum_file, onnx)
    write_all_new(made)
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
        ("learned from", names_text(manifest.fields_used)),
        ("not granted", names_text(manifest.fields_withheld) or "none"),
        ("privacy", f"ε {manifest.epsilon} at δ {manifest.delta} per {manifest.unit}"),
        ("keep as agreed", manifest.retention),
    ]
    write_facts(rows)
    for sentence in ("The release verifies.", *_uses(filter(None, (model, onnx)), job, sum_file)):
        say(sentence)


@group.command("predict")
def predict(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="What update verify wrote: --onnx, or --model with --job.")
    ],
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Rows with the columns of the job.")],
    job: Annotated[
        Path | None, typer.Option("--job", metavar="JOBDIR", help="The job of a MODEL.safetensors.")
    ] = None,
    vectors: Vectors = None,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="A new CSV file; without it, standard output.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Predict for every row of a CSV file: the rows again, with what is predicted behind them."""
    from vault.requester.new_file import check_new, write_new
    from vault.requester.prediction import predict

    if to:
        check_new(to)
    found = predict(model, file, job, vectors_of(vectors))
    if absent := ", ".join(found.absent):
        say(f"Not in {file.name}, so that every row counts as if it were missing: {absent}")
    if to:
        write_new(to, _csv([found.header, *found.rows]).encode())
    elif as_json:
        write_json(*({"cells": dict(zip(found.header, row, strict=True))} for row in found.rows))
    else:
        write(_csv([found.header, *found.rows]).rstrip("\n"))
    where = f" {to} holds the rows, with what is predicted behind them." if to else ""
    say(f"Predicted for {counted(len(found.rows), 'row')}.{where}")


def _check_choice(model: Path | None, onnx: Path | None, job: Path | None) -> None:
    """Refuse a model without its job, and a name that says of a file that it is the other kind of model."""
    if (model or onnx) and not job:
        raise click.UsageError("--model and --onnx need --job, which holds the starting weights")
    if model and model.suffix.lower() == ".onnx":
        raise click.UsageError("--model writes the weights alone, in safetensors; for ONNX: --onnx FILE")
    if onnx and onnx.suffix.lower() == ".safetensors":
        raise click.UsageError("--onnx writes ONNX; for the weights alone, in safetensors: --model FILE")


def _uses(models: Iterable[Path], job: Path | None, sum_file: Path | None) -> list[str]:
    """What the files that were written are good for."""
    said = [sentence for file in models for sentence in model_facts.use_of_file(file, job=str(job))]
    return (
        said if sum_file is None else [*said, f"{sum_file} holds the sum, to be added to other vaults' ones."]
    )


def _csv(rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def _made(
    release: Path, job: Path | None, model: Path | None, sum_file: Path | None, onnx: Path | None
) -> list[tuple[Path, bytes]]:
    """The files that are wanted, all made before the first is written."""
    from vault.requester.releases import released_sum, trained_model, trained_weights

    made = [] if sum_file is None else [(sum_file, released_sum(release))]
    if job and model:
        made.append((model, trained_weights(release, job)))
    if job and onnx:
        from vault.requester.onnx_model import onnx_bytes

        made.append((onnx, onnx_bytes(trained_model(release, job))))
    return made
