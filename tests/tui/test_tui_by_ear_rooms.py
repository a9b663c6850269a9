"""By ear, whatever changes something or copies records out says what follows, and is done by its own answer alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from learner.federation.courier_folder import INVITATION_FILE, Access, draft_folder, kept_draft
from tests.worlds.campaigns import campaign, joined
from tests.worlds.hearing import Watched, hear
from tests.worlds.importing import import_file
from tests.worlds.invitations import invitation
from tests.worlds.vaults import new_world, paths_in
from tests.worlds.world import NAME, World
from tui.app.sandbox_probe import Attempt
from tui.by_ear import (
    audit,
    budget,
    campaigns,
    consents,
    couriers,
    data,
    models,
    releases,
    requesters,
    runs,
    talk,
    upkeep,
)
from tui.by_ear.beginning import Opened
from tui.by_ear.talk import Talk
from tui.text import carrying_facts
from vault.settings import read_preferences
from vault.views.date import DateView
from vault.views.models import ModelFit, ModelScore, ModelView
from vault.views.records import FileChoice, UndoneImport
from vault.views.runs import RunView

Said = tuple[str, str]
Part = Callable[[Talk, Any], object]

DO = "What do you want to do?"
NIGHTS = ("Your collections.", "nights: ")
NOISED = ModelView(
    name="nightly", kind="logistic", predicts="good", features=("steps",), optional=(), parameters=2,
    added_at="2026-01-01T00:00:00Z", is_private=False, others=(NAME,), release_digest="ab" * 32,
    vault_fingerprint="ab cd",
)  # fmt: skip
MODEL = ("Models, the newest first.", "nightly: ")
ROWS = ("Which of your rows?", "nights")
FILE = ("Path of a", "/tmp/out/new.csv")
UNDONE = UndoneImport(collection="nights", rows=3, rows_left=27, imported_at="2026-01-01T00:00:00Z")
RUNS = RunView(
    request="a" * 32, requester=NAME, collection="nights", step=2, of=9, started_at="2026-01-01T00:00:00Z",
    epsilon=Decimal(1),
    confined=True, landlock_abi=4, seccomp=True, missing=(),
)  # fmt: skip
DATES = DateView(
    vault="2026-01-01T00:00:00Z", clock="2026-05-01T00:00:00Z", question="Which is right?", consents_ending=1,
    requests_ending=0, updates_ending=0, consents_returning=0,
)  # fmt: skip


@pytest.fixture(scope="module")
def _lived(lived_template: World) -> Iterator[Watched]:
    with lived_template.vault(writable=False) as vault:
        yield Watched(vault=vault)


@pytest.fixture
def lived(_lived: Watched) -> Watched:
    """The vault with a past and a held update, watched."""
    answers = {
        "models": lambda: [NOISED],
        "preview_undo_import": lambda _: UNDONE,
        "runs": lambda: [RUNS],
        "date": lambda: DATES,
    }
    return Watched(vault=_lived.vault, instead=answers)


def opened_with(vault: Any, paths: Any) -> Opened:
    """A vault as the rooms have it, watched or bare, with these folders for both."""
    return Opened(vault=vault, paths=paths, own_paths=paths)


def taking_in(file: Path) -> tuple[Said, ...]:
    """The way to an invitation, which is put into this file."""
    file.write_bytes(invitation())
    return (
        ("Campaigns by invitation.", "Take in"),
        ("Path of the invitation", str(file)),
        ("Your own name", "Lab"),
    )


def as_opened(part: Callable[[Talk, Opened], object]) -> Part:
    """The same part for the bare vault; nothing of it looks at folders."""
    return lambda said, vault: part(said, opened_with(vault, None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One way through the conversation: what leaves everything as it is, what does it, and what was said before."""

    name: str
    part: Part
    way: tuple[Said, ...]
    no: Said
    yes: Said
    said: str


def deed(
    name: str, part: Part, *way: Said, no: str = "", yes: str, asked: str = "What do you want?", said: str
) -> Any:
    """A case of the test below."""
    found = Deed(name=name, part=part, way=way, no=(asked, no), yes=(asked, yes), said=said)
    return pytest.param(found, id=name)


