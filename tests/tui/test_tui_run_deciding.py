"""What the first decision writes: the very records that the command line writes, and a run that begins."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.worlds.approving import approve
from tests.worlds.asking import (
    HOSTILE_JOB,
    asking,
    open_dialog,
    read_to_the_end,
    run_button,
    served_copy,
    the_request,
)
from tests.worlds.screens import on_page, play, press, sees, served, type_word, until, words_in
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from tui.dialogs.run import RunDialog
from tui.screens.requests import Requests
from tui.text import wording
from vault.owner.interface.session import OwnerSession
from vault.vault import Vault

Shared = tuple[World, OwnerSession]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    return asking(tmp_path_factory.mktemp("asking"), job=HOSTILE_JOB)


@pytest.fixture
def own(template: World, tmp_path: Path) -> Iterator[Shared]:
    """For a story that decides."""
    with served_copy(template, tmp_path) as both:
        yield both


async def _run(pilot: Pilot[int]) -> None:
    dialog = await open_dialog(pilot)
    await read_to_the_end(pilot, dialog)
    await until(pilot, lambda: not run_button(dialog).disabled)
    run_button(dialog).focus()
    await press(pilot, "enter")
    await type_word(pilot, "RUN")
    await until(pilot, lambda: getattr(pilot.app.screen, "NAME", "") == "training")


@pytest.mark.slow
def test_running_writes_the_very_consent_and_entries_that_the_command_line_writes(
    own: Shared, template: World, tmp_path: Path
) -> None:
    world, vault = own
    request = the_request(vault).line.id

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
            await _run(pilot)
            await sees(pilot, "A result waits for you")

    play(story())
    by_hand = copy_of(template, tmp_path / "by-hand")
    with by_hand.vault() as other:
        approve(other, request, draft=True)
        written = _trail(other)
        assert "consent.grant" in [kind for _, kind, _ in written]
        assert written == _trail(vault)[: len(written)]
        assert _consents(other) == _consents(vault)
    assert the_request(vault).line.state == "held"


def _trail(vault: Vault | OwnerSession) -> list[tuple[str, str, str]]:
    grants = [one.id for one in vault.grants()]
    return [
        (line.ts, line.type, re.sub(r"[0-9a-f]{8,}", _id_of(grants), line.sentence))
        for line in sorted(vault.audit_lines(), key=lambda line: line.seq)
    ]


def _id_of(grants: list[str]) -> Callable[[re.Match[str]], str]:
    def named(found: re.Match[str]) -> str:
        return "CONSENT" if any(one.startswith(found[0]) for one in grants) else found[0]

    return named


def _consents(vault: Vault | OwnerSession) -> list[str]:
    """The record in every receipt, without the random numbers that it alone has."""
    request = the_request(vault)
    known = (request.line.id, request.manifest_digest, *(one.id for one in vault.requesters()))
    found = [json.dumps(vault.receipt(one.id)["record"], sort_keys=True) for one in vault.grants()]
    return [
        re.sub("[0-9a-f]{32,}", lambda one: one[0] if one[0] in known else "RANDOM", one) for one in found
    ]


@pytest.mark.slow
def test_a_consent_that_covers_the_job_already_is_named_and_no_other_is_written(own: Shared) -> None:
    world, vault = own
    grant = vault.grant(
        requester=NAME,
        collection="nights",
        fields=["good", "steps"],
        purpose="AcademicResearch",
        not_after=world.clock.now.replace(year=2027, month=1),
        epsilon_cap=Decimal(2),
    )

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
            dialog = await open_dialog(pilot)
            await sees(pilot, f"Your consent {grant.id[:8]} covers it already")
            assert not dialog.query("#details Toggle")
            await read_to_the_end(pilot, dialog)
            run_button(dialog).focus()
            await press(pilot, "enter")
            await type_word(pilot, "RUN")
            await until(pilot, lambda: getattr(pilot.app.screen, "NAME", "") == "training")
            assert [grant.id] == [one.id for one in vault.grants()]

    play(story())


@pytest.mark.slow
def test_an_approved_request_that_has_not_run_can_be_run_or_refused_from_here(own: Shared) -> None:
    world, vault = own
    approve(vault, the_request(vault).line.id, draft=True)

    async def story() -> None:
        async with on_page(vault, world, "requests", size=(80, 24)) as pilot:
            dialog = await open_dialog(pilot)
            await sees(pilot, "You have approved it; it has not run yet")
            await read_to_the_end(pilot, dialog)
            assert not run_button(dialog).disabled
            dialog.query_one("#refuse").focus()
            await press(pilot, "enter")
            await sees(pilot, "They hear nothing of it, as you had approved it")
            await press(pilot, "enter")  # the safe answer has the focus
            await until(pilot, lambda: isinstance(pilot.app.screen, RunDialog))
            await press(pilot, "enter")
            await sees(pilot, "They hear nothing of it, as you had approved it")
            pilot.app.screen.query_one("#act").focus()
            await press(pilot, "enter")
            await until(pilot, lambda: isinstance(pilot.app.screen, Requests))
            assert the_request(vault).line.state == "refused_person"

    play(story())


@pytest.mark.slow
def test_a_second_job_is_shown_against_the_first_that_was_approved(template: World, tmp_path: Path) -> None:
    world = copy_of(template, tmp_path / "copy")
    with world.vault() as own:
        first = own.requests()[0].id
        approve(own, first, draft=True)
        world.clock.forward(hours=1)
        second = own.submit(world.job("second", steps=7)).line.id
        what = own.preview_approval(second, draft=True, optional=frozenset())
    assert what.changes
    with served(world) as vault:

        async def story() -> None:
            async with on_page(vault, world, "requests", size=(80, 200)) as pilot:
                dialog = await open_dialog(pilot)
                words = words_in(dialog.app, "#details")
                assert wording.compared(what.compared_to, len(what.changes)) in words
                for one in what.changes:
                    assert wording.changed(one.what, one.before, one.now) in words

        play(story())
