"""Models of one's own: add, list, show, score, fit, predict, export, delete."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.action_commands import add_actions
from tui.cli.command_group import CommandGroup
from tui.cli.options import AsJson
from tui.cli.progress import progress_bar
from tui.cli.terminal import (
    say,
    width,
    write,
    write_facts,
    write_json,
    write_list,
    write_wrapped,
)
from tui.cli.vault_access import ask_beforehand, check_new_file, open_vault
from tui.text import model_facts, times

if TYPE_CHECKING:
    from collections.abc import Iterable

group = typer.Typer(no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(
        group,
        name="model",
        help="Models that you keep: score, fit and use them, for yourself.",
        cls=CommandGroup,
    )


ModelName = Annotated[str, typer.Argument(metavar="MODEL", help="Its name: lockbox model list")]
CollectionName = Annotated[
    str, typer.Argument(metavar="COLLECTION", help="Your rows, with the columns of the model.")
]


@group.command("list")
def list_models(context: typer.Context, as_json: AsJson = False) -> None:
    """The models you keep, and where each is from."""
    with open_vault(context, writable=False) as vault:
        found = vault.models()
    write_list(
        found,
        as_json=as_json,
        nothing="You keep no model. To keep that of a release: lockbox model add DIR",
        headings=("name", "kind", "predicts", "origin", "added (UTC)"),
        row=lambda one: (
            one.name,
            one.kind,
            one.predicts,
            model_facts.origin(one),
            times.short_time(one.added_at),
        ),
    )


@group.command("show")
def show_model(context: typer.Context, model: ModelName, as_json: AsJson = False) -> None:
    """One model: what it needs, what it predicts, and who else has it."""
    with open_vault(context, writable=False) as vault:
        found = vault.model(model)
    if as_json:
        write_json(found)
        return
    write_facts(model_facts.facts(found))
    if found.is_private:
        say(model_facts.NOT_PRIVATE)


@group.command("add")
def add_model(
    context: typer.Context,
    release: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a release.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Your name for the model.")] = "",
    job: Annotated[
        Path | None,
        typer.Option("--job", metavar="JOBDIR", help="Of another vault's release: the job that it answers."),
    ] = None,
    vault_key: Annotated[
        Path | None,
        typer.Option("--vault-key", metavar="KEY", help="Of another vault's release: a file with its key."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Keep the model in a release, yours or another vault's, once it verifies."""
    with open_vault(context) as vault:
        added = vault.add_model(release, name=name, job=job, vault_key=vault_key)
    if as_json:
        write_json(added)
        return
    write_facts(model_facts.facts(added))


@group.command("score")
def score(
    context: typer.Context, model: ModelName, collection: CollectionName, as_json: AsJson = False
) -> None:
    """How a model does on your own rows, beside the best guess without one; for you alone."""
    with open_vault(context, reads_records=True) as vault, progress_bar("scoring") as progress:
        found = vault.score_model(model, collection, progress=progress)
    _tell(as_json, found, model_facts.score_sentences(found))


@group.command("fit")
def fit(
    context: typer.Context,
    model: ModelName,
    collection: CollectionName,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Your name for what is fitted.")] = "",
    as_json: AsJson = False,
) -> None:
    """Fit a model to your own rows at home, from what it knows; the copy is not private and stays with you."""
    with open_vault(context, reads_records=True) as vault, progress_bar("fitting") as progress:
        found = vault.fit_model(model, collection, new_name=name, progress=progress)
    _tell(as_json, found, model_facts.fit_sentences(found))


@group.command("predict")
def predict(
    context: typer.Context,
    model: ModelName,
    rows: Annotated[
        str,
        typer.Argument(metavar="COLLECTION", help="Your rows; or with --file a CSV file with these columns."),
    ],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="A new CSV file.")],
    is_file: Annotated[bool, typer.Option("--file", help="Predict for the rows of a file.")] = False,
    as_json: AsJson = False,
) -> None:
    """Predict for every row of a collection, or of a file, into a new CSV file."""
    check_new_file(context, to)
    with open_vault(context, reads_records=True) as vault:
        vault.model(model)  # a name that is none is said before the passphrase is asked
        ask_beforehand(vault)
        with progress_bar("predicting") as progress:
            if is_file:
                found = vault.predict_file(model, Path(rows), to, progress=progress)
            else:
                found = vault.predict_collection(model, rows, to, progress=progress)
    _tell(as_json, found, model_facts.prediction_sentences(found))
    say(f"{to} holds them, a line for each row.")
    if not as_json:
        for line in model_facts.prediction_picture(found, width(), calm=bool(os.environ.get("ACCESSIBLE"))):
            write(line)


@group.command("export")
def export(
    context: typer.Context,
    model: ModelName,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A new file: .safetensors (weights) or .onnx (the whole model)."),
    ],
    as_json: AsJson = False,
) -> None:
    """Write a model to a new file, for yourself."""
    from vault.requester.model_endings import check_ending

    check_ending(file)
    check_new_file(context, file)
    with open_vault(context) as vault:
        if vault.model(model).is_private:
            say(model_facts.NOT_PRIVATE)
        written = vault.export_model(model, file)
    if as_json:
        write_json(written)
    say(f"{file} holds the model {written.name}.")
    for sentence in model_facts.use_of_file(file, job="JOBDIR"):
        say(sentence)


def _tell(as_json: bool, found: object, sentences: Iterable[str]) -> None:
    if as_json:
        write_json(found)
        return
    for sentence in sentences:
        write_wrapped(sentence)


add_actions(group, "model")
