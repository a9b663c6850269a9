"""A model of one's own over the socket: watched as it is used, proven where it leaves a file or goes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.worlds.learners import REAL
from tests.worlds.served import Daemon
from tests.worlds.world import PASSPHRASE
from vault.client import attach
from vault.daemon.watched import WatchedActions
from vault.errors.daemon import Stopped
from vault.owner.interface.kinds import Progress
from vault.owner.interface.session import OwnerSession
from vault.training import process
from vault.vault import Vault
from vault.views.models import ModelFit


@pytest.fixture
def vault(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Iterator[OwnerSession]:
    """A client of the process, which has the model `mine` of what was released, and the real learner."""
    monkeypatch.setattr(process, "COMMAND", REAL)
    with attach.attach(daemon.world.paths, attach.passphrase_secret(PASSPHRASE), is_owner=True) as one:
        (held,) = one.releases()
        one.send(held.id, confirm_digest=held.digest[:8], to=daemon.world.folder / "out")
        one.add_model(daemon.world.folder / "out", name="mine")
        yield one


@pytest.mark.slow
def test_a_model_is_used_over_the_socket_and_what_it_does_can_be_watched(
    daemon: Daemon, vault: OwnerSession
) -> None:
    told, target = list[tuple[int, int]](), daemon.world.folder / "told.csv"
    budget = vault.budget()
    score = vault.score_model("mine", "nights", progress=lambda *far: told.append(far))
    fit = vault.fit_model("mine", "nights", new_name="home")
    predictions = vault.predict_collection("home", "nights", target)
    vault.delete_model("mine")

    assert (score.rows, predictions.rows, fit.model.is_private) == (100, 100, True)
    assert told[-1][0] == told[-1][1] > 0
    assert [one.name for one in vault.models()] == ["home"]
    assert len(target.read_text().splitlines()) == 101
    assert vault.budget() == budget
    assert vault.verify_audit().size == vault.status().audit_entries


@pytest.fixture
def _held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A fit waits after its first step until something is stopped."""
    stopped, stop, fit = threading.Event(), WatchedActions.stop, Vault.fit_model

    def stopping(self: WatchedActions, action_id: str) -> None:
        stop(self, action_id)
        stopped.set()

    def fitting(self: Vault, *args: Any, progress: Progress, **kwargs: Any) -> ModelFit:
        def tell(done: int, of: int) -> None:
            progress(done, of)
            assert stopped.wait(30)
            progress(done, of)

        return fit(self, *args, progress=tell, **kwargs)

    monkeypatch.setattr(WatchedActions, "stop", stopping)
    monkeypatch.setattr(Vault, "fit_model", fitting)
    yield
    stopped.set()


@pytest.mark.usefixtures("_held_up")
def test_a_fit_that_is_stopped_keeps_no_model(vault: OwnerSession) -> None:
    def interrupt(_done: int, _of: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        vault.fit_model("mine", "nights", new_name="home", progress=interrupt)
    assert (vault.begun()[-1].action, vault.begun()[-1].error) == ("fit_model", str(Stopped()))
    assert [one.name for one in vault.models()] == ["mine"]
