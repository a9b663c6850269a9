"""The commands of a mesh lead a newcomer on: what is wanted next is named, and what the owner decided is said."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from learner.federation.mesh import Running
from learner.federation.mesh_folder import Access, NodeFacts
from tests.worlds.commands import assert_refused, run
from tests.worlds.joined_mesh import founded_mesh, joined_mesh
from tests.worlds.vaults import paths_in
from tests.worlds.world import World
from tui.cli.commands import mesh
from tui.cli.entry_point import run as in_this_process
from vault.requester.campaign_rounds import new_round

LEADS = "lockbox mesh join MEMBERSHIP"


def said(world: World, *words: str | Path) -> str:
    """All that a command that ends well says, on one line."""
    done = run(world.paths, *words)
    assert done.code == 0, done.err
    return " ".join(done.all.split())


@pytest.mark.parametrize("words", [("run", "abcd"), ("leave", "abcd"), ("run",), ("model", "--to", "x.onnx")])
def test_where_no_mesh_was_joined_a_command_says_by_what_one_is(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    refused = run(paths_in(tmp_path), "mesh", *words, secret=None)
    assert_refused(refused, 1, "no mesh is joined here", [])
    assert LEADS in refused.err


@pytest.mark.slow
def test_the_campaign_of_a_mesh_leads_to_the_membership_that_lets_it_in(today: World) -> None:
    with today.vault() as vault:
        folder = founded_mesh(today, vault)
    given = run(today.paths, "mesh", "join", folder)
    assert_refused(given, 1, "giving each peer its own membership, which lockbox mesh join takes", [])
    theirs = run(today.paths, "mesh", "join", folder / "2-Ben.membership")
    assert_refused(theirs, 1, "this membership is for the vault of Ben, and yours was introduced", [])
    assert "to this mesh as Anna" in theirs.err
    assert "in a file that is named after it" in theirs.err

    told = said(today, "campaign", "submit", folder)
    assert LEADS in told
    campaign = told.split()[0]
    assert LEADS in said(today, "campaign", "show", campaign)
    assert LEADS in said(today, "campaign", "join", campaign)


@pytest.mark.slow
def test_a_round_that_was_kept_private_is_said_to_be_so(today: World) -> None:
    with today.vault() as vault:
        home = joined_mesh(today, vault)
        new_round(today.folder / "mesh", 1, to=today.folder / "first")
        vault.submit(today.folder / "first")
        new_round(today.folder / "mesh", 2, to=today.folder / "second")
        release = vault.train(vault.submit(today.folder / "second").line.id)
    assert "it waits for Ben, Cora, Dan and your own release, until 20" in said(today, "mesh", "status")
    early = run(today.paths, "mesh", "model", "--to", today.folder / "model.onnx")
    assert_refused(
        early, 7, "there is no model of this mesh yet: its last round is not over yet; it ends 20", []
    )
    shown = said(today, "campaign", "show", home.facts(Access).campaign)
    assert "from the founder's weights" in shown
    assert "from your own mix" in shown
    said(today, "release", "withhold", release.id)

    told = said(today, "mesh", "status")
    assert "you kept it private" in told
    assert "waits for you" not in told
    (as_json,) = map(json.loads, run(today.paths, "mesh", "status", "--json").out.splitlines())
    assert [one["word"] for one in as_json["rounds"]] == ["released", "kept private"]
    locked = run(today.paths, "mesh", "status", secret=None)
    assert "the vault alone knows" in " ".join(locked.out.split())
    assert "withheld" not in "".join(one.read_text() for one in home.path.glob("*.json"))


def test_ctrl_c_is_how_a_mesh_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: Running) -> None:
        raise KeyboardInterrupt

    node = NodeFacts(key="", places=())
    monkeypatch.setattr(Running, "go_on", interrupted)
    monkeypatch.setattr(mesh, "_chosen", lambda *_: SimpleNamespace(node=lambda: node))
    monkeypatch.setattr(mesh, "names_of", lambda _: {})
    for name in ("LOCKBOX_VAULT", "LOCKBOX_STATE", "LOCKBOX_RUNTIME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    assert in_this_process(["mesh", "run"]) == 0
