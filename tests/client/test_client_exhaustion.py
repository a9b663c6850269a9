"""What ran out is named, whichever error it ended in; what is wrong for another reason keeps its sentence."""

from __future__ import annotations

import errno
import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pytest

from vault.errors.exhaustion import truly
from vault.errors.families import InternalError, Invalid, LockboxError
from vault.errors.release import ReleaseNotWritten
from vault.errors.storage import DiskReadOnly, OutOfResources
from vault.importers.read import read_file
from vault.wire.errors import unforeseen


@contextmanager
def no_file_left() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def raised(kind: type[LockboxError], cause: BaseException, **facts: object) -> LockboxError:
    """The error as it arrives where nobody sees what it came from."""
    try:
        _blame(cause, kind(**facts))
    except kind as error:
        return error
    raise AssertionError


def _blame(cause: BaseException, error: LockboxError) -> None:
    try:
        raise cause
    except type(cause):
        raise error from None


def test_a_file_that_cannot_be_opened_for_want_of_descriptors_is_not_called_unreadable(
    tmp_path: Path,
) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a\n1\n")
    with no_file_left(), pytest.raises(LockboxError) as seen:
        read_file(table)
    assert str(truly(seen.value)) == "The computer has no open files left for this."


def test_a_library_that_cannot_open_its_own_file_is_no_mistake_of_lockbox() -> None:
    with no_file_left():
        told = unforeseen(pa.ArrowInvalid("The zoneinfo module or pytz package must be installed."))
    assert isinstance(told, OutOfResources)
    assert isinstance(unforeseen(pa.ArrowInvalid("")), InternalError)


def test_an_error_without_a_name_is_memory_where_none_is_left_and_else_a_mistake() -> None:
    nameless = pa.ArrowException("Unknown error: std::bad_alloc")
    assert isinstance(unforeseen(nameless), InternalError)
    before = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**26, before[1]))
    try:
        told = unforeseen(nameless)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
    assert str(told) == "The computer has no memory left for this."


@pytest.mark.parametrize("cause", [OSError(errno.EMFILE, ""), OSError(errno.ENFILE, ""), MemoryError()])
def test_what_ran_out_stands_behind_any_error_that_blames_the_input(cause: BaseException) -> None:
    assert isinstance(truly(raised(Invalid, cause, reason="it cannot be read")), OutOfResources)


def test_what_is_wrong_for_another_reason_or_says_what_was_done_keeps_its_sentence() -> None:
    wrong = raised(Invalid, OSError(errno.EACCES, ""), reason="it cannot be read")
    unwritten = raised(ReleaseNotWritten, OSError(errno.EMFILE, ""), path="out", reason="Too many open files")
    refused = raised(DiskReadOnly, OSError(errno.EMFILE, ""), path="vault")
    assert [truly(one) for one in (wrong, unwritten, refused)] == [wrong, unwritten, refused]


def test_a_thread_that_cannot_be_started_is_memory_and_no_mistake_of_lockbox() -> None:
    before = threading.stack_size(1 << 46)
    try:
        with pytest.raises(RuntimeError) as seen:
            threading.Thread(target=int).start()
    finally:
        threading.stack_size(before)
    assert str(unforeseen(seen.value)) == "The computer has no memory left for this."
    assert isinstance(unforeseen(RuntimeError("something else")), InternalError)
