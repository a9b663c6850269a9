"""What runs, and how it is stopped: shown as it is, discarded when it is stopped, paid for all the same."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.worlds import learners
from tests.worlds.approving import approve
from tests.worlds.commands import run
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from vault.audit.entries import EntryType
from vault.errors.consent import ConsentRefused
from vault.errors.requests import UnknownRequest, WeightsTampered, WrongState
from vault.errors.training import LearnerFailed, RunLost
from vault.lifecycle.runs import LONGEST_END
from vault.requests import parse
from vault.requests.evaluate import load
from vault.requests.manifest import Manifest
from vault.store.tables import HeldRow, RequestRow
from vault.training import process
from vault.training import run as training_run
from vault.training.run import _mark
from vault.training.update import check_update
from vault.vault import Vault
from vault.views.runs import RunView
from vault.views.states import RequestState

Quiet = Callable[[int, int], None]


@pytest.fixture
def approved_world(approved_template: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A vault with one approved request, and a learner that trains for a moment."""
    world = copy_of(approved_template, tmp_path / "copy")
    command = learners.pretended(learners.zeros(world.folder / "job"), pause=0.05)
    monkeypatch.setattr(process, "COMMAND", command)
    return world


def trained_beside(vault: Vault, request: str, began: Event) -> tuple[Thread, list[BaseException]]:
    """Train in a thread of its own, as a daemon does; `began` is set at the first step."""
    failures: list[BaseException] = []

    def train() -> None:
        try:
            vault.train(request, progress=lambda step, _of: began.set() if step else None)
        except BaseException as error:  # told in the thread of the test
            failures.append(error)

    thread = Thread(target=train)
    thread.start()
    return thread, failures


def test_a_run_shows_where_it_is_what_it_costs_and_how_it_is_confined(approved_world: World) -> None:
    seen: list[RunView] = []
    with approved_world.vault() as vault:
        request = vault.requests()[0].id
        assert vault.runs() == []
        assert vault.status().running == 0

        def look(_step: int, _of: int) -> None:
            assert vault.status().running == 1
            seen.extend(vault.runs())

        vault.train(request, progress=look)
        price = vault.request(request).price
        assert (vault.runs(), vault.status().running) == ([], 0)
    assert [one.step for one in seen] == [0, 1, 2, 3, 4, 5]
    first = seen[0]
    assert (request, NAME, "nights", 5) == (first.request, first.requester, first.collection, first.of)
    assert first.started_at == "2026-11-21T12:00:30Z", "by the vault's clock"
    assert price.epsilon == first.epsilon
    assert (first.confined, first.landlock_abi, first.seccomp, first.missing) == (True, 7, True, ())


def test_a_stopped_run_is_discarded_and_stays_paid_and_stopping_waits_until_that_is_written(
    approved_world: World,
) -> None:
    with approved_world.vault() as vault:
        request, began = vault.requests()[0].id, Event()
        thread, failures = trained_beside(vault, request, began)
        assert began.wait(20)
        vault.stop_training(request[:8])
        assert (vault.request(request).line.state, vault.runs()) == ("failed", [])
        thread.join()
        (failure,) = failures
        assert isinstance(failure, RunLost)
        assert "its budget is spent: " in str(failure)
        assert vault.budget()[0].jobs == 1
        with vault._opened.read() as uow:
            assert uow.count(HeldRow) == 0
        assert vault.audit_lines()[-1].sentence.endswith("it was interrupted; its privacy budget is spent.")


def test_a_run_stopped_by_its_own_progress_does_not_wait_for_itself(approved_world: World) -> None:
    with approved_world.vault() as vault:
        request = vault.requests()[0].id
        began = time.monotonic()
        with pytest.raises(LearnerFailed):
            vault.train(request, progress=lambda step, _of: step and vault.stop_training(request))
        assert time.monotonic() - began < LONGEST_END
        assert vault.request(request).line.state == "failed"


