"""Peers that learn without a server: introduce, new, join, run, status, model, leave, unit."""

from __future__ import annotations

import shlex
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.command_group import CommandGroup
from tui.cli.interruption import answered, say_stopping
from tui.cli.leaving import leave_with_access
from tui.cli.left_over import say_left_over
from tui.cli.mesh_addresses import check_addresses
from tui.cli.mesh_joining import introduce_to, join_by
from tui.cli.mesh_showing import as_json as as_json_of
from tui.cli.mesh_showing import draw, names_of, teller
from tui.cli.number_types import WholeNumberIn
from tui.cli.one_by_one import one_by_one
from tui.cli.options import AsJson
from tui.cli.rounds_decided import decided_here
from tui.cli.terminal import (
    say,
    say_meanwhile,
    write,
    write_json,
)
from tui.cli.vault_access import global_options, open_vault
from tui.couriers.decided import UNKNOWN
from tui.couriers.ending import campaign_called, campaign_named, check_length
from tui.text import mesh_facts, times
from tui.text.parse import parse_epsilon
from vault.errors.meshes import MeshFolderDamaged, MeshNotOver, NoMeshJoined, NoSuchMesh, SeveralMeshes

if TYPE_CHECKING:
    from learner.federation.mesh_folder import MeshFolder
    from vault.owner.interface.owner import Owner

group = typer.Typer(no_args_is_help=True)

Joined = Annotated[
    str | None,
    typer.Argument(metavar="[ID]", help="Of a campaign here, if there are several meshes."),
]
Listens = Annotated[
    str | None,
    typer.Option("--listen", metavar="HOST:PORT", help="Where to listen, if not where you are introduced."),
]
Addresses = Annotated[
    list[str] | None,
    typer.Option(
        "--connect", metavar="HOST:PORT", help="A peer at another address than it was introduced with."
    ),
]


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(group, name="mesh", help="Peers that learn together without a server.", cls=CommandGroup)


@group.command("introduce")
def introduce(
    context: typer.Context,
    requester: Annotated[
        str, typer.Option("--requester", metavar="NAME", help="Your own name for who founds the mesh.")
    ],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="What your peers shall call you.")],
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="A new file, for who founds the mesh.")],
    address: Annotated[
        str | None,
        typer.Option(
            "--address", metavar="HOST:PORT", help="Where others reach you; without it none can begin."
        ),
    ] = None,
) -> None:
    """Write what the founder of a mesh needs to list you: your vault's key for them, and a certificate request."""
    check_addresses("--address", [] if address is None else [address], is_reached=True)
    is_again = introduce_to(context, requester=requester, name=name, address=address, to=to)
    if is_again:
        say(
            f"Your vault was introduced to {requester} before. Both introductions hold, and a membership by either is "
            "joined here; for one mesh only one of them is given."
        )
    say(f"Give {to} to {requester}; you get a membership back. Nothing else of your vault is in it.")


@group.command("new")
def new(
    description: Annotated[
        Path, typer.Argument(metavar="CAMPAIGN.toml", help="What is learned, by the protocol fedavg.")
    ],
    introductions: Annotated[
        list[Path], typer.Argument(metavar="INTRODUCTION…", help="The file of each peer, two at least.")
    ],
    key: Annotated[Path, typer.Option("--key", metavar="SECRETFILE", help="The founder's secret key.")],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="A new folder.")],
    epsilon: Annotated[
        str,
        typer.Option(
            "--epsilon",
            metavar="EPSILON",
            show_default=False,
            help="What all rounds together may cost at most; default: 1.",
        ),
    ] = "1",
) -> None:
    """Found a mesh: a signed campaign with a closed list of peers, and a membership for each of them."""
    from learner.federation.mesh_forms import membership_file
    from learner.federation.mesh_founding import found_mesh
    from tui.cli.commands.campaign import COMPUTING, show_campaign
    from vault.requester.aim import Aim
    from vault.requester.campaign_description import campaign_from_description

    asked, aim = campaign_from_description(description), Aim(most=parse_epsilon(epsilon))
    facts = found_mesh(
        asked, introductions, key, aim=aim, folder=to, now=datetime.now(UTC),
        begin=lambda: say_meanwhile(COMPUTING),
    )  # fmt: skip
    show_campaign(facts, as_json=False)
    write()
    for number, peer in enumerate(facts.document.peers, start=1):
        write(f"{to / membership_file(number, peer.name)}  for {peer.name}")
    say(
        "Give each peer its file over a way that you both trust: it holds the key of the rounds, which all peers have."
    )
    say("No certificate for one more peer can be made: the key that signed these was never written down.")


@group.command("join")
def join(
    context: typer.Context,
    membership: Annotated[
        Path, typer.Argument(metavar="MEMBERSHIP", help="The file that whoever founded the mesh gave you.")
    ],
    as_json: AsJson = False,
) -> None:
    """Let a mesh in by its membership. Taking part in its campaign is decided later."""
    access = join_by(context, membership)
    if as_json:
        write_json({"campaign": access.campaign, "requester": access.requester})
    for sentence in mesh_facts.after_joining(access.campaign):
        say(sentence)


@group.command("run")
def run(
    context: typer.Context,
    campaign: Joined = None,
    listen: Listens = None,
    connect: Addresses = None,
    every: Annotated[
        int,
        typer.Option(
            "--every",
            metavar="SECONDS",
            click_type=WholeNumberIn(1),
            help="How long between two looks at the vault, about; default: 60.",
        ),
    ] = 60,
    as_json: AsJson = False,
) -> None:
    """Open a port to your peers: pass on what was released, and begin each round from what is mixed here."""
    from learner.federation.mesh import Running
    from vault.client.attach import line_to

    check_addresses("--listen", [listen] if listen is not None else [])
    check_addresses("--connect", connect or [], is_reached=True)
    paths, folder = global_options(context).paths, _chosen(context, campaign)
    known = folder.node()
    own = [one.address for one in known.places if one.key == known.key]
    running = Running(
        folder=folder,
        connect=lambda: line_to(paths),
        tell=teller(names_of(folder), for_programs=as_json),
        listen=own if listen is None else [listen],
        others=connect or (),
        every=float(every),
    )
    with suppress(KeyboardInterrupt), answered(say_stopping):  # which is how it ends
        running.go_on()


