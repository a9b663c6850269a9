"""The `lockbox` command. Everything heavy is imported inside the command that needs it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import click
import typer

from tui.commands import audit, budget, consent, data, demo, job, release, request, requester, update, whole
from tui.exit_codes import ExitCode, exit_code
from tui.session import Session
from vault.errors import LockboxError

app = typer.Typer(
    name="lockbox",
    help="A personal data vault that can learn: your records stay, noised updates leave when you say so.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _options(
    context: typer.Context,
    vault: Annotated[
        Path | None, typer.Option("--vault", metavar="DIR", help="The vault folder (or LOCKBOX_VAULT).")
    ] = None,
    passphrase_fd: Annotated[
        int | None,
        typer.Option(
            "--passphrase-fd", metavar="N", min=0, help="Read the passphrase from open descriptor N."
        ),
    ] = None,
    recovery_key: Annotated[
        bool, typer.Option("--recovery-key", help="Open with the recovery key instead of the passphrase.")
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
    app.add_typer(group, name=name, help=about)
request.add_to(app)
budget.add_to(app)
demo.add_to(app)


def main() -> None:
    """Run one command; every error ends as one sentence and an exit code, never as a traceback."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        outcome = typer.main.get_command(app).main(arguments, prog_name="lockbox", standalone_mode=False)
    except LockboxError as error:
        return _told(str(error), error.hint, exit_code(error))
    except click.exceptions.ClickException as error:
        return _told(error.format_message(), "lockbox --help", ExitCode.USAGE)
    except (KeyboardInterrupt, click.exceptions.Abort):
        return _told("interrupted", "", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # Whoever read stdout has gone; closing it quietly is what a pipe expects.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.FAILED
    except (
        Exception
    ) as error:  # the process boundary: local variables and texts may hold secrets, so only the kind is said
        return _told(f"lockbox made a mistake of its own ({type(error).__name__})", "", ExitCode.FAILED)
    return outcome if isinstance(outcome, int) else ExitCode.OK


def _told(sentence: str, hint: str, code: ExitCode) -> int:
    plain = sentence.rstrip(".")
    print(f"lockbox: error: {plain[:1].lower()}{plain[1:]}", file=sys.stderr)
    if hint:
        print(f"lockbox: hint: {hint}", file=sys.stderr)
    return code


if __name__ == "__main__":
    main()
