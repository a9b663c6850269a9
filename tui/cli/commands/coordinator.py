"""Many vaults under a coordinator: coordinator init, serve, status, backup."""

from __future__ import annotations

import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
import typer

from tui.cli.command_group import CommandGroup
from tui.cli.coordinator_headings import REFUSED_HEADINGS, ROUND_HEADINGS
from tui.cli.number_types import PORT
from tui.cli.options import AsJson
from tui.cli.terminal import say, write, write_facts, write_json, write_table
from tui.text import coordinator_facts
from tui.text.parse import parse_count

if TYPE_CHECKING:
    from learner.federation.overview import Overview

group = typer.Typer(no_args_is_help=True)

CoordinatorDir = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a coordinator.")]


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(
        group,
        name="coordinator",
        help="For requesters: serve a campaign to many vaults, and collect what they answer.",
        cls=CommandGroup,
    )


NewFolder = Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")]
CampaignDir = Annotated[
    Path, typer.Option("--campaign", metavar="CAMPAIGNDIR", help="A signed campaign with its round.key.")
]
Host = Annotated[
    str,
    typer.Option(
        "--host", metavar="HOST", help="Where it listens: a name or an address; default: 127.0.0.1."
    ),
]
Port = Annotated[
    int,
    typer.Option(
        "--port",
        metavar="PORT",
        click_type=PORT,
        help="At which port, up to 65535; 0: any that is free; default: 8443.",
    ),
]
Quorum = Annotated[
    str | None,
    typer.Option(
        "--quorum", metavar="N", help="Close a round at so many answers, before its deadline; 0: never."
    ),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="postgresql://USER@HOST/NAME for several replicas; without it SQLite in DIR.",
    ),
]
WitnessUrl = Annotated[
    str | None,
    typer.Option("--witness", metavar="URL", help="Where the witness that the campaign names answers."),
]
CertificateFile = Annotated[
    Path | None,
    typer.Option("--certificate", metavar="FILE", help="A certificate of your own (PEM), with --key."),
]
KeyFile = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="The secret key of that certificate (PEM).")
]


@group.command("init")
def init(
    folder: NewFolder,
    campaign: CampaignDir,
    host: Host = "127.0.0.1",
    port: Port = 8443,
    quorum: Quorum = None,
    database: Database = None,
    witness: WitnessUrl = None,
    certificate: CertificateFile = None,
    key: KeyFile = None,
    as_json: AsJson = False,
) -> None:
    """Make the folder of a coordinator: certificate, campaign, round key; your own key stays where it is."""
    from learner.federation.coordinator_folder import OwnCertificate, Settings, make_coordinator

    if (certificate is None) != (key is None):
        raise click.UsageError("--certificate and --key go together")
    own = OwnCertificate(certificate=certificate, key=key) if certificate and key else None
    settings = Settings(
        host=host,
        port=port,
        quorum=parse_count(quorum) if quorum is not None else 0,
        database=database or "",
        witness=witness or "",
    )
    made = make_coordinator(folder, campaign, settings, now=datetime.now(UTC), own=own)
    if as_json:
        write_json(
            {
                "campaign": made.campaign.digest,
                "address": made.settings.address,
                "certificate_sha256": made.pinned,
            }
        )
    else:
        write(made.campaign.digest)
    say(
        f"Next: lockbox campaign invite {folder} --number N --to FOLDER, and lockbox coordinator serve {folder}"
    )


@group.command("serve")
def serve(folder: CoordinatorDir, as_json: AsJson = False) -> None:
    """Serve until it is ended: a live page on a terminal, else one JSON line for each thing that happens."""
    from tui.cli.coordinator_process import become_server

    become_server(folder, has_page=sys.stdout.isatty() and not as_json)


@group.command("status")
def status(folder: CoordinatorDir, as_json: AsJson = False) -> None:
    """Say how its campaign stands, whether it serves or not."""
    show_status(folder, as_json=as_json)


@group.command("backup")
def backup(
    folder: CoordinatorDir,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; it holds secret keys.")],
    as_json: AsJson = False,
) -> None:
    """Write everything a coordinator is into one file, also while it serves; tar unpacks it into a folder."""
    from learner.federation.coordinator_backup import write_backup

    found = write_backup(folder, file)
    if as_json:
        write_json({"file": file, "bytes": file.stat().st_size, "has_database": found})
    else:
        write(str(file))
    say("It holds the round key and the key of the certificate: keep it like those.")
    say("To go on from it:")
    say(f"  mkdir -m 700 DIR && tar -xf {shlex.quote(str(file))} -C DIR && lockbox coordinator serve DIR")
    if not found:
        say(
            "The answers are in PostgreSQL and not in it: copy that database by its own tools, such as pg_dump."
        )


def show_status(folder: Path, *, as_json: bool) -> None:
    """Write how the campaign of a coordinator stands."""
    show_overview(_overview(folder), as_json=as_json)


def show_overview(found: Overview, *, as_json: bool) -> None:
    """Write how a campaign stands."""
    if as_json:
        write_json(found)
        return
    write_facts(coordinator_facts.facts(found))
    write_table(ROUND_HEADINGS, map(coordinator_facts.round_row, found.rounds))
    if found.refused:
        write_table(REFUSED_HEADINGS, map(coordinator_facts.refused_row, found.refused))


def _overview(folder: Path) -> Overview:
    from contextlib import closing

    from learner.federation.coordinator import Coordinator
    from learner.federation.coordinator_folder import open_folder
    from learner.federation.overview import overview

    with closing(Coordinator(open_folder(folder))) as coordinator:
        return overview(coordinator)
