"""A locked-in learner is refused every attempt, and the attempts would succeed were it not locked in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filters import (
    ALLOW,
    KILL,
    NO_SUCH_CALL,
    NOT_PERMITTED,
    verdict,
)

from learner import probed_calls, probes, sandbox, syscalls
from learner.federation import courier_sandbox, mesh_sandbox
from learner.protocol import FDS_VARIABLE, ProbeResult, SandboxFacts
from vault.training.process import _examine, probe_sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="nothing confines a learner here")

HERE = Path(__file__)
# named before anything runs, so that an attempt that is left out is missed
NAMES = [probes.ARGUMENTS, *(name for name, _ in probes.attempts([HERE.parent, HERE]))]

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
        print(json.dumps([name, *probes.outcome(attempt)]))
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
    heard = (
        "take another name",
        "mask of",
        "personality",
        "timer",
        "block signals",
        "ignore a signal",
        "lock a",
        "ask for locks",
        "wake who",
        "shared memory of its own",
        "pipe",
        "counter",
        "memory file",
        "list of events",
        "higher descriptor",
        "look at",
        "another thread",
        "its own processors",
    )
    expected = {name for name in NAMES if name.startswith((*always, *own, *heard)) and "parent's" not in name}
    expected -= {"write in /dev/shm", probes.ARGUMENTS}
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
    ("abi", "has_filter", "shows_nothing", "confined", "missing"),
    [
        (7, True, True, True, ()),
        (4, True, True, True, ("landlock-scope",)),
        (1, True, True, True, ("landlock-network", "landlock-scope")),
        (0, True, True, False, ("landlock", "landlock-network", "landlock-scope")),
        (7, False, True, False, ("seccomp",)),
        (7, True, False, False, ("argument-window",)),
    ],
)
def test_a_missing_layer_is_named_and_all_but_the_second_locks_are_needed(
    monkeypatch: pytest.MonkeyPatch,
    abi: int,
    has_filter: bool,
    shows_nothing: bool,
    confined: bool,
    missing: tuple[str, ...],
) -> None:
    monkeypatch.setattr(sandbox, "_landlock", lambda: abi)
    monkeypatch.setattr(sandbox, "_seccomp", lambda: has_filter)
    monkeypatch.setattr(sandbox, "_is_alone", lambda: True)
    monkeypatch.setattr(sandbox, "empty_argument_window", lambda: shows_nothing)
    expected = SandboxFacts(landlock_abi=abi, seccomp=has_filter, confined=confined, missing=missing)
    assert expected == sandbox.lock_in()


def test_a_process_with_a_second_thread_does_not_count_as_confined() -> None:
    code = """
import threading
from learner import sandbox
threading.Thread(target=threading.Event().wait, daemon=True).start()
facts = sandbox.lock_in()
assert not facts.confined and "single-thread" in facts.missing, facts
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# what a bystander sees

LOCKED_IN = r"""
import ctypes, errno, os, sys
from learner import sandbox, syscalls
sandbox.harden()
libc = ctypes.CDLL(None, use_errno=True)
sandbox.lock_in()
os.write(1, b"locked in\n")
os.read(0, 1)
"""
# each sets, in one way or another, something about the process that every user can read
SHOUTS = r"""
shouts = (
    (lambda: libc.prctl(15, b"shout", 0, 0, 0)),
    (lambda: libc.umask(0o12)),
    (lambda: libc.nice(3)),
    (lambda: libc.sched_setscheduler(0, 3, ctypes.byref(ctypes.c_int(0)))),
    (lambda: libc.sigprocmask(0, ctypes.byref(ctypes.c_uint64(0x5555)), None)),
    (lambda: libc.signal(10, ctypes.c_void_p(1))),
    (lambda: libc.mlock(ctypes.create_string_buffer(9000), 9000)),
    (lambda: libc.prctl(41, 1, 0, 0, 0)),
    (lambda: libc.prctl(29, 77777, 0, 0, 0)),
    (lambda: libc.dup2(0, 60)),
    (lambda: libc.setrlimit(7, ctypes.byref((ctypes.c_uint64 * 2)(17, 17)))),
    (lambda: ctypes.memset(ARGUMENTS, 65, 16)),
)
for shout in shouts:
    shout()
os.write(1, b"shouted\n")
os.read(0, 1)
"""
# memory, time and counters: what is left, with its rate, in docs/threat-model.md
LEFT = ("Vm", "Rss", "State", "voluntary", "nonvoluntary", "HugetlbPages")


def shown(pid: int) -> dict[str, str]:
    """What everybody may read of a process, but its memory, its time and its counters."""
    folder = Path(f"/proc/{pid}")
    status = [line for line in (folder / "status").read_text().splitlines() if not line.startswith(LEFT)]
    facts = (folder / "stat").read_text().rpartition(")")[2].split()
    names = ("comm", "cmdline", "limits", "timers", "oom_score_adj", "cgroup", "loginuid", "sessionid")
    files = {name: (folder / name).read_text() for name in names if (folder / name).exists()}
    # ppid, group, session, terminal, its group, flags; priority, nice, threads; signals; real-time, policy
    fields = facts[1:7] + facts[15:18] + facts[28:32] + facts[37:39]
    return files | {"status": "\n".join(status), "stat": " ".join(fields), "tasks": str(tasks(folder))}


def tasks(folder: Path) -> list[str]:
    """The names of the threads."""
    return [(thread / "comm").read_text() for thread in (folder / "task").iterdir()]


