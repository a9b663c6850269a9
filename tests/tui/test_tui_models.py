"""The models page: what it lists, what using one brings and says, and that nothing is decided by a key alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Select

from tests.worlds.learners import REAL
from tests.worlds.models import keep_model
from tests.worlds.screens import (
    SIZES,
    on_page,
    play,
    press,
    program_in,
    sees,
    served,
    type_word,
    until,
    words_in,
    words_of,
)
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from tui.app.palette import places
from tui.dialogs.action import ActionDialog
from tui.dialogs.model_files import AddModelDialog, ModelExportDialog
from tui.dialogs.model_use import A_FILE, FitDialog, PredictDialog, ScoreDialog
from tui.screens.models import Models
from tui.text import model_facts
from tui.widgets.table import ListTable
from vault.owner.interface.session import OwnerSession
from vault.training import process

Size = tuple[int, int]


@pytest.fixture(scope="module")
def template(today_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Today's vault, whose owner keeps the model that was released."""
    world = copy_of(today_template, tmp_path_factory.mktemp("models") / "copy")
    keep_model(world)
    return world


@pytest.fixture
def kept(template: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A copy of that vault, and the real learner."""
    monkeypatch.setattr(process, "COMMAND", REAL)
    return copy_of(template, tmp_path / "copy")


async def listed(pilot: Pilot[int], count: int = 1) -> None:
    await until(pilot, lambda: pilot.app.screen.query_one(ListTable).row_count == count)
    await pilot.pause()


async def opens(pilot: Pilot[int], key: str, dialog: type) -> None:
    await press(pilot, key)
    await until(pilot, lambda: isinstance(pilot.app.screen, dialog))
    await pilot.pause()


async def presses(pilot: Pilot[int], button: str) -> None:
    """Press a button, once it is up again from the time before."""
    found = pilot.app.screen.query_one(f"#{button}")
    await until(pilot, lambda: not found.has_class("-active"))
    pilot.app.screen.set_focus(found)
    await pilot.pause()
    await press(pilot, "enter")


async def does(pilot: Pilot[int], button: str) -> None:
    """Press a button of the dialog, and wait until it is left."""
    dialog = pilot.app.screen
    await presses(pilot, button)
    await until(pilot, lambda: pilot.app.screen is not dialog)


def fill(pilot: Pilot[int], **fields: object) -> None:
    for name, text in fields.items():
        pilot.app.screen.query_one(f"#{name.replace('_', '-')}", Input).value = str(text)


async def says(pilot: Pilot[int], sentence: str) -> None:
    """Wait until the dialog says this of the consequence."""
    await until(pilot, lambda: sentence in words_in(pilot.app, "#consequence"))


# what is said before anything is done -------------------------------------------------------------------------


def test_without_a_model_it_says_how_one_comes(today: World) -> None:
    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "home") as pilot:
            await sees(pilot, "locks in")
            await press(pilot, "0")
            await sees(
                pilot, "You keep no model. To keep that of a release, yours or another vault's: press a."
            )
            await press(pilot, "s", "f", "p", "e", "D")
            assert isinstance(pilot.app.screen, Models)
            await until(pilot, lambda: "0 Models" in words_of(pilot.app))

    with served(today) as vault:
        play(story(vault))


@pytest.mark.parametrize("size", SIZES)
def test_what_a_key_opens_says_the_consequence_and_enter_does_nothing(kept: World, size: Size) -> None:
    sentences = {
        "s": "It costs no budget and needs no consent: what comes out has no noise and is for you alone.",
        "f": "This copy is not private: it has no noise and tells of single rows. It must stay with you",
        "p": "The predictions will be readable by anyone who gets that file",
        "e": "What is in it has left in the release already",
        "D": f"and so do the copies of {NAME} and others.",
        "a": "Its signature, its digests and the job that it answers are checked before it is kept.",
    }

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, kept, "models", size=size) as pilot:
            await listed(pilot)
            for key, sentence in sentences.items():
                await press(pilot, key)
                await until(pilot, lambda: not isinstance(pilot.app.screen, Models))
                await says(pilot, sentence)
                assert pilot.app.screen.region.contains_region(pilot.app.screen.query_one("#safe").region)
                await presses(pilot, "safe")
                await until(pilot, lambda: isinstance(pilot.app.screen, Models))
            assert [one.name for one in vault.models()] == ["nightly"]

    with served(kept) as vault:
        before = vault.status().audit_entries
        play(story(vault))
        assert vault.status().audit_entries == before


# what comes of it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_card_says_who_else_has_a_model_and_a_score_stands_beside_it(kept: World, size: Size) -> None:
    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, kept, "models", size=size) as pilot:
            await listed(pilot)
            kind = "logistic " if size[0] >= 80 else ""
            await until(pilot, lambda: f"nightly {kind}good noised" in words_in(pilot.app, "#models-list"))
            await press(pilot, "enter")
            await pilot.pause()
            card = " ".join(words_in(pilot.app, "#models-details").replace("│", " ").split())
            assert "can do without coffee" in card
            assert f"who else has it {NAME}, and whoever they gave it to" in card
            await press(pilot, "escape")
            assert isinstance(pilot.app.focused, ListTable)
            await opens(pilot, "s", ScoreDialog)
            await does(pilot, "score")
            await sees_outcome(pilot, "nightly on 100 rows of nights: right in ")
            await sees_outcome(pilot, "without it: the commonest answer is right in 61.0 of 100.")
            await sees_outcome(pilot, model_facts.FOR_YOU)
            await press(pilot, "ctrl+k")
            await pilot.pause()
            assert "right in" not in words_of(pilot.app)

    with served(kept) as vault:
        budget = vault.budget()
        play(story(vault))
        assert vault.budget() == budget


async def sees_outcome(pilot: Pilot[int], sentence: str) -> None:
    def holds() -> bool:
        found = words_in(pilot.app, "#model-outcome").replace("│", " ")
        return sentence in " ".join(found.split())

    await until(pilot, holds)


@pytest.mark.slow
def test_a_fitted_copy_is_marked_predicts_into_a_file_and_is_deleted_by_a_word(kept: World) -> None:
    told = kept.folder / "told.csv"

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, kept, "models", size=(140, 40)) as pilot:
            await listed(pilot)
            await opens(pilot, "f", FitDialog)
            fill(pilot, new_name="home")
            await does(pilot, "fit")
            await sees_outcome(pilot, "home is fitted to 100 rows of nights, from nightly.")
            assert {"Model nightly", "Model home"} <= {one.words for one in places(vault)}
            await listed(pilot, 2)
            program_in(pilot).open_page("models", at="home")
            await sees(pilot, "fitted at home on nights, from nightly")
            await sees(pilot, "This copy is not private")
            assert "■ not private" in words_in(pilot.app, "#models-list")
            await opens(pilot, "p", PredictDialog)
            fill(pilot, path=told)
            await does(pilot, "predict")
            await sees_outcome(pilot, "good is predicted for 100 rows by home: false for ")
            await sees_outcome(pilot, "true █")
            await press(pilot, "escape")
            await opens(pilot, "D", ActionDialog)
            await says(pilot, "Nothing brings it back; nightly can be fitted anew while the rows are there.")
            await presses(pilot, "act")
            await type_word(pilot, "DELETE")
            await listed(pilot, 1)
            assert [one.name for one in vault.models()] == ["nightly"]

    with served(kept) as vault:
        play(story(vault))
    assert len(told.read_text().splitlines()) == 101


@pytest.mark.slow
def test_a_model_is_kept_from_its_folder_exported_and_used_on_a_file(
    today: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "COMMAND", REAL)
    folder, rows = today.folder, today.folder / "rows.csv"
    rows.write_text("steps,who\n14000,a\n2000,b\n")
    with today.vault() as vault:
        (held,) = vault.releases()
        vault.send(held.id, confirm_digest=held.digest[:8], to=folder / "out")

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, today, "models", size=(80, 24), calm=True) as pilot:
            await sees(pilot, "You keep no model.")
            await opens(pilot, "a", AddModelDialog)
            await presses(pilot, "keep")
            await sees(pilot, "Type the path of the folder of a release.")
            fill(pilot, release=folder / "nowhere", name="nightly")
            await presses(pilot, "keep")
            await until(pilot, lambda: words_in(pilot.app, "#problem") != "")
            assert isinstance(pilot.app.screen, AddModelDialog)
            fill(pilot, release=folder / "out")
            await does(pilot, "keep")
            await listed(pilot)
            await opens(pilot, "e", ModelExportDialog)
            fill(pilot, path=folder / "nightly.onnx")
            await does(pilot, "export")
            await opens(pilot, "p", PredictDialog)
            pilot.app.screen.query_one("#collection", Select).value = A_FILE
            await pilot.pause()
            fill(pilot, path=folder / "told.csv")
            await presses(pilot, "predict")
            await sees(pilot, "Name the file whose rows are predicted for.")
            fill(pilot, file=rows)
            await does(pilot, "predict")
            await sees_outcome(pilot, "good is predicted for 2 rows by nightly")

    with served(today) as vault:
        play(story(vault))
    assert (folder / "nightly.onnx").stat().st_size > 100
    assert len((folder / "told.csv").read_text().splitlines()) == 3
