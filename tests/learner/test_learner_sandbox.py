"""A locked-in learner is refused every attempt, and the attempts would succeed were it not locked in."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from learner import probes, sandbox, syscalls
from learner.protocol import FDS_VARIABLE, ProbeResult, SandboxFacts
from vault.training.process import _examine, probe_sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing confines a learner here")

HERE = Path(__file__)
# named before anything runs, so that an attempt that is left out is missed
NAMES = [name for name, _ in probes.attempts([HERE.parent, HERE])]

ALLOW, KILL = 0x7FFF0000, 0x80000000
NOT_PERMITTED, NO_SUCH_CALL = 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
ARCHES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
THREAD_FLAGS = 0x3D0F00  # what glibc gives clone for a thread
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}


@pytest.fixture(scope="module")
def facts() -> SandboxFacts:
    """What confines a learner on this computer."""
    return _examine(())[0]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ProbeResult]:
    """Every attempt made once from inside, on a folder and a file of the person."""
    folder = tmp_path_factory.mktemp("vault")
    (folder / "records").write_text("a record")
    return {result.name: result for result in probe_sandbox([folder, folder / "records"])}


@pytest.mark.parametrize("name", NAMES)
def test_an_attempt_from_inside_is_refused(
    name: str, results: dict[str, ProbeResult], facts: SandboxFacts
) -> None:
    assert name in results, f"{name!r} was not tried"
    result = results[name]
    assert result.refused, f"{name!r} was not proved: {result.how}; missing layers: {facts.missing or 'none'}"


def test_nothing_is_left_behind_by_the_attempts(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("a record")
    probe_sandbox([tmp_path, tmp_path / "records"])
    assert [tmp_path / "records"] == list(tmp_path.iterdir())
    assert (tmp_path / "records").read_text() == "a record"


def test_a_learner_on_this_computer_is_confined(facts: SandboxFacts) -> None:
    assert facts.confined, f"missing layers: {facts.missing}"


def test_attempts_are_let_through_without_a_sandbox(tmp_path: Path) -> None:
    (tmp_path / "records").write_text("a record")
    code = f"""
import json
from pathlib import Path
from learner import probes
for name, attempt in probes.attempts([Path({str(tmp_path)!r}), Path({str(tmp_path / "records")!r})]):
    if name != "trace the parent":  # let through, it would stop the tests
        print(json.dumps([name, *probes._outcome(attempt)]))
"""
    outcome = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    let_through = {name for name, refused, _ in map(json.loads, outcome.stdout.splitlines()) if not refused}
    # the rest may be refused to an ordinary user by other settings of the computer
    always = (
        "read ",
        "write ",
        "list /",
        "TCP",
        "UDP",
        "Unix",
        "abstract",
        "socket pair",
        "fork",
        "run a program",
    )
    own = (
        "outlive",
        "become dumpable",
        "signal the parent",
        "chmod",
        "chown",
        "touch",
        "truncate",
        "rename",
        "watch",
    )
    expected = {name for name in NAMES if name.startswith((*always, *own)) and "parent's" not in name}
    assert set() == expected - let_through


def test_a_hardened_process_dies_with_its_parent_and_leaves_no_core() -> None:
    child = """
import ctypes, resource, time
from learner import sandbox
sandbox.harden()
dumpable = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
print(dumpable, *resource.getrlimit(resource.RLIMIT_CORE), flush=True)
time.sleep(20)
"""
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        facts = process.stdout.readline().split()
        assert facts == ["0", "0", "0"]
        killed = time.monotonic()
        process.kill()
        assert process.stdout.read() == ""  # both that could write to it are gone
    assert time.monotonic() - killed < 10


# facts


@pytest.mark.parametrize(
    ("abi", "has_filter", "confined", "missing"),
    [
        (7, True, True, ()),
        (4, True, True, ("landlock-scope",)),
        (1, True, True, ("landlock-network", "landlock-scope")),
        (0, True, False, ("landlock", "landlock-network", "landlock-scope")),
        (7, False, False, ("seccomp",)),
    ],
)
def test_a_missing_layer_is_named_and_files_and_calls_are_both_needed(
    monkeypatch: pytest.MonkeyPatch, abi: int, has_filter: bool, confined: bool, missing: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sandbox, "_landlock", lambda _readable: abi)
    monkeypatch.setattr(sandbox, "_seccomp", lambda: has_filter)
    monkeypatch.setattr(sandbox, "_is_alone", lambda: True)
    expected = SandboxFacts(landlock_abi=abi, seccomp=has_filter, confined=confined, missing=missing)
    assert expected == sandbox.lock_in(readable=())


def test_a_process_with_a_second_thread_does_not_count_as_confined() -> None:
    code = """
import threading
from learner import sandbox
threading.Thread(target=threading.Event().wait, daemon=True).start()
facts = sandbox.lock_in(readable=sandbox.readable_paths())
assert not facts.confined and "single-thread" in facts.missing, facts
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_stays_readable_is_no_folder_of_the_person() -> None:
    readable = sandbox.readable_paths()
    assert HERE.parent.parent.parent / "learner" in readable
    for private in (Path.home(), Path("/"), Path("/etc"), Path("/proc"), Path("/tmp"), Path("/var")):
        assert private not in readable


