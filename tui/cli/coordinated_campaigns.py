"""The requester's side of a campaign that a coordinator serves: invite, access, status, report, model."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tui.cli.campaign_tiers import Tier
from tui.cli.commands.coordinator import show_overview, show_status
from tui.cli.options import AsJson
from tui.cli.terminal import say, write, write_json
from tui.text.parse import parse_count
from tui.text.wording import counted

CoordinatorDir = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of its coordinator.")]


def add_coordinated_commands(group: typer.Typer) -> None:
    """Register these commands."""
    for command in (invite, access, status, report, model):
        group.command(command.__name__)(command)


def invite(
    folder: CoordinatorDir,
    number: Annotated[str, typer.Option("--number", metavar="N", help="How many vaults are invited.")],
    to: Annotated[Path, typer.Option("--to", metavar="FOLDER", help="A new folder for their files.")],
    url: Annotated[
        str | None,
        typer.Option(
            "--url", metavar="URL", help="Where vaults reach it: https://HOST:PORT; default: its own address."
        ),
    ] = None,
    tier: Tier = None,
    as_json: AsJson = False,
) -> None:
    """Write invitation files, one for each vault: give each to one person, over a way that they trust."""
    from learner.federation.invitations import write_invitations

    files = write_invitations(folder, parse_count(number), to=to, url=url, tier=tier)
    if as_json:
        write_json(*({"file": each} | ({"tier": tier} if tier else {}) for each in files))
    else:
        write(str(to))
    to_tier = f" to noise tier {tier}" if tier else ""
    say(
        f"{counted(len(files), 'invitation')}{to_tier}. Each enrols one vault, once. For owners: lockbox courier join "
        "FILE"
    )


def access(
    folder: CoordinatorDir,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="A new file; it is as secret as a key.")],
    url: Annotated[
        str | None,
        typer.Option("--url", metavar="URL", help="Where you reach it: https://HOST:PORT; default: its own."),
    ] = None,
) -> None:
    """Write a file by which you look at a campaign from another computer while its coordinator serves."""
    from contextlib import closing

    from learner.federation.coordinator import Coordinator
    from learner.federation.coordinator_folder import open_folder
    from learner.federation.overview_from_afar import write_access

    with closing(Coordinator(open_folder(folder))) as coordinator:
        write_access(coordinator, to, url)
    write(str(to))
    say(f"There: lockbox campaign status {to}")


def status(
    place: Annotated[
        Path, typer.Argument(metavar="DIR|FILE", help="The folder of its coordinator, or an access to one.")
    ],
    as_json: AsJson = False,
) -> None:
    """Say how a campaign stands at its coordinator: rounds, answers, what was left out or refused and why."""
    if place.is_file():
        from learner.federation.overview_from_afar import overview_from_afar

        show_overview(overview_from_afar(place), as_json=as_json)
        return
    show_status(place, as_json=as_json)


def model(
    folder: CoordinatorDir,
    to: Annotated[
        Path,
        typer.Option("--to", metavar="FILE", help="A new file: weights (safetensors), or whole (.onnx)."),
    ],
) -> None:
    """Write the final model of a campaign that is over, for you who asked."""
    from contextlib import closing

    from learner.federation.coordinator import Coordinator
    from learner.federation.coordinator_folder import open_folder
    from vault.requester.model_endings import check_ending
    from vault.requester.new_file import check_new, write_new

    check_ending(to)
    check_new(to)
    with closing(Coordinator(open_folder(folder))) as coordinator:
        write_new(to, coordinator.final_model(to))
    write(str(to))
    if to.suffix.lower() == ".onnx":
        say(f"To use it: lockbox update predict {to} FILE.csv")
    else:
        say("These are weights alone. The whole model, which lockbox update predict uses: --to FILE.onnx")


def report(
    folder: CoordinatorDir,
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="A new HTML file.")],
    rows: Annotated[
        Path | None,
        typer.Option("--rows", metavar="FILE.csv", help="Public rows of your own, to score each round on."),
    ] = None,
    units_guess: Annotated[
        str | None,
        typer.Option("--units-guess", metavar="N", help="How many units you think one vault has."),
    ] = None,
) -> None:
    """Write one page about a campaign: participation, price, scores, rejected updates, plan and outcome."""
    from contextlib import closing

    from learner.federation.coordinator import Coordinator
    from learner.federation.coordinator_folder import open_folder
    from learner.federation.report import campaign_report
    from vault.requester.campaign_report import report_page
    from vault.requester.new_file import check_new, write_new

    check_new(to)
    guess = parse_count(units_guess) if units_guess is not None else None
    with closing(Coordinator(open_folder(folder))) as coordinator:
        found = campaign_report(coordinator, now=datetime.now(UTC), rows=rows, units_guess=guess)
    write_new(to, report_page(found))
    write(str(to))
    say("The page is written; any browser shows it, and it loads nothing from anywhere.")