@group.command("status")
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Each round: what became of it, whose model was mixed, and whose not and why."""
    from learner.federation.mesh_folder import joined

    found = joined(global_options(context).paths.mesh)
    known = decided_here(context) if found else UNKNOWN
    if not found and not as_json:
        say("No mesh is joined here: lockbox mesh join MEMBERSHIP")

    def show(folder: MeshFolder) -> None:
        if as_json:
            write_json(as_json_of(folder, known))
        else:
            if folder is not found[0]:
                write()
            draw(folder, known)

    say_left_over(context)
    one_by_one(found, show)


@group.command("model")
def model(
    context: typer.Context,
    to: Annotated[Path, typer.Option("--to", metavar="MODEL.onnx", help="A new file; by its ending.")],
    campaign: Joined = None,
) -> None:
    """Write the model that came of the mesh after its last round, as this peer mixed it."""
    from learner.federation.mesh_folder import MODEL_FILE, MeshState
    from vault.requester.coordinating import create_file, final_model_in

    folder = _chosen(context, campaign)
    document = folder.campaign().document
    if not folder.facts(MeshState).is_over:
        raise MeshNotOver(reason=mesh_facts.NOT_OVER.format(until=times.full_time(document.deadlines[-1])))
    create_file(to, final_model_in(to, document, folder.read(MODEL_FILE)))
    say(f"{to} holds the model. Whoever gets it gets what your peers' released models hold, and yours.")


@group.command("leave")
def leave(
    context: typer.Context,
    campaign: Joined = None,
    reason: Annotated[str, typer.Option("--reason", help="For your own record; it stays in the vault.")] = "",
) -> None:
    """Leave a mesh for good, and destroy its access, its certificate and what it kept."""
    paths = global_options(context).paths
    _joined(paths.mesh)
    with open_vault(context) as vault:
        left, requester = _to_leave(context, vault, campaign)
        leave_with_access(vault, paths, left, reason=reason)
    say("Your peers keep what you released, and pass it on.")
    _say_unit_left(left)
    say(f"To end every other access of theirs too: lockbox requester revoke {shlex.quote(requester)}")


def _say_unit_left(campaign: str) -> None:
    from tui.cli.user_unit import mesh_unit

    left = mesh_unit(campaign)
    if left.file.exists():
        say(f"Its unit is there still: systemctl --user disable --now {left.name}")


@group.command("unit")
def unit(
    context: typer.Context,
    campaign: Joined = None,
    listen: Listens = None,
    connect: Addresses = None,
    install: Annotated[
        bool, typer.Option("--install", help="Put it where systemd looks for units of this user.")
    ] = False,
) -> None:
    """Write a systemd user unit that keeps a mesh running, on standard output or where systemd looks for it."""
    from learner.federation.mesh_folder import Access
    from tui.cli.user_unit import mesh_unit

    check_addresses("--listen", [listen] if listen is not None else [])
    check_addresses("--connect", connect or [], is_reached=True)
    options = [] if listen is None else ["--listen", listen]
    for one in connect or []:
        options += ["--connect", one]
    paths, access = global_options(context).paths, _chosen(context, campaign).facts(Access)
    made = mesh_unit(access.campaign, tuple(options))
    if not install:
        write(made.text(paths))
        return
    say(f"{made.install(paths)} is there. To start it, now and at every login:")
    say(f"  {made.start}")


def _to_leave(context: typer.Context, vault: Owner, beginning: str | None) -> tuple[str, str]:
    """The campaign of a mesh and its requester: by the vault, and else by what the mesh keeps.

    A turned mesh that says it is of another campaign leaves none by that. Raises as `_chosen`, and `MeshFolderDamaged`.
    """
    from learner.federation.mesh_folder import Access, folders_of

    home = global_options(context).paths.mesh
    if beginning is None:
        known = campaign_called(vault, _chosen(context, None).path)
    else:
        known = campaign_named(vault, beginning)
    if known is not None and folders_of(home, known.line.id, known.digest):
        return known.line.id, known.line.requester
    folder = _chosen(context, beginning)
    access = folder.facts(Access)
    if beginning is None and campaign_named(vault, access.campaign) is not None:
        raise MeshFolderDamaged(path=folder.path, reason="it says that it is of another campaign")
    return access.campaign, access.requester


def _joined(home: Path) -> list[MeshFolder]:
    """Every mesh that is joined here; raises `NoMeshJoined`."""
    from learner.federation.mesh_folder import joined

    if found := joined(home):
        return found
    raise NoMeshJoined()


def _chosen(context: typer.Context, beginning: str | None) -> MeshFolder:
    """The mesh whose campaign's id begins so, or the only one.

    Raises `NoMeshJoined`, `NoSuchMesh`, `SeveralMeshes` and `IdTooShort`.
    """
    found = _joined(global_options(context).paths.mesh)
    if beginning is None and len(found) > 1:
        raise SeveralMeshes()
    if beginning is not None:
        check_length(beginning)
        found = [one for one in found if one.campaign_id().startswith(beginning)]
    if len(found) != 1:
        raise NoSuchMesh(campaign=f"mesh {beginning}" if beginning else "mesh")
    return found[0]
