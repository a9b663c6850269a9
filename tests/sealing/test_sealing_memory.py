from __future__ import annotations

import subprocess
import sys

import pytest

from vault.sealing.memory import harden_process

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the layer exists on Linux only")
PROBE = """
import ctypes, resource
from vault.sealing.memory import harden_process
before = ctypes.CDLL(None).prctl(3, 0, 0, 0, 0)
print(before, harden_process(), resource.getrlimit(resource.RLIMIT_CORE), ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@LINUX
def test_a_hardened_process_makes_no_core_dump_and_is_not_dumpable() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "1 True (0, 0) 0"


def test_elsewhere_it_does_nothing_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")

    assert not harden_process()