DONE = [
    deed(
        "erase_collection", data.hear_data, NIGHTS, (DO, "Erase it for good."),
        ("Destroy the fingerprint too", "Keep the fingerprint"),
        asked="type its name, nights.", no="Nights", yes="nights", said="nobody can bring them back",
    ),
    deed(
        "undo_import", data.hear_data, NIGHTS, (DO, "Take the rows of its last import out"),
        asked="type its name, nights.", no="yes", yes="nights", said="Their sealed bytes are destroyed",
    ),
    deed(
        "export_pictures", data.hear_data, NIGHTS, (DO, "Take all of it out"), ("Path of a new", "/tmp/out/a.html"),
        no="Not now", yes="Write the file", said="will be readable by anyone who gets that file",
    ),
    deed(
        "hand_out_card", data.hear_data, NIGHTS, (DO, "Describe it"), ("Names of the columns", "steps"),
        ("Their types", "steps=int"), ("What counts as one", ""), ("The words", ""), ("Whom is it for?", "Anybody"),
        ("Path of a new file", "/tmp/out/a.card"), no="Not now", yes="Write the card",
        said="All that a requester would read: collection: nights",
    ),
    deed(
        "delete_model", models.hear_models, MODEL, (DO, "Delete: "), asked="type DELETE", no="delete", yes="DELETE",
        said="It is deleted from this vault alone",
    ),
    deed(
        "export_model", models.hear_models, MODEL, (DO, "Write it to a file"), ("Path of a new", "/tmp/out/a.onnx"),
        no="Not now", yes="Write it", said="The trail records that you looked at it",
    ),
    deed(
        "predict_collection", models.hear_models, MODEL, (DO, "Predict for your own rows"), ROWS, FILE,
        no="Not now", yes="Write them", said="will be readable by anyone",
    ),
    deed(
        "predict_file", models.hear_models, MODEL, (DO, "Predict for the rows of a file"), FILE, FILE,
        no="Not now", yes="Write it", said="will be readable by anyone",
    ),
    deed(
        "fit_model", models.hear_models, MODEL, (DO, "Fit a copy"), asked="Which of your rows?", no="Back",
        yes="nights", said="This copy is not private",
    ),
    deed(
        "issue_token", requesters.hear_requesters, ("Who may ask.", NAME), (DO, "Make a token"), no="Not now",
        yes="Do it", said="it is shown once",
    ),
    deed(
        "revoke_tokens", requesters.hear_requesters, ("Who may ask.", NAME), (DO, "End every token"), no="Not now",
        yes="Do it", said="End every token of theirs at once",
    ),
    deed(
        "block_requester", requesters.hear_requesters, ("Who may ask.", NAME), (DO, "Block: "), no="Not now",
        yes="Block", said="Nothing more is accepted from",
    ),
    deed(
        "stop_training", runs.hear_runs, ("What runs", f"For {NAME}"), (DO, "Stop: "), asked="type STOP", no="stop",
        yes="STOP", said="was paid before your records were read and stays spent",
    ),
    deed(
        "set_drills", as_opened(upkeep.hear_upkeep), ("Settings", "Drills"), no="Leave it", yes="Switch drills on",
        said="Drills are off",
    ),
    deed(
        "confirm_date", as_opened(upkeep.hear_upkeep), ("Settings", "The date"), no="Not now",
        yes="The clock is right: it is 2026-05-01", said="what runs out for good: 1 consent",
    ),
    deed(
        "backup", as_opened(upkeep.hear_upkeep), ("Settings", "Write a copy"), asked="Path of a new file", no="",
        yes="/tmp/out/copy", said="Write a copy of the whole vault",
    ),
    deed(
        "export_audit", audit.hear_audit, ("The audit trail.", "Write the trail"), ("Path of a new", "/tmp/out/trail"),
        no="Not now", yes="Write it", said="It names no column, requester, file or value",
    ),
    deed(
        "disclose_audit", audit.hear_audit, ("The audit trail.", "Write it with what"), ("Numbers of the", "1"),
        ("Path of a new", "/tmp/out/trail"), asked="type OPEN", no="open", yes="OPEN",
        said="Whoever gets this bundle will read, and can prove to anybody: entry 1",
    ),
]  # fmt: skip


