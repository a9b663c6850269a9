"""What a courier keeps of one campaign, in a folder of its own (0700): invitation, tokens, what became of rounds.

No key of a vault is ever here. Files are written whole or not at all.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from learner.federation.folder_claim import held_alone, is_claimed
from learner.federation.folder_forms import check_campaign, check_time
from learner.federation.folder_removal import destroy_folder, folders_in
from vault.errors.campaigns import OWN_NOISE, OtherTier
from vault.errors.families import Unavailable
from vault.errors.federation import (
    CarriedFromElsewhere,
    CourierAtWork,
    CourierFolderDamaged,
    InvitationInvalid,
)
from vault.regular_file import read_regular
from vault.sealing.durable import replace_files

if TYPE_CHECKING:
    from pydantic import TypeAdapter

    from learner.federation.exchange import Invitation

INVITATION_FILE: Final = "invitation"
ACCESS_FILE: Final = "access.json"
STATE_FILE: Final = "state.json"
CHECKPOINT_FILE: Final = "checkpoint"
LEAVES_FILE: Final = "leaves.jsonl"
LOCK_FILE: Final = "lock"
KEY_FILE: Final = "vault-key"
"""The public key by which the coordinator knows the vault."""
PROOF_FILE: Final = "enrolment-proof"
"""Its signature of the enrolment."""
ENDED_FILE: Final = "ended"
"""That its owner refused or left the campaign, for its owner to read: a courier asks for it as before."""
_FETCHED: Final = "fetched-"
# written in this order: with the last of them all are there
_PARTS: Final = (".document", ".signature", ".weights")
_DRAFT: Final = ".joining"
_TRY: Final = ".trying"
_AGREED: Final = ".agreed"
_LARGEST: Final = 64 << 20
_MOST: Final = 2**53 - 1

ENDS: Final = ("refused", "left")

Word = Literal[
    "waiting",
    "refused",
    "expired",
    "released",
    "sent",
    "not sent",
    "not handed over",
    "not here",
    "kept private",
    "destroyed",
    "failed",
]
"""What became of a round: it waits in the vault, you said no, its time is over, you released its update, which then was
sent or not taken; or the vault did not take the round, or has nothing of it to fetch any more. The last three are shown
to the owner alone: a courier hears none of them."""

_Fact = TypeVar("_Fact")


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What lets a courier in: a token at the coordinator and one at the vault's door, and for whom it goes.

    ``campaign`` is the vault's own id of it, ``requester`` the owner's name for who asks.
    """

    campaign: str
    requester: str
    token: str = field(repr=False)
    door: str = field(repr=False)
    v: int = 1

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for what no courier of ours writes."""
        check_campaign(self.campaign)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundState:
    """What became of one round here; ``size`` is that of its update in bytes, and ``at`` (UTC) is when it was sent."""

    number: int
    job: str
    word: Word
    release: str = ""
    size: int = 0
    at: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for what no courier of ours writes."""
        check_time(self.at)
        if not (0 <= self.number <= _MOST and 0 <= self.size <= _MOST):
            raise ValueError


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierState:
    """How far a courier is; ``contact`` (UTC) is when the coordinator last answered, by its own clock.

    Once it ``is_over`` nobody is asked any more; ``missing`` are the layers that did not confine the last errand.
    """

    contact: str = ""
    trouble: str = ""
    failures: int = 0
    etag: str = ""
    rounds: tuple[RoundState, ...] = ()
    model: Literal["", "handed over", "not handed over"] = ""
    is_over: bool = False
    missing: tuple[str, ...] = ()
    v: int = 1

    def __post_init__(self) -> None:
        """Raises ``ValueError`` for what no courier of ours writes."""
        check_time(self.contact)
        if not 0 <= self.failures <= _MOST:
            raise ValueError

    @property
    def is_idle(self) -> bool:
        """Whether no round waits for anybody."""
        return not any(one.word in ("waiting", "released") for one in self.rounds)