def test_a_learner_keeps_no_descriptor_but_its_own() -> None:
    reading, secret = os.pipe()
    os.set_inheritable(secret, True)
    numbers = [os.dup(reading) for _ in range(4)]
    for fd in numbers:
        os.set_inheritable(fd, True)
    code = """
import os
from learner.__main__ import _take_descriptors
_take_descriptors()
open_ones = [fd for fd in range(1000) if os.path.exists(f"/proc/self/fd/{fd}")]
print(*open_ones)
"""
    try:
        given = {**os.environ, FDS_VARIABLE: ",".join(map(str, numbers))}
        shown = subprocess.run(
            [sys.executable, "-c", code],
            env=given,
            close_fds=False,
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        for fd in (reading, secret, *numbers):
            os.close(fd)
    assert shown.stdout.split() == ["0", "1", "2", "3", "4", "5", "6"]


# the filter, run by hand: the kernel here has only one of the two machines


def verdict(machine: str, call: str | int, *arguments: int, arch: int | None = None) -> int:
    """What the filter answers to a call, by interpreting its program (bpf(4), the five instructions it uses)."""
    number = syscalls.numbers(machine)[call] if isinstance(call, str) else call
    words = [number, ARCHES[machine] if arch is None else arch, 0, 0]
    for argument in (*arguments, *[0] * (6 - len(arguments))):
        words += [argument & 0xFFFFFFFF, argument >> 32]
    accumulator, at = 0, 0
    program = list(steps(syscalls.filter_program(machine)))
    while True:
        code, if_true, if_false, value = program[at]
        at += 1
        match code:
            case 0x20:
                accumulator = words[value // 4]
            case 0x06:
                return value
            case 0x15 | 0x25 | 0x45:
                holds = {0x15: accumulator == value, 0x25: accumulator > value, 0x45: accumulator & value}
                at += if_true if holds[code] else if_false
            case _:
                pytest.fail("an instruction of another kind")


def steps(program: bytes) -> Iterator[tuple[int, int, int, int]]:
    """The program's instructions."""
    for start in range(0, len(program), 8):
        yield (
            int.from_bytes(program[start : start + 2], sys.byteorder),
            program[start + 2],
            program[start + 3],
            int.from_bytes(program[start + 4 : start + 8], sys.byteorder),
        )


both = pytest.mark.parametrize("machine", ["x86_64", "aarch64"])


@both
def test_the_filter_refuses_every_call_of_its_list(machine: str) -> None:
    judged = {"clone", "clone3", "prlimit64", "prctl", "fcntl"} | {
        f"sched_set{what}" for what in ("affinity", "scheduler", "param", "attr")
    }
    listed = set(syscalls.numbers(machine)) - judged
    assert {"socket", "kill", "execve", "ptrace", "io_uring_setup", "fchmodat", "seccomp"} <= listed
    assert {NOT_PERMITTED} == {verdict(machine, call) for call in listed}


@both
def test_the_filter_lets_ordinary_calls_through(machine: str) -> None:
    ordinary = {"x86_64": (0, 1, 3, 9, 202, 257), "aarch64": (63, 64, 57, 222, 98, 56)}
    assert {ALLOW} == {verdict(machine, call) for call in ordinary[machine]}


@both
def test_the_filter_lets_threads_start_and_no_process(machine: str) -> None:
    assert verdict(machine, "clone", THREAD_FLAGS) == ALLOW
    assert verdict(machine, "clone", 17) == NOT_PERMITTED  # fork: SIGCHLD and no flag
    assert verdict(machine, "clone", 0x4111) == NOT_PERMITTED  # vfork
    assert verdict(machine, "clone", THREAD_FLAGS | 0x10000000) == NOT_PERMITTED  # a user namespace
    assert verdict(machine, "clone3") == NO_SUCH_CALL


@both
def test_the_filter_lets_a_learner_read_its_own_limits_only(machine: str) -> None:
    assert verdict(machine, "prlimit64", 0, 7, 0, 0x7FFF12345678) == ALLOW
    assert verdict(machine, "prlimit64", 4711, 7, 0, 0) == NOT_PERMITTED
    assert verdict(machine, "prlimit64", 0, 7, 0x12345678, 0) == NOT_PERMITTED
    assert verdict(machine, "prlimit64", 0, 7, 0x7FFF00000000, 0) == NOT_PERMITTED


@both
def test_the_filter_judges_calls_by_their_arguments(machine: str) -> None:
    assert verdict(machine, "sched_setaffinity", 0) == ALLOW
    assert verdict(machine, "sched_setaffinity", 4711) == NOT_PERMITTED
    assert verdict(machine, "prctl", 15) == ALLOW  # the name of a thread
    assert verdict(machine, "prctl", 1) == NOT_PERMITTED  # the signal at the parent's death
    assert verdict(machine, "fcntl", 3, 1034) == ALLOW  # the seals of a memory file
    assert verdict(machine, "fcntl", 3, 8) == NOT_PERMITTED  # who gets signals of a descriptor


@both
def test_the_filter_ends_a_learner_that_calls_as_another_machine(machine: str) -> None:
    assert verdict(machine, 1, arch=0x40000003) == KILL
    assert verdict("x86_64", 0x40000000 | 41) == KILL


@both
def test_a_call_newer_than_the_filter_does_not_exist(machine: str) -> None:
    assert verdict(machine, syscalls.LAST_KNOWN) == NOT_PERMITTED
    assert verdict(machine, syscalls.LAST_KNOWN + 1) == NO_SUCH_CALL


@both
def test_numbers_are_those_of_the_kernel_headers(machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip("the kernel headers are not installed")
    known = dict(re.findall(r"#define\s+__NR(?:3264)?_(\w+)\s+(\d+)\n", HEADERS[machine].read_text()))
    numbers = syscalls.numbers(machine)
    assert {name: int(known[name]) for name in numbers} == numbers
    assert len(numbers) == len(set(numbers.values()))
