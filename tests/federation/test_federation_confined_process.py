"""A process that confines itself ends with its block, and where it goes on too long."""

from __future__ import annotations

import signal

from learner.federation.confined_process import started


def test_what_goes_on_too_long_is_killed() -> None:
    with started("import signal; signal.pause()", within=0.1) as process:
        assert process.stdout is not None
        assert process.stdout.read() == b""
        assert process.wait() == -signal.SIGKILL


def test_what_is_not_over_ends_with_its_block() -> None:
    with started("import signal; print(1, flush=True); signal.pause()") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"1\n"
    assert process.returncode == -signal.SIGKILL
