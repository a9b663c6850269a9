"""A witness: make one, let it watch the log of a campaign, cosign by hand or serve."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.command_group import CommandGroup
from tui.cli.number_types import PORT
from tui.cli.options import AsJson
from tui.cli.terminal import say, write, write_facts, write_json

if TYPE_CHECKING:
    from vault.requester.witness import Witness

group = typer.Typer(no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(
        group, name="witness", help="Cosign what the vaults of a campaign are shown.", cls=CommandGroup
    )


WitnessDir = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the witness.")]


@group.command("init")
def init(
    folder: WitnessDir,
    name: Annotated[
        str,
        typer.Option(
            "--name", metavar="NAME", help="As in its signature lines: without spaces and plus signs."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Make a witness with a key of its own; a campaign names that key, and whoever runs the campaign is not it."""
    from vault.requester.witness import new_witness

    _tell(new_witness(folder, name), as_json=as_json)
    say("Give name and key to whoever writes the campaign: [campaign.witness] in CAMPAIGN.toml.")


@group.command("key")
def key(folder: WitnessDir, as_json: AsJson = False) -> None:
    """Print name and key of a witness again, for whoever writes a campaign."""
    from vault.requester.witness import Witness

    _tell(Witness.open(folder), as_json=as_json)


def _tell(one: Witness, *, as_json: bool) -> None:
    facts = {"name": one.name, "key": one.key.public.hex(), "vkey": one.vkey}
    if as_json:
        write_json(facts)
    else:
        write_facts(list(facts.items()))


@group.command("watch")
def watch(
    folder: WitnessDir,
    campaign: Annotated[Path, typer.Argument(metavar="CAMPAIGNDIR", help="The folder of a signed campaign.")],
    as_json: AsJson = False,
) -> None:
    """Cosign the log of a campaign that names this witness, from now on."""
    from vault.requester.witness import Witness

    origin = Witness.open(folder).watch(campaign)
    if as_json:
        write_json({"origin": origin})
    else:
        write(origin)


@group.command("cosign")
def cosign(
    folder: WitnessDir,
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="A checkpoint of that log.")],
    leaves: Annotated[Path, typer.Argument(metavar="LEAVES", help="All of its lines, a file.")],
) -> None:
    """Cosign a checkpoint in hand, if it goes on from the last one; prints the line that is added to it."""
    from vault.requester.witness import Witness, read_log

    note, lines = read_log(checkpoint, leaves)
    write(Witness.open(folder).cosign_log(note, lines, int(time.time())).decode().rstrip("\n"))


@group.command("serve")
def serve(
    folder: WitnessDir,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where it listens; default: 127.0.0.1.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            "--port",
            metavar="PORT",
            click_type=PORT,
            help="At which port, up to 65535; 0: any that is free; default: 8443.",
        ),
    ] = 8443,
    certificate: Annotated[
        Path | None, typer.Option("--certificate", metavar="FILE", help="For TLS, in PEM.")
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", metavar="FILE", help="Its secret key, in PEM.")] = None,
    as_json: AsJson = False,
) -> None:
    """Cosign by HTTP (C2SP tlog-witness), in the foreground, until it is ended."""
    from learner.federation import witness  # a second of imports, after everything that can be wrong at once

    scheme = "http" if certificate is None else "https"

    def announce(found: int) -> None:
        if as_json:
            write_json({"address": f"{scheme}://{host}:{found}"})
        else:
            say(f"Cosigning at {scheme}://{host}:{found}; end it with Ctrl+C.")
        sys.stdout.flush()

    witness.serve(folder, host=host, port=port, certificate=certificate, key=key, announce=announce)
