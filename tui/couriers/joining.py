"""Letting a courier in by an invitation, for commands and screens: nothing is kept unless all of it was done."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from tui.couriers.cut_off import end_cut_off_couriers
from tui.couriers.door_tokens import end_tokens
from tui.text import campaign_facts
from vault.errors.campaigns import CampaignLeft
from vault.errors.federation import CourierAtWork, InvitationInvalid
from vault.errors.records import FileMissing
from vault.errors.requests import RequesterBlocked, RequesterExists

if TYPE_CHECKING:
    from learner.federation.courier_folder import CourierFolder
    from learner.federation.exchange import Invitation
    from vault.errors.meshes import MeshLeft
    from vault.owner.interface.owner import Owner
    from vault.views.campaigns import CourierAccess
    from vault.views.requesters import RequesterView

_KIND: Final = b'"lockbox-invitation"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """What an invitation says of who sent it, which nothing has shown yet; ``known`` is who has its key here.

    ``tier`` is the noise tier that it asks in; None is the campaign's own noise.
    """

    url: str
    campaign: str
    key_file: Path
    fingerprint: str
    known: RequesterView | None
    tier: str | None = None


def read_invitation(file: Path) -> bytes:
    """The bytes of an invitation; raises `FileMissing`, `OtherFile`, and `InvitationInvalid` for what is none."""
    from learner.federation.exchange import INVITATION_LIMIT, parse_invitation
    from vault.regular_file import read_regular
    from vault.requester.file_kinds import check_kind

    check_kind(file, "invitation")
    try:
        data = read_regular(file, INVITATION_LIMIT + 1)
    except FileNotFoundError:
        raise FileMissing(path=file) from None
    except OSError as error:
        raise InvitationInvalid(reason=f"{file} cannot be read ({error.strerror})") from None
    parse_invitation(data)
    return data


def is_invitation(file: Path) -> bool:
    """Whether a file is meant as an invitation, by its name or by what stands in it."""
    from learner.federation.exchange import INVITATION_LIMIT, INVITATION_SUFFIX
    from vault.regular_file import read_regular

    if file.suffix == INVITATION_SUFFIX:
        return True
    try:
        return _KIND in read_regular(file, INVITATION_LIMIT + 1)
    except OSError:
        return False


def holds_invitations(folder: Path) -> bool:
    """Whether a folder is one of invitations, as whoever asks writes it."""
    from learner.federation.exchange import INVITATION_SUFFIX

    return folder.is_dir() and any(folder.glob(f"*{INVITATION_SUFFIX}"))


@contextmanager
def drafted(home: Path, data: bytes) -> Iterator[CourierFolder]:
    """A new folder with this invitation, which is gone again if what is done within the block fails.

    One that was looked at before is kept until then. Raises `CarriedFromElsewhere` and `CourierAtWork`.
    """
    from learner.federation.courier_folder import (
        INVITATION_FILE,
        check_same_coordinator,
        draft_folder,
        kept_draft,
        try_path,
    )
    from learner.federation.exchange import parse_invitation
    from learner.federation.folder_claim import claimed

    digest = parse_invitation(data).campaign
    with claimed(try_path(home, digest), CourierAtWork):
        draft = draft_folder(home, digest)
        try:
            draft.agree(data)
            draft.write(INVITATION_FILE, data)
            check_same_coordinator(draft)
            yield draft
        except BaseException:
            if draft.path.exists():
                draft.destroy()
            raise
        if draft.path.exists():
            kept_draft(draft)


def who_invites(vault: Owner, data: bytes, folder: Path) -> Invited:
    """Whose key an invitation names, which is written into this folder, and who has it here."""
    from learner.federation.exchange import parse_invitation
    from vault.requester.keys import fingerprint_of, write_public_key

    invitation = parse_invitation(data)
    key_file = write_public_key(folder, bytes.fromhex(invitation.requester))
    fingerprint = fingerprint_of(key_file)
    return Invited(
        url=invitation.url,
        campaign=invitation.campaign,
        key_file=key_file,
        fingerprint=fingerprint,
        known=next((one for one in vault.requesters() if one.fingerprint == fingerprint), None),
        tier=invitation.noise_tier,
    )


def look_at_invitation(vault: Owner, data: bytes) -> Invited:
    """What an invitation says, while nothing is sent and nothing kept; raises `RequesterBlocked`."""
    with TemporaryDirectory() as folder:
        found = who_invites(vault, data, Path(folder))
    name_of(found.known, None)
    return found


def name_of(known: RequesterView | None, name: str | None) -> str | None:
    """The owner's name for who invites, or the one that was said; raises for who is blocked or called otherwise."""
    if known is None:
        return name
    if known.status == "blocked":
        raise RequesterBlocked(name=known.name)
    if name not in (None, "", known.name):
        raise RequesterExists(what="key", name=known.name)
    return known.name


