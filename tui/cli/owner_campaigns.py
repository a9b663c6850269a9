"""The owner's side of campaigns: submit, list, show, join; leaving one is a simple action."""

from __future__ import annotations

import shlex
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from tui.cli.campaign_tiers import Tier
from tui.cli.options import AsJson, DryRun, Special
from tui.cli.show_request import confirm_special, show_columns, show_draft
from tui.cli.terminal import (
    confirm,
    is_interactive,
    say,
    write,
    write_after,
    write_facts,
    write_json,
    write_list,
    write_table,
    write_wrapped,
)
from tui.cli.vault_access import global_options, open_vault
from tui.couriers.by_hand import take_in_by_hand
from tui.couriers.meshes import meshes_here
from tui.text import campaign_facts, courier_facts, mesh_facts, times, wording
from tui.text.request_facts import THEIRS
from vault.errors.consent import NotConfirmed
from vault.errors.federation import CourierFolderDamaged
from vault.views.campaigns import CampaignView

ROUND_HEADINGS = ("round", "ends (UTC)", "state", "request", "checked")

CampaignId = Annotated[
    str, typer.Argument(metavar="ID", help="Of a campaign here; its first four characters are enough.")
]
CampaignDir = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of a signed campaign.")]


def add_owner_commands(group: typer.Typer) -> None:
    """Register these commands."""
    for name, command in (
        ("submit", submit),
        ("list", list_campaigns),
        ("show", show_campaign),
        ("join", join),
    ):
        group.command(name)(command)


def submit(context: typer.Context, folder: CampaignDir, tier: Tier = None, as_json: AsJson = False) -> None:
    """For owners: take a signed campaign into the inbox, or change the noise tier of one that waits there."""
    with open_vault(context) as vault:
        found = take_in_by_hand(vault, global_options(context).paths.courier, folder, tier)
    if as_json:
        write_json(found)
    else:
        write(found.line.id)
    theirs = f"{found.line.requester} calls it {found.campaign_id[:8]}"
    say(f"Campaign {found.line.id[:8]} of {found.line.requester} waits for you; {theirs}.")
    if found.moved_from:
        say(campaign_facts.moved(found))
    elif found.tiers and tier is None:
        tiers, where = " or ".join(found.tiers), shlex.quote(str(folder))
        say(campaign_facts.OTHER_TIERS.format(tiers=tiers, folder=where))
    if found.obstacle:
        say(f"No round of it can run here as it is. {found.obstacle}")
    _say_how_let_in(context, found)
    say(f"Look at it: lockbox campaign show {found.line.id[:8]}")


def list_campaigns(context: typer.Context, as_json: AsJson = False) -> None:
    """For owners: the campaigns that came in, the newest first."""
    with open_vault(context, writable=False) as vault:
        found = vault.campaigns()
    write_list(
        found,
        as_json=as_json,
        nothing="No campaign came in.",
        headings=(
            "id",
            "requester",
            "collection",
            "purpose",
            "done/waiting/to come/rounds",
            "ends (UTC)",
            "state",
        ),
        row=lambda one: (
            one.id[:8],
            one.requester,
            one.collection,
            one.purpose_words,
            f"{one.done}/{one.waiting}/{one.to_come}/{one.rounds}",
            times.short_time(one.ends_at),
            campaign_facts.state(one),
        ),
    )


def show_campaign(context: typer.Context, campaign_id: CampaignId, as_json: AsJson = False) -> None:
    """For owners: one campaign, what it reads, what all of its rounds cost together, and where each stands."""
    with open_vault(context, writable=False) as vault:
        found = vault.campaign(campaign_id)
        leaving = vault.preview_leave(campaign_id) if found.line.state == "joined" else None
    if as_json:
        write_json(found)
        return
    _draw(found)
    write()
    write_table(
        ROUND_HEADINGS,
        [campaign_facts.round_row(one, found.witness) for one in found.rounds],
    )
    if found.line.waits:
        say(f"To take part in it: lockbox campaign join {found.line.id[:8]}")
    if found.line.state == "waiting":
        say(f"To say no: lockbox campaign leave {found.line.id[:8]}")
    if found.line.state in campaign_facts.OPEN_STATES:
        _say_how_let_in(context, found)
    if leaving is not None:
        write(f"\n{campaign_facts.LEAVING_NOW}")
        for sentence in campaign_facts.leaving(leaving, is_done=False):
            write_after("• ", sentence)


