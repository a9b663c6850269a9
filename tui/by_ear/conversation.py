"""The conversation from its first line to its last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.by_ear import audit, consents, records, releases, requests
from tui.by_ear.beginning import Opened, begin
from tui.by_ear.talk import InputEnded, Talk
from tui.cli.accessible import left_line, waiting_lines
from tui.cli.exit_codes import ExitCode
from tui.text import times
from tui.text.error_words import with_way_out
from vault.errors.families import LockboxError, Locked

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.settings import Paths

IS_ON: Final = "The screen reader mode is on: everything is said in lines, nothing is drawn."
HOW: Final = (
    "Choices have numbers: type one and press the enter key. Control and C stops what runs, or ends this."
)
CHOICES: Final = (
    "Hear again what waits for you.",
    "Import a file.",
    "Take in a request, or the key of somebody new.",
    "Requests: what others ask, and your decision.",
    "Held updates: release or keep them.",
    "Consents: what you allowed, and withdrawing it.",
    "Budget.",
    "Audit trail.",
    "Your data.",
    "Lock the vault now, and end.",
)
LATER: Final = "End; the vault locks itself when it was not used for a while."


def converse(paths: Paths) -> int:
    """Talk until the person ends it; raises what stands in the way of opening a vault."""
    from vault.client.attach import harden_process

    harden_process()  # before a passphrase is typed or a recovery key is said
    times.show_local(True)
    talk = Talk()
    talk.say(IS_ON, HOW)
    try:
        opened = begin(talk, paths)
        if opened is not None:
            with opened.vault:
                _talk_about(talk, opened)
    except InputEnded:
        return ExitCode.INTERRUPTED
    talk.say("This is the end.")
    return ExitCode.OK


def _talk_about(talk: Talk, opened: Opened) -> None:
    """What waits, and the rooms of the vault by number, until its end."""
    _say_what_waits(talk, opened.vault)
    while (chosen := talk.choose("What do you want to do?", CHOICES, back=LATER)) is not None:
        if CHOICES[chosen] == CHOICES[-1]:
            opened.vault.lock()
            talk.say("The vault is locked.")
            return
        try:
            _enter(talk, opened, chosen)
        except Locked:
            raise
        except LockboxError as error:
            talk.say(with_way_out(error))


def _enter(talk: Talk, opened: Opened, chosen: int) -> None:
    vault = opened.vault
    match chosen:
        case 0:
            _say_what_waits(talk, vault)
        case 1:
            records.import_file(talk, vault)
        case 2:
            requests.take_in(talk, vault)
        case 3:
            requests.hear_requests(talk, vault)
        case 4:
            releases.hear_releases(talk, vault, is_practice=opened.is_sample)
        case 5:
            consents.hear_consents(talk, vault)
        case 6:
            records.hear_budget(talk, vault)
        case 7:
            audit.hear_audit(talk, vault)
        case _:
            records.hear_data(talk, vault)


def _say_what_waits(talk: Talk, vault: OwnerSession) -> None:
    status = vault.status()
    talk.say(*(sentence for sentence, _ in waiting_lines(status)), left_line(status))