def test_a_run_stopped_before_it_is_charged_costs_nothing(
    approved_world: World, monkeypatch: pytest.MonkeyPatch, quiet: Quiet
) -> None:
    original = _mark

    with approved_world.vault() as vault:
        request = vault.requests()[0].id

        def mark(*arguments: object) -> None:
            original(*arguments)  # type: ignore[arg-type]
            vault.stop_training(request)

        monkeypatch.setattr(training_run, "_mark", mark)
        with pytest.raises(LearnerFailed):
            vault.train(request, progress=quiet)
        assert (vault.request(request).line.state, vault.budget()[0].jobs) == ("approved", 0)
        monkeypatch.undo()


def test_a_run_parses_its_manifest_once(
    approved_world: World, monkeypatch: pytest.MonkeyPatch, quiet: Quiet
) -> None:
    """And once more to show what became of it."""
    original, parsed = parse.parse_version, []

    def spy(models: Mapping[int, type[Manifest]], data: bytes) -> Manifest:
        parsed.append(data)
        return original(models, data)

    monkeypatch.setattr(parse, "parse_version", spy)
    with approved_world.vault() as vault:
        (request,) = vault.requests()
        parsed.clear()
        training_run.run_job(vault._opened, request.id, quiet)
        assert len(parsed) == 1
        vault.release(request.id)
        assert len(parsed) == 2


def test_other_weights_than_those_of_the_manifest_are_not_trained_on(
    approved_world: World, quiet: Quiet
) -> None:
    """Of stored weights the digest of the rows holds only the length: their own is compared before a run."""
    with approved_world.vault() as vault:
        request = vault.requests()[0].id
        with vault._opened.store.write() as uow:
            row = uow.get(RequestRow, request)
            assert row is not None
            row.weights = row.weights[:-1] + bytes([row.weights[-1] ^ 1])
            uow.commit()
        with pytest.raises(WeightsTampered):
            vault.train(request, progress=quiet)
        assert (vault.requests()[0].state, [line.jobs for line in vault.budget()]) == ("approved", [0])


def test_a_run_stopped_at_its_very_end_is_not_held(
    approved_world: World, monkeypatch: pytest.MonkeyPatch, quiet: Quiet
) -> None:
    original = check_update

    with approved_world.vault() as vault:
        request = vault.requests()[0].id

        def check(*arguments: object) -> None:
            original(*arguments)  # type: ignore[arg-type]
            vault.stop_training(request)

        monkeypatch.setattr(training_run, "check_update", check)
        with pytest.raises(LearnerFailed):
            vault.train(request, progress=quiet)
        assert (vault.request(request).line.state, vault.releases()) == ("failed", [])


def test_what_does_not_run_here_cannot_be_stopped_here(held_world: World) -> None:
    with held_world.vault() as vault:
        request = vault.requests()[0].id
        with pytest.raises(WrongState, match="is held"):
            vault.stop_training(request)
        with pytest.raises(UnknownRequest):
            vault.stop_training("abcdabcd")
        with vault._opened.act() as act:
            load(act.uow, request).row.state = RequestState.TRAINING
            act.record(EntryType.SETTINGS_CHANGE, clear={}, hidden={})
        with pytest.raises(WrongState, match="not running here"):
            vault.stop_training(request)
    seen = run(held_world.paths, "request", "stop", request[:8])
    assert seen.code == 4


# a consent for one job ---------------------------------------------------------------------------------------


def twice_asked(world: World, vault: Vault, *, uses: int = 1) -> tuple[str, str, str]:
    """A consent for so many jobs, and two requests that it covers."""
    world.imported(vault)
    world.introduced(vault)
    given = vault.grant(
        requester=NAME,
        collection="nights",
        fields=["good", "steps"],
        purpose="AcademicResearch",
        not_after=world.clock.now + timedelta(days=20),
        uses=uses,
    ).id
    first, second = (vault.submit(world.job(name)).line.id for name in ("one", "two"))
    return given, first, second


