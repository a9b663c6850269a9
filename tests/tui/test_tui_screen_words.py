"""What an error says on a screen names the places and the fields there, and no command that they stand for."""

from __future__ import annotations

from test_tui_parity import command_of

from tui.dialogs.model_files import AddModelDialog
from tui.text.screen_words import PLACES, on_screen
from tui.widgets.bar import ALL
from vault.errors.campaigns import CampaignReplayed, UnknownCampaign
from vault.errors.models import ModelExists, NotYourRelease, UnknownModel
from vault.errors.requests import RequesterBlocked


def test_a_command_that_stands_for_a_place_is_that_place() -> None:
    assert on_screen(CampaignReplayed(date="2026-01-01")).endswith("on 2026-01-01. See: 4 Requests")
    assert on_screen(UnknownCampaign(campaign="cd0f")).endswith("here. See: 4 Requests")
    assert on_screen(UnknownModel(name="x")).endswith("See: 0 Models")
    assert on_screen(RequesterBlocked(name="Lab")).endswith("To lift that: 4 Requests, Unblock…")


def test_an_option_is_the_field_that_stands_for_it_where_there_is_one() -> None:
    taken = ModelExists(name="mine")
    assert on_screen(taken, AddModelDialog.FIELDS).endswith("Give this one another name: “Call it”")
    both = on_screen(NotYourRelease(), AddModelDialog.FIELDS)
    assert both.endswith("say what it answers and who signed it: “Job folder” “Vault's key”")
    assert on_screen(taken).endswith("--name NAME")


def test_every_such_command_is_one_and_every_place_is_a_screen() -> None:
    for command, place in PLACES.items():
        words = [word for word in command.removeprefix("lockbox ").split() if word.islower()]
        assert command_of(" ".join(words[:2])) is not None or command_of(words[0]) is not None, command
        number, name = place.split(",")[0].split()
        assert ALL[(int(number) or 10) - 1] == name.lower(), place
