"""The conversation from its first line to its last."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from tui.by_ear import (
    audit,
    budget,
    consents,
    couriers,
    data,
    importing,
    meshes,
    models,
    releases,
    requesters,
    requests,
    runs,
    taking_in,
    upkeep,
)
from tui.by_ear.beginning import Opened, begin
from tui.by_ear.talk import InputEnded, Talk
from tui.cli.accessible import left_line, waiting_lines
from tui.cli.exit_codes import ExitCode
from tui.text import times
from tui.text.error_words import with_way_out
from tui.text.reopening_facts import copy_sentences
from vault.errors.families import LockboxError, Locked

if TYPE_CHECKING:
    from vault.owner.interface.session import OwnerSession
    from vault.settings import Paths

Room: TypeAlias = Callable[[Talk, Opened], None]

IS_ON: Final = "The screen reader mode is on: everything is said in lines, nothing is drawn."
HOW: Final = (
    "Choices have numbers: type one and press the enter key. Control and C stops what runs, or ends this."
)
LOCK: Final = "Lock the vault now, and end."
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
    _say_what_waits(talk, opened)
    rooms = (*ROOMS, LOCK)
    while (chosen := talk.choose("What do you want to do?", rooms, back=LATER)) is not None:
        if rooms[chosen] == LOCK:
            opened.vault.lock()
            talk.say("The vault is locked.")
            return
        try:
            ROOMS[rooms[chosen]](talk, opened)
        except Locked:
            raise
        except LockboxError as error:
            talk.say(with_way_out(error))


def _say_what_waits(talk: Talk, opened: Opened) -> None:
    status = opened.vault.status()
    found = (sentence for sentence, _ in waiting_lines(status))
    talk.say(*copy_sentences(status), *found, left_line(status))


def _hear_releases(talk: Talk, opened: Opened) -> None:
    releases.hear_releases(talk, opened.vault, is_practice=opened.is_sample)


def _in_vault(hear: Callable[[Talk, OwnerSession], None]) -> Room:
    return lambda talk, opened: hear(talk, opened.vault)


ROOMS: Final[Mapping[str, Room]] = {
    "Hear again what waits for you.": _say_what_waits,
    "Import a file.": _in_vault(importing.import_file),
    "Take in a request, or the key of somebody new.": taking_in.take_in,
    "Requests: what others ask, and your decision.": _in_vault(requests.hear_requests),
    "Held updates: release or keep them.": _hear_releases,
    "Consents: what you allowed, and withdrawing it or allowing more.": _in_vault(consents.hear_consents),
    "Budget.": _in_vault(budget.hear_budget),
    "Audit trail.": _in_vault(audit.hear_audit),
    "Your data.": _in_vault(data.hear_data),
    "Your week: what happened, and what waits.": _in_vault(budget.hear_week),
    "Campaigns: what others ask of many vaults, in rounds.": couriers.hear_campaigns,
    "Campaigns by invitation, and their couriers.": couriers.hear_couriers,
    "Meshes: whom of your peers yours accepted, and why not.": meshes.hear_meshes,
    "What runs on this computer.": _in_vault(runs.hear_runs),
    "Models: those that you keep for yourself.": _in_vault(models.hear_models),
    "Who may ask: their keys and their tokens.": _in_vault(requesters.hear_requesters),
    "Settings, and the vault as a whole.": upkeep.hear_upkeep,
}
"""What can be talked about, in the order of the numbers."""
