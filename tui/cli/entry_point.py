"""The entry point of the `lockbox` command: every error ends as one sentence and an exit code.

It imports next to nothing before `main` runs, so that even Ctrl-C while the rest is loaded ends as a sentence.
"""

from __future__ import annotations

import gc
import io
import os
import shutil
import sys
import threading
import warnings
from errno import ENOMEM
from typing import TYPE_CHECKING, Final, NoReturn

from tui.cli.exit_codes import ExitCode, exit_code
from tui.cli.silence import heard_from
from tui.text.layout import NARROWEST, hanging, one_line
from vault.errors.exhaustion import truly, what_ran_out
from vault.errors.families import LockboxError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from click import ClickException

# More than any command loads: it stays, and to look for garbage among it as often as usual takes a tenth of the start.
GARBAGE_AFTER: Final = 200_000


def main() -> None:
    """Run one command; every error ends as one sentence and an exit code, never as a traceback."""
    end_with(_command)


def end_with(work: Callable[[], int]) -> NoReturn:
    """Do work that comes to an exit code, and end this process by it."""
    try:
        _stand_in_for_closed()
        _silence_interpreter()
        code = _with_output_written(work())
    except KeyboardInterrupt:
        code = _interrupted()
    gc.freeze()  # or the interpreter would look through everything that was loaded once more before it ends
    sys.exit(code)


def run_alone(work: Callable[[], None]) -> int:
    """Do work that has no command line and return its exit code."""
    try:
        with heard_from():
            work()
    except Exception as error:  # the process boundary: whatever is left over becomes one sentence
        return _report(error)
    return ExitCode.OK


def _command() -> int:
    gc.set_threshold(GARBAGE_AFTER)
    return run(sys.argv[1:])


def _with_output_written(code: int) -> int:
    """The code of a command, or that of its output where the last of it cannot be written."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # What is left in the buffer goes nowhere: the interpreter would try it again and end with a code of its own.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        return code or _report(error)
    return code


class ClosedOutput(io.StringIO):
    """Standard output that was closed before the command began: whatever is written to it is refused."""

    def write(self, text: str) -> int:
        """Raise `Unavailable`."""
        raise Unavailable(reason="standard output is closed, and there is something to write to it")


class NobodyListens(io.StringIO):
    """Standard error that was closed before the command began: what is said there is not kept either."""

    def write(self, text: str) -> int:
        """Drop it."""
        return len(text)


def _stand_in_for_closed() -> None:
    """Refuse what is written to a closed output, and drop what is said where nobody wants to hear it."""
    for descriptor in (1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # Else the next file that is opened would be what a child process takes for its output.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, descriptor)
            if nowhere != descriptor:
                os.close(nowhere)
    sys.stdout = sys.stdout or ClosedOutput()
    sys.stderr = sys.stderr or NobodyListens()


def _silence_interpreter() -> None:
    """Stop the interpreter from printing code, values and tracebacks outside of `run`."""
    warnings.simplefilter("ignore")
    sys.excepthook = _report_uncaught
    sys.unraisablehook = lambda _: None
    threading.excepthook = lambda _: None
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Signs that an old terminal cannot show are spelled out instead of ending the command.
            stream.reconfigure(errors="backslashreplace")


def _report_uncaught(kind: type[BaseException], error: BaseException, _trace: object) -> None:
    ran_out = what_ran_out(error)
    if ran_out is None:
        _report_bug(kind)
    else:
        _report(ran_out)


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    import click
    from typer.main import get_command

    try:
        from tui.cli.command_line import app

        with heard_from():
            outcome = get_command(app).main(arguments, prog_name="lockbox", standalone_mode=False)
    except click.exceptions.Abort:
        return _interrupted()
    except click.exceptions.NoArgsIsHelpError as error:
        print(error.format_message(), file=sys.stderr)
        return ExitCode.USAGE
    except click.exceptions.ClickException as error:
        return _print_error(_sentence(error), _help_for(error), _usage_code(error))
    except Exception as error:  # the process boundary: whatever is left over becomes one sentence
        return _report(error)
    # typer gives Ctrl-C back as an exit code, and ends the process itself when whoever read stdout has gone.
    if outcome == ExitCode.INTERRUPTED:
        return _interrupted()
    return outcome if isinstance(outcome, int) else ExitCode.OK


def _report(error: Exception) -> int:
    match error:
        case LockboxError():
            error = truly(error)
            # A fact at the beginning, such as the name of a file, keeps its capital letter.
            says = str(error) if error.template().startswith("{") else _lower_first(str(error))
            return _print_error(says, error.hint, exit_code(error))
        case Exception() if _is_of_no_file(error) and (ran_out := what_ran_out(error)):
            return _report(ran_out)
        case OSError():
            return _print_error(_system_error(error), "", ExitCode.UNAVAILABLE)
        case _:
            return _report_bug(type(error))


def _is_of_no_file(error: Exception) -> bool:
    """Whether a file that it names tells nothing: memory runs out with whatever was to be loaded then."""
    return not isinstance(error, OSError) or error.errno == ENOMEM


def _interrupted() -> int:
    if sys.stderr.isatty():
        print(file=sys.stderr)  # the terminal has written ^C behind the question
    return _print_error("interrupted", "", ExitCode.INTERRUPTED)


def _sentence(error: ClickException) -> str:
    """What the library says, on one line: it lists choices below one another."""
    return _lower_first(" ".join(error.format_message().split()))


def _usage_code(error: ClickException) -> ExitCode:
    """A value that cannot be used ends alike, whether the library reads it or we do."""
    from click.exceptions import BadParameter, MissingParameter

    is_value = isinstance(error, BadParameter) and not isinstance(error, MissingParameter)
    return ExitCode.FAILED if is_value else ExitCode.USAGE


def _help_for(error: ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"{context.command_path if context else 'lockbox'} --help"


def _system_error(error: OSError) -> str:
    """The system's own words and the file they are about, never the text that somebody put in the error."""
    about = f": {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
    says = os.strerror(error.errno) if error.errno else type(error).__name__
    return f"the system refused: {says}{about}"


def _report_bug(kind: type[BaseException]) -> int:
    """Say only the kind of an unforeseen error: its text and the local variables around it may hold secrets."""
    return _print_error(
        f"lockbox made a mistake of its own ({kind.__name__})", "please report it", ExitCode.FAILED
    )


def _lower_first(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


def _print_error(sentence: str, hint: str, code: ExitCode) -> int:
    print(_fitting(f"lockbox: error: {one_line(sentence).rstrip('.')}"), file=sys.stderr)
    if hint:
        print(_fitting(f"lockbox: hint: {one_line(hint)}"), file=sys.stderr)
    return code


def _fitting(line: str) -> str:
    """A line as it is, and at a terminal broken between words instead of by the terminal within them."""
    if not sys.stderr.isatty():
        return line
    return hanging("", line, max(NARROWEST, shutil.get_terminal_size((80, 24)).columns), indent=2)
