"""An approval that nothing stands behind any more is none: the request waits again, and says why, everywhere alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from tests.worlds import learners
from tests.worlds.approving import approve
from tests.worlds.commands import run
from tests.worlds.hearing import hear, words
from tests.worlds.world import NAME, World
from tui.actions import BLOCK
from tui.by_ear.acting import carry_out
from tui.text import consent_facts, request_facts
from vault.budget import ledger
from vault.errors.consent import ConsentRefused
from vault.errors.families import LockboxError
from vault.training import process
from vault.vault import Vault


def approved(world: World, vault: Vault) -> tuple[str, str]:
    """A request that is approved under a consent given by hand, and that consent."""
    world.imported(vault)
    world.introduced(vault)
    given = vault.grant(
        requester=NAME, collection="nights", fields=["good", "steps"], purpose="AcademicResearch",
        not_after=world.clock.now + timedelta(days=10),
    ).id  # fmt: skip
    request = vault.submit(world.job()).line.id
    approve(vault, request)
    return request, given


def withdrawn(vault: Vault, world: World, grant: str) -> None:
    vault.withdraw(grant)


def expired(vault: Vault, world: World, _grant: str) -> None:
    world.clock.forward(days=11)
    vault.settle()


def blocked(vault: Vault, world: World, _grant: str) -> None:
    vault.block_requester(NAME)


WAYS: dict[str, tuple[Callable[[Vault, World, str], None], str]] = {
    "withdrawn": (withdrawn, "was withdrawn"),
    "expired": (expired, "ended on"),
    "blocked": (blocked, "its requester was blocked"),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_request_whose_consent_is_gone_waits_again_with_the_reason(world: World, way: str) -> None:
    act, reason = WAYS[way]
    with world.vault() as vault:
        request, grant = approved(world, vault)
        act(vault, world, grant)
        view, status = vault.request(request), vault.status()
        waiting = 0 if way == "blocked" else 1
        assert (view.line.state, status.approved, status.requests_waiting) == ("waiting", 0, waiting)
        assert reason in (view.reason or "")
        said = [line.sentence for line in vault.audit_lines() if line.type == "request.return"]
    assert len(said) == 1
    assert reason in said[0]
    shown = " ".join(run(world.paths, "request", "show", request[:8]).out.split())
    assert ("requester blocked" if way == "blocked" else "waits for you") in shown
    assert reason in shown


def test_a_run_that_is_refused_takes_the_approval_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing recorded the end of the consent yet: the run itself finds it."""
    with world.vault() as vault:
        request, _grant = approved(world, vault)
        world.clock.forward(days=11)
        with pytest.raises(ConsentRefused):
            vault.train(request, progress=lambda _step, _of: None)
        view = vault.request(request)
    assert (view.line.state, "ended on" in (view.reason or "")) == ("waiting", True)


@pytest.mark.slow
def test_a_budget_that_is_spent_meanwhile_takes_the_approval_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.vault() as vault:
        request, _grant = approved(world, vault)
        price = vault.request(request).price
        monkeypatch.setattr(ledger, "JOB_SHARE", ledger.JOB_SHARE / 1000)
        with pytest.raises(LockboxError):
            vault.train(request, progress=lambda _step, _of: None)
        view = vault.request(request)
    assert price.job_percent > 0
    assert (view.line.state, "one job may use" in (view.reason or "")) == ("waiting", True)
    assert "one job may use" in view.obstacle


@pytest.mark.slow
def test_a_consent_for_one_job_is_in_use_while_the_job_runs_and_used_up_afterwards(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, str]] = []
    with world.vault() as vault:
        request, grant = approved(world, vault)
        update = learners.zeros(world.folder / "job")
        monkeypatch.setattr(process, "COMMAND", learners.pretended(update, pause=0))

        def look(_step: int, _of: int) -> None:
            listed = run(world.paths, "consent", "show", grant[:8]).out
            seen.append(
                (vault.consent(grant).state, "in use by a running job" if "in use by" in listed else "")
            )

        vault.train(request, progress=look)
        after = vault.consent(grant).state
    assert seen[0] == ("active", "")
    assert seen[-1] == ("in use", "in use by a running job")
    assert after == "used up"


def test_withdrawing_says_before_and_after_what_waits_again(today: World) -> None:
    with today.vault() as vault:
        request = next(one.id for one in vault.requests() if one.state == "waiting")
        approve(vault, request, draft=True)
        grant = next(one.id for one in vault.grants() if one.uses_kept)
    said = f"1 approved job that has not run waits for your decision again: {request[:8]}."
    before = run(today.paths, "consent", "withdraw", grant[:8], "--dry-run")
    assert (before.code, said in before.err) == (0, True)
    after = run(today.paths, "consent", "withdraw", grant[:8])
    assert (after.code, said in after.err) == (0, True)
    with today.vault(writable=False) as vault:
        assert vault.request(request).line.state == "waiting"


def test_blocking_says_before_and_after_which_approvals_it_takes_back(today: World) -> None:
    with today.vault() as vault:
        request = next(one.id for one in vault.requests() if one.state == "waiting")
        approve(vault, request, draft=True)
        subject = vault.request(request)
        session: Any = vault  # which a conversation has of a process
        heard = hear(partial(carry_out, vault=session, action=BLOCK, subject=subject), ("want?", "Not now"))
    said = f"Your approval of request {request[:8]}, which has not run, {{}} taken back; it waits for you again once"
    assert said.format("is") in heard
    after = run(today.paths, "requester", "block", subject.line.requester)
    assert (after.code, said.format("was") in words(after.err)) == (0, True)
    again = run(today.paths, "requester", "block", subject.line.requester)
    assert (again.code, "taken back" in again.err) == (0, False)
    with today.vault(writable=False) as vault:
        assert vault.request(request).line.state == "waiting"


def test_nothing_of_a_blocked_requester_is_in_force_or_waits(today: World) -> None:
    with today.vault() as vault:
        request = next(one.id for one in vault.requests() if one.state == "waiting")
        given = vault.grant(
            requester=NAME, collection="nights", fields=["steps"], purpose="AcademicResearch",
            not_after=today.clock.now + timedelta(days=90),
        ).id  # fmt: skip
        before = vault.status()
        vault.block_requester(vault.request(request).line.requester)
        status, consent, digest = vault.status(), vault.consent(given), vault.digest()
        listed = [one for one in vault.requests() if one.id == request]
        now = today.clock.now
        vault.unblock_requester(consent.requester)
        after = vault.status()
    assert (before.grants_active, status.grants_active, consent.state) == (1, 0, "requester blocked")
    assert (before.requests_waiting, status.requests_waiting, digest.waiting) == (1, 0, ())
    assert consent_facts.state_sentence(consent, now) == (
        "✗ requester blocked: nothing runs under it until you unblock them"
    )
    assert [request_facts.state(one) for one in listed] == ["requester blocked"]
    assert (after.grants_active, after.requests_waiting) == (1, 1)
