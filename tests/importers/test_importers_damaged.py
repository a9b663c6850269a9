"""A damaged file is read, or refused in a sentence, in bounded time and memory, whichever reader it comes to.

A failure names the sample and the number of the damage: `damaged(SAMPLES[name], seed)` makes it again.
"""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.importers.damaged import SAMPLES, Sample, damaged
from vault.errors.families import LockboxError
from vault.importers.column_wishes import ColumnWishes
from vault.importers.read import parse, read_file
from vault.importers.wishes import cell_wishes, file_wishes
from vault.records.fingerprint import fingerprint
from vault.records.preview import preview
from vault.records.schema import default_unit, guess_time_field
from vault.records.units import with_units
from vault.sealing.secret import Secret
from vault.views.field_types import FieldType
from vault.views.records import FileChoice

KEY = Secret(bytes(range(32)))
MOST_SECONDS: Final = 5.0
MOST_BYTES: Final = 2 * 2**30
"""The stacks of as many threads as there are processors are among them."""
DATA, PAGE = 5, resource.getpagesize()


@contextmanager
def bounded() -> Iterator[None]:
    """Fail what takes over so many seconds of processor time, or so much more memory than there was."""
    _, hard = limits = resource.getrlimit(resource.RLIMIT_DATA)
    before = signal.signal(signal.SIGPROF, _too_long)
    taken = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[DATA]) * PAGE
    resource.setrlimit(resource.RLIMIT_DATA, (taken + MOST_BYTES, hard))
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        resource.setrlimit(resource.RLIMIT_DATA, limits)


def _too_long(_signal: int, _frame: FrameType | None) -> NoReturn:
    pytest.fail(f"it takes over {MOST_SECONDS} s of processor time")


def read(sample: Sample, folder: Path) -> None:
    """Read it as an import does, until its rows could be sealed."""
    path = folder / sample.name
    path.write_bytes(sample.content)
    said = dict(sample.said or {})
    choice = FileChoice(path=path, name="rows", part=sample.part, **said)
    file = read_file(path, choice.as_format, choice.part)
    is_plain = file.path is None
    table = parse(
        file,
        types={name: FieldType(word) for name, word in choice.types.items()},
        wishes=ColumnWishes(drop=tuple(choice.drop), rename=choice.rename),
        **({"said": file_wishes(choice), "form": cell_wishes(choice, "")} if is_plain else {}),
    )
    when = guess_time_field(table.fields)
    unit = default_unit(table.fields, when, "" if not is_plain else choice.zone)
    preview(table, unit, when)
    fingerprint(KEY, with_units(table, unit, when, first_row=0).table, unit, when)


def read_or_refused(name: str, seed: int, folder: Path) -> None:
    """Fail for whatever is no error of the product."""
    with bounded(), suppress(LockboxError):
        read(damaged(SAMPLES[name], seed), folder)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(SAMPLES)), st.integers(0, 2**32))
def test_a_damaged_file_is_read_or_refused(tmp_path: Path, name: str, seed: int) -> None:
    read_or_refused(name, seed, tmp_path)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize(
    "seeds",
    [
        pytest.param(range(100), marks=pytest.mark.slow, id="100"),
        pytest.param(range(100, 20_000), marks=pytest.mark.audit, id="20000"),
    ],
)
def test_a_file_of_any_kind_is_read_or_refused_however_it_is_damaged(
    tmp_path: Path, name: str, seeds: range
) -> None:
    for seed in seeds:
        try:
            read_or_refused(name, seed, tmp_path)
        except Exception as error:
            error.add_note(f"damaged(SAMPLES[{name!r}], {seed})")
            raise


@pytest.mark.slow
def test_reading_damaged_files_again_and_again_takes_no_more_memory(tmp_path: Path) -> None:
    taken = []
    for first in range(0, 400, 100):
        for seed in range(first, first + 100):
            for name in sorted(SAMPLES)[seed % 7 :: 7]:
                read_or_refused(name, seed, tmp_path)
        taken.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    assert taken[-1] - taken[0] < 200 * 2**20
