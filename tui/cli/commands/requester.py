"""Requesters: add, list, trust, block, unblock, token, revoke, vault-key."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.action_commands import add_actions
from tui.cli.command_group import CommandGroup
from tui.cli.options import AsJson
from tui.cli.terminal import say, write, write_json, write_list
from tui.cli.vault_access import open_vault
from tui.text import wording

if TYPE_CHECKING:
    from vault.views.requesters import RequesterView

group = typer.Typer(no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    app.add_typer(group, name="requester", help="Who may ask.", cls=CommandGroup)


Name = Annotated[str, typer.Argument(metavar="NAME", help="Your own name for them.")]


@group.command("add")
def add(
    context: typer.Context,
    name: Name,
    key_file: Annotated[Path, typer.Argument(metavar="KEYFILE", help="Their public key file.")],
    contact: Annotated[str, typer.Option("--contact", help="How to reach them.")] = "",
    only: Annotated[
        str | None,
        typer.Option("--only", metavar="COLLECTION", help="The one collection their jobs may name."),
    ] = None,
) -> None:
    """Let somebody with this public key send requests."""
    from vault.client.attach import check_name_of
    from vault.requester.keys import fingerprint_of

    check_name_of(name, contact)
    fingerprint = fingerprint_of(key_file)
    say(f"Fingerprint of their key: {fingerprint}")
    with open_vault(context) as vault:
        added = vault.add_requester(
            name, key_file, fingerprint=fingerprint, contact=contact, only_collection=only
        )
    for sentence in wording.name_warnings(added.name, added.resembles, added.alphabets):
        say(f"Note: {sentence}")
    about = f" about {added.only_collection} and nothing else" if added.only_collection else ""
    say(f"{added.name} may now send requests{about}.")
    say("Compare the fingerprint with them in person, then:")
    say(f"  lockbox requester trust {shlex.quote(added.name)}")


@group.command("list")
def list_requesters(context: typer.Context, as_json: AsJson = False) -> None:
    """Everybody who may ask."""
    with open_vault(context, writable=False) as vault:
        found = vault.requesters()
    write_list(
        found,
        as_json=as_json,
        nothing="Nobody may ask yet: lockbox requester add NAME KEYFILE",
        headings=("name", "fingerprint", "key", "contact"),
        row=lambda one: (one.name, one.fingerprint, _key_and_limit(one), one.contact),
    )


def _key_and_limit(one: RequesterView) -> str:
    status = wording.KEY_STATUS[one.status]
    words = [status, f"{one.only_collection} alone"] if one.only_collection else [status]
    return "; ".join([*words, *wording.name_warnings(one.name, one.resembles, one.alphabets)])


add_actions(group, "requester")


@group.command("vault-key")
def vault_key(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """The key that signs releases to them; every requester gets another one."""
    with open_vault(context, writable=False) as vault:
        line = vault.vault_key(name)
    if as_json:
        write_json({"requester": name, "vault_key": line})
    else:
        write(line)