@dataclass(frozen=True, slots=True)
class CourierFolder:
    """The folder of one campaign."""

    path: Path

    @property
    def place(self) -> CourierFolder:
        """Where its campaign lies once a courier is let in."""
        return CourierFolder(self.path.with_suffix(""))

    def read(self, name: str) -> bytes:
        """A regular file of it; raises ``CourierFolderDamaged``."""
        try:
            return read_regular(self.path / name, _LARGEST)
        except OSError as error:
            raise CourierFolderDamaged(path=self.path, reason=f"{name}: {error.strerror}") from None

    def read_if_there(self, name: str) -> bytes:
        """A file of it, empty where there is none."""
        return self.read(name) if (self.path / name).exists() else b""

    def write(self, name: str, data: bytes) -> None:
        """Put a file (0600) there whole, through no link; raises what ``replace_files`` does."""
        replace_files(self.path, {name: data})

    def held_alone(self) -> int:
        """Hold this folder for one errand; raises ``CourierAtWork`` and ``CourierFolderDamaged``."""
        try:
            return held_alone(self.path / LOCK_FILE, CourierAtWork)
        except OSError as error:
            raise CourierFolderDamaged(path=self.path, reason=f"{LOCK_FILE}: {error.strerror}") from None

    @property
    def agreed(self) -> Path:
        """Where the invitation lies that its owner agreed to: beside the folder, where its courier cannot write."""
        return self.path.with_name(f"{self.path.name}{_AGREED}")

    def agree(self, data: bytes) -> None:
        """Keep the invitation that its owner agrees to."""
        replace_files(self.agreed.parent, {self.agreed.name: data})

    def invitation_bytes(self) -> bytes:
        """The invitation that its owner agreed to, else what is in the folder; raises ``CourierFolderDamaged``."""
        beside = CourierFolder(self.agreed.parent)
        return beside.read(self.agreed.name) if self.agreed.exists() else self.read(INVITATION_FILE)

    def invitation(self) -> Invitation:
        """The invitation; raises ``InvitationInvalid`` and ``CourierFolderDamaged``."""
        from learner.federation.exchange import parse_invitation

        return parse_invitation(self.invitation_bytes())

    def access(self) -> Access:
        """The tokens; raises ``CourierFolderDamaged``."""
        return self._facts(Access, ACCESS_FILE)

    def state(self) -> CourierState:
        """How far it is; raises ``CourierFolderDamaged``."""
        return self._facts(CourierState, STATE_FILE) if (self.path / STATE_FILE).exists() else CourierState()

    def keep(self, facts: Access | CourierState) -> None:
        """Write the tokens, or how far it is."""
        from vault.requester.forms import canonical

        name = ACCESS_FILE if isinstance(facts, Access) else STATE_FILE
        self.write(name, canonical(asdict(facts)))

    def leaves(self) -> tuple[bytes, ...]:
        """The lines of the campaign's log that are here."""
        return tuple(self.read_if_there(LEAVES_FILE).splitlines())

    def ended(self) -> str:
        """`refused` or `left` where the campaign is known to be, and else empty."""
        found = self.read_if_there(ENDED_FILE).decode(errors="replace")
        return found if found in ENDS else ""

    def note_standing(self, state: str) -> None:
        """Keep whether the campaign is refused or left, by its state in the vault."""
        self.write(ENDED_FILE, state.encode() if state in ENDS else b"")

    def keep_fetched(self, name: str, files: tuple[bytes, bytes, bytes]) -> None:
        """Keep what was fetched under this name."""
        for part, data in zip(_PARTS, files, strict=True):
            self.write(f"{_FETCHED}{name}{part}", data)

    def fetched(self, name: str) -> tuple[bytes, ...]:
        """What was fetched under this name, nothing where it was not or not whole."""
        if not (self.path / f"{_FETCHED}{name}{_PARTS[-1]}").exists():
            return ()
        return tuple(self.read(f"{_FETCHED}{name}{part}") for part in _PARTS)

    def forget_fetched(self, but: Set[str]) -> None:
        """Remove what was fetched under any other name."""
        for file in self.path.glob(f"{_FETCHED}*"):
            if file.stem.removeprefix(_FETCHED) not in but:
                file.unlink(missing_ok=True)

    def destroy(self) -> None:
        """Remove it with everything in it, and the invitation beside it; raises ``Unavailable``."""
        destroy_folder(self.path)
        self.agreed.unlink(missing_ok=True)

    def door(self) -> str:
        """The token at the vault's door; empty where there is none, or it cannot be read."""
        try:
            return self.access().door
        except CourierFolderDamaged:
            return ""

    def campaign_id(self) -> str:
        """The id in the vault of its campaign, as its courier keeps it; empty where that cannot be read."""
        try:
            return self.access().campaign
        except CourierFolderDamaged:
            return ""

    def _facts(self, kind: type[_Fact], name: str) -> _Fact:
        from pydantic import ValidationError

        try:
            found: _Fact = _adapter(name).validate_json(self.read(name))
        except ValidationError:
            # `from None`: the original error quotes what stands there
            raise CourierFolderDamaged(path=self.path, reason=f"{name} is none of the courier's") from None
        return found


def answer_file(job: str) -> str:
    """The name of the file with the bytes that go out for one job."""
    return f"answer-{job}.json"


def carried(home: Path) -> list[CourierFolder]:
    """Every campaign that a courier carries, by the name of its folder."""
    return [CourierFolder(path) for path in folders_in(home) if path.suffix not in (_DRAFT, _TRY)]


