"""What a peer keeps of one mesh, in a folder of its own (0700): the campaign, a token, what became of rounds.

The part beneath ``net`` is all that the process with the network can see: certificates, the campaign, released models.
No key of a vault is ever here. Files are written whole or not at all.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from learner.federation.folder_claim import held_alone, is_claimed
from learner.federation.folder_forms import check_campaign, check_key
from learner.federation.folder_removal import destroy_folder, folders_in
from learner.federation.mesh_forms import Place
from learner.federation.mesh_mixing import Verdict
from vault.errors.families import Unavailable
from vault.errors.meshes import MeshAtWork, MeshFolderDamaged
from vault.regular_file import read_regular
from vault.requester.coordinating import (
    CAMPAIGN_FILE,
    CAMPAIGN_SIGNATURE_FILE,
    WEIGHTS_FILE,
    read_campaign,
)
from vault.sealing.durable import replace_files

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from vault.requester.coordinating import SignedCampaignFiles

ACCESS_FILE: Final = "access.json"
STATE_FILE: Final = "state.json"
MODEL_FILE: Final = "model.safetensors"
"""The weights that came of the last round."""
NODE_FILE: Final = "node.json"
SEEN_FILE: Final = "seen.json"
LOCK_FILE: Final = "lock"
AUTHORITY_FILE: Final = "authority.pem"
CERTIFICATE_FILE: Final = "certificate.pem"
KEY_FILE: Final = "key.pem"
CAMPAIGN_FILES: Final = (CAMPAIGN_FILE, CAMPAIGN_SIGNATURE_FILE, WEIGHTS_FILE)
NET: Final = "net"
_INTRODUCED: Final = ".introduced"
_DRAFT: Final = ".joining"
_LARGEST: Final = 64 << 20
_SHARED: Final = re.compile(r"shared-([1-9][0-9]{0,3})-([0-9a-f]{64})\.json", re.ASCII)

Word = Literal[
    "prepared",
    "waiting",
    "refused",
    "expired",
    "released",
    "not handed over",
    "not here",
    "kept private",
    "destroyed",
    "failed",
]
"""What became of a round: it is mixed, it waits in the vault, you said no, its time is over, you released its model; or
the vault did not take the round, or has nothing of it to fetch any more. The last three are shown to the owner alone:
the mesh hears none of them."""

_Fact = TypeVar("_Fact")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What lets the mesh in at the vault's door; ``campaign`` is the vault's own id of it, ``key`` its key there."""

    campaign: str
    requester: str
    key: str
    door: str = field(repr=False)
    v: int = 1

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for what no mesh of ours writes."""
        check_campaign(self.campaign)
        check_key(self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshRound:
    """One round of one's own: what it was mixed from, and what became of it."""

    number: int
    job: str
    word: Word
    verdicts: tuple[Verdict, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshState:
    """How far this peer is; ``last`` are the verdicts of the mix after the last round, once ``is_over``.

    ``last_of`` are the models (round-key) that this mix is of, ``past_since`` is when the clock first said of the last
    round that it is over.
    ``missing`` are the layers that did not confine the process that mixes.
    """

    rounds: tuple[MeshRound, ...] = ()
    last: tuple[Verdict, ...] = ()
    last_of: tuple[str, ...] = ()
    past_since: datetime | None = None
    is_over: bool = False
    trouble: str = ""
    missing: tuple[str, ...] = ()
    v: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFacts:
    """By what the process with the network knows itself and finds the others."""

    key: str
    places: tuple[Place, ...]
    v: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the process with the network saw last: connections, what it dropped and why, layers that are missing."""

    connected: int = 0
    dropped: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    v: int = 1


Facts = Access | MeshState | NodeFacts | Seen
_FILES: Final[dict[type[Any], str]] = {
    Access: ACCESS_FILE,
    MeshState: STATE_FILE,
    NodeFacts: NODE_FILE,
    Seen: SEEN_FILE,
}


@dataclass(frozen=True, slots=True)
class MeshFolder:
    """A folder of a mesh, or the part of it that the network's process sees."""

    path: Path

    @property
    def net(self) -> MeshFolder:
        """The part that the process with the network sees."""
        return MeshFolder(self.path / NET)

    @property
    def place(self) -> MeshFolder:
        """Where a mesh lies once it is joined."""
        return MeshFolder(self.path.with_suffix(""))

    def read(self, name: str) -> bytes:
        """A regular file of it; raises ``MeshFolderDamaged``."""
        try:
            return read_regular(self.path / name, _LARGEST)
        except OSError as error:
            raise MeshFolderDamaged(path=self.path, reason=f"{name}: {error.strerror}") from None

    def write(self, name: str, data: bytes) -> None:
        """Put a file (0600) there whole, through no link; raises what ``replace_files`` does.

        A folder that was destroyed is not made again by it.
        """
        target = self.path / name
        replace_files(target.parent, {target.name: data})

    def held_alone(self) -> int:
        """Hold this folder for one process; raises ``MeshAtWork`` and ``MeshFolderDamaged``."""
        try:
            return held_alone(self.path / LOCK_FILE, MeshAtWork)
        except OSError as error:
            raise MeshFolderDamaged(path=self.path, reason=f"{LOCK_FILE}: {error.strerror}") from None

    def node(self) -> NodeFacts:
        """Itself and the others as its membership names them, from where the process with the network cannot write.

        A mesh that an earlier version joined has it beneath ``net`` alone. Raises ``MeshFolderDamaged``.
        """
        return (self if (self.path / NODE_FILE).exists() else self.net).facts(NodeFacts)

    def campaign(self) -> SignedCampaignFiles:
        """The signed campaign; raises what reading one does."""
        return read_campaign(self.path)

    def facts(self, kind: type[_Fact]) -> _Fact:
        """Such facts as they were kept; raises ``MeshFolderDamaged``."""
        from pydantic import ValidationError

        name = _FILES[kind]
        if kind in (MeshState, Seen) and not (self.path / name).exists():
            return kind()
        try:
            found: _Fact = _adapter(name).validate_json(self.read(name))
        except ValidationError:
            # `from None`: the original error quotes what stands there
            raise MeshFolderDamaged(path=self.path, reason=f"{name} is none of the mesh's") from None
        return found

    def keep(self, facts: Facts) -> None:
        """Write these facts."""
        from vault.requester.forms import canonical

        name = _FILES[type(facts)]
        self.write(name, canonical(_adapter(name).dump_python(facts, mode="json")))

    def shared(self) -> dict[tuple[int, str], Path]:
        """The files of released models that are here, by round and key; a link or a pipe is none."""
        with os.scandir(self.path) as entries:
            # of a file that is gone by now the entry says that it is none
            files = [Path(one.path) for one in entries if one.is_file(follow_symlinks=False)]
        found = ((_SHARED.fullmatch(path.name), path) for path in files)
        return {(int(match[1]), match[2]): path for match, path in found if match}

    def read_shared(self, number: int, key: str) -> bytes:
        """A released model, or nothing where none is here."""
        return self.read(_shared_name(number, key)) if (number, key) in self.shared() else b""

    def keep_shared(self, number: int, key: str, data: bytes) -> None:
        """Keep a released model."""
        self.write(_shared_name(number, key), data)

    def destroy(self) -> None:
        """Remove it with everything in it; raises ``Unavailable``."""
        destroy_folder(self.path)

    def door(self) -> str:
        """The token at the vault's door; empty where there is none, or it cannot be read."""
        try:
            return self.facts(Access).door
        except MeshFolderDamaged:
            return ""

    def campaign_id(self) -> str:
        """The id in the vault of its campaign, as the mesh keeps it; empty where that cannot be read."""
        try:
            return self.facts(Access).campaign
        except MeshFolderDamaged:
            return ""


def joined(home: Path) -> list[MeshFolder]:
    """Every mesh that was joined, by the name of its folder."""
    return [MeshFolder(path) for path in folders_in(home) if not path.suffix]


def folders_of(home: Path, campaign: str, digest: str) -> list[MeshFolder]:
    """Every folder of a mesh: where it was joined, and what lies beside that.

    They are called by its campaign's ``digest``; what stands in them counts where no vault knows that, by its id.
    """
    found = [MeshFolder(path) for path in folders_in(home)]
    stems = {digest[:16]} if digest else {one.path.stem for one in found if one.campaign_id() == campaign}
    return [one for one in found if one.path.stem in stems]


def introduced_folder(home: Path, key: str) -> MeshFolder:
    """Where the secret key of a certificate lies until the mesh is joined, by the vault's key."""
    return MeshFolder(home / f"{key[:16]}{_INTRODUCED}")


def introductions_of(home: Path, mesh: MeshFolder) -> list[MeshFolder]:
    """Where the secret key of a mesh that was joined lies once more, until its joining is at its very end.

    A newer introduction of the same vault has another key, and is none of this mesh's.
    """
    try:
        introduced = introduced_folder(home, mesh.facts(Access).key)
        return [introduced] if introduced.read(KEY_FILE) == mesh.net.read(KEY_FILE) else []
    except MeshFolderDamaged:
        return []  # there is none, or the mesh does not say by which key it was joined


def forget_introduction(home: Path, mesh: MeshFolder) -> None:
    """Leave the secret key of a mesh in its folder alone, which leaving destroys; raises ``Unavailable``."""
    for introduced in introductions_of(home, mesh):
        introduced.destroy()


def cut_off(home: Path) -> list[MeshFolder]:
    """What joinings left here that were ended on their way: nobody is at work on it."""
    drafts = [path for path in folders_in(home) if path.suffix == _DRAFT]
    return [MeshFolder(path) for path in drafts if not is_claimed(path)]


def draft_path(home: Path, digest: str) -> Path:
    """Where a mesh lies while it is being joined."""
    return home / f"{digest[:16]}{_DRAFT}"


def draft_folder(home: Path, digest: str) -> MeshFolder:
    """A new, empty folder for a mesh that is being joined; whoever makes one has claimed it."""
    draft = MeshFolder(draft_path(home, digest))
    if draft.path.exists():
        draft.destroy()
    return made_folder(draft)


def made_folder(folder: MeshFolder) -> MeshFolder:
    """Make a folder with the part that the network's process sees, if it is not there; raises ``Unavailable``."""
    try:
        folder.net.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.path.chmod(0o700)  # a folder that is made on the way has not the mode
    except OSError as error:
        raise Unavailable(reason=f"{folder.path} cannot be made ({error.strerror})") from None
    return folder


def settled(draft: MeshFolder) -> MeshFolder:
    """Put a folder in its place; where the mesh was joined before, what became of its rounds is kept."""
    place = draft.place
    if not place.path.exists():
        draft.path.rename(place.path)
        return place
    for file in sorted(path for path in draft.path.rglob("*") if path.is_file()):
        place.write(str(file.relative_to(draft.path)), file.read_bytes())
    draft.destroy()
    return place


def _shared_name(number: int, key: str) -> str:
    return f"shared-{number}-{key}.json"


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(next(kind for kind, file in _FILES.items() if file == name))


def load_forms() -> None:
    """Load what the files of a folder are read with."""
    for name in _FILES.values():
        _adapter(name)
