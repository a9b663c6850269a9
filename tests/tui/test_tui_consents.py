"""Who may learn what: matrix and list, every state, the receipt, what-if, and withdrawing while a job trains."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select

from tests.sweeps import sweep
from tests.worlds.approving import approve
from tests.worlds.asking import LONG_COLLECTION, LONG_WHO, asking, asking_at_length, served_copy, the_request
from tests.worlds.importing import import_file
from tests.worlds.screens import (
    SIZES,
    on_page,
    play,
    press,
    sees,
    served,
    text_of,
    type_word,
    until,
    words_in,
    words_of,
)
from tests.worlds.vaults import new_world
from tests.worlds.world import NAME, World
from tui.dialogs.receipt import ReceiptDialog
from tui.dialogs.scope_form import NOBODY, selected
from tui.dialogs.what_if import VerdictDialog, WhatIfForm
from tui.dialogs.withdraw import WithdrawDialog
from tui.screens.consents import EMPTY, Consents, field_labels
from tui.text import consent_facts, times, wording
from tui.widgets.table import ListTable
from tui.widgets.toggle import Toggle
from vault.owner.interface.session import OwnerSession
from vault.vault import NOTICE, Vault
from vault.views.consents import GrantView
from vault.views.purposes import PURPOSES
from vault.views.purposes import PURPOSES as SHOWN
from vault.views.records import FileChoice

Shared = tuple[World, OwnerSession]
LONG = 10_000
RESEARCH = next(iri for iri in PURPOSES if iri.endswith("AcademicResearch"))


def give(vault: Vault, now: datetime, *fields: str, days: int, begin: int = 0, uses: int = 1) -> GrantView:
    """A consent to the one requester of the world."""
    return vault.grant(
        requester=NAME,
        collection="nights",
        fields=fields,
        purpose="AcademicResearch",
        not_after=now + timedelta(days=days),
        not_before=now + timedelta(days=begin) if begin else None,
        uses=uses,
    )


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Consents in every state there is."""
    now = datetime.now(UTC)
    world = new_world(tmp_path_factory.mktemp("consents"), now=now - timedelta(days=30))
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        give(vault, world.clock.now, "good", days=10)
        world.clock.now = now
        give(vault, now, "steps", "coffee", days=100, uses=3)
        give(vault, now, "steps", days=3)
        give(vault, now, "coffee", days=100, begin=5)
        vault.withdraw(give(vault, now, "day", days=50).id)
        used = give(vault, now, "good", "steps", days=100)
        request = vault.submit(world.job()).line.id
        approve(vault, request)
        vault.train(request, progress=lambda _step, _of: None)
        assert [one.uses_spent for one in vault.grants() if one.id == used.id] == [1]
    return world


