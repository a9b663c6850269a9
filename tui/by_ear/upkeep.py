"""The vault as a whole, by ear: when it locks, drills, its date, a copy of it, its passphrase, and where it lies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib import metadata
from typing import TYPE_CHECKING, Final, TypeAlias

from tui.app.sandbox_probe import probe
from tui.by_ear.acting import attempt, watched
from tui.by_ear.beginning import new_passphrase
from tui.cli.terminal import not_shown
from tui.text import wording
from tui.text.date_facts import confirming
from tui.text.parse import parse_count
from vault.settings import Preferences, read_preferences, write_preferences

if TYPE_CHECKING:
    from pathlib import Path

    from tui.by_ear.beginning import Opened
    from tui.by_ear.talk import Talk

Part: TypeAlias = "Callable[[Talk, Opened], object]"

NOT_NOW: Final = "Not now"
OF_SAMPLE: Final = "The sample opens by itself: it has no passphrase of yours."


def hear_upkeep(talk: Talk, opened: Opened) -> None:
    """Choose one of the settings and of what concerns the whole vault, again and again."""
    while (chosen := talk.choose("Settings, and the vault as a whole.", [*PARTS])) is not None:
        _begin(talk, opened, [*PARTS.values()][chosen])


def _begin(talk: Talk, opened: Opened, part: Part) -> None:
    attempt(talk, lambda: part(talk, opened))


# settings ---------------------------------------------------------------------------------------------------


def _lock_after(talk: Talk, opened: Opened) -> None:
    """The minutes without use until the vault locks, saved and in force at once."""
    found = read_preferences(opened.own_paths)
    talk.say(
        f"It locks after {wording.counted(found.lock_minutes, 'minute')} without use: the process that has the keys "
        "ends. A run that was paid for is finished first."
    )
    changed = talk.ask_for(
        "How many minutes, from 1 to 1440, or nothing to leave it:",
        lambda typed: replace(found, lock_minutes=parse_count(typed)),
    )
    if changed is not None:
        write_preferences(opened.own_paths, changed)
        opened.vault.lock_after(changed.lock_minutes)
        talk.say(f"The vault locks after {wording.counted(changed.lock_minutes, 'minute')} without use.")


def _screens(talk: Talk, opened: Opened) -> None:
    """What only the screens show, for whoever uses them too."""
    found = read_preferences(opened.own_paths)
    talk.say(f"On the screens, calm mode is {_on_or_off(found.calm)} and the colours are {found.theme}.")
    changed = _calm_turned(found)
    if talk.agrees(f"Switch calm mode {_on_or_off(changed.calm)}", "Leave it"):
        write_preferences(opened.own_paths, changed)
        talk.say(f"Calm mode is {_on_or_off(changed.calm)}. The colours: lockbox settings theme")


def _calm_turned(found: Preferences) -> Preferences:
    return replace(found, calm=not found.calm)


def _drills(talk: Talk, opened: Opened) -> None:
    is_on = opened.vault.status().are_drills_on
    talk.say(wording.drills_sentence(is_on=is_on))
    if talk.agrees(f"Switch drills {_on_or_off(not is_on)}", "Leave it"):
        opened.vault.set_drills(not is_on)
        talk.say(wording.drills_sentence(is_on=not is_on))


def _on_or_off(is_on: bool) -> str:
    return "on" if is_on else "off"


# the vault as a whole ---------------------------------------------------------------------------------------


def _date(talk: Talk, opened: Opened) -> None:
    """What date it is for the vault, and confirming the clock's where they differ."""
    found = opened.vault.date()
    talk.facts([("date of the vault", found.vault), ("the computer's clock", found.clock)])
    if not found.question:
        return
    talk.say(found.question, confirming(found))
    if talk.agrees(f"The clock is right: it is {found.clock[:10]}", NOT_NOW):
        talk.say(f"It is {opened.vault.confirm_date(found.clock[:10]).vault}. Your word is on the trail.")


def _backup(talk: Talk, opened: Opened) -> None:
    target = talk.ask_path("Path of a new file for a copy of the whole vault, or nothing to go back:")
    if target is not None:
        watched(talk, "Copying", lambda tell: _copied(talk, opened, target, tell))


def _copied(talk: Talk, opened: Opened, target: Path, tell: Callable[[int, int], None]) -> None:
    opened.vault.backup(target, progress=tell)
    talk.say(f"{target} holds the whole vault, as encrypted as the vault itself; your passphrase opens it.")


def _passphrase(talk: Talk, opened: Opened) -> None:
    """Another passphrase, once the current one is known to be right."""
    from vault.client.attach import passphrase_secret

    if opened.is_sample:
        talk.say(OF_SAMPLE)
        return
    current = talk.ask_secret("Current passphrase, or nothing to go back:")
    new = new_passphrase(talk) if current else ""
    if not new:
        talk.say("The passphrase stays as it was.")
        return
    talk.say("Changing it; the key is made from it slowly on purpose.")
    with not_shown():
        opened.vault.change_passphrase(passphrase_secret(current), passphrase_secret(new))
    talk.say("The new passphrase is in force. Older copies of the vault still open with the old one.")


def _places(talk: Talk, opened: Opened) -> None:
    own = opened.own_paths
    talk.facts(
        [
            ("vault", str(opened.paths.vault)),
            ("state", f"{opened.paths.state}, the reminder outside the vault, which tells an older copy"),
            ("socket", str(opened.paths.socket)),
            ("settings", str(own.config)),
            ("version", metadata.version("lockbox-vault")),
        ]
    )


def _try_sandbox(talk: Talk, opened: Opened) -> None:
    talk.say("Trying, from inside a locked-in learner, what it must not be able to do; this takes a while.")
    found = probe(opened.paths)
    through = [one.name for one in found if not one.refused]
    if through:
        talk.say(
            f"NOT refused: {', '.join(through)}. Jobs from other people do not run on this computer.",
        )
    else:
        talk.say(f"All {len(found)} attempts were refused: jobs run confined on this computer.")


PARTS: Final[Mapping[str, Part]] = {
    "When the vault locks itself.": _lock_after,
    "Drills: now and then a request that nobody sent.": _drills,
    "Calm mode of the screens.": _screens,
    "The date of the vault.": _date,
    "Write a copy of the whole vault, a backup.": _backup,
    "Change the passphrase.": _passphrase,
    "Hear where everything lies.": _places,
    "Try whether what learns is locked in.": _try_sandbox,
}
"""What can be set, and what concerns the whole vault."""
