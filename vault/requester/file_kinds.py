"""What a file or a folder of ours is, told by what stands in it, and which command takes it."""

from __future__ import annotations

import os
import re
import shlex
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from vault.errors.families import LockboxError
from vault.errors.records import OtherFile, PartOfFolder
from vault.requester.backup_file import BEGINNING, first_name

LARGEST: Final = 8 << 20
"""Bytes of the largest file that is looked at whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """A kind of file or folder; ``taken_by`` is a command with FILE in the place of it."""

    name: str
    says: str
    taken_by: str

    @property
    def is_also(self) -> tuple[str, ...]:
        """The other kind that it can be taken for: the folder of who founds a mesh has the campaign of it."""
        return ("campaign",) if self.name == "mesh" else ()


def _kinds(*rows: tuple[str, str, str]) -> dict[str, FileKind]:
    return {name: FileKind(name=name, says=says, taken_by=command) for name, says, command in rows}


KINDS: Final = _kinds(
    ("invitation", "an invitation to a campaign", "lockbox courier join FILE"),
    ("access", "a requester's access to their coordinator", "lockbox campaign status FILE"),
    ("introduction", "the introduction of a peer to a mesh", "lockbox mesh new CAMPAIGN.toml FILE …"),
    ("membership", "a membership of a mesh", "lockbox mesh join FILE"),
    ("card", "a data card", "lockbox job new --card FILE"),
    ("import plan", "the plan of an import", "lockbox import DATA --plan FILE"),
    ("requester-public", "the public key of a requester", "lockbox requester add NAME FILE"),
    ("requester-secret", "the secret key of a requester", "lockbox job sign JOBDIR --key FILE"),
    ("vault-public", "the public key of a vault", "lockbox update verify DIR --vault-key FILE"),
    ("job description", "the description of a job", "lockbox job new FILE --to JOBDIR"),
    ("campaign description", "the description of a campaign", "lockbox campaign new FILE --to DIR"),
    ("job", "the folder of a job", "lockbox request submit FILE"),
    ("mesh", "the folder of who founds a mesh", "giving each peer its own membership, which lockbox mesh join takes"),
    ("campaign", "the folder of a campaign", "lockbox campaign submit FILE"),
    ("release", "the folder of a release", "lockbox update verify FILE"),
    ("trail", "an exported audit trail", "lockbox audit verify --bundle FILE"),
    ("coordinator", "the folder of a coordinator", "lockbox coordinator serve FILE"),
    ("witness", "the folder of a witness", "lockbox witness serve FILE"),
    ("vault", "the folder of a vault", "lockbox --vault FILE status"),
    ("backup", "the backup of a vault", "tar, which unpacks it into a folder that lockbox --vault opens"),
    ("coordinator backup", "the backup of a coordinator", "tar, which unpacks it into a folder"),
)  # fmt: skip

# The first that fits counts: the folder of a coordinator has a campaign in it, too. Beside the first file one of the
# others is there: an export of somebody else's may have a manifest.json as well.
_FOLDERS: Final = (
    ("coordinator.toml", ("token.secret",), "coordinator"),
    ("witness.json", ("witness.key",), "witness"),
    ("keys.lockbox", ("keys.copy.lockbox",), "vault"),
    ("release.json", ("release.sig",), "release"),
    ("campaign.json", ("campaign.sig", "weights.safetensors"), "campaign"),
    ("manifest.json", ("weights.safetensors",), "job"),
    ("entries.jsonl", ("checkpoint",), "trail"),
)
_PARTS: Final = frozenset(name for name, others, _ in _FOLDERS for name in (name, *others))
_ARCHIVES: Final = {"keys.lockbox": "backup", "campaign/campaign.json": "coordinator backup"}
"""What each backup begins with."""
_MEMBERSHIP: Final = ".membership"
_MARKED: Final = {
    b"lockbox-invitation": "invitation",
    b"lockbox-requester-access": "access",
    b"lockbox-mesh-introduction": "introduction",
    b"lockbox-mesh-membership": "membership",
}
_MARK: Final = re.compile(rb'"kind":\s*"(lockbox-[a-z-]{1,40})"')
_KEY: Final = re.compile(
    rb"lockbox-(requester-public|requester-secret|vault-public)-v1 [A-Za-z0-9+/]{43}=\s*"
)


def kind_of(path: Path) -> FileKind | None:
    """The kind of what is there; None for anything that is not ours, or that cannot be looked at."""
    try:
        found = _folder(path) if path.is_dir() else _file(path)
    except (OSError, ValueError):
        return None
    return KINDS[found] if found else None


def check_kind(
    path: Path,
    *wanted: str,
    passes: Collection[str] = (),
    commands: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Refuse a file or folder of ours that is of none of these kinds; what is not ours is judged by who reads it.

    So are kinds that it ``passes``. ``commands`` take what is of another kind, by its kind and in the place of the one
    that takes it from an owner. Raises ``OtherFile``, which says what it is and what takes it, and ``PartOfFolder``.
    """
    found, place = kind_of(path), path
    if found is None and path.name in _PARTS and path.is_file():
        place = path.absolute().parent
        found = kind_of(place)
    if found is None:
        return
    is_taken, is_part = not {found.name, *found.is_also}.isdisjoint((*wanted, *passes)), place != path
    if is_taken and is_part:
        raise PartOfFolder(path=path, found=found.says, folder=place)
    if not is_taken:
        command = re.sub(
            r"\bFILE\b", lambda _: shlex.quote(str(place)), commands.get(found.name, found.taken_by)
        )
        says = f"a part of {found.says}" if is_part else found.says
        raise OtherFile(path=path, found=says, command=command, wanted=_one_of(wanted))


def _one_of(names: tuple[str, ...]) -> str:
    return " or ".join(KINDS[name].says for name in names) or "a file with data"


def _folder(path: Path) -> str:
    there = {one.name for one in path.iterdir()}
    found = next(
        (kind for name, others, kind in _FOLDERS if name in there and there.intersection(others)), ""
    )
    has_memberships = any(name.endswith(_MEMBERSHIP) for name in there)
    return "mesh" if found == "campaign" and has_memberships else found


def _file(path: Path) -> str:
    data = _read(path)
    if name := first_name(data):
        return _ARCHIVES.get(name, "")
    if _KEY.fullmatch(data):
        return data[len(b"lockbox-") :].split(b"-v1 ")[0].decode()
    if data.startswith(b"{"):
        return _json(data)
    return _description(path) if path.suffix == ".toml" else ""


def _read(path: Path) -> bytes:
    """The file whole, or the beginning of one that is larger than any of ours; no pipe is waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            return b""
        return file.read(LARGEST if facts.st_size <= LARGEST else BEGINNING)


def _json(data: bytes) -> str:
    mark = _MARK.search(data)
    if mark is not None:
        return _MARKED.get(mark[1], "")
    if data.startswith(b'{"card":{') and b'"signature":' in data:
        return "card"
    return "import plan" if b'"sensitivities":' in data and b'"time_field":' in data else ""


def _description(path: Path) -> str:
    from vault.requester.description import read_document

    try:
        found = read_document(path)
    except LockboxError:
        return ""
    if not isinstance(found, dict):
        return ""
    if isinstance(found.get("campaign"), dict):
        return "campaign description"
    return "job description" if "training" in found and "fields" in found else ""