def test_a_bystander_sees_nothing_of_what_a_learner_shouts() -> None:
    arguments = """
facts = open("/proc/self/stat").read().rpartition(")")[2].split()
ARGUMENTS = ctypes.c_void_p(int(facts[48 - 3]))
"""
    opened = LOCKED_IN.replace("sandbox.lock_in()", arguments + "sandbox.lock_in()")
    code = [sys.executable, "-c", opened + SHOUTS]
    with subprocess.Popen(code, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == b"locked in\n"
        before = shown(process.pid)
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"shouted\n"
        assert shown(process.pid) == before
        assert before["cmdline"] == ""
        process.kill()


def test_the_kernel_refuses_every_call_that_is_not_on_the_list() -> None:
    tried = """
machine = os.uname().machine
known = syscalls.allowed(machine) | syscalls.judged(machine)
let_through = []
# uprobe and uretprobe on x86-64: the kernel asks no filter and ends who calls them from anywhere
of_the_kernel = {335, 336}
for number in set(range(syscalls.LAST_KNOWN + 20)) - set(known.values()) - of_the_kernel:
    libc.syscall(number, 0, 0, 0, 0, 0, 0)
    if ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
        let_through.append(number)
os.write(1, repr(let_through).encode())
os._exit(0)
"""
    code = LOCKED_IN + tried
    done = subprocess.run([sys.executable, "-c", code], input=b"\n", stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"locked in\n[]"


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


# the filter, run by hand


both = pytest.mark.parametrize("machine", ["x86_64", "aarch64"])


@both
def test_the_filter_lets_its_list_through_and_nothing_else(machine: str) -> None:
    listed, judged = set(syscalls.allowed(machine).values()), set(syscalls.judged(machine).values())
    for number in range(syscalls.LAST_KNOWN + 1):
        if number not in judged:
            assert verdict(machine, number) == (ALLOW if number in listed else NOT_PERMITTED), number


@both
def test_no_call_of_the_list_opens_sends_starts_or_sets_anything(machine: str) -> None:
    calls = set(syscalls.allowed(machine)) | set(syscalls.judged(machine))
    words = (
        "open",
        "stat",
        "socket",
        "send",
        "kill",
        "exec",
        "fork",
        "set",
        "lock",
        "link",
        "xattr",
        "dup",
        "pipe",
    )
    assert {name for name in calls if any(word in name for word in words)} == {
        "clock_gettime",
        "clock_getres",
        "clock_nanosleep",
    }


@both
def test_the_filter_lets_no_thread_and_no_process_start(machine: str) -> None:
    clone = {"x86_64": 56, "aarch64": 220}[machine]
    assert {verdict(machine, clone, flags) for flags in (THREAD_FLAGS, 17, 0x4111)} == {NOT_PERMITTED}
    assert verdict(machine, "clone3") == NO_SUCH_CALL


@both
def test_the_filter_lets_a_learner_read_its_own_limits_only(machine: str) -> None:
    assert verdict(machine, "prlimit64", 0, 7, 0, 0x7FFF12345678) == ALLOW
    assert verdict(machine, "prlimit64", 4711, 7, 0, 0) == NOT_PERMITTED
    assert verdict(machine, "prlimit64", 0, 7, 0x12345678, 0) == NOT_PERMITTED
    assert verdict(machine, "prlimit64", 0, 7, 0x7FFF00000000, 0) == NOT_PERMITTED


@both
@pytest.mark.parametrize(
    ("call", "lets_through", "refuses"),
    [
        (
            "mmap",
            [(0, 4096, 3, 0x22), (0, 4096, 1, 0x02)],
            [(0, 1, 3, 0x21), (0, 1, 1, 1), (0, 1, 3, 0x2022)],
        ),
        ("mmap", [(0, 4096, 5, 0x20022)], [(0, 1, 3, 0x40022), (0, 1, 3, 0x122), (0, 1, 3, 0x23)]),
        ("madvise", [(0, 0, 4), (0, 0, 8)], [(0, 0, 12), (0, 0, 21), (0, 0, 101)]),
        ("futex", [(0, 128), (0, 0x189)], [(0, 0), (0, 1), (0, 0x109)]),
        (
            "fcntl",
            [(3, 1030)],
            [(3, command) for command in (0, 2, 4, 5, 6, 7, 8, 10, 15, 36, 37, 1024, 1026, 1031)],
        ),
        ("prctl", [(3,), (16,)], [(1,), (4,), (15,), (22,), (29,), (35,), (41,), (53,), (0x53564D41,)]),
        ("rt_sigprocmask", [(0, 0, 1)], [(0, 1), (0, 1 << 32)]),
        ("rt_sigaction", [(10, 0, 1)], [(10, 1), (10, 1 << 32)]),
        ("ppoll", [(1, 1, 1, 0)], [(1, 1, 1, 1), (1, 1, 1, 1 << 32)]),
    ],
)
def test_the_filter_judges_calls_by_their_arguments(
    machine: str, call: str, lets_through: list[tuple[int, ...]], refuses: list[tuple[int, ...]]
) -> None:
    assert {verdict(machine, call, *arguments) for arguments in lets_through} == {ALLOW}
    assert {verdict(machine, call, *arguments) for arguments in refuses} == {NOT_PERMITTED}


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
    known.setdefault("newfstatat", known.get("fstatat", ""))
    listed = syscalls.allowed(machine) | syscalls.judged(machine)
    own = courier_sandbox.own_calls(machine) | mesh_sandbox.own_calls(machine)
    numbers = listed | own | probed_calls.probed(machine) | {"seccomp": syscalls.SECCOMP[machine]}
    assert {name: int(known[name]) for name in numbers} == numbers
    assert len(listed) == len(set(listed.values()))
