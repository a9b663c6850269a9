"""The `lockbox` command. Everything heavy is imported inside the command that needs it."""

from __future__ import annotations

import io
import os
import sys
import threading
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import click
import typer

from tui.commands import audit, budget, consent, data, demo, job, release, request, requester, update, whole
from tui.exit_codes import ExitCode, exit_code
from tui.groups import CommandGroup
from tui.layout import one_line, visible
from tui.session import Session
from vault.errors import LockboxError

app = typer.Typer(
    name="lockbox",
    cls=CommandGroup,
    help="A personal data vault that can learn: your records stay, noised updates leave when you say so.",
    no_args_is_help=True,
    suggest_commands=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"lockbox {version('lockbox-vault')}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    vault: Annotated[
        Path | None, typer.Option("--vault", metavar="DIR", help="The vault folder (or LOCKBOX_VAULT).")
    ] = None,
    passphrase_fd: Annotated[
        int | None,
        typer.Option("--passphrase-fd", metavar="N", help="Read the passphrase from open descriptor N."),
    ] = None,
    recovery_key: Annotated[
        bool, typer.Option("--recovery-key", help="Open with the recovery key instead of the passphrase.")
    ] = False,
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    context.obj = Session(vault=vault, passphrase_fd=passphrase_fd, recovery_key=recovery_key)


whole.add_to(app)
data.add_to(app)
for name, group, about in (
    ("data", data.group, "Look at your records, and take them out."),
    ("requester", requester.group, "Who may ask."),
    ("consent", consent.group, "What you allow: fields, purpose, until when."),
    ("request", request.group, "What others ask, and your word on it."),
    ("release", release.group, "Held updates, and the one way out."),
    ("audit", audit.group, "The trail of everything, for you and for outsiders."),
    ("job", job.group, "For requesters: keys, jobs, signatures."),
    ("update", update.group, "For requesters: check what was released."),
):
    app.add_typer(group, name=name, help=about, cls=CommandGroup)
request.add_to(app)
budget.add_to(app)
demo.add_to(app)


def main() -> None:
    """Run one command; every error ends as one sentence and an exit code, never as a traceback."""
    _keep_the_terminal_clean()
    sys.exit(run(sys.argv[1:]))


def _keep_the_terminal_clean() -> None:
    """Stop the interpreter's own ways of printing code, values and tracebacks outside of `run`."""
    warnings.simplefilter("ignore")
    sys.excepthook = lambda kind, _error, _trace: _mistake(kind)
    sys.unraisablehook = lambda _: None
    threading.excepthook = lambda _: None
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Signs that an old terminal cannot show are spelled out instead of ending the command.
            stream.reconfigure(errors="backslashreplace")


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        outcome = typer.main.get_command(app).main(arguments, prog_name="lockbox", standalone_mode=False)
    except (KeyboardInterrupt, click.exceptions.Abort):
        return _told("interrupted", "", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read stdout has gone; closing it quietly is what a pipe expects.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except Exception as error:  # the process boundary: whatever is left over becomes one sentence
        return _failed(error)
    return outcome if isinstance(outcome, int) else ExitCode.OK


def _failed(error: Exception) -> int:
    match error:
        case LockboxError():
            return _told(str(error), error.hint, exit_code(error))
        case click.exceptions.NoArgsIsHelpError():
            print(error.format_message(), file=sys.stderr)
            return ExitCode.USAGE
        case click.exceptions.ClickException():
            return _told(error.format_message(), _help_for(error), ExitCode.USAGE)
        case OSError():
            return _told(_what_the_system_says(error), "", ExitCode.UNAVAILABLE)
        case _:
            return _mistake(type(error))


def _help_for(error: click.exceptions.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'lockbox'} --help"


def _what_the_system_says(error: OSError) -> str:
    """The system's own words and the file they are about, never the text that somebody put in the error."""
    about = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
    says = os.strerror(error.errno) if error.errno else type(error).__name__
    return f"the system refused: {says}{about}"


def _mistake(kind: type[BaseException]) -> int:
    """Say only the kind of an unforeseen error: its text and the local variables around it may hold secrets."""
    return _told(f"lockbox made a mistake of its own ({kind.__name__})", "please report it", ExitCode.FAILED)


def _told(sentence: str, hint: str, code: ExitCode) -> int:
    plain = one_line(sentence).rstrip(".")
    print(f"lockbox: error: {plain[:1].lower()}{plain[1:]}", file=sys.stderr)
    if hint:
        print(f"lockbox: hint: {visible(hint)}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
