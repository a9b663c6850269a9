"""Peers that learn without a server: introduce, new, join, run, status, model, leave."""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tui.cli.command_group import CommandGroup
from tui.cli.interruption import answered, say_stopping
from tui.cli.mesh_addresses import check_addresses
from tui.cli.mesh_joining import introduce_to, join_by
from tui.cli.options import AsJson
from tui.cli.terminal import (
    confirm,
    is_interactive,
    say,
    say_meanwhile,
    write,
    write_facts,
    write_json,
    write_table,
    write_wrapped,
)
from tui.cli.vault_access import global_options, open_vault
from tui.text import campaign_facts, mesh_facts
from tui.text.parse import parse_epsilon
from vault.errors.campaigns import CampaignWrongState, UnknownCampaign
from vault.errors.consent import NotConfirmed
from vault.errors.families import Invalid
from vault.errors.meshes import NoSuchMesh

if TYPE_CHECKING:
    from collections.abc import Mapping

    from learner.federation.confined_process import Event
    from learner.federation.mesh import Tell
    from learner.federation.mesh_folder import MeshFolder

_INWARD = ("v", "missing", "last_of", "past_since")
"""What a mesh keeps of itself, and its status does not say."""

group = typer.Typer(no_args_is_help=True)

Joined = Annotated[
    str | None,
    typer.Argument(metavar="[ID]", help="Of a campaign here, if there are several meshes."),
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
    introduce_to(context, requester=requester, name=name, address=address, to=to)
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
        str, typer.Option("--epsilon", metavar="EPSILON", help="What all rounds together may cost at most.")
    ] = "1",
) -> None:
    """Found a mesh: a signed campaign with a closed list of peers, and a membership for each of them."""
    from learner.federation.mesh_founding import found_mesh
    from vault.requester.aim import Aim
    from vault.requester.campaign_description import campaign_from_description

    asked, aim = campaign_from_description(description), Aim(most=parse_epsilon(epsilon))
    say_meanwhile("Computing the noise and the price of all rounds …")
    facts = found_mesh(asked, introductions, key, aim=aim, folder=to, now=datetime.now(UTC))
    for number, peer in enumerate(facts.document.peers, start=1):
        write(f"{to / f'{number}.membership'}  for {peer.name}")
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
    listen: Annotated[
        str | None,
        typer.Option(
            "--listen", metavar="HOST:PORT", help="Where to listen, if not where you are introduced."
        ),
    ] = None,
    connect: Addresses = None,
    every: Annotated[
        int,
        typer.Option(
            "--every", metavar="SECONDS", min=1, help="How long between two looks at the vault, about."
        ),
    ] = 60,
    as_json: AsJson = False,
) -> None:
    """Open a port to your peers: pass on what was released, and begin each round from what is mixed here."""
    from learner.federation.mesh import Running
    from learner.federation.mesh_folder import NodeFacts
    from vault.client.attach import line_to

    check_addresses("--listen", [listen] if listen is not None else [])
    check_addresses("--connect", connect or [], is_reached=True)
    paths, folder = global_options(context).paths, _chosen(context, campaign)
    known = folder.net.facts(NodeFacts)
    own = [one.address for one in known.places if one.key == known.key]
    running = Running(
        folder=folder,
        connect=lambda: line_to(paths),
        tell=_teller(_names(folder), as_json=as_json),
        listen=own if listen is None else [listen],
        others=connect or (),
        every=float(every),
    )
    with answered(say_stopping):
        running.go_on()


@group.command("status")
def status(context: typer.Context, as_json: AsJson = False) -> None:
    """Each round: what became of it, whose model was mixed, and whose not and why."""
    from learner.federation.mesh_folder import joined

    found = joined(global_options(context).paths.mesh)
    if not found and not as_json:
        say("No mesh was joined here: lockbox mesh join MEMBERSHIP")
    for number, folder in enumerate(found):
        if as_json:
            write_json(_as_json(folder))
        else:
            if number:
                write()
            _draw(folder)


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
    if not folder.facts(MeshState).is_over:
        raise Invalid(reason="its last round is not over yet")
    create_file(to, final_model_in(to, folder.campaign().document, folder.read(MODEL_FILE)))
    say(f"{to} holds the model. Whoever gets it gets what your peers' released models hold, and yours.")


