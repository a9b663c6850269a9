"""The vault as a whole: init, status, doctor, paths, backup, passphrase and recovery."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import click
import typer

from tui.cli.command_group import CommandGroup
from tui.cli.exit_codes import ExitCode
from tui.cli.left_over import say_left_over
from tui.cli.options import AsJson
from tui.cli.progress import progress_bar
from tui.cli.terminal import (
    ask,
    ask_secret,
    is_interactive,
    read_secret,
    read_secrets,
    say,
    write,
    write_facts,
    write_json,
    write_table,
)
from tui.cli.vault_access import check_new_file, global_options, open_vault
from tui.text import wording
from tui.text.reopening_facts import nothing_left, reopening_sentences
from vault.errors.daemon import VaultUnlocked
from vault.errors.families import Invalid
from vault.errors.keys import RecoveryKeyNotConfirmed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from learner.federation.confined_process import Tried
    from learner.protocol import ProbeResult
    from tui.cli.vault_access import GlobalOptions
    from vault.settings import Paths
    from vault.vault import Secret
    from vault.views.reopening import Reopening
    from vault.views.status import VaultStatus

TIMES_ASKED: Final = 3
"""How often a new passphrase, or the recovery key, is asked for before the command ends."""

passphrase = typer.Typer(no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    for command in (init, status, doctor, paths, backup, recover, reopen):
        app.command()(command)
    app.add_typer(passphrase, name="passphrase", help="The passphrase of this vault.", cls=CommandGroup)


def init(
    context: typer.Context,
    skip_type_back: Annotated[
        bool, typer.Option("--skip-type-back", help="Do not ask for the recovery key to be typed back.")
    ] = False,
) -> None:
    """Make a vault: a passphrase, a recovery sheet, an empty database."""
    from vault.vault import Vault, harden_process

    harden_process()
    options = global_options(context)
    Vault.check_free(options.paths)
    descriptor = options.passphrase_fd
    secret = _new_passphrase() if descriptor is None else _checked(read_secret(descriptor))
    say("Making the vault (Argon2id with 256 MiB; about a second) …")
    recovery_key = Vault.create(options.paths, secret)
    say(f"\nThe vault is at {options.paths.vault}")
    say("\nRECOVERY SHEET: write this down and keep it away from this computer. It is shown once.")
    say("It opens the vault when the passphrase is forgotten. Nobody can reset either of them.\n")
    write(recovery_key)
    if is_interactive() and not skip_type_back:
        _type_back(recovery_key)
    say("\nNext: lockbox import FILE --dry-run")


def _type_back(recovery_key: str) -> None:
    wanted = recovery_key.replace("-", "").upper()
    for _ in range(TIMES_ASKED):
        typed = _typed_back()
        if "".join(typed.split()).replace("-", "").upper() == wanted:
            return
        say("That is not it; look at the sheet again.")
    raise RecoveryKeyNotConfirmed()


def _typed_back() -> str:
    try:
        return ask("\ntype it back to be sure it is right: ")
    except KeyboardInterrupt:
        say("\nThe vault is made, and the key above is its recovery key.")
        raise


def _checked(given: str) -> Secret:
    """A new passphrase that is strong enough; raises `Invalid` for another."""
    from vault.vault import Vault, passphrase_secret

    found = Vault.check_new_passphrase(given)
    if not found.is_enough:
        raise Invalid(reason=f"this passphrase is too weak: {found.words}")
    return passphrase_secret(given)


def _new_passphrase() -> Secret:
    from vault.vault import generate_passphrase

    first = _asked_until_strong()
    if not first:
        return _type_back_passphrase(generate_passphrase())
    if ask_secret("again: ") != first:
        raise Invalid(reason="the two passphrases differ")
    return _checked(first)


def _asked_until_strong() -> str:
    """A new passphrase that is strong enough, or nothing; raises `Invalid` when none of so many is."""
    from vault.vault import Vault

    for _ in range(TIMES_ASKED):
        given = ask_secret("new passphrase, 12 characters or more (empty: one is made for you): ")
        if not given:
            return ""
        found = Vault.check_new_passphrase(given)
        if found.is_enough:
            say(f"Strong enough: {found.words}.")
            return given
        say(f"Too weak: {found.words}.")
    raise Invalid(reason=f"this passphrase is too weak: {found.words}")


def _type_back_passphrase(made: str) -> Secret:
    from vault.vault import passphrase_secret

    say(f"\n    {made}\n\nWrite it down before you go on; nobody can reset it.")
    for _ in range(TIMES_ASKED):
        if ask_secret("type it back: ") == made:
            return passphrase_secret(made)
        say("That is not it; look at it again.")
    raise Invalid(reason="that is not the passphrase that was offered")


def status(context: typer.Context, as_json: AsJson = False) -> None:
    """What the vault holds, what waits for you, and whether anything ever left."""
    with open_vault(context, writable=False) as vault:
        facts = vault.status()
    if as_json:
        write_json(facts)
        return
    rows = [
        ("vault", facts.path),
        ("records", f"{facts.rows:,} in {wording.counted(facts.collections, 'collection')}"),
        ("consents in force", _in_force(facts.grants_active, facts.expiring)),
        ("requests that wait for you", str(facts.requests_waiting)),
        *([("campaigns that wait for you", str(facts.campaigns_waiting))] if facts.campaigns_waiting else []),
        ("approved, not yet run", str(facts.approved)),
        *([("training now", wording.counted(facts.running, "job"))] if facts.running else []),
        ("held updates", str(facts.held)),
        ("left this computer", _left(facts)),
        ("audit trail", wording.counted(facts.audit_entries, "entry")),
        *([("drills", "on")] if facts.are_drills_on else []),
        ("date of the vault", facts.date),
        *([("the computer's clock", facts.clock)] if facts.date_question else []),
    ]
    write_facts(rows)


def _in_force(active: int, expiring: int) -> str:
    return f"{active}, of which {expiring} end within a week" if expiring else str(active)


def _left(facts: VaultStatus) -> str:
    if not facts.released and not facts.may_have_left:
        said = nothing_left(facts)
        return f"{said[0].lower()}{said[1:-1]}"
    unsure = f", and {facts.may_have_left} more may have left" if facts.may_have_left else ""
    return f"{wording.counted(facts.released, 'update')}{unsure}"


def doctor(context: typer.Context, as_json: AsJson = False) -> None:
    """Try the sandboxes of learner, courier and mesh from inside, and say what this computer confines and what not."""
    from vault.vault import Vault

    say("Trying, from inside a locked-in learner, what it must not be able to do …")
    results = Vault.probe_sandbox(global_options(context).paths)
    couriers = _probe_couriers(global_options(context).paths)
    meshes = _probe_meshes(global_options(context).paths)
    if as_json:
        write_json(*results, *couriers, *meshes)
    else:
        write_table(
            ("attempt", "outcome"), [*map(_attempt_row, results), *map(_attempt_row, [*couriers, *meshes])]
        )
    say_left_over(context)
    if not all(one.refused for one in couriers):
        say("\nNot everything was refused to a courier on this computer.")
    if not all(one.refused for one in meshes):
        say("\nNot everything was refused to a mesh's process with the network on this computer.")
    if not all(one.refused for one in results):
        say("\nNot everything was refused: jobs from other people do not run on this computer.")
        raise typer.Exit(ExitCode.UNAVAILABLE)
    say(f"\n{all_refused(len(results), [*couriers, *meshes])}: jobs run confined on this computer.")


def all_refused(from_learners: int, others: Sequence[Tried]) -> str:
    """What was refused, by the number of lines of the table that it is true of."""
    if all(one.refused for one in others):
        return f"All {from_learners + len(others)} attempts were refused"
    return f"All {from_learners} attempts from inside a learner were refused"


def _probe_couriers(found: Paths) -> list[Tried]:
    from learner.federation.courier import probe

    say("Trying the same from inside a courier …")
    return probe(_targets(found))


def _probe_meshes(found: Paths) -> list[Tried]:
    from learner.federation.mesh import is_installed, probe

    if not is_installed():
        say("Of a mesh nothing is tried: zenoh is not installed.")
        return []
    say("Trying the same from inside a mesh's process with the network …")
    return probe(_targets(found))


def _targets(found: Paths) -> dict[str, Path]:
    targets = {"the database": found.database, "the vault": found.vault, "the state folder": found.state}
    there = {called: path for called, path in targets.items() if path.exists()}
    return {**there, "your home": Path.home()}


def _attempt_row(one: ProbeResult | Tried) -> tuple[str, str]:
    return one.name, f"refused ({one.how})" if one.refused else "ALLOWED"


def paths(context: typer.Context, as_json: AsJson = False) -> None:
    """Where the vault and the reminder outside it are kept."""
    found = global_options(context).paths
    if as_json:
        write_json({"vault": found.vault, "state": found.state})
    else:
        write_facts([("vault", str(found.vault)), ("state", str(found.state))])


def backup(
    context: typer.Context, file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.")]
) -> None:
    """Write a consistent, encrypted copy of the live vault into one file."""
    check_new_file(context, file)
    with open_vault(context) as vault, progress_bar("copying pages") as progress:
        vault.backup(file, progress=progress)
    say(f"{file} holds the whole vault, as encrypted as the vault itself; your passphrase opens it.")
    say("To look into it later:")
    say("  mkdir -m 700 DIR && tar -xf FILE -C DIR && lockbox --vault DIR status")


@passphrase.command("change")
def change_passphrase(context: typer.Context) -> None:
    """Give the vault another passphrase; the recovery key stays the same."""
    if global_options(context).recovery_key:
        raise click.UsageError("with the recovery key a new passphrase is set by: lockbox recover")
    _renew(context, recovery=False)
    say("The new passphrase is in force. Older copies of the vault still open with the old one.")


def recover(context: typer.Context) -> None:
    """Set a new passphrase with the recovery key."""
    _renew(context, recovery=True)
    say("The new passphrase is in force; the recovery key stays the same.")


def _renew(context: typer.Context, *, recovery: bool) -> None:
    """Set the new passphrase once what opens the vault is known to be right, here or where it is open."""
    from vault.client import attach
    from vault.vault import Vault, harden_process

    harden_process()
    paths = global_options(context).paths
    Vault.check_there(paths)
    current, new = _current_and_new(
        global_options(context), "recovery key" if recovery else "current passphrase"
    )
    if attach.is_served(paths):
        with attach.attach(paths, current, recovery=recovery) as remote:
            remote.change_passphrase(current, new(), recovery=recovery)
        return
    Vault.open(paths, current, writable=False, recovery=recovery).close()
    Vault.change_passphrase(paths, current, new(), recovery=recovery)


def _current_and_new(options: GlobalOptions, asked: str) -> tuple[Secret, Callable[[], Secret]]:
    """What opens the vault, and how the new passphrase is got: two lines of a descriptor, or two answers."""
    from vault.vault import passphrase_secret

    if options.passphrase_fd is None:
        return passphrase_secret(ask_secret(f"{asked}: ")), _new_passphrase
    lines = read_secrets(options.passphrase_fd, 2, only=True)
    if len(lines) < 2 or not lines[1]:
        raise Invalid(reason=f"--passphrase-fd gives two lines here: the {asked}, then the new passphrase")
    return passphrase_secret(lines[0]), lambda: _checked(lines[1])


def reopen(
    context: typer.Context,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would mean, and change nothing.")
    ] = False,
    confirmed: Annotated[
        str | None,
        typer.Option("--confirm", metavar="LETTERS", help="Without a terminal: what --dry-run says to give."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Go on knowingly from a vault that opens to be read only, such as a backup that you put back."""
    from vault.client import attach
    from vault.vault import Vault, harden_process

    harden_process()
    options = global_options(context)
    Vault.check_there(options.paths)
    if attach.is_served(options.paths):
        raise VaultUnlocked()
    with Vault.open(options.paths, options.secret(), recovery=options.recovery_key) as vault:
        planned = vault.preview_reopen()
        for sentence in reopening_sentences(planned):
            say(sentence)
        if dry_run:
            _show_reopening(planned, as_json=as_json)
            return
        done = vault.reopen(confirm=_confirmed(planned, confirmed))
    if as_json:
        write_json(done)
    say("The vault can be written to again; the trail says that you went on from here.")


def _show_reopening(planned: Reopening, *, as_json: bool) -> None:
    if as_json:
        write_json(planned)
    say(f"Nothing was changed (dry run). To do it: lockbox reopen --confirm {planned.confirm}")


def _confirmed(planned: Reopening, given: str | None) -> str:
    """What confirms it: typed at a terminal, or given with the command."""
    if given is not None or not is_interactive():
        return given or ""
    return ask(f"Type {planned.confirm} to go on: ").strip()