def test_a_consent_for_one_job_covers_no_second_one_while_the_first_has_not_run(world: World) -> None:
    with world.vault() as vault:
        given, first, second = twice_asked(world, vault)
        approve(vault, first)
        assert vault.request(first).decision.permitted, "its own use is not in its own way"
        assert not vault.preview_approval(
            second, draft=False, optional=frozenset()
        ).request.decision.permitted
        with pytest.raises(ConsentRefused, match="has no free use left of 1"):
            approve(vault, second)
        assert vault.request(second).line.state == "waiting"
        view = vault.consent(given)
        assert (view.state, view.uses_spent, view.uses_kept) == ("active", 0, 1)
        approve(vault, second, draft=True)
        assert len(vault.grants()) == 2, "the second has a consent of its own"


def test_a_refused_request_and_one_that_ran_out_give_their_use_back(world: World) -> None:
    with world.vault() as vault:
        given, first, second = twice_asked(world, vault)
        approve(vault, first)
        vault.refuse(first, reason="not now")
        assert vault.request(first).line.state == "refused_person"
        assert vault.consent(given).uses_kept == 0
        approve(vault, second)
        world.clock.forward(days=31)
        assert vault.consent(given).uses_kept == 0, "although nobody has recorded its end yet"


@pytest.mark.slow
def test_a_consent_for_two_jobs_covers_two_and_both_run(
    world: World, quiet: Quiet, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.vault() as vault:
        given, first, second = twice_asked(world, vault, uses=2)
        learner = learners.pretended(learners.zeros(world.folder / "one"))
        monkeypatch.setattr(process, "COMMAND", learner)
        approve(vault, first)
        approve(vault, second)
        vault.train(first, progress=quiet)
        assert (vault.consent(given).uses_spent, vault.consent(given).uses_kept) == (1, 1)
        vault.train(second, progress=quiet)
        assert (
            vault.consent(given).uses_spent, vault.consent(given).uses_kept, vault.consent(given).state,
        ) == (2, 0, "used up")  # fmt: skip


# the whole ---------------------------------------------------------------------------------------------------


def test_the_status_counts_what_can_still_be_decided_and_what_ends_soon(held_world: World) -> None:
    with held_world.vault(writable=False) as vault:
        assert (vault.status().held, vault.status().expiring) == (1, 0)
        held_world.clock.forward(minutes=59)
        assert vault.status().held == 1
        held_world.clock.forward(minutes=1)
        assert vault.status().held == 0


def test_a_consent_is_about_to_end_in_its_last_week(world: World) -> None:
    with world.vault() as vault:
        _given, first, _second = twice_asked(world, vault)
        world.clock.forward(days=12)
        assert (
            vault.status().grants_active,
            vault.status().expiring,
            vault.status().requests_waiting,
        ) == (1, 0, 2)
        world.clock.forward(days=1)
        assert (vault.status().grants_active, vault.status().expiring) == (1, 1)
        world.days_pass(vault, 7)
        assert (vault.status().grants_active, vault.status().expiring) == (0, 0)
        world.clock.forward(days=30)
        assert vault.status().requests_waiting == 0, "although nobody has recorded their end yet"
        assert vault.request(first).line.state == "expired"


def test_a_paid_job_is_not_counted_twice_in_what_is_used_after_it(held_world: World) -> None:
    with held_world.vault(writable=False) as vault:
        price, used = vault.releases()[0].price, vault.budget()[0].used_percent
    assert price.paid
    assert (used, used) == (price.used_percent_before, price.used_percent_after)
    assert price.job_percent == used


# against the last job that was approved ----------------------------------------------------------------------


def test_an_approval_is_shown_against_the_last_job_of_the_same_requester(held_world: World) -> None:
    with held_world.vault() as vault:
        (earlier,) = vault.requests()
        same = vault.submit(held_world.job("same")).line.id
        other = vault.submit(held_world.job("other", steps=6, epsilon="2")).line.id
        shown = vault.preview_approval(same, draft=True, optional=frozenset())
        assert (earlier.id, ()) == (shown.compared_to, shown.changes)
        changed = vault.preview_approval(other, draft=True, optional=frozenset())
        assert {"price (ε)", "steps", "noise multiplier"} == {one.what for one in changed.changes}
        steps = next(one for one in changed.changes if one.what == "steps")
        assert (steps.before, steps.now) == ("5", "6")
        held_world.clock.forward(minutes=1)
        approve(vault, other, draft=True)
        assert vault.preview_approval(same, draft=True, optional=frozenset()).compared_to == other
        vault.refuse(other)
        again = vault.preview_approval(same, draft=True, optional=frozenset())
        assert earlier.id == again.compared_to, "what was taken back is no measure"
    screen = run(held_world.paths, "request", "approve", same[:8], "--draft-grant", "--dry-run").out
    assert (
        f"It asks the same as request {earlier.id[:8]}, the last of theirs on these records that you approved."
        in (" ".join(screen.split()))
    )


@pytest.mark.slow
def test_all_other_jobs_of_a_requester_are_looked_at_together_in_one_line(
    held_world: World, quiet: Quiet
) -> None:
    """What they read, what they cost together, how many updates left; the job itself is none of the others."""

    def said(request: str) -> str:
        shown = " ".join(run(held_world.paths, "request", "show", request[:8]).out.split())
        return shown.split("so far ")[1].split(" reached at")[0]

    with held_world.vault() as vault:
        (first,) = (one for one in vault.budget() if one.requester is None)
        second = vault.submit(held_world.job("second", epsilon="2")).line.id
        approve(vault, second, draft=True, optional=frozenset({"coffee"}))
        vault.train(second, progress=quiet)
        vault.send(second, confirm_digest=vault.release(second).digest, to=held_world.folder / "out")
        third = vault.submit(held_world.job("third")).line.id
        so_far = vault.request(third).so_far
        assert so_far is not None
        (used,) = so_far.used
        (by_all,) = (one.used_percent for one in vault.budget() if one.requester is None)
        assert (so_far.jobs, used.collections, used.used_percent, so_far.left) == (2, ("nights",), by_all, 1)
        assert so_far.columns == (("nights", "coffee"), ("nights", "good"), ("nights", "steps"))
    of_budget = "% of the lifetime budget of nights"
    one, two = "1 other job read good, steps of nights", "2 other jobs read coffee, good, steps of nights"
    assert said(second) == f"{one}; it used {first.used_percent} {of_budget}; 0 updates have left the vault"
    assert said(third) == f"{two}; together they used {by_all} {of_budget}; 1 update has left the vault"


def test_a_first_job_is_compared_with_nothing(world: World) -> None:
    with world.vault() as vault:
        _given, first, _second = twice_asked(world, vault)
        shown = vault.preview_approval(first, draft=True, optional=frozenset())
    assert (shown.compared_to, shown.changes) == (None, ())


def test_every_request_says_how_each_column_is_read_and_how_many_parameters_it_learns(
    held_world: World,
) -> None:
    with held_world.vault(writable=False) as vault:
        found = vault.request(vault.requests()[0].id)
    read = {one.name: one.transform for one in found.decision.fields}
    assert read == {
        "good": "predicted as one of: false, true; missing rows and other values teach nothing",
        "steps": "read as a number from -2000 to 16000, measured from 7000 in units of 3000; missing rows count "
        "as 7000",
        "coffee": "read as a number from -1 to 5, measured from 2 in units of 1; missing rows count as 2, and so "
        "does every row when it is withheld",
    }
    assert found.parameters == 6


def test_a_withdrawal_can_be_looked_at_before_it_is_made(today: World) -> None:
    with today.vault(writable=False) as vault:
        (held,) = [one for one in vault.grants() if one.uses_spent]
    outcome = run(today.paths, "consent", "withdraw", held.id, "--dry-run")

    assert (
        outcome.code,
        "1 held update destroyed" in outcome.err,
        "nothing was changed" in outcome.err,
    ) == (0, True, True)
    with today.vault(writable=False) as vault:
        assert [one.state for one in vault.releases()] == ["held"]
