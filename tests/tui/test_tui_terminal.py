"""Secrets come in whole or not at all, and what is written is data on stdout and talk on stderr."""

from __future__ import annotations

import io
import json
import os
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from errno import ENOMEM
from pathlib import Path
from string import Formatter
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.cli import entry_point, terminal
from tui.cli.entry_point import run
from tui.cli.exit_codes import MEANING, ExitCode, exit_code
from tui.cli.terminal import write, write_json
from vault.errors.catalogue import error_classes
from vault.errors.families import Invalid, LockboxError
from vault.errors.keys import PassphraseMissing
from vault.errors.records import FileMissing
from vault.errors.requests import IdTooShort

PASSPHRASES = st.text(st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=200)


@contextmanager
def pipe(*parts: bytes) -> Iterator[int]:
    """A descriptor that gives these parts and then ends."""
    ours, theirs = os.pipe()
    for part in parts:
        os.write(theirs, part)
    os.close(theirs)
    try:
        yield ours
    finally:
        os.close(ours)


# secrets ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "secret"),
    [
        (b"open sesame\n", "open sesame"),
        (b"open sesame", "open sesame"),
        (b"open sesame\r\n", "open sesame"),
        (b"open sesame\r\r\n", "open sesame\r"),
        (b"first line\nsecond line\n", "first line"),
        (b" spaces stay \n", " spaces stay "),
        (b"\n", ""),
        (b"", ""),
        ("schlüssel 鍵\n".encode(), "schlüssel 鍵"),
    ],
)
def test_a_secret_is_the_first_line_without_its_end(given: bytes, secret: str) -> None:
    with pipe(given) as descriptor:
        assert secret == terminal.read_secret(descriptor)


@given(PASSPHRASES)
def test_any_passphrase_of_one_line_comes_back_whole(secret: str) -> None:
    with pipe(secret.encode(), b"\n") as descriptor:
        assert secret == terminal.read_secret(descriptor)


@pytest.mark.parametrize(("length", "fits"), [(4096, True), (4097, False), (9000, False)])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_secret_is_never_cut_off(length: int, fits: bool, end: bytes) -> None:
    with pipe(b"x" * length + end) as descriptor:
        if fits:
            assert length == len(terminal.read_secret(descriptor))
        else:
            with pytest.raises(Invalid, match="longer than 4096 bytes"):
                terminal.read_secret(descriptor)


def test_a_secret_that_comes_in_parts_is_waited_for() -> None:
    ours, theirs = os.pipe()
    with os.fdopen(ours, "rb"), os.fdopen(theirs, "wb", buffering=0) as writer:
        child = os.fork()
        if child == 0:
            os.close(ours)
            for part in (b"open ", b"ses", b"ame\n"):
                writer.write(part)
            os._exit(0)
        assert terminal.read_secret(ours) == "open sesame"
        os.waitpid(child, 0)


def test_who_gives_two_lines_may_leave_the_pipe_open_and_no_third_is_passed_over() -> None:
    ours, theirs = os.pipe()
    found: list[list[str]] = []
    os.write(theirs, b"old\nnew\n")
    reading = Thread(target=lambda: found.append(terminal.read_secrets(ours, 2, only=True)), daemon=True)
    reading.start()
    reading.join(60)
    assert found == [["old", "new"]]
    os.write(theirs, b"old\nnew\nnewer\n")
    with pytest.raises(Invalid, match="gives more than 2 lines"):
        terminal.read_secrets(ours, 2, only=True)
    os.close(theirs)
    os.close(ours)


@pytest.mark.parametrize("descriptor", [-1, 10**17, 99_999])
def test_a_descriptor_that_is_not_open_is_said_to_be_so(descriptor: int) -> None:
    with pytest.raises(Invalid, match=f"descriptor {descriptor} cannot be read"):
        terminal.read_secret(descriptor)


def test_a_descriptor_open_to_write_only_is_no_source(tmp_path: Path) -> None:
    with (tmp_path / "out").open("wb") as file, pytest.raises(Invalid, match="cannot be read"):
        terminal.read_secret(file.fileno())


def test_a_terminal_is_no_source_as_it_shows_what_is_typed() -> None:
    ours, theirs = os.openpty()
    try:
        with pytest.raises(Invalid, match=f"descriptor {theirs} is a terminal"):
            terminal.read_secret(theirs)
    finally:
        os.close(ours)
        os.close(theirs)


def test_a_secret_that_is_no_text_is_refused_without_its_bytes() -> None:
    with pipe(b"se\xffcret\n") as descriptor, pytest.raises(Invalid) as refused:
        terminal.read_secret(descriptor)
    assert "not valid UTF-8" in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


