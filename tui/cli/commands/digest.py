"""The digest of the week."""

from __future__ import annotations

import typer

from tui.cli.options import AsJson
from tui.cli.terminal import say, write, write_json, write_wrapped
from tui.cli.vault_access import open_vault
from tui.text import digest_facts


def add_to(app: typer.Typer) -> None:
    """Register this command."""
    app.command("digest")(digest)


def digest(context: typer.Context, as_json: AsJson = False) -> None:
    """What happened in your vault in the last week, and what waits; nothing is sent anywhere."""
    with open_vault(context) as vault:
        found = vault.digest()
        if not vault.status().read_only_because:
            vault.note_digest_read()
    if as_json:
        write_json(found)
        return
    write(digest_facts.title(found))
    for heading, sentences in (
        ("What happened", digest_facts.happened(found)),
        ("What waits for you", digest_facts.waits(found)),
    ):
        write(f"\n{heading}")
        for sentence in sentences:
            write_wrapped(sentence)
    say(f"\n{digest_facts.NOT_SENT}")