@pytest.mark.parametrize("one", DONE)
def test_by_ear_only_its_own_answer_does_it_and_what_follows_was_said_before(
    one: Deed, lived: Watched
) -> None:
    asked = hear(lambda said: one.part(said, lived), *one.way)
    assert one.said in asked

    hear(lambda said: one.part(said, lived), *one.way, one.no)
    assert lived.deeds == []

    more = [("What the copy is called", "")] * (one.name == "fit_model")
    hear(lambda said: one.part(said, lived), *one.way, one.yes, *more)
    assert [name for name, _, _ in lived.deeds] == [one.name]


# models -------------------------------------------------------------------------------------------------------


def test_by_ear_a_model_is_kept_scored_and_fitted_with_what_came_of_it(lived: Watched) -> None:
    numbers = {"rows": 30, "metric_name": "accuracy", "base_metric": 0.5}
    lived.instead |= {
        "add_model": lambda folder, **_: NOISED,
        "score_model": lambda *_, **__: ModelScore(model="nightly", collection="nights", metric=0.9, **numbers),
        "fit_model": lambda *_, **__: ModelFit(
            model=replace(NOISED, name="mine", is_private=True, fitted_on="nights", began_from="nightly"),
            held_out_metric=0.8, prior_metric=0.7, **numbers,
        ),
    }  # fmt: skip
    said = hear(
        lambda one: models.hear_models(one, lived),
        ("Models", "Keep the model"), ("folder of a release", "/tmp/out"), ("Your name", ""),
        ("another vault's", ""), MODEL, (DO, "Score it"), ROWS, (DO, "Fit a copy"), ROWS,
        ("the copy is called", "mine"), (DO, "Back."),
    )  # fmt: skip
    assert "The model nightly is kept." in said
    assert "nightly on 30 rows of nights: right in 90.0 of 100" in said
    assert "mine is fitted to 30 rows of nights, from nightly." in said


def test_by_ear_rows_that_a_model_cannot_use_are_named_and_nothing_breaks(lived: Watched) -> None:
    lived.instead["models"] = lambda: [replace(NOISED, features=("pulse",))]
    said = hear(lambda one: models.hear_models(one, lived), MODEL, (DO, "Score it"), (DO, "Back."))
    assert "No collection of yours has every column that it takes: good, pulse." in said


# several releases ---------------------------------------------------------------------------------------------


class _Quiet:
    """Waits for input, without waiting: nobody presses enter, or somebody does."""

    def __init__(self, *, is_pressed: bool) -> None:
        self._is_pressed = is_pressed

    def select(self, read: list[Any], *_: Any) -> Any:
        return (read if self._is_pressed else [], [], [])


SEVERAL = ("Held updates", "Release several at once")


@pytest.fixture
def two_held(lived: Watched) -> Watched:
    """Two updates that could leave."""
    one = next(each for each in lived.releases() if each.can_be_sent)
    both = [replace(one, id=letter * 32, digest=letter * 64) for letter in "ab"]
    lived.instead["releases"] = lambda: both
    return lived


def hears_several(vault: Watched, *answers: Said) -> str:
    return hear(lambda said: releases.hear_releases(said, vault, is_practice=False), SEVERAL, *answers)


@pytest.mark.parametrize(("typed", "is_pressed"), [("release", False), ("RELEASE", True)])
def test_by_ear_several_leave_by_the_word_alone_and_ten_quiet_seconds(
    two_held: Watched, monkeypatch: pytest.MonkeyPatch, typed: str, is_pressed: bool
) -> None:
    monkeypatch.setattr(talk, "select", _Quiet(is_pressed=is_pressed))
    hears_several(two_held, ("Numbers of those", "1, 2"), ("type RELEASE", typed), ("", ""))
    assert two_held.deeds == []


