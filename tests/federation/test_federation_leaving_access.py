"""A courier or a mesh has one token at the vault's door, and none of its campaign outlives leaving it."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from learner.federation import courier, courier_folder, folder_claim, folder_removal
from learner.federation.courier_folder import (
    INVITATION_FILE,
    LOCK_FILE,
    Access,
    CourierFolder,
    carried,
    draft_folder,
    drafts,
    kept_draft,
    try_path,
)
from learner.federation.exchange import parse_invitation
from learner.federation.folder_claim import claimed, held_alone, is_claimed
from learner.federation.folder_removal import destroy_folder
from learner.federation.mesh_folder import KEY_FILE as MESH_KEY
from learner.federation.mesh_folder import Access as MeshAccess
from learner.federation.mesh_folder import (
    MeshFolder,
    forget_introduction,
    introduced_folder,
    joined,
    made_folder,
)
from learner.federation.mesh_folder import draft_folder as mesh_draft
from learner.federation.mesh_folder import settled as mesh_settled
from tests.worlds.hearing import hear
from tests.worlds.invitations import invitation
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from tui.by_ear import couriers, leaving
from tui.cli import leaving as typed_leaving
from tui.cli import mesh_joining
from tui.cli.commands import mesh
from tui.cli.mesh_joining import drafted as drafted_mesh
from tui.couriers.cut_off import left_over
from tui.couriers.ending import end_access
from tui.couriers.joining import drafted, end_left_over, let_in
from vault.errors.campaigns import UnknownCampaign
from vault.errors.consent import NotConfirmed
from vault.errors.daemon import SessionEnded
from vault.errors.families import Unavailable
from vault.errors.federation import CarriedFromElsewhere, CourierAtWork
from vault.errors.meshes import MeshAtWork, MeshFolderDamaged
from vault.requester.campaign_log import campaign_signature, signed_campaign
from vault.requester.coordinating import round_key, write_round_key
from vault.requester.forms import canonical
from vault.vault import Vault

CAMPAIGN = "c" * 32


@pytest.fixture
def world(campaign_template: World, tmp_path: Path) -> World:
    """A vault beside a campaign of somebody whom it knows."""
    return copy_of(campaign_template, tmp_path / "copy")


@pytest.fixture
def vault(world: World) -> Iterator[Vault]:
    """Its vault, open."""
    with world.vault() as opened:
        yield opened


@pytest.fixture
def data(world: World, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """An invitation to that campaign, by a coordinator that gives it to whoever enrols."""
    files = world.folder / "campaign"
    document = signed_campaign(
        (files / "campaign.json").read_bytes(), campaign_signature((files / "campaign.sig").read_bytes())
    )

    def enrol(folder: CourierFolder, _key: bytes, _proof: bytes) -> None:
        for name in ("campaign.json", "campaign.sig"):
            shutil.copy(files / name, folder.path)

    monkeypatch.setattr(courier, "enrol", enrol)
    found = parse_invitation(invitation()).model_dump(exclude_none=True)
    digest = sha256((files / "campaign.json").read_bytes()).hexdigest()
    return canonical(found | {"requester": document.job.requester.key, "campaign": digest})


def lets_in(vault: Vault, world: World, data: bytes) -> str:
    """Join by an invitation as the command does; the token in the folder."""
    end_left_over(vault, world.paths.courier, data)
    with drafted(world.paths.courier, data) as draft:
        let_in(vault, draft, NAME)
    return carried(world.paths.courier)[0].door()


def works(vault: Vault, token: str) -> bool:
    try:
        vault.token_holder(token)
    except SessionEnded:
        return False
    return True


def test_who_joins_again_has_one_token_and_leaving_ends_it(vault: Vault, world: World, data: bytes) -> None:
    first = lets_in(vault, world, data)
    assert works(vault, first)
    second = lets_in(vault, world, data)
    assert (works(vault, first), works(vault, second)) == (False, True)
    said = end_access(vault, world.paths, carried(world.paths.courier)[0].access().campaign)
    assert (len(said), works(vault, second), list(world.paths.courier.iterdir())) == (1, False, [])


def test_a_token_that_an_earlier_version_made_ends_as_its_campaign_is_joined_again(
    vault: Vault, world: World, data: bytes
) -> None:
    """Such a vault did not know which token is whose: it stands in the folder of its courier or mesh alone."""
    lets_in(vault, world, data)
    place = carried(world.paths.courier)[0]
    place.keep(replace(place.access(), door=vault.issue_token(NAME)))
    assert works(vault, earlier := place.door())
    assert works(vault, lets_in(vault, world, data))
    assert not works(vault, earlier)

    draft = mesh_with_campaign(world)
    draft.keep(
        MeshAccess(campaign=place.campaign_id(), requester=NAME, key="0" * 64, door=vault.issue_token(NAME))
    )
    assert works(vault, earlier := mesh_settled(draft).door())
    assert works(vault, joins_mesh(vault, mesh_with_campaign(world)).door)
    assert not works(vault, earlier)


def test_a_mesh_whose_access_cannot_be_kept_has_none(
    vault: Vault, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens: list[str] = []

    def fail(_folder: MeshFolder, facts: MeshAccess) -> None:
        tokens.append(facts.door)
        raise Unavailable(reason="the disk is full")

    monkeypatch.setattr(MeshFolder, "keep", fail)
    with pytest.raises(Unavailable):
        joins_mesh(vault, mesh_with_campaign(world))
    assert [works(vault, one) for one in tokens] == [False]


def test_whatever_a_turned_courier_or_mesh_writes_in_its_folder_no_token_outlives_joining_again_or_leaving(
    vault: Vault, world: World, data: bytes
) -> None:
    """The vault knows which token it made for a campaign, and its digest which folders are of it."""
    lets_in(vault, world, data)
    kept = carried(world.paths.courier)[0].access()
    of_mesh = MeshAccess(campaign="f" * 32, requester=NAME, key="0" * 64, door="")
    for access in (replace(kept, campaign="f" * 32, door=""), None):
        first = lets_in(vault, world, data)
        turn(carried(world.paths.courier)[0], access)
        second = lets_in(vault, world, data)
        assert (works(vault, first), works(vault, second)) == (False, True)
        turn(carried(world.paths.courier)[0], access)
        draft = mesh_draft(world.paths.mesh, parse_invitation(data).campaign)
        draft.keep(of_mesh)
        mesh_settled(draft)
        assert len(end_access(vault, world.paths, kept.campaign)) == 2
        assert not works(vault, second)
        assert [*world.paths.courier.iterdir(), *world.paths.mesh.iterdir()] == []


def turn(folder: CourierFolder, access: Access | None) -> None:
    """Write what a courier may write into its own folder."""
    folder.write("access.json", b"{}") if access is None else folder.keep(access)


def mesh_with_campaign(world: World) -> MeshFolder:
    """A folder of a mesh that is being joined, with the campaign of this world."""
    files = world.folder / "campaign"
    draft = mesh_draft(world.paths.mesh, sha256((files / "campaign.json").read_bytes()).hexdigest())
    shutil.copytree(files, draft.path, dirs_exist_ok=True)
    return draft


def joins_mesh(vault: Vault, draft: MeshFolder) -> MeshAccess:
    """Take its campaign in, and make the access of the mesh."""
    membership: Any = SimpleNamespace(key="0" * 64)
    return mesh_joining._let_in(vault, draft, membership, NAME)


def test_leaving_a_mesh_ends_its_token_whatever_stands_in_its_folder(vault: Vault, world: World) -> None:
    draft = mesh_with_campaign(world)
    access = joins_mesh(vault, draft)
    mesh_settled(draft).write("access.json", b"{}")
    assert works(vault, access.door)
    assert len(end_access(vault, world.paths, access.campaign)) == 1
    assert (works(vault, access.door), list(world.paths.mesh.iterdir())) == (False, [])


def test_a_mesh_is_left_by_the_name_of_its_folder_whatever_campaign_it_says_it_is_of(
    vault: Vault, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a turned one would leave another campaign for good."""
    monkeypatch.setattr(mesh, "global_options", lambda _: world)
    context: Any = None
    joins_mesh(vault, draft := mesh_with_campaign(world))
    access, place = draft.facts(MeshAccess), mesh_settled(draft)
    place.keep(replace(access, campaign="f" * 32))
    assert mesh._to_leave(context, vault, None)[0] == access.campaign
    place.path.rename(other := place.path.with_name("0" * 16))
    assert mesh._to_leave(context, vault, None)[0] == "f" * 32  # which no vault knows
    MeshFolder(other).keep(access)
    with pytest.raises(MeshFolderDamaged):
        mesh._to_leave(context, vault, None)