def test_without_a_terminal_no_secret_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("never read\n"))
    with pytest.raises(PassphraseMissing):
        terminal.ask_secret("passphrase: ")


def test_a_closed_input_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert not terminal.is_interactive()


# questions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "is_yes"),
    [
        ("y\n", True),
        ("Yes\n", True),
        (" y \n", True),
        ("\n", False),
        ("", False),
        ("n\n", False),
        ("yep\n", False),
    ],
)
def test_only_a_clear_yes_is_one(typed: str, is_yes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    assert is_yes == terminal.confirm("Seal these rows?")


class _Answering(io.StringIO):
    """What is said on a terminal; once the question stands there, somebody types an answer."""

    def __init__(self, keys: int, answer: bytes) -> None:
        super().__init__()
        self._keys, self._answer = keys, answer

    def write(self, text: str) -> int:
        if "[y/N]" in text:
            os.write(self._keys, self._answer)
        return super().write(text)


@pytest.mark.parametrize(("ahead", "after", "is_yes"), [(b"y\ny\n", b"n\n", False), (b"n\n", b"y\n", True)])
def test_what_was_typed_before_a_question_does_not_answer_it(
    ahead: bytes, after: bytes, is_yes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, screen = os.openpty()
    with os.fdopen(keys, "wb", buffering=0), os.fdopen(screen, encoding="utf-8") as typed:
        os.write(keys, ahead)
        select.select([typed], [], [])  # the terminal hands on what is typed in its own time
        monkeypatch.setattr(sys, "stdin", typed)
        monkeypatch.setattr(sys, "stderr", _Answering(keys, after))
        assert is_yes == terminal.confirm("Approve this one run?")


def test_nothing_that_is_typed_while_a_vault_opens_is_shown_or_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    keys, screen = os.openpty()
    with os.fdopen(keys, "r+b", buffering=0) as person, os.fdopen(screen, encoding="utf-8") as typed:
        monkeypatch.setattr(sys, "stdin", typed)
        with terminal.not_shown():
            person.write(b"a passphrase too early\n")
            select.select([typed], [], [])
        person.write(b"y\n")
        assert person.read(3) == b"y\r\n"
        assert typed.readline() == "y\n"


# output -------------------------------------------------------------------------------------------------------


class Color(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    names: frozenset[str]
    where: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    price: Decimal
    kind: Color
    inner: Inner


def test_json_is_one_object_a_line_with_a_version_and_loses_no_digit(
    capsys: pytest.CaptureFixture[str],
) -> None:
    fact = Fact(
        price=Decimal("0.1000000000000000000001"),
        kind=Color.RED,
        inner=Inner(names=frozenset("ba"), where=Path("a/b")),
    )
    write_json(fact, {"price": Decimal("NaN"), "text": "one\ntwo ε"})
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert json.loads(lines[0]) == {
        "v": 1, "price": "0.1000000000000000000001", "kind": "red",
        "inner": {"names": ["a", "b"], "where": "a/b"},
    }  # fmt: skip
    assert json.loads(lines[1]) == {"v": 1, "price": "NaN", "text": "one\ntwo ε"}
    assert "ε" in lines[1]


@pytest.mark.parametrize("fact", ["text", 3, Fact])
def test_only_facts_with_names_become_json(fact: object) -> None:
    with pytest.raises(TypeError):
        write_json(fact)


def test_an_unknown_type_is_not_guessed_into_json() -> None:
    with pytest.raises(TypeError, match="bytes has no JSON form"):
        write_json({"key": b"key material"})


def test_data_goes_to_stdout_and_talk_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    write("data")
    terminal.say("talk")
    assert capsys.readouterr() == ("data\n", "talk\n")


def test_what_is_written_to_a_closed_output_is_refused_and_what_is_said_to_a_closed_one_is_dropped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    entry_point._stand_in_for_closed()
    for words in (["formats"], ["--version"], ["job", "new", "--template"]):
        assert run(words) == ExitCode.UNAVAILABLE
        (said,) = capsys.readouterr().err.splitlines()
        assert said == (
            "lockbox: error: not available now: standard output is closed, and there is something to write to it"
        )
    monkeypatch.setattr(sys, "stderr", None)
    entry_point._stand_in_for_closed()
    terminal.say("talk")
    assert run(["formats"]) == ExitCode.UNAVAILABLE
    assert capsys.readouterr() == ("", "")


# errors -------------------------------------------------------------------------------------------------------


def every_error() -> list[type[LockboxError]]:
    found = [kind for kind in error_classes().values() if kind.__module__.startswith("vault.errors.")]
    assert len(found) > 40
    return found


def test_every_error_ends_as_one_sentence_with_its_code(capsys: pytest.CaptureFixture[str]) -> None:
    for kind in every_error():
        check_told(kind, capsys)


def check_told(kind: type[LockboxError], capsys: pytest.CaptureFixture[str]) -> None:
    facts = {name: "FACT" for _, name, _, _ in Formatter().parse(kind.template()) if name}
    error = kind(**facts)
    assert entry_point._report(error) == exit_code(error)
    first, *hints = capsys.readouterr().err.splitlines()
    assert first.startswith("lockbox: error: ")
    assert not first.endswith(".")
    assert first.count("FACT") == len(facts)
    assert [f"lockbox: hint: {kind.hint}"] * bool(kind.hint) == hints
    assert len(first) < 200


def test_an_error_cannot_write_a_second_line_or_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    entry_point._report(FileMissing(path="a\nlockbox: hint: send me your passphrase\x1b[8m"))
    assert capsys.readouterr().err == (
        "lockbox: error: there is no file a\\nlockbox: hint: send me your passphrase\\x1b[8m\n"
    )


def test_at_a_terminal_an_error_is_broken_between_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "60")
    entry_point._report(IdTooShort(beginning="cd0", least=4))
    lines = capsys.readouterr().err.splitlines()
    assert max(map(len, lines)) <= 60
    assert " ".join(line.strip() for line in lines[2:]).endswith("release list and consent list")
    assert all(line.startswith(("lockbox: ", "  ")) for line in lines)


@pytest.mark.parametrize("kind", [ValueError, KeyError, RuntimeError, UnicodeEncodeError])
def test_a_mistake_of_ours_says_its_kind_and_not_its_text(
    kind: type[Exception], capsys: pytest.CaptureFixture[str]
) -> None:
    error = kind("utf-8", "open sesame", 0, 1, "open") if kind is UnicodeEncodeError else kind("open sesame")
    assert entry_point._report(error) == ExitCode.FAILED
    said = capsys.readouterr().err
    assert kind.__name__ in said
    assert "sesame" not in said


def test_what_the_system_refuses_is_said_in_its_words_with_the_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    entry_point._report(PermissionError(13, "open sesame", "/a/file"))
    entry_point._report(OSError("open sesame"))
    entry_point._report(OSError(ENOMEM, "open sesame", "/a/module"))
    said = [line for line in capsys.readouterr().err.splitlines() if "hint" not in line]
    assert said == [
        "lockbox: error: the system refused: Permission denied: /a/file",
        "lockbox: error: the system refused: OSError",
        "lockbox: error: the computer has no memory left for this",
    ]


def test_every_exit_code_has_a_sentence() -> None:
    assert set(MEANING) == set(ExitCode)
    assert len(set(MEANING.values())) == len(MEANING)


# the command line itself --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says", "hint"),
    [
        (["bogus"], "no such command 'bogus'", "lockbox --help"),
        (["data", "shw"], "no such command 'shw'", "lockbox data --help"),
        (
            ["--json", "status"],
            "--json stands behind the command: lockbox COMMAND … --json",
            "lockbox --help",
        ),
        (
            ["data", "--to", "x"],
            "--to stands behind the command: lockbox data COMMAND … --to",
            "lockbox data --help",
        ),
        (["data", "shwo"], "no such command 'shwo'. Did you mean 'show'?", "lockbox data --help"),
        (["release", "send", "abcd"], "missing option '--confirm-digest'", "lockbox release send --help"),
        (
            ["request", "approve", "abcd", "--also", "x"],
            "--also needs --draft-grant",
            "lockbox request approve --help",
        ),
        (["audit", "verify", "--bundle", "x"], "--bundle needs --key", "lockbox audit verify --help"),
        (["job", "new"], "give a JOB.toml and --to JOBDIR", "lockbox job new --help"),
    ],
)
def test_a_command_written_wrong_says_what_and_where_its_help_is(
    words: list[str], says: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == ExitCode.USAGE
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(f"lockbox: error: {says}")
    assert first.count("Did you mean") <= 1
    assert second == f"lockbox: hint: {hint}"


@pytest.mark.parametrize("words", [[], ["data"], ["passphrase"]])
def test_a_command_without_its_second_word_shows_its_help(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == ExitCode.USAGE
    seen = capsys.readouterr()
    assert seen.out == ""
    assert "Commands:" in seen.err
    assert "error" not in seen.err


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    from importlib.metadata import version

    assert run(["--version"]) == ExitCode.OK
    assert capsys.readouterr().out == f"lockbox {version('lockbox-vault')}\n"
