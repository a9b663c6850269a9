"""Files and folders of ours are known by what stands in them, and a wrong one is told by what it is."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.worlds.campaigns import campaign
from tests.worlds.commands import assert_refused, run
from tests.worlds.invitations import invitation
from tests.worlds.vaults import paths_in
from tests.worlds.world import NAME, World
from tui.cli.file_arguments import check_argument
from vault.errors.records import OtherFile, PartOfFolder
from vault.requester.file_kinds import KINDS, check_kind, kind_of

KEY = f"v1 {'A' * 43}="
FILES = {
    "invitation": invitation(),
    "access": b'{"campaign":"00","kind":"lockbox-requester-access","v":1}',
    "introduction": b'{"key":"00","kind":"lockbox-mesh-introduction","v":1}',
    "membership": b'{"files":"' + b"A" * 5_000_000 + b'","kind":"lockbox-mesh-membership","v":1}',
    "card": b'{"card":{"columns":[]},"signature":null}\n',
    "import plan": b'{\n  "v": 1,\n  "time_field": null,\n  "sensitivities": {}\n}\n',
    "requester-public": f"lockbox-requester-public-{KEY}\n".encode(),
    "requester-secret": f"lockbox-requester-secret-{KEY}\n".encode(),
    "vault-public": f"lockbox-vault-public-{KEY}\n".encode(),
}
FOLDERS = {
    "job": ("manifest.json", "weights.safetensors"),
    "mesh": ("campaign.json", "campaign.sig", "1-Ann.membership"),
    "campaign": ("campaign.json", "campaign.sig"),
    "release": ("release.json", "release.sig"),
    "trail": ("entries.jsonl", "checkpoint"),
    "coordinator": ("coordinator.toml", "token.secret", "campaign.json", "campaign.sig"),
    "witness": ("witness.json", "witness.key"),
    "vault": ("keys.lockbox", "keys.copy.lockbox"),
}
DESCRIBED = {
    "job description": "collection = 'x'\n[training]\nsteps = 1\n[[fields]]\nname = 'x'\n",
    "campaign description": "[campaign]\nrounds = 3\n",
}
ARCHIVED = {
    "backup": ("keys.lockbox", "vault.db"),
    "coordinator backup": ("campaign/campaign.json", "coordinator.toml"),
}


def made(folder: Path, kind: str) -> Path:
    """Something of this kind, by its marks alone."""
    place = folder / "it"
    if kind in FILES:
        place.write_bytes(FILES[kind])
    elif kind in DESCRIBED:
        place = folder / "it.toml"
        place.write_text(DESCRIBED[kind])
    elif kind in ARCHIVED:
        with tarfile.open(place, "w") as tar:
            for name in ARCHIVED[kind]:
                tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    else:
        place.mkdir()
        for name in FOLDERS[kind]:
            (place / name).touch()
    return place


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_known_and_refused_by_name_where_another_is_wanted(kind: str, tmp_path: Path) -> None:
    place = made(tmp_path, kind)
    found = kind_of(place)
    assert found is not None
    assert found.name == kind
    check_kind(place, kind)
    with pytest.raises(OtherFile) as refused:
        check_kind(place)
    assert found.says in str(refused.value)
    assert "FILE" not in str(refused.value)


def hostile(folder: Path) -> Iterable[Path]:
    yield folder / "missing"
    for number, data in enumerate(
        (b"", b"\0" * 9000, b'{"kind":"lockbox-other"}', b"[campaign", b"a,b\n1,2\n")
    ):
        file = folder / f"{number}.toml"
        file.write_bytes(data)
        yield file
    (folder / "export").mkdir()
    (folder / "export" / "manifest.json").write_text("{}")  # many exports of others have one
    yield from (folder / "export", folder / "export" / "manifest.json")


def test_what_is_not_ours_is_left_to_who_reads_it(tmp_path: Path) -> None:
    for path in hostile(tmp_path):
        assert kind_of(path) is None
        check_kind(path, "job")


def test_a_part_of_a_folder_names_the_folder(tmp_path: Path) -> None:
    folder = made(tmp_path, "job")
    with pytest.raises(PartOfFolder, match="give the folder itself"):
        check_kind(folder / "manifest.json", "job")
    with pytest.raises(OtherFile, match="safetensors is a part of the folder of a job"):
        check_kind(folder / "weights.safetensors", "release")


def test_the_folder_of_who_founds_a_mesh_is_one_of_a_campaign_too(tmp_path: Path) -> None:
    check_kind(made(tmp_path, "mesh"), "campaign")


@pytest.mark.parametrize(
    ("command", "argument", "kind", "says"),
    [
        ("job sign", "job", "campaign", "which is for: lockbox campaign sign {it} --key SECRETFILE."),
        ("job check", "job", "campaign", "which is for: lockbox campaign check {it}."),
        ("campaign sign", "folder", "job", "which is for: lockbox job sign {it} --key SECRETFILE."),
        ("campaign check", "folder", "job", "which is for: lockbox job check {it}."),
        ("campaign round", "folder", "job", "which is for: lockbox job check {it}."),
        (
            "campaign invite",
            "folder",
            "campaign",
            "which is for: lockbox coordinator init DIR --campaign {it}.",
        ),
        (
            "coordinator serve",
            "folder",
            "campaign",
            "which is for: lockbox coordinator init DIR --campaign {it}.",
        ),
        ("request submit", "job", "campaign", "which is for: lockbox campaign submit {it}."),
        ("campaign submit", "folder", "job", "which is for: lockbox request submit {it}."),
        ("requester add", "key_file", "job", "Here the public key of a requester is wanted."),
        ("job sign", "key", "job", "Here the secret key of a requester is wanted."),
        ("update verify", "vault_key", "card", "Here the public key of a vault is wanted."),
    ],
)
def test_what_takes_a_file_is_a_command_of_whoever_gave_it(
    command: str, argument: str, kind: str, says: str, tmp_path: Path
) -> None:
    place = made(tmp_path, kind)
    with pytest.raises(OtherFile) as refused:
        check_argument(command, argument, str(place))
    assert says.format(it=place) in str(refused.value)


def test_a_key_of_another_kind_is_refused_where_keys_are_read(tmp_path: Path) -> None:
    check_argument("requester add", "key_file", str(made(tmp_path, "requester-secret")))


@pytest.mark.parametrize(
    ("words", "kind", "says"),
    [
        (
            ("campaign", "model"),
            "invitation",
            "is an invitation to a campaign, which is for: lockbox courier join",
        ),
        (("courier", "join"), "access", "is a requester's access to their coordinator"),
        (("request", "submit"), "campaign", "which is for: lockbox campaign submit"),
        (("import",), "backup", "is the backup of a vault"),
        (("job", "new", "--card"), "introduction", "Here a data card is wanted"),
    ],
)
def test_a_command_says_what_it_was_given(
    words: tuple[str, ...], kind: str, says: str, tmp_path: Path
) -> None:
    place = made(tmp_path, kind)
    to = ("--to", tmp_path / "new") if words[0] in ("campaign", "job") else ()
    outcome = run(paths_in(tmp_path), *words, place, *to, secret=None)
    assert_refused(outcome, 1, says, [])


@pytest.mark.slow
def test_what_lockbox_writes_is_known(held_world: World) -> None:
    """Not by made-up marks: by what the commands write themselves."""
    world = held_world
    campaign(world)
    with world.vault() as vault:
        one = next(one for one in vault.releases() if one.can_be_sent)
        vault.send(one.id, confirm_digest=one.digest, to=world.folder / "released")
        vault.backup(world.folder / "backup.tar")
        vault.export_audit(world.folder / "exported")
        (world.folder / "vault.pub").write_text(vault.vault_key(NAME))
    assert (
        run(world.paths, "data", "card", "nights", world.folder / "nights.card", "--column", "steps").code
        == 0
    )
    assert run(world.paths, "import", world.table("more.csv", seed=2), "--dry-run", "--collection", "more", "--unit",
               "day", "--save-plan", world.folder / "plan").code == 0  # fmt: skip
    assert run(world.paths, "job", "keygen", world.folder / "keys").code == 0
    found = {
        path.name: kind.name for path in world.folder.iterdir() if (kind := kind_of(path)) is not None
    } | {
        path.name: kind.name
        for path in (world.folder / "keys").iterdir()
        if (kind := kind_of(path)) is not None
    }
    wanted = {
        "released": "release", "backup.tar": "backup", "exported": "trail", "vault.pub": "vault-public", "nights.card":
        "card", "plan": "import plan", "requester.pub": "requester-public", "requester.key": "requester-secret",
        "campaign": "campaign", "campaign.toml": "campaign description",
    }  # fmt: skip
    assert {name: found.get(name) for name in wanted} == wanted
    assert "job" in found.values()
    place = kind_of(world.paths.vault)
    assert place is not None
    assert place.name == "vault"
