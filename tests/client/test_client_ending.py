"""Ending a process without asking it: what runs under it is lost only where that is said."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from vault.client import ending
from vault.errors.daemon import TrainingRuns
from vault.settings import Paths

PARENT = ("sh", "-c", "sleep 600 & echo up; wait")


def test_a_process_under_which_a_learner_runs_is_not_ended_unless_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its budget would be lost: by a signal that it can answer as by one that it cannot."""
    paths = Paths.from_environment({"LOCKBOX_RUNTIME": str(tmp_path)}, vault=tmp_path)
    with subprocess.Popen(PARENT, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        monkeypatch.setattr(ending, "read_facts", lambda _: {"pid": process.pid})
        monkeypatch.setattr(ending, "_is_confirmed", lambda *_: True)
        for end in (ending.end_in_order, ending.end_hung):
            with pytest.raises(TrainingRuns):
                end(paths)
        assert process.poll() is None
        assert ending.end_in_order(paths, stop_training=True) == process.pid
        assert process.wait(30) == -signal.SIGTERM
        os.killpg(process.pid, signal.SIGKILL)