@pytest.mark.parametrize("campaign", ["", "f" * 32])
def test_by_ear_what_is_of_no_campaign_is_not_left_with_one(
    vault: Vault, world: World, campaign: str
) -> None:
    """A turned courier or mesh may say so; what else there is to hear is heard."""
    talk: Any = None
    opened: Any = SimpleNamespace(vault=vault, paths=world.paths)
    couriers._end_where_left(talk, opened, NAME, campaign)


@pytest.mark.parametrize("answer", ["End its access and remove its folder", "Not now"])
def test_by_ear_a_courier_of_no_campaign_of_this_vault_can_be_removed(
    vault: Vault, world: World, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a turned one may say of itself; otherwise its folder stood there for good."""
    ended: list[str] = []
    monkeypatch.setattr(leaving, "end_access", lambda _vault, _paths, campaign: ended.append(campaign) or [])
    opened: Any = SimpleNamespace(vault=vault, paths=world.paths)

    said = hear(lambda talk: leaving.leave_with_access(talk, opened, CAMPAIGN), ("What do you want?", answer))

    assert "of no campaign that this vault has" in said
    assert ended == [CAMPAIGN] * (answer != "Not now")


@pytest.mark.parametrize("how", ["by ear", "on the command line"])
def test_who_does_not_leave_after_all_keeps_the_access(
    vault: Vault, world: World, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = vault.submit_campaign(world.folder / "campaign").line.id
    token = vault.issue_token(NAME, campaign=campaign)
    talk: Any = SimpleNamespace(say=lambda *_: None)
    opened: Any = SimpleNamespace(vault=vault, paths=world.paths)
    monkeypatch.setattr(leaving.campaigns, "leave", lambda *_: None)
    monkeypatch.setattr(typed_leaving, "is_interactive", lambda: True)
    monkeypatch.setattr(typed_leaving, "confirm", lambda _: False)
    if how == "by ear":
        leaving.leave_with_access(talk, opened, campaign)
    else:
        with pytest.raises(NotConfirmed):
            typed_leaving.leave_with_access(vault, world.paths, campaign, reason="")
    assert (works(vault, token), vault.campaign(campaign).line.state) == (True, "waiting")


def test_who_joins_a_mesh_keeps_its_peers_where_the_process_with_the_network_cannot_write(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_round_key(tmp_path, bytes(32))
    document = SimpleNamespace(round_key=round_key(tmp_path).public.hex())
    membership: Any = SimpleNamespace(
        round_key=bytes(32).hex(), authority="", certificate="", key="a" * 64, places=()
    )
    monkeypatch.setattr(MeshFolder, "campaign", lambda _: SimpleNamespace(document=document))
    monkeypatch.setattr(mesh_joining, "_authority", lambda _: "")
    monkeypatch.setattr(mesh_joining, "_secret_of", lambda *_: b"")
    draft = mesh_draft(world.paths.mesh, "b" * 64)
    mesh_joining._unpack(membership, draft, world.paths.mesh)
    draft.net.write("node.json", b"{}")
    assert draft.node().key == membership.key


def test_a_campaign_has_one_token_that_ends_as_it_is_refused(vault: Vault, world: World) -> None:
    """In the act itself, whoever does it, and nothing is needed of what the courier or the mesh kept."""
    campaign = vault.submit_campaign(world.folder / "campaign").line.id
    other, first = vault.issue_token(NAME), vault.issue_token(NAME, campaign=campaign)
    second = vault.issue_token(NAME, campaign=campaign)
    assert (works(vault, first), works(vault, second)) == (False, True)
    vault.leave_campaign(campaign)
    assert (works(vault, second), works(vault, other)) == (False, True)
    third = vault.issue_token(NAME, campaign=campaign)  # of who joins it again by an invitation
    assert vault.end_campaign_token(campaign) == vault.campaign(campaign).digest
    assert not works(vault, third)
    with pytest.raises(UnknownCampaign):
        vault.issue_token(NAME, campaign="f" * 32)


def test_a_joining_that_fails_once_it_has_a_token_ends_it(
    vault: Vault, world: World, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens: list[str] = []

    def fail(draft: CourierFolder) -> CourierFolder:
        tokens.append(draft.door())
        raise Unavailable(reason="the disk is full")

    monkeypatch.setattr(courier_folder, "settled", fail)
    with pytest.raises(Unavailable):
        lets_in(vault, world, data)
    assert [works(vault, one) for one in tokens] == [False]


def test_the_token_of_a_joining_that_was_cut_off_ends_with_the_next_one(
    vault: Vault, world: World, data: bytes
) -> None:
    """As a crash on the screens leaves it: the vault has made a token, and its folder has not got its place."""
    kept = Access(campaign=CAMPAIGN, requester=NAME, token="", door=vault.issue_token(NAME))
    kept_draft(_keeping(draft_folder(world.paths.courier, parse_invitation(data).campaign), kept))
    assert works(vault, lets_in(vault, world, data))
    assert not works(vault, kept.door)


def test_leaving_ends_what_a_looked_at_invitation_and_a_cut_off_joining_left(
    vault: Vault, world: World
) -> None:
    home, tokens = world.paths.courier, [vault.issue_token(NAME) for _ in range(3)]
    of = [Access(campaign=CAMPAIGN, requester=NAME, token="", door=one) for one in tokens]
    courier_folder.settled(_keeping(draft_folder(home, "b" * 64), of[0]))
    kept_draft(_keeping(draft_folder(home, "b" * 64), of[1]))
    _keeping(draft_folder(home, "b" * 64), of[2])
    other = _keeping(draft_folder(home, "d" * 64), replace(of[0], campaign="d" * 32, door=""))
    other = courier_folder.settled(other)
    end_access(vault, world.paths, CAMPAIGN)
    assert [works(vault, one) for one in tokens] == [False] * 3
    assert list(home.iterdir()) == [other.path]


def _keeping(folder: CourierFolder, access: Access) -> CourierFolder:
    folder.keep(access)
    return folder


def test_no_token_of_a_mesh_outlives_a_joining_that_was_cut_off_or_failed_or_leaving(
    vault: Vault, world: World
) -> None:
    home, tokens = world.paths.mesh, [vault.issue_token(NAME) for _ in range(3)]
    of = [MeshAccess(campaign=CAMPAIGN, requester=NAME, key="0" * 64, door=one) for one in tokens]
    draft = mesh_draft(home, "b" * 64)
    draft.keep(of[0])  # as a crash leaves it

    def fail() -> None:
        with drafted_mesh(vault, home, "b" * 64) as again:
            assert not works(vault, tokens[0])
            again.keep(of[1])
            raise Unavailable(reason="the disk is full")

    with pytest.raises(Unavailable):
        fail()
    assert (works(vault, tokens[1]), list(home.iterdir())) == (False, [])
    draft = mesh_draft(home, "b" * 64)
    draft.keep(of[2])
    mesh_settled(draft)
    mesh_draft(home, "b" * 64)
    assert len(end_access(vault, world.paths, CAMPAIGN)) == 1
    assert (works(vault, tokens[2]), list(home.iterdir())) == (False, [])


# destroying a folder --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("is_second", "is_tried"),
    [
        pytest.param(False, False, id="first"),
        pytest.param(False, True, id="first, and joined after each", marks=pytest.mark.slow),
        pytest.param(True, True, id="again", marks=pytest.mark.slow),
    ],
)
def test_whatever_a_joining_that_was_killed_left_is_ended_by_the_next_command(
    vault: Vault, world: World, data: bytes, is_second: bool, is_tried: bool
) -> None:
    """Killed before each thing that it does with its folder, the first time and once it was joined before."""
    home, place = world.paths.courier, 0
    while True:
        place += 1
        shutil.rmtree(home, ignore_errors=True)
        if is_second:
            lets_in(vault, world, data)
        if not is_killed(lambda: lets_in(vault, world, data), vault, before=place):
            break
        left = [CourierFolder(path) for path in home.glob("*.trying")]
        assert left_over(home, world.paths.mesh) == [*(one.path for one in left), *home.glob("*.destroyed")]
        tokens = {one.door() for one in left} - {"", *(one.place.door() for one in left)}
        end_access(vault, world.paths, "d" * 32)  # of a campaign that has nothing to do with it
        assert not [one for one in tokens if works(vault, one)]
        assert left_over(home, world.paths.mesh) == []
        if is_tried:
            assert works(vault, lets_in(vault, world, data))
    assert (place > 6, works(vault, carried(home)[0].door())) == (True, True)


def test_the_secret_key_of_a_mesh_that_lies_where_it_was_made_once_more_is_destroyed_by_leaving(
    vault: Vault, world: World
) -> None:
    """As a joining leaves it that was killed at its very end; another key there is of an introduction to come."""
    home = world.paths.mesh
    for number, is_same in enumerate((True, False)):
        digest, campaign = f"{number}" * 64, f"{number}" * 32
        draft = mesh_draft(home, digest)
        draft.keep(MeshAccess(campaign=campaign, requester=NAME, key="a" * 64, door=""))
        draft.net.write(MESH_KEY, b"a secret key")
        introduced = made_folder(introduced_folder(home, "a" * 64))
        introduced.write(MESH_KEY, b"a secret key" if is_same else b"another one")
        mesh_settled(draft)
        end_access(vault, world.paths, campaign)
        assert introduced.path.exists() is not is_same


@pytest.mark.parametrize("is_same", [True, False])
def test_joining_forgets_the_introduction_whose_key_it_used_and_no_newer_one(
    tmp_path: Path, is_same: bool
) -> None:
    draft = mesh_draft(tmp_path, "1" * 64)
    draft.keep(MeshAccess(campaign="1" * 32, requester=NAME, key="a" * 64, door=""))
    draft.net.write(MESH_KEY, b"a secret key")
    introduced = made_folder(introduced_folder(tmp_path, "a" * 64))
    introduced.write(MESH_KEY, b"a secret key" if is_same else b"that of a newer one")
    forget_introduction(tmp_path, mesh_settled(draft))
    assert introduced.path.exists() is not is_same


def test_what_a_joining_is_at_work_on_is_not_ended_by_another_command(
    vault: Vault, world: World, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = world.paths.courier
    with drafted(home, data) as draft, drafted_mesh(vault, world.paths.mesh, "b" * 64) as joining:
        draft.keep(Access(campaign="", requester=NAME, token="", door=vault.issue_token(NAME)))
        end_access(vault, world.paths, "d" * 32)
        assert left_over(home, world.paths.mesh) == []
        with monkeypatch.context() as later:  # it began after somebody had looked
            later.setattr(courier_folder, "is_claimed", lambda _path: False)
            end_access(vault, world.paths, "d" * 32)
        assert (draft.path.exists(), joining.path.exists(), works(vault, draft.door())) == (True, True, True)
        with pytest.raises(CourierAtWork):
            lets_in(vault, world, data)
        with pytest.raises(MeshAtWork), drafted_mesh(vault, world.paths.mesh, "b" * 64):
            pass
        assert works(vault, draft.door())
    assert left_over(home, world.paths.mesh) == [joining.path]


def test_a_courier_goes_by_the_invitation_that_its_owner_agreed_to_whatever_it_writes(
    vault: Vault, world: World, data: bytes
) -> None:
    """Looked at or joined: its one host, certificate and tier are read from where it cannot write."""
    home, agreed = world.paths.courier, parse_invitation(data)
    turned = canonical(agreed.model_dump(exclude_none=True) | {"url": "https://127.0.0.1:22"})
    with drafted(home, data) as draft:
        draft.write(INVITATION_FILE, turned)
        assert draft.invitation() == agreed
    (looked,) = drafts(home)
    looked.write(INVITATION_FILE, turned)
    assert looked.invitation() == agreed
    let_in(vault, looked, NAME)
    (place,) = carried(home)
    place.write(INVITATION_FILE, turned)
    assert place.invitation() == agreed
    (place.path / INVITATION_FILE).unlink()
    with pytest.raises(CarriedFromElsewhere), drafted(home, turned):
        pass
    lets_in(vault, world, data)
    assert place.invitation() == agreed
    end_access(vault, world.paths, place.campaign_id())
    assert list(home.iterdir()) == []


def test_of_two_joinings_of_one_campaign_one_begins(
    vault: Vault, world: World, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one comes before the first has made its folder, and while somebody looks what lies there."""
    home, plain, looked = world.paths.courier, courier_folder.draft_folder, list[bool]()

    def draft(home: Path, digest: str) -> CourierFolder:
        looked.append(is_claimed(try_path(home, digest)))
        with pytest.raises(CourierAtWork):
            lets_in(vault, world, data)
        return plain(home, digest)

    monkeypatch.setattr(courier_folder, "draft_folder", draft)
    monkeypatch.setattr(folder_claim, "_TRIES", 1)
    assert works(vault, lets_in(vault, world, data))
    assert (looked, is_claimed(try_path(home, parse_invitation(data).campaign))) == ([True], False)


def test_who_looks_whether_somebody_is_at_work_keeps_nobody_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, looking = tmp_path / "b.trying", list[int]()

    def goes_on(_seconds: float) -> None:
        os.close(looking.pop())

    (tmp_path / "b.claim").touch()  # of one that was killed
    looking.append(os.open(tmp_path / "b.claim", os.O_RDONLY))
    fcntl.flock(looking[0], fcntl.LOCK_SH)
    assert not is_claimed(folder)
    monkeypatch.setattr(folder_claim.time, "sleep", goes_on)
    with claimed(folder, CourierAtWork):
        assert is_claimed(folder)
    assert (looking, list(tmp_path.iterdir())) == ([], [])


def test_a_claim_that_was_taken_away_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who held it lets go between another one's opening and locking it: a third could make a new one beside that."""
    folder, plain = tmp_path / "b.trying", folder_claim._opened

    def opened(claim: Path) -> int:
        descriptor = plain(claim)
        monkeypatch.setattr(folder_claim, "_opened", plain)
        claim.unlink()
        return descriptor

    monkeypatch.setattr(folder_claim, "_opened", opened)
    monkeypatch.setattr(folder_claim.time, "sleep", lambda _seconds: None)
    with claimed(folder, CourierAtWork):
        assert is_claimed(folder)


def test_a_link_that_is_called_as_a_folder_is_none_and_ends_no_command(
    vault: Vault, world: World, data: bytes
) -> None:
    homes = world.paths.courier, world.paths.mesh
    for home, end in zip(homes, (".trying", ".joining"), strict=True):
        home.mkdir()
        (home / f"{'a' * 16}{end}").symlink_to(world.folder)
        (home / f"{'c' * 16}{end}").symlink_to(world.folder / "nothing")
    assert left_over(*homes) == []
    assert works(vault, lets_in(vault, world, data))
    assert len(end_access(vault, world.paths, carried(homes[0])[0].access().campaign)) == 1
    assert [len(list(home.iterdir())) for home in homes] == [2, 2]


def test_while_an_errand_is_under_way_its_campaign_is_not_joined_again_and_its_lock_stays_one(
    vault: Vault, world: World, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = courier.enrol

    def enrol(folder: CourierFolder, key: bytes, proof: bytes) -> None:
        os.close(held_alone(folder.path / LOCK_FILE, CourierAtWork))  # as its process does
        plain(folder, key, proof)

    monkeypatch.setattr(courier, "enrol", enrol)
    token = lets_in(vault, world, data)
    lock = carried(world.paths.courier)[0].path / LOCK_FILE
    errand = held_alone(lock, CourierAtWork)
    with pytest.raises(CourierAtWork):
        lets_in(vault, world, data)
    assert works(vault, token)
    os.close(errand)
    before = lock.stat().st_ino
    assert works(vault, lets_in(vault, world, data))
    assert lock.stat().st_ino == before


class Killed(BaseException):
    """Nothing is done after it."""


def is_killed(act: Callable[[], object], vault: Vault, *, before: int) -> bool:
    """Do it until so many steps with folders would have been done; whether it came so far."""
    steps = count(1)

    def step(plain: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*args: Any, **how: Any) -> Any:
            if next(steps) >= before:
                raise Killed
            return plain(*args, **how)

        return stepped

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(courier_folder, "replace_files", step(courier_folder.replace_files))
        patched.setattr(Path, "rename", step(Path.rename))
        patched.setattr(Path, "mkdir", step(Path.mkdir))
        patched.setattr(vault, "end_token", step(vault.end_token))
        try:
            act()
        except Killed:
            return True
    return False


def test_a_folder_is_destroyed_under_a_name_that_no_writer_knows_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has it open puts a file there once; by its old name nobody can, and a mesh does not make it again."""
    folder, removed, seen = MeshFolder(tmp_path / "b"), shutil.rmtree, list[Path]()

    def rmtree(path: Path) -> None:
        if not seen:
            with pytest.raises(Unavailable):
                folder.write("state.json", b"{}")
            with pytest.raises(Unavailable):
                folder.net.write("seen.json", b"{}")
        seen.append(path)
        if len(seen) == 1:
            raise OSError(39, "Directory not empty")
        removed(path)

    made_folder(folder).write("access.json", b"{}")
    monkeypatch.setattr(folder_removal.shutil, "rmtree", rmtree)
    folder.destroy()
    assert [one.suffix for one in seen] == [".destroyed"] * 2
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_removed_is_named_and_is_none_of_a_courier_or_a_mesh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[Path] = []

    def refused(path: Path) -> None:
        tries.append(path)
        raise OSError(39, os.strerror(39))

    (tmp_path / "b").mkdir()
    with monkeypatch.context() as full:
        full.setattr(folder_removal.shutil, "rmtree", refused)
        with pytest.raises(Unavailable) as raised:
            destroy_folder(tmp_path / "b")
    assert 1 < len(tries) < 100
    (left,) = tmp_path.iterdir()
    assert f"{left} cannot be removed (Directory not empty)" in str(raised.value)
    assert (carried(tmp_path), courier_folder.drafts(tmp_path), joined(tmp_path)) == ([], [], [])
    (tmp_path / "d").mkdir()
    destroy_folder(tmp_path / "d")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [MeshFolder, CourierFolder])
def test_what_is_there_no_more_is_said_to_be_so(
    tmp_path: Path, kind: Callable[[Path], MeshFolder | CourierFolder]
) -> None:
    with pytest.raises(Unavailable, match="cannot be removed"):
        kind(tmp_path / "b").destroy()