def test_by_ear_several_leave_each_by_the_digest_that_was_said(
    two_held: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = []
    two_held.instead["send"] = lambda id, *, confirm_digest: sent.append((id, confirm_digest))
    monkeypatch.setattr(talk, "select", _Quiet(is_pressed=False))
    said = hears_several(
        two_held, ("Numbers of those", "9"), ("Numbers", "1, 2"), ("type RELEASE", "RELEASE")
    )
    assert sent == [(letter * 32, letter * 64) for letter in "ab"]
    before = said.partition("type RELEASE in capital letters")[0]
    assert all(f"digest: {letter * 64}." in before for letter in "ab")
    assert "the numbers go from 1 to 2" in said


# what is only heard -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "way", "said"),
    [
        pytest.param(
            audit.hear_audit, [("The audit trail.", "Hear what one entry"), ("Number of the entry", "1")], "entry 1,",
            id="hidden",
        ),
        pytest.param(audit.hear_audit, [("The audit trail.", "Hear the verifier key")], "It opens nothing.", id="key"),
        pytest.param(budget.hear_budget, [("More?", "Hear every charge")], f"for {NAME}, request", id="charges"),
        pytest.param(
            consents.hear_consents, [("Consents", f"{NAME}, "), (DO, "Hear its receipt.")], "What you were shown",
            id="receipt",
        ),
        pytest.param(
            consents.hear_consents,
            [
                ("Consents", "Hear what your consents would say"), ("Who would learn?", NAME),
                ("From which data?", "nights"), ("Names of the columns", "steps"),
                ("What for?", "commercial research"), ("The ε", ""),
            ],
            "Such a job would be refused.", id="what-if",
        ),
        pytest.param(
            requesters.hear_requesters, [("Who may ask.", NAME), (DO, "Hear the key that signs")],
            "fingerprint of their key", id="vault-key",
        ),
    ],
)  # fmt: skip
def test_by_ear_what_can_be_looked_up_is_said(part: Part, way: list[Said], said: str, lived: Watched) -> None:
    assert said in hear(lambda one: part(one, lived), *way)
    assert lived.deeds == []


def test_by_ear_rows_are_heard_found_and_described_one_by_one(world: World) -> None:
    with world.vault() as vault:
        import_file(vault, FileChoice(path=world.table(), name="nights", unit="day", time_field="day"))
        said = hear(
            lambda one: data.hear_data(one, vault),
            NIGHTS, (DO, "Hear its rows."), ("More?", "The next rows."), ("More?", "Back."), (DO, "Find rows"),
            ("A text that they hold", "true"), ("In which column", "good"), ("Of which day", "2026-01-05"),
            ("Before", ""), ("More?", "Back."), (DO, "Hear how its values"), (DO, "Back."),
            ("Your collections.", "Find rows in all"),
            ("A text that they hold", "nowhere at all"), ("In which column", ""), ("Of which day", ""), ("Before", ""),
        )  # fmt: skip
        assert vault.audit_lines(newest=1)[0].type == "access.view"
    assert "Row 1. day: 2026-01-0" in said
    assert "Row 11. day: " in said
    assert "nights: 100 rows of 100." in said
    assert "steps (int): 100 values" in said
    assert "No row of any collection fits." in said