@group.command("leave")
def leave(
    context: typer.Context,
    campaign: Joined = None,
    reason: Annotated[str, typer.Option("--reason", help="For your own record; it stays in the vault.")] = "",
) -> None:
    """Leave a mesh for good, and destroy its access, its certificate and what it kept."""
    from learner.federation.mesh_folder import Access

    folder = _chosen(context, campaign)
    access = folder.facts(Access)
    with open_vault(context) as vault:
        with suppress(UnknownCampaign, CampaignWrongState):
            for sentence in campaign_facts.leaving(vault.preview_leave(access.campaign), is_done=False):
                say(sentence)
        if is_interactive() and not confirm("Leave it for good?"):
            raise NotConfirmed()
        try:
            done = vault.leave_campaign(access.campaign, reason=reason)
        except (UnknownCampaign, CampaignWrongState) as error:
            say(f"In the vault there was nothing left to leave. {error}")
        else:
            for sentence in campaign_facts.leaving(done, is_done=True):
                say(sentence)
    folder.destroy()
    say("What was kept of this mesh is destroyed. Your peers keep what you released, and pass it on.")
    say(
        f"To end every access of theirs to your vault: lockbox requester revoke {shlex.quote(access.requester)}"
    )


def _as_json(folder: MeshFolder) -> dict[str, Any]:
    from learner.federation.mesh_folder import Access, MeshState, Seen

    access, state, seen = folder.facts(Access), folder.facts(MeshState), folder.net.facts(Seen)
    peers = [{"name": name, "key": key} for key, name in _names(folder).items()]
    known = {"campaign": access.campaign, "requester": access.requester, "key": access.key, "peers": peers}
    said = {name: value for name, value in asdict(state).items() if name not in _INWARD}
    return {**known, **said, "connected": seen.connected, "dropped": seen.dropped}


def _draw(folder: MeshFolder) -> None:
    from learner.federation.mesh_folder import Access, MeshState, Seen

    access, state, seen = folder.facts(Access), folder.facts(MeshState), folder.net.facts(Seen)
    names = _names(folder)
    write_facts(mesh_facts.facts(access, state, seen))
    rows = [mesh_facts.round_row(one, names) for one in state.rounds]
    if state.is_over:
        rows.append(mesh_facts.last_row(state.last, names))
    if rows:
        write_table(("round", "what became of it", "mixed from", "not mixed, because"), rows)
    for sentence in (
        *([mesh_facts.OVER] if state.is_over else []),
        *([mesh_facts.ALMOST] if state.past_since and not state.is_over else []),
        *(f"Not taken from the network: {one}" for one in seen.dropped),
        *mesh_facts.lacking(tuple(sorted({*state.missing, *seen.missing}))),
    ):
        write_wrapped(sentence)


def _teller(names: Mapping[str, str], *, as_json: bool) -> Tell:
    def tell(event: Event) -> None:
        if as_json:
            write_json(dict(event))
        else:
            write_wrapped(mesh_facts.event(event, names))

    return tell


def _names(folder: MeshFolder) -> dict[str, str]:
    """The name of each peer by its key."""
    return {one.key: one.name for one in folder.campaign().document.peers}


def _chosen(context: typer.Context, beginning: str | None) -> MeshFolder:
    """The mesh whose campaign's id begins so, or the only one; raises `NoSuchMesh` and `Invalid`."""
    from learner.federation.mesh_folder import Access, joined

    found = joined(global_options(context).paths.mesh)
    if beginning is None and len(found) > 1:
        raise Invalid(reason="several meshes were joined here; name the campaign of one")
    if beginning is not None:
        found = [
            one for one in found if len(beginning) >= 4 and one.facts(Access).campaign.startswith(beginning)
        ]
    if len(found) != 1:
        raise NoSuchMesh(campaign=f"mesh {beginning}" if beginning else "mesh")
    return found[0]