def check_free(vault: Owner, invited: Invited, name: str) -> None:
    """Refuse a name for who is not known yet that somebody has; raises `RequesterExists`."""
    if invited.known is None and name in {one.name for one in vault.requesters()}:
        raise RequesterExists(what="name", name=name)


def looked_at(vault: Owner, home: Path, data: bytes, name: str) -> str:
    """Let a courier fetch the campaign of an invitation into the inbox; the vault's id of it.

    The coordinator is shown the invitation's code and nothing of the vault. Who invites may ask from then on, under
    this name, or where it is empty under the one that they sign with. Raises what the vault or the coordinator says.
    """
    from learner.federation.courier import look
    from learner.federation.courier_folder import Access
    from learner.federation.exchange import parse_invitation

    check_not_left(vault, parse_invitation(data).campaign)
    end_left_over(vault, home, data)
    with drafted(home, data) as draft:
        invited = who_invites(vault, data, draft.path)
        chosen = name_of(invited.known, name)
        check_free(vault, invited, chosen or "")
        look(draft)
        found = vault.let_courier_in(
            draft.path, chosen or signed_name(draft), fingerprint=invited.fingerprint,
            with_access=False, tier=draft.invitation().noise_tier,
        )  # fmt: skip
        draft.keep(Access(campaign=found.campaign, requester=found.requester, token="", door=""))
    return found.campaign


def check_not_left(vault: Owner, digest: str, refusal: type[CampaignLeft | MeshLeft] = CampaignLeft) -> None:
    """Refuse a campaign that was left or refused here, which is for good, before anybody hears of this vault.

    Raises `CampaignLeft`, or the ``refusal`` of a mesh.
    """
    for line in vault.campaigns():
        if line.state in ("left", "refused") and vault.campaign(line.id).digest == digest:
            raise refusal(what=campaign_facts.ENDED[line.state])


def end_left_over(vault: Owner, home: Path, data: bytes) -> None:
    """End what joinings left that were cut off, and the token of one by such an invitation before it is made anew."""
    from learner.federation.courier_folder import left_over
    from learner.federation.exchange import parse_invitation

    end_tokens(vault, left_over(home, parse_invitation(data).campaign))
    end_cut_off_couriers(vault, home)


@contextmanager
def at_rest(place: CourierFolder) -> Iterator[None]:
    """Let no errand of a campaign begin within this block; raises `CourierAtWork` where one is under way."""
    if not place.path.exists():
        yield
        return
    lock = place.held_alone()
    try:
        yield
    finally:
        os.close(lock)


def let_in(vault: Owner, draft: CourierFolder, requester: str) -> CourierAccess:
    """Enrol the vault's key for this requester, and only then take the campaign in and let a courier carry it.

    The token that its courier had before ends with it, and no errand of its goes on meanwhile. Raises `CourierAtWork`,
    `CarriedFromElsewhere`, and what the vault or the coordinator says.
    """
    with at_rest(draft.place):
        return _let_in(vault, draft, requester)


def _let_in(vault: Owner, draft: CourierFolder, requester: str) -> CourierAccess:
    from learner.federation.courier import enrol
    from learner.federation.courier_folder import ACCESS_FILE, Access, settled

    end_tokens(vault, [draft])  # of a try that was cut off once it had one
    known = draft.access().campaign if (draft.path / ACCESS_FILE).exists() else ""
    draft.keep(Access(campaign=known, requester=requester, token="", door=""))
    asked = draft.invitation()
    mine = vault.sign_enrolment(
        asked.requester, campaign=asked.campaign, code=asked.code, tier=asked.noise_tier
    )
    enrol(draft, bytes.fromhex(mine.key), bytes.fromhex(mine.proof))
    found = vault.let_courier_in(
        draft.path, requester, fingerprint=_fingerprint(asked), tier=asked.noise_tier
    )  # fmt: skip
    try:
        end_tokens(vault, [draft.place])  # one from before vaults knew which token is whose
        draft.keep(
            replace(draft.access(), campaign=found.campaign, requester=found.requester, door=found.token)
        )
        settled(draft).note_standing(found.state)
    except BaseException:
        vault.end_token(found.token)
        raise
    return found


def _fingerprint(invitation: Invitation) -> str:
    from vault.requester.keys import fingerprint

    return fingerprint(bytes.fromhex(invitation.requester))


def signed_name(folder: CourierFolder) -> str:
    """The name under which a requester signed the campaign of this folder, which proves nothing."""
    from vault.requester.campaign_log import campaign_signature, signed_campaign

    document = signed_campaign(folder.read("campaign.json"), campaign_signature(folder.read("campaign.sig")))
    return document.job.requester.name