def test_by_ear_the_minutes_until_it_locks_are_kept_and_hold_at_once(
    world: World, lived: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked: list[int] = []
    lived.instead["lock_after"] = locked.append
    monkeypatch.setattr(upkeep, "probe", lambda _: [Attempt(name="open socket", refused=False, how="")])
    opened = opened_with(lived, world.paths)
    said = hear(
        lambda one: upkeep.hear_upkeep(one, opened),
        ("Settings", "When the vault locks"), ("How many minutes", "0"), ("How many minutes", "20"),
        ("Settings", "Calm mode"), ("What do you want?", "Switch calm mode on"), ("Settings", "Hear where"),
        ("Settings", "Try whether"),
    )  # fmt: skip
    found = read_preferences(world.paths)
    assert (locked, found.lock_minutes, found.calm) == ([20], 20, True)
    assert "has to be a whole number from 1 to 1440" in said
    assert f"vault: {world.paths.vault}." in said
    assert "NOT refused: open socket." in said


# campaigns ----------------------------------------------------------------------------------------------------

CAMPAIGN = ("Campaigns, the newest first.", f"{NAME}, about nights")
JOIN = (
    CAMPAIGN, (DO, "Join it"), ("coffee is optional", "Allow coffee too"),
    ("Its rounds run without you", "I start each round"),
)  # fmt: skip


@pytest.fixture(scope="module")
def asking_campaign(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault that is asked for a campaign."""
    world = new_world(tmp_path_factory.mktemp("campaign"))
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        vault.submit_campaign(campaign(world))
    return world


def hears_campaigns(vault: Watched, *answers: Said) -> str:
    return hear(lambda said: campaigns.hear_campaigns(said, vault), *answers)


def test_by_ear_a_campaign_is_joined_by_its_own_yes_with_the_digest_that_was_said(
    asking_campaign: World,
) -> None:
    with asking_campaign.vault(writable=False) as vault:
        heard = Watched(vault=vault)
        said = hears_campaigns(heard, *JOIN, ("Every release stays your decision.", "Decide later"))
        assert heard.deeds == []
        assert "3 rounds together cost" in said
        assert "It may read: coffee, good, steps." in said

        hears_campaigns(heard, *JOIN, ("Every release stays your decision.", "Join"))
        ((name, _, facts),) = heard.deeds
        digest = vault.campaign(vault.campaigns()[0].id).digest
    assert (name, facts["digest"], facts["optional"]) == ("join_campaign", digest, {"coffee"})
    assert (facts["unattended"], facts["special_confirmed"]) == (False, False)
    assert f"digest: {digest}" in said


@pytest.mark.slow
def test_by_ear_a_campaign_that_was_joined_is_left_by_its_word(world: World) -> None:
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        joined(vault, campaign(world))
        heard = Watched(vault=vault)
        leave = (CAMPAIGN, (DO, "Leave it for good."), ("Your reason", ""))
        hears_campaigns(heard, *leave, ("type LEAVE", "leave"))
        assert heard.deeds == []
        said = hears_campaigns(heard, *leave, ("type LEAVE", "LEAVE"))
    assert [name for name, _, _ in heard.deeds] == ["leave_campaign"]
    assert "Leaving is for good." in said


@pytest.mark.slow
def test_by_ear_a_taken_in_campaign_is_heard_at_once(world: World, tmp_path: Path) -> None:
    from tui.by_ear.taking_in import take_in

    far = ("It has noise tiers.", "far: more noise than the campaign's own")
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        opened, folder = opened_with(vault, paths_in(tmp_path)), str(campaign(world, far="0.5"))
        said = hear(lambda one: take_in(one, opened), ("Path of the folder", folder), far, (DO, "Back."))
        assert [vault.campaign(one.id).tier for one in vault.campaigns()] == ["far"]
    assert "The campaign waits for you." in said
    assert "The columns its rounds read:" in said


# couriers ---------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_by_ear_who_leaves_a_campaign_ends_its_couriers_access(world: World, tmp_path: Path) -> None:
    paths = paths_in(tmp_path)
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        joined(vault, campaign(world))
        taken = vault.campaign(vault.campaigns()[0].id)
        folder = draft_folder(paths.courier, taken.digest)
        folder.write(INVITATION_FILE, invitation())
        folder.keep(Access(campaign=taken.line.id, requester="Sleep lab", token="", door="2" * 64))
        folder = kept_draft(folder)
        opened = opened_with(vault, paths)
        said = hear(
            lambda one: couriers.hear_campaigns(one, opened),
            *(CAMPAIGN, (DO, "Leave it for good."), ("Your reason", ""), ("type LEAVE", "LEAVE")),
            (CAMPAIGN[0], "Back."),
        )
        left = vault.campaigns()[0].state
    assert left == "left"
    assert carrying_facts.ACCESS_ENDS in said
    assert not folder.path.exists()


def test_by_ear_nobody_is_asked_about_an_invitation_before_a_yes(lived: Watched, tmp_path: Path) -> None:
    opened, way = opened_with(lived, paths_in(tmp_path)), taking_in(tmp_path / "for you")
    said = hear(lambda one: couriers.hear_couriers(one, opened), *way, ("What do you want?", "Not now"))
    assert "a key that you do not know yet" in said
    assert "nothing of your vault" in said.partition("Show the campaign")[0]
    assert not opened.paths.courier.exists()
    assert lived.deeds == []


@pytest.mark.slow
def test_by_ear_a_coordinator_that_is_away_is_said_and_leaves_nothing(lived: Watched, tmp_path: Path) -> None:
    opened, way = opened_with(lived, paths_in(tmp_path)), taking_in(tmp_path / "for you")
    said = hear(
        lambda one: couriers.hear_couriers(one, opened), *way, ("What do you want?", "Show the campaign")
    )
    assert "cannot be reached" in said
    assert list(opened.paths.courier.iterdir()) == []
    assert lived.deeds == []
