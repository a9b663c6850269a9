"""A process that has the vault open for the screens and for many commands: serve, unlock, lock, settings."""

from __future__ import annotations

from dataclasses import asdict, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Final

import click
import typer

from tui.cli.number_types import WHOLE
from tui.cli.options import AsJson
from tui.cli.terminal import is_interactive, say, write_facts, write_json
from tui.cli.vault_access import attach_session, global_options, open_vault, warn_of_date
from tui.text import wording
from tui.text.parse import parse_minutes
from vault.errors.daemon import ApprovalNotProven, DaemonHung, ProcessNotConfirmed, VaultUnlocked
from vault.errors.families import Invalid, LockboxError
from vault.errors.storage import VaultBusy
from vault.settings import LONGEST_LOCK_MINUTES, THEMES, Preferences, read_preferences, write_preferences

if TYPE_CHECKING:
    from tui.cli.vault_access import GlobalOptions
    from vault.client.attach import Secret
    from vault.owner.interface.session import OwnerSession
    from vault.vault import Vault

DRILLS: Final = "drills"
SETTINGS: Final = ("lock-minutes", "calm", "theme", DRILLS)


Minutes = Annotated[
    int | None,
    typer.Option(
        "--lock-minutes",
        metavar="N",
        click_type=WHOLE,
        help="Lock after so many minutes without use; default: as in settings.",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    for command in (serve, unlock, lock, settings):
        app.command()(command)


# opening and locking --------------------------------------------------------------------------------------


def serve(context: typer.Context, lock_minutes: Minutes = None, as_json: AsJson = False) -> None:
    """Hold the vault open in this process, in the foreground, until it locks."""
    try:
        _serve(global_options(context), lock_minutes, as_json=as_json)
    except LockboxError as error:
        if as_json:
            _write_error(error)
        raise


def _serve(options: GlobalOptions, lock_minutes: int | None, *, as_json: bool) -> None:
    from vault.client import attach

    paths = options.paths
    attach.harden_process()
    attach.check_there(paths)
    if attach.served_by(paths) is not None:
        raise VaultUnlocked()
    preferences = read_preferences(paths)
    if lock_minutes is not None:
        preferences = replace(preferences, lock_minutes=_checked_minutes(str(lock_minutes)))
    secret = options.secret()
    from vault.daemon import server  # a second of imports, after everything that can be wrong at once

    def announce(vault: Vault) -> None:
        vault.note_unlocked(recovery=options.recovery_key)
        if as_json:
            write_json(
                {"vault": paths.vault, "socket": paths.socket, "lock_minutes": preferences.lock_minutes}
            )
        say(f"The vault at {paths.vault} is unlocked, for the commands and screens of this user.")
        say(f"It locks after {wording.counted(preferences.lock_minutes, 'minute')} without use.")
        say("To lock it now: Ctrl-C here, or: lockbox lock")

    server.serve(paths, secret, recovery=options.recovery_key, preferences=preferences, announce=announce)
    say("The vault is locked.")


def _write_error(error: LockboxError) -> None:
    """Write the error on stdout, with its class and facts, for the program that started this process."""
    from vault.wire.errors import error_body

    write_json(error_body(error).model_dump())


def unlock(context: typer.Context) -> None:
    """Open the vault for the commands that follow: a process holds it open, until it locks."""
    from vault.client import attach

    options = global_options(context)
    attach.harden_process()
    attach.check_there(options.paths)
    secret = options.secret()
    if not attach.is_served(options.paths):
        _start(options, secret)
    with attach.attach(options.paths, secret, recovery=options.recovery_key) as vault:
        left = vault.pulse().seconds_to_lock or 0
        status = vault.status()
        attach.save_session(options.paths, vault.keep_session())
    for warning in (status.mark_missing, status.header_damage):
        if warning:
            say(f"lockbox: warning: {warning}")
    warn_of_date(status.date_question)
    minutes = wording.counted(max(1, round(left / 60)), "minute")
    say(f"The vault is unlocked. It locks after {minutes} without use, or now, with:")
    say("  lockbox lock")
    say(
        "Until then commands ask for no passphrase, but for those that let something happen, and after a pause."
    )


def _start(options: GlobalOptions, secret: Secret) -> None:
    from vault.client import attach, launch

    try:
        launch.start(options.paths, secret, recovery=options.recovery_key)
    except (VaultBusy, VaultUnlocked):
        if not attach.is_served(options.paths):  # else somebody unlocked it at the same moment
            raise


def lock(
    context: typer.Context,
    stop_training: Annotated[
        bool, typer.Option("--stop-training", help="Also end what trains; its budget stays spent.")
    ] = False,
) -> None:
    """Lock the vault: the process that holds it open ends, and the keys with it, also when it does not answer."""
    from vault.client import attach, launch

    options = global_options(context)
    attach.harden_process()
    try:
        served = _ask_to_lock(options, stop_training=stop_training)
    except DaemonHung:
        from vault.client.ending import end_hung

        served = end_hung(options.paths, stop_training=stop_training)
        say(f"Process {served} did not answer and was ended. What it had not finished is undone.")
    if served is not None:
        launch.wait_until_locked(options.paths, served)
    attach.end_session(options.paths)
    if served is None:
        launch.check_nobody_writes(options.paths)
    say("The vault is locked." if served is not None else "The vault is locked; no process held it open.")


def _ask_to_lock(options: GlobalOptions, *, stop_training: bool) -> int | None:
    """Have the process that has the vault open end; its number, None where there is none.

    Without a session here, and without a passphrase that was given, it is told by a signal.
    """
    from vault.client import attach

    served = attach.served_by(options.paths)
    if served is None:
        return None
    attach.check_answering(options.paths, served)
    given = options.passphrase_fd is not None or options.recovery_key
    vault = None if given else attach.attach_by_session(options.paths)
    if vault is None and not given and _told_by_signal(options, stop_training=stop_training):
        return served
    with vault or attach_session(options) as session:
        session.lock(stop_training=stop_training)
    return served


def _told_by_signal(options: GlobalOptions, *, stop_training: bool) -> bool:
    """Whether the process was told; not where it is not certain which one it is."""
    from vault.client.ending import end_in_order

    try:
        end_in_order(options.paths, stop_training=stop_training)
    except ProcessNotConfirmed:
        return False
    return True


# settings -------------------------------------------------------------------------------------------------


def settings(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="What to set: lock-minutes, calm, theme or drills.")
    ] = None,
    value: Annotated[
        str | None, typer.Argument(metavar="[VALUE]", help="Minutes without use, on or off, or a theme.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what you have set, or set it: minutes without use until the vault locks, screens without motion."""
    paths = global_options(context).paths
    found = read_preferences(paths)
    if name is not None:
        _check_known(name)
        if value is None:
            raise click.UsageError(f"settings {name} needs a value")
        if name == DRILLS:
            _set_drills(context, value, as_json=as_json)
            return
        found = _changed(found, name, value)
        write_preferences(paths, found)
        _apply_to_open_vault(global_options(context), found, name)
    _show_settings(found, _are_drills_on(context), as_json=as_json)


def _show_settings(found: Preferences, are_drills_on: bool | None, *, as_json: bool) -> None:
    if as_json:
        write_json(asdict(found) | {DRILLS: are_drills_on})
        return
    in_vault = "kept in the vault: lockbox status says whether they are on"
    rows = [
        ("lock-minutes", str(found.lock_minutes)),
        ("calm", _on_or_off(found.calm)),
        ("theme", found.theme),
    ]
    write_facts([*rows, (DRILLS, in_vault if are_drills_on is None else _on_or_off(are_drills_on))])


def _on_or_off(is_on: bool) -> str:
    return "on" if is_on else "off"


def _are_drills_on(context: typer.Context) -> bool | None:
    """What the vault says, where it can be asked by what was given or left; to show settings no passphrase is asked."""
    from vault.client import attach

    options = global_options(context)
    if options.passphrase_fd is not None:
        with open_vault(context, writable=False) as vault:
            return vault.status().are_drills_on
    session = attach.attach_by_session(options.paths) if attach.served_by(options.paths) is not None else None
    if session is None:
        return None
    with session:
        return session.status().are_drills_on


def _set_drills(context: typer.Context, value: str, *, as_json: bool) -> None:
    """Drills belong to the vault and not to its user: they are kept in it, and switching them is on its trail."""
    if value not in ("on", "off"):
        raise Invalid(reason="drills are on or off")
    with open_vault(context) as vault:
        vault.set_drills(value == "on")
    if as_json:
        write_json({DRILLS: value == "on"})
    else:
        say(wording.drills_sentence(is_on=value == "on"))


def _changed(found: Preferences, name: str, value: str) -> Preferences:
    match name, value:
        case "calm", "on" | "off":
            return replace(found, calm=value == "on")
        case "calm", _:
            raise Invalid(reason="calm is on or off")
        case "lock-minutes", _:
            return replace(found, lock_minutes=_checked_minutes(value))
        case "theme", _ if value not in THEMES and (near := get_close_matches(value, THEMES, n=1)):
            raise Invalid(reason=f"there is no theme {value}; did you mean {near[0]}?")
        case _:
            return replace(found, theme=value)


def _checked_minutes(text: str) -> int:
    minutes = parse_minutes(text)
    if minutes is None:
        raise Invalid(reason=f"lock-minutes is a whole number from 1 to {LONGEST_LOCK_MINUTES}")
    return minutes


def _check_known(name: str) -> None:
    if name in SETTINGS:
        return
    near = get_close_matches(name, SETTINGS, n=1)
    known = f"did you mean {near[0]}?" if near else f"there are {', '.join(SETTINGS[:-1])} and {SETTINGS[-1]}"
    raise Invalid(reason=f"there is no setting {name}; {known}")


def _apply_to_open_vault(options: GlobalOptions, found: Preferences, name: str) -> None:
    """Give a new lock time to the process that has the vault open, where there is a session."""
    from vault.client import attach

    if name != "lock-minutes" or attach.served_by(options.paths) is None:
        return
    vault = _session_at_hand(options) if attach.is_served(options.paths) else None
    if vault is None:
        say("The vault is unlocked now; this holds from the next time on.")
        return
    with vault:
        try:
            vault.lock_after(found.lock_minutes)
        except ApprovalNotProven:
            say("It is longer than now, which needs your passphrase; this holds from the next time on.")


def _session_at_hand(options: GlobalOptions) -> OwnerSession | None:
    """A session by what was given or left; it asks for the passphrase where an act needs it and somebody is there."""
    from vault.client import attach

    is_given = options.passphrase_fd is not None or options.recovery_key
    if is_given or is_interactive():
        return attach_session(options)
    return attach.attach_by_session(options.paths)
