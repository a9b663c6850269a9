"""Requesters: add, list, trust, block, unblock, token, revoke, vault-key."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui.cli.options import AsJson
from tui.cli.terminal import say, write, write_json, write_table
from tui.cli.vault_access import open_vault
from tui.text import wording

if TYPE_CHECKING:
    from vault.views import RequesterView

group = typer.Typer(no_args_is_help=True)

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
    with open_vault(context) as vault:
        added = vault.add_requester(name, key_file, contact=contact, only_collection=only)
    about = f" about {added.only_collection} and nothing else" if added.only_collection else ""
    say(f"{added.name} may now send requests{about}. Fingerprint of their key: {added.fingerprint}")
    say("Compare it with them in person, then:")
    say(f"  lockbox requester trust {shlex.quote(added.name)}")


@group.command("list")
def list_requesters(context: typer.Context, as_json: AsJson = False) -> None:
    """Everybody who may ask."""
    with open_vault(context, writable=False) as vault:
        found = vault.requesters()
    if as_json:
        write_json(*found)
        return
    if not found:
        say("Nobody may ask yet: lockbox requester add NAME KEYFILE")
        return
    rows = [(one.name, one.fingerprint, _key_and_limit(one), one.contact) for one in found]
    write_table(("name", "fingerprint", "key", "contact"), rows)


def _key_and_limit(one: RequesterView) -> str:
    status = wording.KEY_STATUS[one.status]
    return f"{status}; {one.only_collection} alone" if one.only_collection else status


@group.command("trust")
def trust(context: typer.Context, name: Name) -> None:
    """Note that you compared the fingerprint with them in person."""
    with open_vault(context) as vault:
        vault.trust_requester(name)
    say(f"{name} is marked as verified in person. It allows them nothing by itself.")


@group.command("block")
def block(context: typer.Context, name: Name) -> None:
    """Accept nothing more from them, and send nothing to them."""
    with open_vault(context) as vault:
        vault.block_requester(name)
    say(f"{name} is blocked: no new requests, no runs, no releases.")


@group.command("unblock")
def unblock(context: typer.Context, name: Name) -> None:
    """Let somebody you blocked ask again; their key counts as not verified."""
    with open_vault(context) as vault:
        vault.unblock_requester(name)
    say(
        f"{name} is not blocked any more, and their key is not verified. Consents that you did not withdraw hold again."
    )


@group.command("token")
def token(context: typer.Context, name: Name) -> None:
    """Make a token with which they reach their own requests here for 90 days; it is shown once."""
    with open_vault(context) as vault:
        made = vault.issue_token(name)
    write(made)
    say(
        f"Only {name} should have it. It submits jobs and fetches what you released to them, and nothing else."
    )
    say(f"To end it: lockbox requester revoke {shlex.quote(name)}")


@group.command("revoke")
def revoke(context: typer.Context, name: Name) -> None:
    """End every token of theirs at once."""
    with open_vault(context) as vault:
        ended = vault.revoke_tokens(name)
    say(f"{name}: {wording.counted(ended, 'token')} revoked.")


@group.command("vault-key")
def vault_key(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    """The key that signs releases to them; every requester gets another one."""
    with open_vault(context, writable=False) as vault:
        line = vault.vault_key(name)
    if as_json:
        write_json({"requester": name, "vault_key": line})
    else:
        write(line)
