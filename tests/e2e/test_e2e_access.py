"""Who may ask, about what, and with which token: as commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.worlds.commands import run
from tests.worlds.world import NAME, World
from vault.errors.daemon import SessionEnded
from vault.errors.keys import OtherKey
from vault.requester.keys import keygen


def test_a_token_is_shown_once_on_stdout_alone_and_dies_when_it_is_revoked(today: World) -> None:
    made = run(today.paths, "requester", "token", NAME)
    token = made.out.strip()
    assert (made.code, len(token), token in made.err) == (0, 43, False)
    with today.vault(writable=False) as vault:
        assert vault.token_holder(token) == vault.requesters()[0].id
    shown = [run(today.paths, *words).all for words in (("requester", "list", "--json"), ("audit", "show"))]
    assert not [text for text in shown if token in text]
    assert "1 token revoked" in run(today.paths, "requester", "revoke", NAME).err
    with today.vault(writable=False) as vault, pytest.raises(SessionEnded):
        vault.token_holder(token)
    assert run(today.paths, "requester", "token", "nobody").code == 1
    assert "0 tokens revoked" in run(today.paths, "requester", "revoke", NAME).err


def test_somebody_can_be_limited_to_one_collection(today: World) -> None:
    keys = keygen(today.folder / "other")
    missing = run(today.paths, "requester", "add", "Limited", keys.public, "--only", "Nights")
    assert (missing.code, "no collection Nights" in missing.err) == (1, True), missing.err
    added = run(today.paths, "requester", "add", "Limited", keys.public, "--only", "nights")
    assert "about nights and nothing else" in " ".join(added.err.split())
    lines = run(today.paths, "requester", "list", "--json").out.splitlines()
    limits = {one["name"]: one["only_collection"] for one in map(json.loads, lines)}
    assert limits == {NAME: None, "Limited": "nights"}
    assert "nights alone" in " ".join(run(today.paths, "requester", "list").out.split())


def test_a_key_is_shown_before_it_is_added_and_no_other_takes_its_place(today: World) -> None:
    keys = keygen(today.folder / "other")
    added = " ".join(run(today.paths, "requester", "add", "Other", keys.public).err.split())
    assert 0 <= added.find(keys.fingerprint) < added.find("may now send requests"), added
    forger = keygen(today.folder / "forger")
    with today.vault() as vault:
        with pytest.raises(OtherKey):
            vault.add_requester("Third", forger.public, fingerprint=keys.fingerprint)
        assert "Third" not in {one.name for one in vault.requesters()}
        vault.add_requester("Third", forger.public, fingerprint=forger.fingerprint)


def test_a_release_without_a_folder_is_kept_for_its_requester_to_fetch(today: World) -> None:
    held = json.loads(run(today.paths, "release", "list", "--json").out)
    ways = " ".join(run(today.paths, "release", "show", held["id"]).out.split())
    assert f"To make one: lockbox requester token '{NAME}'" in ways
    sent = run(today.paths, "release", "send", held["id"], "--confirm-digest", held["digest"][:8])
    said = " ".join(sent.err.split())
    assert (sent.code, f"left for {NAME}: they can fetch it once they have a token" in said) == (0, True), (
        said
    )
    none_yet = f"{NAME} has no token yet, and fetches nothing without one"
    assert said.index(none_yet) < said.index(
        "left for"
    )  # before it was let go, and what is left to do after it
    assert said.count(f"To make one: lockbox requester token '{NAME}'") == 2
    shown = json.loads(run(today.paths, "release", "show", held["id"], "--json").out)
    assert held["for_you"] is None
    assert shown["for_you"]["attack"]["guesses"] == 200
    told = " ".join(run(today.paths, "release", "show", held["id"]).out.split())
    assert (
        "We attacked this very run, a weaker test than that of a stand-in: of your days and made-up" in told
    )
    assert (shown["state"], shown["fetch_until"] is not None) == ("released", True)
    assert not today.paths.outbox.exists()


def test_a_kept_checkpoint_shows_a_bundle_that_goes_on_from_it_and_one_that_does_not(today: World) -> None:
    key = run(today.paths, "audit", "key").out.strip()
    first, second = today.folder / "first", today.folder / "second"
    run(today.paths, "audit", "export", first)
    kept = today.folder / "kept"
    kept.write_bytes((first / "checkpoint").read_bytes())
    run(today.paths, "audit", "export", second)
    verify = ("audit", "verify", "--key", key, "--since", kept, "--bundle")

    good = run(today.paths, *verify, second)
    assert (good.code, "goes on from 1 checkpoint" in " ".join(good.err.split())) == (0, True)
    assert json.loads(run(today.paths, *verify, second, "--json").out)["seen_before"] is True
    later = run(
        today.paths, "audit", "verify", "--key", key, "--bundle", first, "--since", second / "checkpoint"
    )
    assert later.code == 6
    assert run(today.paths, "audit", "verify", "--since", kept).code == 2


def test_verify_claims_a_comparison_only_where_there_was_one(today: World) -> None:
    def said() -> tuple[int, str]:
        found = run(today.paths, "audit", "verify")
        return found.code, " ".join(found.err.split())

    assert said()[1].endswith("with what this computer has seen of it before.")
    _forget(today.paths.state)
    code, text = said()
    assert code == 0
    assert "warning: this computer has no reminder of this vault" in text
    assert text.endswith("when it was opened, this computer had nothing of it to compare it with.")
    assert json.loads(run(today.paths, "audit", "verify", "--json").out)["seen_before"] is False


def _forget(state: Path) -> None:
    for mark in state.glob("*.json"):
        mark.unlink()