@pytest.fixture(scope="module")
def shared(template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """For stories that change nothing."""
    with served_copy(template, tmp_path_factory.mktemp("shared")) as both:
        yield both


@pytest.fixture
def own(template: World, tmp_path: Path) -> Iterator[Shared]:
    """For a story that changes something."""
    with served_copy(template, tmp_path) as both:
        yield both


def of_state(vault: OwnerSession, state: str) -> GrantView:
    now = datetime.now(UTC)
    return next(one for one in vault.grants() if consent_facts.standing(one, now) == state)


async def on_line(pilot: Pilot[int], key: str) -> None:
    await until(
        pilot,
        lambda: (
            isinstance(pilot.app.screen, Consents) and pilot.app.screen.query_one(ListTable).row_count > 0
        ),
    )
    await pilot.pause()
    pilot.app.screen.query_one(ListTable).point_at(key)
    await pilot.pause()


def unframed(pilot: Pilot[int]) -> str:
    """What stands on the screen without the frames of its dialogs."""
    return " ".join(text_of(pilot.app).replace("│", " ").split())


async def tells(pilot: Pilot[int], words: str) -> None:
    """Wait until these words were said in passing."""
    await until(pilot, lambda: any(words in one.message for one in pilot.app._notifications))


def rows(pilot: Pilot[int]) -> list[list[str]]:
    table = pilot.app.screen.query_one(ListTable)
    return [[cell.plain for cell in table.get_row_at(index)] for index in range(table.row_count)]


# what there is --------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_every_state_has_a_word_and_a_mark_in_every_size(shared: Shared, size: tuple[int, int]) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "consents", size=size) as pilot:
            await on_line(pilot, of_state(vault, "active").id)
            # No job runs here, and nobody is blocked.
            elsewhere = ("in use", "requester blocked")
            states = [f"{mark} {word}" for word, mark in consent_facts.MARKS.items() if word not in elsewhere]
            assert states == [row[0] for row in rows(pilot)]
            await until(pilot, lambda: all(state in text_of(pilot.app) for state in states))

    play(story())


@pytest.mark.slow
@pytest.mark.parametrize("size", SIZES)
def test_consents_of_a_blocked_requester_are_marked_so_and_stand_behind_those_in_force(
    own: Shared, size: tuple[int, int]
) -> None:
    world, vault = own
    there = of_state(vault, "active")
    vault.block_requester(there.requester)

    async def story() -> None:
        async with on_page(vault, world, "consents", size=size) as pilot:
            await on_line(pilot, there.id)
            await until(pilot, lambda: "✗ blocked" in text_of(pilot.app))
            assert [row[0] for row in rows(pilot)].count("✗ blocked") == sum(
                one.state == "requester blocked" for one in vault.grants()
            )

    play(story())


def test_the_matrix_marks_exactly_the_columns_that_each_consent_names(shared: Shared) -> None:
    world, vault = shared
    columns = [field.name for field in vault.collections()[0].fields]

    async def story() -> None:
        async with on_page(vault, world, "consents", size=(140, 40)) as pilot:
            await on_line(pilot, of_state(vault, "active").id)
            table = pilot.app.screen.query_one(ListTable)
            headings = [column.label.plain for column in table.ordered_columns]
            assert columns == headings[-len(columns) :]
            for row, key in zip(rows(pilot), table.rows, strict=True):
                named = vault.consent(str(key.value)).fields
                assert ["●" if name in named else "·" for name in columns] == row[-len(columns) :]
            await until(
                pilot, lambda: "Columns of nights: ● may be learned from, · may not" in words_of(pilot.app)
            )

    play(story())


def test_names_that_do_not_fit_become_numbers_with_a_legend() -> None:
    assert field_labels(["day", "steps"], 12) == (["day", "steps"], "")
    assert field_labels(["day", "steps"], 11) == (["1", "2"], "1 day  2 steps")
    assert field_labels(["a", "a"], 100) == (["1", "2"], "1 a  2 a")


def test_each_collection_has_a_matrix_of_its_own_and_c_turns_to_the_next(own: Shared) -> None:
    world, vault = own
    path = world.folder / "moods.csv"
    path.write_text("mood,place\n1,home\n2,away\n")
    import_file(vault, FileChoice(path=path, name="moods", sensitivities={"mood": "ordinary"}))
    now = datetime.now(UTC)
    mood = vault.grant(
        requester=NAME,
        collection="moods",
        fields=["mood"],
        purpose="AcademicResearch",
        not_after=now + timedelta(days=5),
    )

    async def story() -> None:
        async with on_page(vault, world, "consents", size=(140, 40)) as pilot:
            await sees(
                pilot, "Columns of nights: ● may be learned from, · may not (1 of 2 collections, c turns)"
            )
            assert len(rows(pilot)) == 6
            await press(pilot, "c")
            await sees(pilot, "Columns of moods")
            assert [row[-2:] for row in rows(pilot)] == [["●", "·"]]
            await on_line(pilot, mood.id)
            await sees(pilot, "not place")

    play(story())


def test_the_details_are_those_of_the_record_and_its_receipt(shared: Shared) -> None:
    world, vault = shared
    one = of_state(vault, "active")

    async def story() -> None:
        async with on_page(vault, world, "consents", size=(140, 60)) as pilot:
            await on_line(pilot, one.id)
            await sees(pilot, str(vault.receipt(one.id)["record_sha256"]))
            words = words_of(pilot.app)
            assert NOTICE in words
            assert "coffee, steps" in words
            assert "not day, good" in words
            assert wording.uses(one.uses, one.uses_spent, one.uses_kept) in words
            assert f"{times.full_time(one.not_after)}, or when you withdraw" in words
            assert vault.requesters()[0].fingerprint in words
            assert one.id in words

    play(story())


def test_a_consent_that_joining_a_campaign_gave_names_the_campaign(shared: Shared) -> None:
    _, vault = shared
    receipt = dict(vault.receipt(of_state(vault, "active").id))
    assert "campaign" not in receipt
    given = dict(consent_facts.receipt_facts({**receipt, "campaign": "c" * 32}))["given"]
    assert given.endswith(", by joining campaign cccccccc")


@pytest.mark.slow
def test_at_sixty_by_twenty_enter_opens_the_details_and_escape_returns(shared: Shared) -> None:
    world, vault = shared
    one, before = of_state(vault, "active"), vault.status().audit_entries

    async def story() -> None:
        async with on_page(vault, world, "consents", size=(60, 20)) as pilot:
            await on_line(pilot, one.id)
            await press(pilot, "enter")
            await sees(pilot, "given 20")
            assert not pilot.app.screen.query_one(ListTable).region.height
            await press(pilot, "escape")
            await until(pilot, lambda: bool(pilot.app.screen.query_one(ListTable).region.height))

    play(story())
    assert before == vault.status().audit_entries


@pytest.mark.slow
def test_the_receipt_is_shown_whole(shared: Shared) -> None:
    world, vault = shared
    one = of_state(vault, "used up")

    async def story() -> None:
        async with on_page(vault, world, "consents", size=(80, 200)) as pilot:
            await on_line(pilot, one.id)
            await press(pilot, "t")
            await until(pilot, lambda: isinstance(pilot.app.screen, ReceiptDialog))
            await pilot.pause()
            words = unframed(pilot)
            assert f"lockbox consent receipt {one.id[:8]} --json > receipt.json" in words
            assert str(vault.receipt(one.id)["record_sha256"]) in words.replace(" ", "")

    play(story())


def test_the_curtain_hides_who_and_what(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "consents", size=(140, 40)) as pilot:
            await on_line(pilot, of_state(vault, "active").id)
            await sees(pilot, NAME)
            await press(pilot, "ctrl+k")
            await until(pilot, lambda: NAME not in words_of(pilot.app))
            assert "coffee" not in words_of(pilot.app)

    play(story())


def test_without_consents_the_screen_says_what_to_do_and_without_requesters_whom_to_add(
    tmp_path: Path,
) -> None:
    world = new_world(tmp_path)
    with served(world) as vault:

        async def story() -> None:
            async with on_page(vault, world, "consents", size=(60, 20)) as pilot:
                await sees(pilot, EMPTY.split("\n")[0])
                await press(pilot, "n")
                await sees(pilot, NOBODY)
                await press(pilot, "x", "w", "t", "enter", "c")
                assert isinstance(pilot.app.screen, Consents)

        play(story())


@pytest.mark.slow
@pytest.mark.parametrize("size", sweep([(60, 20), (140, 40)]))
def test_the_longest_and_most_hostile_names_break_nothing(
    tmp_path_factory: pytest.TempPathFactory, size: tuple[int, int]
) -> None:
    world = asking_at_length(tmp_path_factory.mktemp("long"))
    with served(world) as vault:
        given = vault.grant(
            requester=LONG_WHO,
            collection=LONG_COLLECTION,
            fields=["good"],
            purpose="AcademicResearch",
            not_after=world.clock.now + timedelta(days=20),
            special_confirmed=True,
        )

        async def story() -> None:
            async with on_page(vault, world, "consents", size=size) as pilot:
                await on_line(pilot, given.id)
                await press(pilot, "w")
                await until(pilot, lambda: isinstance(pilot.app.screen, WithdrawDialog))
                await pilot.pause()
                words = words_of(pilot.app)
                assert "No new run starts under it, from now on. No update is held under it." in words
                assert "[b]Nights[/b]" in words
                assert "Withdraw" in words_in(pilot.app, "#withdraw")

        play(story())


# withdrawing ----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_withdrawing_takes_three_keys_and_says_what_it_destroyed(own: Shared) -> None:
    world, vault = own
    one = of_state(vault, "used up")
    (held,) = vault.releases()

    async def story() -> None:
        async with on_page(vault, world, "consents", size=(60, 20)) as pilot:
            await on_line(pilot, one.id)
            await press(pilot, "w")
            await until(pilot, lambda: isinstance(pilot.app.screen, WithdrawDialog))
            await pilot.pause()
            words = words_in(pilot.app, "#consequence")
            assert f"1 held update destroyed: {held.id[:8]}." in words
            assert "Nothing was released under it." in words
            assert pilot.app.focused is pilot.app.screen.query_one("#safe")
            await press(pilot, "right", "enter")
            await type_word(pilot, "WITHDRAW")
            await tells(pilot, f"Consent {one.id[:8]} is withdrawn; nothing more is read under it.")
            await tells(pilot, f"1 held update destroyed: {held.id[:8]}.")
            await until(pilot, lambda: "× withdrawn" in [row[0] for row in rows(pilot)][-2:])

    play(story())
    assert (vault.consent(one.id).state, vault.releases()[0].state) == ("withdrawn", "destroyed")


@pytest.mark.slow
def test_what_has_left_is_named_and_said_to_be_beyond_reach(today: World) -> None:
    with today.vault() as vault:
        update = vault.releases()[0]
        vault.send(update.id, confirm_digest=update.digest, to=today.folder / "out")
        one = next(each for each in vault.grants() if each.state == "used up")
    with served(today) as remote:

        async def story() -> None:
            async with on_page(remote, today, "consents", size=(60, 20)) as pilot:
                await on_line(pilot, one.id)
                await press(pilot, "w")
                await until(pilot, lambda: isinstance(pilot.app.screen, WithdrawDialog))
                await pilot.pause()
                words = words_in(pilot.app, "#consequence")
                assert f"1 update already left and cannot be called back: {update.id[:8]}." in words
                await press(pilot, "escape")
                await until(pilot, lambda: isinstance(pilot.app.screen, Consents))

        play(story())
        assert remote.consent(one.id).state == "used up"


@pytest.mark.slow
def test_one_that_is_withdrawn_is_only_told_of(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "consents") as pilot:
            await on_line(pilot, of_state(vault, "withdrawn").id)
            await press(pilot, "w")
            await sees(pilot, "This consent is withdrawn already")
            assert isinstance(pilot.app.screen, Consents)

    play(story())


@pytest.mark.slow
def test_the_home_screen_withdraws_a_consent_that_waits_there(own: Shared) -> None:
    world, vault = own
    one = of_state(vault, "expires soon")

    async def story() -> None:
        async with on_page(vault, world, "home") as pilot:
            await sees(pilot, "◷ consent ends")
            pilot.app.screen.query_one(ListTable).point_at(f"consents {one.id}")
            await pilot.pause()
            await press(pilot, "w")
            await until(pilot, lambda: isinstance(pilot.app.screen, WithdrawDialog))
            await pilot.pause()
            await press(pilot, "right", "enter")
            await until(pilot, lambda: "◷ consent ends" not in words_of(pilot.app))

    play(story())
    assert vault.consent(one.id).state == "withdrawn"


@pytest.mark.slow
def test_a_withdrawal_ends_what_trains_under_it_and_nothing_is_held(tmp_path: Path) -> None:
    world = asking(tmp_path, steps=LONG)
    with world.vault() as vault:
        request = the_request(vault).line.id
        approve(vault, request, draft=True)
        (one,) = vault.grants()
    with served(world) as remote:

        async def story() -> None:
            async with on_page(remote, world, "consents", size=(60, 20)) as pilot:
                await on_line(pilot, one.id)
                remote.begin("train", request_id=request)
                await until(pilot, lambda: any(run.step for run in remote.runs()))
                await press(pilot, "w")
                await until(pilot, lambda: isinstance(pilot.app.screen, WithdrawDialog))
                await pilot.pause()
                words = words_in(pilot.app, "#consequence")
                assert "1 run in training now: stopped. The budget stays spent." in words
                await press(pilot, "right", "enter")
                await type_word(pilot, "WITHDRAW")
                await tells(pilot, "1 run stopped.")
                await until(pilot, lambda: not remote.runs())

        play(story())
        found = remote.request(request)
        assert (found.line.state, found.price.paid) == ("failed", True)
        assert remote.releases() == []
        assert remote.consent(one.id).state == "withdrawn"


# what if --------------------------------------------------------------------------------------------------


async def try_it(pilot: Pilot[int], *fields: str, epsilon: str = "") -> str:
    await until(pilot, lambda: isinstance(pilot.app.screen, WhatIfForm))
    await pilot.pause()
    form = pilot.app.screen
    assert isinstance(form, WhatIfForm)
    assert (selected(form, "#who"), selected(form, "#collection")) == (NAME, "nights")
    form.query_one("#purpose", Select).value = RESEARCH
    for toggle in form.query("#columns Toggle").results(Toggle):
        toggle.set_on(toggle.label in fields)
    form.query_one("#epsilon", Input).value = epsilon
    form.chosen("try")
    await until(pilot, lambda: isinstance(pilot.app.screen, VerdictDialog))
    await pilot.pause()
    words = unframed(pilot)
    await press(pilot, "escape")
    await until(pilot, lambda: isinstance(pilot.app.screen, WhatIfForm))
    return words


@pytest.mark.slow
def test_what_if_decides_as_the_facade_and_writes_nothing(shared: Shared) -> None:
    world, vault = shared
    before = vault.status().audit_entries
    wish = {"requester": NAME, "collection": "nights", "purpose": "AcademicResearch"}
    refused = vault.what_if(fields=["steps", "good"], **wish)

    async def story() -> None:
        async with on_page(vault, world, "consents", size=(140, 120)) as pilot:
            await on_line(pilot, of_state(vault, "active").id)
            await press(pilot, "x")
            allowed = await try_it(pilot, "steps", "coffee")
            assert "Such a job would be allowed" in allowed
            assert f"Consent {of_state(vault, 'active').id[:8]} covers it." in allowed
            denied = await try_it(pilot, "steps", "good")
            assert "Such a job would be refused" in denied
            assert f"It would be allowed if {refused.change[0]}" in denied
            for field in refused.fields:
                assert f"□ {field.name}" in denied
                for reason in field.reasons:
                    assert reason in denied
            await press(pilot, "escape")
            await until(pilot, lambda: isinstance(pilot.app.screen, Consents))

    play(story())
    assert before == vault.status().audit_entries


@pytest.mark.slow
def test_what_is_missing_in_the_form_is_said_and_nothing_is_lost(shared: Shared) -> None:
    world, vault = shared

    async def story() -> None:
        async with on_page(vault, world, "consents", size=(60, 20)) as pilot:
            await on_line(pilot, of_state(vault, "active").id)
            await press(pilot, "x")
            await until(pilot, lambda: isinstance(pilot.app.screen, WhatIfForm))
            await pilot.pause()
            form = pilot.app.screen
            assert isinstance(form, WhatIfForm)
            assert not [one for one in form.query("#columns Toggle").results(Toggle) if one.is_on]
            form.chosen("try")
            await sees(pilot, "tick at least one column")
            next(iter(form.query("#columns Toggle").results(Toggle))).set_on(True)
            form.chosen("try")
            await sees(pilot, "choose what it is for")
            form.query_one("#purpose", Select).value = RESEARCH
            form.query_one("#epsilon", Input).value = "dear"
            form.chosen("try")
            await sees(pilot, "dear is not a number above 0")
            form.query_one("#epsilon", Input).value = ""
            form.query_one("#records-from", Input).value = "2026-02-30"
            form.chosen("try")
            await sees(pilot, "2026-02-30 is not a date like 2026-12-31")
            assert "dear" not in form.text("#epsilon")
            assert selected(form, "#purpose") == RESEARCH

    play(story())


def test_the_purposes_offered_are_the_closed_list() -> None:
    assert PURPOSES == SHOWN