def join(
    context: typer.Context,
    campaign_id: CampaignId,
    also: Annotated[
        list[str] | None, typer.Option("--also", metavar="COLUMN", help="Allow this optional column as well.")
    ] = None,
    special: Special = False,
    unattended: Annotated[
        bool,
        typer.Option(
            "--unattended", help="Its rounds run without you starting them, while the vault is unlocked."
        ),
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """For owners: consent to all rounds of a campaign at once. Every release is a decision of its own, later."""
    optional = frozenset(also or [])
    with open_vault(context, writable=not dry_run) as vault:
        what = vault.preview_join(campaign_id, optional=optional)
        _draw(what.campaign)
        write("\nJoining writes this consent:")
        show_draft(what.draft)
        if unattended:
            write_wrapped(campaign_facts.UNATTENDED)
        if dry_run:
            say("\nNothing was changed (dry run).")
            return
        if is_interactive() and not confirm("\nJoin this campaign, with all of its rounds?"):
            raise NotConfirmed()
        confirmed = confirm_special(what.draft, said=special)
        full, is_mesh = what.campaign.line.id, bool(what.campaign.peers)
        is_carried = _is_carried(context, full)
        vault.join_campaign(
            full,
            digest=what.campaign.digest,
            tier=what.campaign.tier,
            optional=optional,
            special_confirmed=confirmed,
            unattended=unattended,
        )
    how = _how_rounds_come(is_carried=is_carried, is_mesh=is_mesh)
    if is_mesh and not _is_let_in(context, full):
        how = mesh_facts.NOT_LET_IN
    say(f"\nYou have joined campaign {full[:8]}. {how}")
    if unattended:
        say(
            f"They run while the vault is unlocked. To start each yourself again: lockbox campaign attend {full[:8]}"
        )
    say(f"To leave it at any time: lockbox campaign leave {full[:8]}")


def _is_let_in(context: typer.Context, campaign: str) -> bool:
    """Whether the mesh of a campaign of this vault was let in here."""
    return campaign in meshes_here(global_options(context).paths.mesh)


def _say_how_let_in(context: typer.Context, found: CampaignView) -> None:
    """Say by what a mesh is let in, where it was not."""
    if found.peers and not _is_let_in(context, found.line.id):
        say(mesh_facts.NOT_LET_IN)


def _is_carried(context: typer.Context, campaign: str) -> bool:
    """Whether a courier carries a campaign of this vault here."""
    from learner.federation.courier_folder import carried

    for one in carried(global_options(context).paths.courier):
        with suppress(CourierFolderDamaged):  # the courier itself says so
            if one.access().campaign == campaign:
                return True
    return False


def _how_rounds_come(*, is_carried: bool, is_mesh: bool) -> str:
    if is_mesh:
        return "Its rounds are mixed here, while the vault is unlocked: lockbox mesh run"
    if is_carried:
        return f"Its rounds come by the courier, while the vault is unlocked: {courier_facts.RUN}"
    return "Its rounds come by a courier, lockbox courier join INVITATION, or by hand: lockbox request submit JOBDIR"


def _draw(found: CampaignView) -> None:
    """Draw a campaign with its one price, and what has to be known of it."""
    line = found.line
    state = [("state", campaign_facts.state(line)), *([("because", found.reason)] if found.reason else [])]
    consent = [] if found.consent is None else [("consent", found.consent)]
    write_facts(
        [
            ("campaign", line.id),
            *campaign_facts.who_and_why(found),
            *campaign_facts.what_runs(found),
            *state,
            *consent,
        ]
    )
    write_wrapped(THEIRS)
    for sentence in (found.obstacle, *found.misfits):
        if sentence:
            write_wrapped(sentence)
    write()
    show_columns(found.decision)
    write()
    if found.price is not None:
        for row in wording.dots(found.price.guess_rate):
            write(f"  {row}")
        for sentence in campaign_facts.price_sentences(found.price):
            write_after("• ", sentence)
    is_open = line.state in campaign_facts.OPEN_STATES
    for sentence in campaign_facts.sentences(found) if is_open else campaign_facts.shown_alike(found):
        write_after("• ", sentence)
