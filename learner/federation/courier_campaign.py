"""A campaign as its coordinator serves it: the log, open rounds, the final model; and where answers are put."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from learner.federation.courier_door import Served
from learner.federation.courier_folder import CHECKPOINT_FILE, LEAVES_FILE, CourierFolder
from learner.federation.exchange import ERROR_LIMIT, ErrorSentence, check_invitation
from learner.federation.folder_forms import TIME_FORMAT
from vault.errors.campaigns import OWN_NOISE
from vault.errors.federation import (
    CoordinatorBusy,
    CoordinatorNotOpen,
    CoordinatorOdd,
    CoordinatorRefused,
    EnrolledOtherwise,
    EnrolmentNotLogged,
    InvitationInvalid,
    OtherCampaign,
)
from vault.requester.campaign_log import (
    campaign_signature,
    claimed_head,
    enrolled_leaf,
    enrolled_tier,
    log_tree,
    parse_leaf,
    signed_campaign,
)
from vault.requester.forms import NotCanonical, parse_as

if TYPE_CHECKING:
    from learner.federation.courier_https import Coordinator, Reply
    from learner.federation.exchange import Invitation

CAMPAIGN_FILES: Final = ("campaign.json", "campaign.sig")
ROUND_FILES: Final = ("manifest.json", "manifest.sig", "weights.safetensors")
MODEL_FILES: Final = ("model.json", "model.sig", "model.safetensors")
NOT_NOW: Final = (408, 429)
"""Beside those of 500 and more: statuses that say nothing of whether it is done another time."""

_FILE_LIMIT: Final = 6 << 20
_ETAG: Final = re.compile(r'"[0-9a-f]{64}"', re.ASCII)
_NOTE_LIMIT: Final = 16 << 10
_LOG_LIMIT: Final = 16 << 20
_ENROLLED: Final = b'"kind":"enrolled"'
"""Of these there may be thousands, and a courier reads none of them but its own vault's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A campaign's log as it is here: the newest checkpoint, the lines that it is over, and what they say.

    ``open_rounds`` were opened and take answers still, the lowest first; with ``has_model`` it has ended with one.
    """

    checkpoint: bytes = b""
    leaves: tuple[bytes, ...] = ()
    open_rounds: tuple[int, ...] = ()
    has_model: bool = False


@dataclass(slots=True, kw_only=True)
class ServedCampaign:
    """One campaign at one coordinator, by whose clock ``now`` tells the time once it answered.

    ``tier`` is the noise tier of the vault in it.
    """

    coordinator: Coordinator
    digest: str
    token: str = field(repr=False)
    tier: str | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ahead: timedelta = timedelta()
    contact: datetime | None = None

    def now(self) -> datetime:
        """The time by the coordinator's clock, as far as it is known; it goes to nobody."""
        return self.clock() + self.ahead

    def bring_up(self, folder: CourierFolder, etag: str) -> str:
        """Bring the log in this folder up to the newest checkpoint, and return its ETag.

        Raises ``CoordinatorNotOpen`` before there is one, and what ``files`` does.
        """
        reply = self.ask("GET", "/log/checkpoint", etag=etag, limit=_NOTE_LIMIT)
        if reply.status == 304:
            return etag
        if reply.status == 404:
            raise CoordinatorNotOpen()
        note = _body(reply)
        leaves = self._leaves(note, folder.leaves())
        folder.write(LEAVES_FILE, b"".join(line + b"\n" for line in leaves))
        folder.write(CHECKPOINT_FILE, note)
        tag = reply.headers.get("etag", "")
        return tag if _ETAG.fullmatch(tag) else ""

    def _leaves(self, note: bytes, known: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """The lines of a log; all of them anew where it does not go on from what it showed before.

        The vault then sees that it does not, and has both checkpoints as a proof.
        """
        head = claimed_head(note)
        for begin in (known, ()):
            fresh = _body(self.ask("GET", f"/log/leaves?from={len(begin)}", limit=_LOG_LIMIT)).splitlines()
            leaves = (*begin, *fresh)
            if len(leaves) >= head.size and log_tree(leaves[: head.size]).root() == head.root:
                return leaves
        raise CoordinatorOdd(reason="its log does not belong to its checkpoint")

    def files(self, names: tuple[str, ...], beneath: str = "") -> tuple[bytes, ...]:
        """These files of the campaign, from a path beneath it; raises ``refusal``."""
        return tuple(_body(self.ask("GET", f"{beneath}/{name}", limit=_FILE_LIMIT)) for name in names)

    def round(self, number: int) -> Served:
        """A round; raises ``CoordinatorRefused``."""
        place = f"/rounds/{number}"
        return served(self.files(ROUND_FILES, place if self.tier is None else f"{place}/tiers/{self.tier}"))

    def model(self) -> Served:
        """The final model; raises ``CoordinatorRefused``."""
        return served(self.files(MODEL_FILES, "/model"))

    def put(self, number: int, release: str, body: bytes) -> Reply:
        """Deliver an answer."""
        return self.ask("PUT", f"/rounds/{number}/releases/{release}", body=body, limit=ERROR_LIMIT)

    def ask(self, method: str, path: str, *, body: bytes | None = None, etag: str = "", limit: int) -> Reply:
        """Ask for something beneath the campaign, and set the clock by the answer."""
        reply = self.coordinator.ask(
            method, f"/campaigns/{self.digest}{path}", token=self.token, body=body, etag=etag, limit=limit
        )
        if reply.date is not None:
            self.ahead = reply.date - self.clock()
        self.contact = self.now()
        return reply


def log_in(folder: CourierFolder) -> Log:
    """The log as it is in a folder; raises ``CampaignLogBroken``."""
    note = folder.read_if_there(CHECKPOINT_FILE)
    if not note:
        return Log()
    leaves = folder.leaves()[: claimed_head(note).size]  # it may have grown since the checkpoint was made
    said = [parse_leaf(line) for line in leaves if _ENROLLED not in line]
    closed = {leaf.round for leaf in said if leaf.kind == "closed"}
    opened = {leaf.round for leaf in said if leaf.kind == "round"}
    return Log(
        checkpoint=note,
        leaves=leaves,
        open_rounds=tuple(sorted(opened - closed)),
        has_model=any(leaf.kind == "model" for leaf in said),
    )


def check_own_tier(log: Log, key: bytes, tier: str | None) -> None:
    """Refuse a log that enrols this vault's key in another noise tier than its owner agreed to, or not yet.

    Raises ``EnrolledOtherwise``, ``EnrolmentNotLogged`` and ``CampaignLogBroken``.
    """
    agreed, own = enrolled_leaf(key, tier), sha256(key).hexdigest().encode()
    lines = [line for line in log.leaves if own in line and _ENROLLED in line]
    for line in lines:
        if line != agreed:
            raise EnrolledOtherwise(there=enrolled_tier(line) or OWN_NOISE, here=tier or OWN_NOISE)
    if not lines:
        raise EnrolmentNotLogged()


def check_invited(invitation: Invitation, campaign: bytes, signature: bytes) -> None:
    """Refuse an invitation whose requester did not sign this campaign, or that its round key did not sign.

    Raises ``OtherCampaign``, ``CampaignInvalid``, ``CampaignTampered`` and ``InvitationInvalid``.
    """
    if sha256(campaign).hexdigest() != invitation.campaign:
        raise OtherCampaign()
    document = signed_campaign(campaign, campaign_signature(signature))
    if document.job.requester.key != invitation.requester:
        raise InvitationInvalid(reason="the campaign is of another requester than it says")
    if invitation.noise_tier not in document.noises:
        raise InvitationInvalid(reason="the campaign does not have the noise tier that it names")
    check_invitation(invitation, bytes.fromhex(document.round_key))


def deadlines(campaign: bytes) -> tuple[datetime, ...]:
    """When each round of a campaign, which the vault has judged, is over."""
    told = json.loads(campaign)["deadlines"]
    return tuple(datetime.strptime(one, TIME_FORMAT).replace(tzinfo=UTC) for one in told)


def refusal(reply: Reply) -> CoordinatorRefused | CoordinatorBusy:
    """The error that an answer stands for: a no, or that it cannot be said now."""
    kind = CoordinatorBusy if reply.status in NOT_NOW or reply.status >= 500 else CoordinatorRefused
    return kind(sentence=sentence_in(reply) or f"it answers with status {reply.status}")


def sentence_in(reply: Reply) -> str:
    """What the coordinator says of an error, empty where it says nothing in the form of one."""
    try:
        return parse_as(ErrorSentence, reply.body).error.rstrip(".")
    except NotCanonical:
        return ""


def served(files: tuple[bytes, ...]) -> Served:
    """Three files as what belongs together."""
    document, signature, weights = files
    return Served(document=document, signature=signature, weights=weights)


def _body(reply: Reply) -> bytes:
    if reply.status != 200:
        raise refusal(reply)
    return reply.body