def drafts(home: Path) -> list[CourierFolder]:
    """Every campaign whose invitation was looked at, and that is not carried by it yet."""
    return [CourierFolder(path) for path in folders_in(home) if path.suffix == _DRAFT]


def left_over(home: Path, digest: str) -> list[CourierFolder]:
    """What looking at an invitation to a campaign, or a joining that was cut off, left of it beside its place."""
    found = [CourierFolder(path) for path in folders_in(home) if path.stem == digest[:16] != path.name]
    return [one for one in found if not is_claimed(one.path)]


def cut_off(home: Path) -> list[CourierFolder]:
    """What joinings and looks at invitations left here that were ended on their way: nobody is at work on it."""
    tries = [path for path in folders_in(home) if path.suffix == _TRY]
    return [CourierFolder(path) for path in tries if not is_claimed(path)]


def folders_of(home: Path, campaign: str, digest: str) -> list[CourierFolder]:
    """Every folder of a campaign: where it is carried, and what lies beside that place.

    They are called by its ``digest``; what stands in them counts where no vault knows that, by the ``campaign``'s id.
    """
    found = [CourierFolder(path) for path in folders_in(home)]
    stems = {digest[:16]} if digest else {one.path.stem for one in found if one.campaign_id() == campaign}
    return [one for one in found if one.path.stem in stems]


def try_path(home: Path, digest: str) -> Path:
    """Where a campaign lies while it is being joined or looked at."""
    return home / f"{digest[:16]}{_TRY}"


def draft_folder(home: Path, digest: str) -> CourierFolder:
    """A new, empty folder for a campaign that is being joined or looked at; nothing is known of it until it is kept.

    Whoever makes one has claimed it. A draft that was kept before stays until this one is. Raises ``Unavailable``.
    """
    path = try_path(home, digest)
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.exists():
            destroy_folder(path)  # what a try left that was ended
        path.mkdir(mode=0o700)
    except OSError as error:
        raise Unavailable(reason=f"{path} cannot be made ({error.strerror})") from None
    return CourierFolder(path)


def kept_draft(draft: CourierFolder) -> CourierFolder:
    """Keep a folder as that of a campaign whose invitation was looked at, in the place of an earlier one."""
    place = CourierFolder(draft.path.with_suffix(_DRAFT))
    _forget_draft(draft)
    _take_agreed(draft, place)
    draft.path.rename(place.path)
    draft.agreed.unlink(missing_ok=True)
    return place


def _take_agreed(draft: CourierFolder, place: CourierFolder) -> None:
    """Let what was agreed to of a draft hold for its place, before the courier's folder lies there."""
    if draft.agreed.exists():
        place.agree(draft.invitation_bytes())


def _forget_draft(one: CourierFolder) -> None:
    """Remove the draft that was kept of this campaign before, if it is another folder than this."""
    earlier = CourierFolder(one.path.with_suffix(_DRAFT))
    if earlier.path.exists() and earlier.path != one.path:
        earlier.destroy()


def settled(draft: CourierFolder) -> CourierFolder:
    """Put a folder in its place; where the campaign was joined before, what became of its rounds is kept.

    Of a place that is there no errand may be under way. Raises ``CarriedFromElsewhere``.
    """
    check_same_coordinator(draft)
    _forget_draft(draft)
    place = draft.place
    _take_agreed(draft, place)
    if not place.path.exists():
        draft.path.rename(place.path)
        draft.agreed.unlink(missing_ok=True)
        return place
    for file in draft.path.iterdir():
        if file.name != LOCK_FILE:  # another one could be held beside that of the place
            place.write(file.name, draft.read(file.name))
    draft.destroy()
    return place


def check_same_coordinator(draft: CourierFolder) -> None:
    """Let a campaign that is carried be joined again from where it is carried, in the same noise tier.

    Raises ``CarriedFromElsewhere`` and ``OtherTier``.
    """
    place = draft.place
    if not place.path.exists() or not (place.agreed.exists() or (place.path / INVITATION_FILE).exists()):
        return
    try:
        old, new = place.invitation(), draft.invitation()
    except InvitationInvalid:
        return  # one that cannot be read carries nothing, and joining again is what mends it
    if (old.url, old.certificate_sha256) != (new.url, new.certificate_sha256):
        raise CarriedFromElsewhere(url=old.url)
    if old.noise_tier != new.noise_tier:
        raise OtherTier(here=old.noise_tier or OWN_NOISE)


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter({ACCESS_FILE: Access, STATE_FILE: CourierState}[name])


def load_forms() -> None:
    """Load what the files of a folder are read with."""
    for name in (ACCESS_FILE, STATE_FILE):
        _adapter(name)
