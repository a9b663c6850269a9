"""What a locked-in learner must not be able to do, tried from inside: one line of JSON for each attempt.

Every attempt is harmless where it is let through: it changes nothing, or takes back what it did. It counts as
refused only when the kernel answers "not permitted" or "access denied"; any other failure proves nothing.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from learner.neighbour_probes import on_the_neighbours
from learner.probed_calls import call
from learner.protocol import COLUMNS_FD, SandboxFacts, probe_line, ready_line, write_all
from learner.second_thread import SecondThread

Attempt = Callable[[], object]

_REFUSALS = (errno.EPERM, errno.EACCES)
_OUTPUT = 1
ARGUMENTS = "write to its own arguments"
_PTRACE_SEIZE, _PTRACE_DETACH = 0x4206, 17
_SET_PDEATHSIG, _SET_DUMPABLE = 1, 4
_LIMIT_CORE = 4
_NEW_USER_NAMESPACE = 0x10000000


def run(tried: Sequence[tuple[str, Attempt]], facts: SandboxFacts, second: SecondThread) -> None:
    """Write the sandbox's facts and one line for each attempt to standard output, which counts if no thread can."""
    write_all(_OUTPUT, ready_line(facts))
    is_empty = "argument-window" not in facts.missing
    write_all(_OUTPUT, probe_line(ARGUMENTS, refused=is_empty, how="empty" if is_empty else "allowed"))
    for name, attempt in tried:
        refused, how = min(outcome(attempt), _there(second, attempt))
        write_all(_OUTPUT, probe_line(name, refused=refused, how=how))


def _there(second: SecondThread, attempt: Attempt) -> tuple[bool, str]:
    """The outcome in the second thread."""
    _, found = second.run_all([lambda: (True, ""), lambda: outcome(attempt)])
    return found


def attempts(paths: Sequence[Path]) -> list[tuple[str, Attempt]]:
    """Every attempt with its name: on the given paths, then on the rest of the computer.

    ``paths`` are files and folders of the person that must be out of reach; attempts on the first one are
    numbered 1 and so on. Made before the lock-in, which leaves no way to look at a path.
    """
    tried: dict[str, Attempt] = {}
    for number, path in enumerate(paths, start=1):
        on_it = _on_folder(path) if path.is_dir() else _on_file(path)
        tried |= {f"{name} {number}": attempt for name, attempt in on_it.items()}
    everywhere = (_on_the_system(), _on_the_network(), _on_the_parent(os.getppid()), _on_itself())
    for group in (*everywhere, on_the_neighbours()):
        tried |= group
    return list(tried.items())


def outcome(attempt: Attempt) -> tuple[bool, str]:
    """Whether the kernel refuses an attempt, and the name of its error, "allowed" or "unavailable"."""
    try:
        attempt()
    except OSError as error:
        code = error.errno or 0
        return code in _REFUSALS, errno.errorcode.get(code, "unknown")
    except (AttributeError, KeyError):
        return False, "unavailable"
    return False, "allowed"


def _on_file(path: Path) -> dict[str, Attempt]:
    beside, facts = path.with_name(path.name + ".probe"), path.stat()
    by_root = Path("/proc/self/root") / path.resolve().relative_to("/")
    return {
        "look at file": path.stat,
        "read file": lambda: _open_and_close(path, os.O_RDONLY),
        "read file by /proc/self/root": lambda: _open_and_close(by_root, os.O_RDONLY),
        "write file": lambda: _open_and_close(path, os.O_WRONLY),
        # a length that is none: let through, the kernel says EINVAL and touches nothing
        "truncate file": lambda: os.truncate(path, -1),
        "rename file": lambda: path.rename(path),
        "link file": lambda: _make_and_remove(lambda: beside.hardlink_to(path), beside.unlink),
        "symlink file": lambda: _make_and_remove(lambda: beside.symlink_to(path), beside.unlink),
        "chmod file": lambda: path.chmod(facts.st_mode & 0o7777),
        "chown file": lambda: os.chown(path, -1, -1),
        "touch file": lambda: os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns)),
        "label file": lambda: _make_and_remove(
            lambda: os.setxattr(path, "user.probe", b""), lambda: os.removexattr(path, "user.probe")
        ),
    }


def _on_folder(path: Path) -> dict[str, Attempt]:
    return {
        "look at folder": path.stat,
        "list folder": lambda: list(path.iterdir()),
        "write in folder": lambda: _create(path),
        "make folder": lambda: _make_and_remove((path / ".probe").mkdir, (path / ".probe").rmdir),
        "watch folder": lambda: call("inotify_init1", 0),
    }


