"""What is typed at the door is in no core dump, and no other program of this user reads it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tui.app.start import BY_EAR

ASKS_THE_KERNEL = """
import ctypes, sys
from pathlib import Path
import tui.app.app, tui.app.start
from vault.settings import Paths

def first_screen(self):
    print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
    return 0

folder = Path(sys.argv[1])
tui.app.app.LockboxApp.run = first_screen
paths = Paths(vault=folder / "v", state=folder / "s", runtime=folder / "r", config=folder / "c.toml")
sys.exit(tui.app.start.run(paths))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel of Linux alone is asked")
def test_the_program_is_closed_to_others_before_its_first_screen(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASKS_THE_KERNEL, str(tmp_path)], capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == [BY_EAR, "0"]
