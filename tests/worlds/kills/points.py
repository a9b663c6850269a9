"""Where an owner's process is killed: named places in the acts, each by a patch of the process that dies there."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from vault import release
from vault.audit.transaction import AuditedTransaction
from vault.lifecycle import opened
from vault.store.unit_of_work import UnitOfWork
from vault.training import run
from vault.training.channels import Channels
from vault.training.process import LearnerProcess

Install = Callable[[], None]


def die() -> None:
    """As `kill -9` does it: nothing is closed, nothing is cleaned up."""
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def before(owner: Any, name: str, nth: int = 1) -> Install:
    """Die when the function is called for the nth time."""
    return _patch(owner, name, nth, dies_first=True)


def after(owner: Any, name: str, nth: int = 1) -> Install:
    """Die when the function has returned for the nth time."""
    return _patch(owner, name, nth, dies_first=False)


def _patch(owner: Any, name: str, nth: int, *, dies_first: bool) -> Install:
    def install() -> None:
        original, calls = getattr(owner, name), [0]

        def patched(*arguments: Any, **options: Any) -> Any:
            calls[0] += 1
            if dies_first and calls[0] == nth:
                die()
            result = original(*arguments, **options)
            if calls[0] == nth:
                die()
            return result

        setattr(owner, name, patched)

    return install


ONE_ACT: Mapping[str, Install] = {
    "the first row is written": after(UnitOfWork, "add"),
    "all is written, nothing committed": before(AuditedTransaction, "commit"),
    "committed, not marked": before(opened, "write_mark"),
    "the mark is a draft": before(Path, "replace"),
    "marked": after(opened, "write_mark"),
}
"""In an act of one transaction: the first two leave nothing of it, the others all of it."""

TRAIN: Mapping[str, Install] = {
    "the learner is not started": before(LearnerProcess, "start"),
    "ready is committed": after(run, "_mark"),
    "the charge is written, not committed": before(AuditedTransaction, "commit", 2),
    "the charge is committed, not marked": before(opened, "write_mark", 3),
    "the charge is marked": after(opened, "write_mark", 3),
    "training is committed": after(run, "_mark", 2),
    "the columns are read": after(run, "project"),
    "the columns are handed over": after(Channels, "hand_over"),
    "the learner trains": lambda: None,  # the owner's progress callback dies
    "the update is checked": after(run, "check_update"),
    "the held update is written, not committed": after(run, "hold"),
    "the held update is committed, not marked": before(opened, "write_mark", 5),
}

SEND: Mapping[str, Install] = {
    "the intent is written, not committed": before(AuditedTransaction, "commit"),
    "the intent is committed": before(opened, "write_mark", 2),
    "one file of the draft is written": after(release, "write_durably"),
    "the draft is whole": before(Path, "rename"),
    "the folder is in place": after(Path, "rename"),
    "sent is written, not committed": after(release, "_record_sent"),
    "sent is committed, not marked": before(opened, "write_mark", 3),
}

HEADER: Mapping[str, Install] = {
    "the change is proposed": after(opened, "propose_header"),
    "the change is recorded": before(opened, "write_header"),
    "the first copy of the header is new": after(Path, "replace", 3),
    "both copies are new": after(opened, "write_header"),
}

ALL: Mapping[str, Install] = {**ONE_ACT, **TRAIN, **SEND, **HEADER}