def _on_the_system() -> dict[str, Attempt]:
    return {
        "read its own code": lambda: _open_and_close(__file__, os.O_RDONLY),
        "read /etc/passwd": lambda: _open_and_close("/etc/passwd", os.O_RDONLY),
        "list /": lambda: list(Path("/").iterdir()),
        "list /proc": lambda: list(Path("/proc").iterdir()),
        "write in /tmp": lambda: _create(Path("/tmp")),  # noqa: S108 (removed again)
        "write in /dev/shm": lambda: _create(Path("/dev/shm")),  # noqa: S108 (the same)
        "open the terminal": lambda: _open_and_close("/dev/tty", os.O_RDWR),
        "write the columns": _write_columns,
        "run a program": _run_program,
        "fork": _fork,
        "io_uring": lambda: call("io_uring_setup", 1, None),
        "load a BPF program": lambda: call("bpf", 0, None, 0),
        "shared memory": lambda: call("shmctl", call("shmget", 0, 4096, 0o1600), 0, None),
        "message queue": lambda: call("msgctl", call("msgget", 0, 0o1600), 0, None),
        "key ring": lambda: call("keyctl", 0, -3, 0),
        "mount": lambda: call("mount", None, None, None, 0, None),
        "file handle": lambda: call("open_by_handle_at", -1, None, 0),
        "page faults of its own": lambda: call("userfaultfd", 0),
        "performance counters": lambda: call("perf_event_open", None, 0, -1, -1, 0),
    }


def _on_the_network() -> dict[str, Attempt]:
    inet, unix, stream, datagram = socket.AF_INET, socket.AF_UNIX, socket.SOCK_STREAM, socket.SOCK_DGRAM
    nobody = ("127.0.0.1", 9)
    return {
        "TCP": lambda: _with_socket(inet, stream, lambda s: s.connect(nobody)),
        "TCP server": lambda: _with_socket(inet, stream, lambda s: s.bind(("127.0.0.1", 0))),
        "UDP": lambda: _with_socket(inet, datagram, lambda s: s.sendto(b"", nobody)),
        "TCP over IPv6": lambda: _with_socket(socket.AF_INET6, stream, lambda s: s.connect(("::1", 9))),
        "Unix socket": lambda: _with_socket(unix, stream, lambda s: s.connect("/run/lockbox-probe")),
        "abstract Unix socket": lambda: _with_socket(unix, stream, lambda s: s.bind("\0lockbox-probe")),
        "socket pair": socket.socketpair,
        "netlink": lambda: _with_socket(socket.AF_NETLINK, socket.SOCK_RAW, lambda _s: None),
        "virtual machine socket": lambda: _with_socket(socket.AF_VSOCK, stream, lambda _s: None),
    }


def _on_the_parent(parent: int) -> dict[str, Attempt]:
    folder = Path("/proc") / str(parent)
    return {
        "signal the parent": lambda: os.kill(parent, 0),
        "queue a signal to the parent": lambda: call("rt_sigqueueinfo", parent, 0, None),
        "handle on the parent": lambda: os.close(call("pidfd_open", parent, 0)),
        "trace the parent": lambda: (
            call("ptrace", _PTRACE_SEIZE, parent, None, None),
            call("ptrace", _PTRACE_DETACH, parent, None, None),
        ),
        "read the parent's environment": (folder / "environ").read_bytes,
        "open the parent's memory": lambda: _open_and_close(folder / "mem", os.O_RDONLY),
        "list the parent's descriptors": lambda: list((folder / "fd").iterdir()),
        "list the parent's root": lambda: list((folder / "root").iterdir()),
        "copy the parent's memory": lambda: call("process_vm_readv", parent, None, 0, None, 0, 0),
        "limits of the parent": lambda: call("prlimit64", parent, _LIMIT_CORE, None, None),
        "processor of the parent": lambda: call("sched_setaffinity", parent, 0, None),
    }


def _on_itself() -> dict[str, Attempt]:
    return {
        "outlive the parent": lambda: call("prctl", _SET_PDEATHSIG, 0, 0, 0, 0),
        "become dumpable": lambda: call("prctl", _SET_DUMPABLE, 1, 0, 0, 0),
        "raise a limit": lambda: call(
            "prlimit64", 0, _LIMIT_CORE, ctypes.byref((ctypes.c_uint64 * 2)()), None
        ),
        # by number, for this thread alone: the C library ends the process where another thread cannot follow
        "become another user": lambda: call("setuid", os.getuid()),
        "another filter": lambda: call("seccomp", 1, 0, None),
        "namespace": lambda: call("unshare", _NEW_USER_NAMESPACE),
    }


def _open_and_close(path: str | Path, flags: int) -> None:
    os.close(os.open(path, flags | os.O_NONBLOCK))


def _make_and_remove(make: Attempt, remove: Attempt) -> None:
    make()
    remove()


def _create(folder: Path) -> None:
    path = folder / f".probe-{os.getpid()}-{time.monotonic_ns()}"
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    path.unlink()


def _write_columns() -> None:
    fd = os.open(f"/proc/self/fd/{COLUMNS_FD}", os.O_RDWR)
    try:
        os.pwrite(fd, b"\0", 0)
    finally:
        os.close(fd)


def _run_program() -> None:
    # with arguments out of reach the kernel stops after its checks: let through, it says EFAULT
    call("execve", ctypes.c_char_p(os.fsencode(sys.executable)), ctypes.c_void_p(1), None)


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _with_socket(family: int, kind: int, use: Callable[[socket.socket], object]) -> None:
    with socket.socket(family, kind) as opened:
        opened.setblocking(False)
        use(opened)
