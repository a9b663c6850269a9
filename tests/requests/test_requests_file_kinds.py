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
from vault.errors.families import Invalid
from vault.errors.records import OtherFile, PartOfFolder
from vault.requester.description import job_from_description
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


def header(name: str, *, kind: bytes = tarfile.REGTYPE, size: int = 0) -> bytes:
    """A header block with a right checksum, and a size that no file has."""
    facts = tarfile.TarInfo(name)
    facts.type = kind
    block = bytearray(facts.tobuf(tarfile.USTAR_FORMAT))
    block[124:136] = (size % 256**12).to_bytes(12, "big")
    block[124] |= 0x80
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + 8 * ord(" ") + sum(block[156:]))
    return bytes(block)


ENDLESS = tarfile.TarInfo("x").tobuf(tarfile.USTAR_FORMAT) + header("y", size=-512) + b"\0" * 1024
ARCHIVES_OF_STRANGERS = {
    "back to its own header": ENDLESS,
    "back to its own header, as ours begins": header("keys.lockbox", size=-512) + ENDLESS,
    "a name of 2^70 bytes": header("x", kind=b"L", size=2**70) + b"\0" * 1024,
    "a name of 40 GiB": header("x", kind=b"L", size=40 << 30) + b"\0" * 1024,
    "facts of 2^62 bytes": header("././@PaxHeader", kind=b"x", size=2**62) + b"\0" * 1024,
    "3,000 names": header("x", kind=b"L", size=512) * 6_000,
}


@pytest.mark.parametrize("data", ARCHIVES_OF_STRANGERS.values(), ids=ARCHIVES_OF_STRANGERS)
def test_an_archive_of_a_stranger_is_not_followed(
    data: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sizes in it, of which some lead a reader round in circles, are not gone by: no archive is opened at all."""
    (tmp_path / "it").write_bytes(data)
    monkeypatch.delattr(tarfile, "open")
    is_ours = data.startswith(header("keys.lockbox", size=-512))
    found = kind_of(tmp_path / "it")
    assert (found is not None and found.name == "backup") == is_ours


@pytest.mark.parametrize("at", [0, 99, 124, 148, 156, 257, 263, 400], ids=lambda at: f"byte {at}")
def test_an_archive_with_a_damaged_first_header_is_none_of_ours(at: int, tmp_path: Path) -> None:
    data = bytearray(made(tmp_path, "backup").read_bytes())
    data[at] ^= 1
    (tmp_path / "damaged").write_bytes(data)
    assert kind_of(tmp_path / "damaged") is None


def test_a_backup_is_known_by_its_first_file_alone(tmp_path: Path) -> None:
    for names in (("notes.txt", "keys.lockbox"), ("vault.db", "coordinator.toml")):
        with tarfile.open(tmp_path / "it", "w") as tar:
            for name in names:
                tar.addfile(tarfile.TarInfo(name), io.BytesIO())
        assert kind_of(tmp_path / "it") is None


def test_a_backup_is_known_with_the_exact_time_of_its_first_file(tmp_path: Path) -> None:
    (tmp_path / "keys.lockbox").touch()
    with tarfile.open(tmp_path / "it", "w") as tar:
        tar.add(tmp_path / "keys.lockbox", arcname="keys.lockbox")
    assert (tmp_path / "it").read_bytes().startswith(b"././@PaxHeader")
    found = kind_of(tmp_path / "it")
    assert found is not None
    assert found.name == "backup"


HOSTILE_DESCRIPTIONS = {
    "lists without an end": "a=" + "[" * 100_000,
    "a long key": ".".join("a" * 100_000) + "=1",
    "larger than what is read": "[training]\n[[fields]]\n" + "#" * (1 << 18),
}


@pytest.mark.parametrize("text", HOSTILE_DESCRIPTIONS.values(), ids=HOSTILE_DESCRIPTIONS)
def test_a_description_that_no_reader_takes_is_none_of_ours(text: str, tmp_path: Path) -> None:
    (tmp_path / "it.toml").write_text(text)
    assert kind_of(tmp_path / "it.toml") is None
    with pytest.raises(Invalid):
        job_from_description(tmp_path / "it.toml")


def test_a_deep_description_in_json_is_refused_too(tmp_path: Path) -> None:
    (tmp_path / "it.json").write_text("[" * 40 + "]" * 40)
    with pytest.raises(Invalid, match=r"it\.json is not JSON"):
        job_from_description(tmp_path / "it.json")


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
