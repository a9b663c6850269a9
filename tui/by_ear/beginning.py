"""How a conversation begins: a new vault, the sample, or the one that there is, opened."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.cli.terminal import not_shown
from tui.text.error_words import with_way_out
from vault.errors.keys import WrongPassphrase

if TYPE_CHECKING:
    from tui.app.create_vault import Draft
    from tui.by_ear.talk import Talk
    from vault.owner.interface.session import OwnerSession
    from vault.settings import Paths

TRIES: Final = 3
WHAT_THIS_IS: Final = (
    "Your records stay on this computer, encrypted, and only you can open them.",
    "Others may ask to learn from them: you hear which columns, what for and at what price, and say yes or no.",
    "Only a noised result leaves, and only after you have released it yourself.",
)
CHOICES: Final = (
    "Try it with sample data: made up, with a practice request that waits for you.",
    "Create my vault.",
)
SHEET: Final = (
    "The recovery sheet. Write it down on paper and keep it away from this computer. It is said once. It opens the "
    "vault when the passphrase is forgotten; nobody can reset either of them."
)
_LOOK_ALIKES: Final = str.maketrans("ILO", "110")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An opened vault with its folders, and whether it is the sample; the settings lie with the user's own."""

    vault: OwnerSession
    paths: Paths
    own_paths: Paths
    is_sample: bool = False


def begin(talk: Talk, paths: Paths) -> Opened | None:
    """Open the vault there is, or make one; None where the person wants none."""
    if paths.database.exists():
        return _unlock(talk, paths)
    talk.say(*WHAT_THIS_IS)
    while (chosen := talk.choose("There is no vault yet.", CHOICES, back="End.")) is not None:
        opened = _sample(talk, paths) if chosen == 0 else _create(talk, paths)
        if opened is not None:
            return opened
    return None


def _unlock(talk: Talk, paths: Paths) -> Opened:
    """Ask for the passphrase, at most three times; raises `WrongPassphrase`."""
    from tui.app.open_vault import open_vault

    for left in range(TRIES - 1, -1, -1):
        typed = talk.ask_secret("Passphrase:")
        talk.say("Opening; the key is made from it slowly on purpose.")
        try:
            with not_shown():
                return Opened(vault=open_vault(paths, typed), paths=paths, own_paths=paths)
        except WrongPassphrase as error:
            if not left:
                raise
            talk.say(with_way_out(error))
    raise AssertionError  # the last try returns or raises


def _sample(talk: Talk, own_paths: Paths) -> Opened:
    from tui.app.open_vault import open_or_create_sample

    talk.say("Making or opening the sample; the first time this takes some seconds.")
    sample = open_or_create_sample()
    return Opened(vault=sample.vault, paths=sample.paths, own_paths=own_paths, is_sample=True)


def _create(talk: Talk, paths: Paths) -> Opened | None:
    """A passphrase, a recovery sheet of which two groups are typed back, and then the vault; None: none was made."""
    from tui.app.create_vault import create_draft
    from tui.app.open_vault import open_vault
    from vault.client.attach import passphrase_secret

    typed = new_passphrase(talk)
    if not typed:
        talk.say("No vault was made.")
        return None
    talk.say("Making the vault; the key is made from your passphrase slowly on purpose.")
    with not_shown():
        draft = create_draft(paths, passphrase_secret(typed))
    try:
        if not _is_written_down(talk, draft):
            talk.say("No vault was made.")
            return None
        draft.move_into_place()
    finally:
        draft.close()
    return Opened(vault=open_vault(paths, typed), paths=paths, own_paths=paths)


def new_passphrase(talk: Talk) -> str:
    """A passphrase that is strong enough, typed twice; empty for none."""
    from vault.client.attach import check_new_passphrase, generate_passphrase

    talk.say(
        "The passphrase encrypts everything. Nobody can reset it. What you type is not shown and not said.",
        f"A strong one, if you like: {generate_passphrase()}",
    )
    while typed := talk.ask_secret("New passphrase, or nothing to go back:"):
        found = check_new_passphrase(typed)
        if not found.is_enough:
            talk.say(f"Too weak: {found.words}.")
        elif talk.ask_secret("The same again:") != typed:
            talk.say("The two are not the same.")
        else:
            talk.say(f"Strong enough: {found.words}.")
            return typed
    return ""


def _is_written_down(talk: Talk, draft: Draft) -> bool:
    """Say the sheet, and ask two groups back, each until it is right or nothing is typed."""
    talk.say(SHEET, *(f"Group {number}: {group}" for number, group in enumerate(draft.groups, start=1)))
    for group in sorted(secrets.SystemRandom().sample(range(len(draft.groups)), 2)):
        while (
            _plain(typed := talk.ask(f"Type group {group + 1}, or nothing to make no vault:"))
            != draft.groups[group]
        ):
            if not typed:
                return False
            talk.say(f"That is not group {group + 1}.")
    return True


def _plain(typed: str) -> str:
    return "".join(typed.split()).upper().translate(_LOOK_ALIKES)
