"""What an owner does with campaigns: take one in, look at it as a whole, join it, leave it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from vault.errors.families import Refused
from vault.owner.withdrawal import withdraw_consent
from vault.queries.campaigns import (
    campaign_line,
    campaign_lines,
    campaign_view,
    joining_view,
    leaving_view,
    numbers_of,
    tier_view,
)
from vault.queries.ids import full_campaign_id
from vault.requests import campaigns, tokens
from vault.requests.bundle import SIGNATURE_LIMIT, read_bounded
from vault.requests.campaign import CAMPAIGN_FILE, CAMPAIGN_LIMIT, CAMPAIGN_SIGNATURE_FILE, campaign_signature
from vault.requests.campaign_tiers import BY_HAND, in_other_tier, set_tier
from vault.requests.enrolment import public_key, signed_enrolment
from vault.requests.folders import check_campaign_there
from vault.requests.let_courier_in import let_in
from vault.requests.stored_campaigns import show
from vault.requests.text import check_reason
from vault.store.tables import CampaignRow
from vault.views.campaigns import CampaignLeaving, Enrolment

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.store.unit_of_work import UnitOfWork
    from vault.views.campaigns import CampaignJoining, CampaignLine, CampaignView, CourierAccess


class CampaignActions:
    """Campaigns, each as one thing."""

    _opened: OpenVault

    def submit_campaign(self, folder: Path, *, tier: str | None = None) -> CampaignView:
        data, signature = _read(folder)
        with self._opened.act() as act:
            here = in_other_tier(act.uow, data, signature, tier)
            if here is None:
                before = None
                campaign_id, refusal = campaigns.take_in(act, data, signature, tier=tier)
            else:
                before, campaign_id, refusal = tier_view(act.uow, self._opened, here), here.id, None
                set_tier(act, here, tier, by=BY_HAND)
        if refusal:
            raise refusal
        return replace(self.campaign(campaign_id), moved_from=before)

    def sign_enrolment(
        self, requester: str, *, campaign: str, code: str, tier: str | None = None
    ) -> Enrolment:
        key = public_key(requester)
        with self._opened.read() as uow:
            public, proof = signed_enrolment(
                uow, self._opened.keys, key, campaign=campaign, code=code, tier=tier
            )  # fmt: skip
        return Enrolment(key=public.hex(), proof=proof.hex())

    def let_courier_in(
        self, folder: Path, name: str, *, fingerprint: str, with_access: bool = True, tier: str | None = None,
    ) -> CourierAccess:  # fmt: skip
        data, signature = _read(folder)
        # who looks again at an invitation, or at one to a campaign that is here, finds all of it here already
        with self._opened.act() if with_access else self._opened.act_if_needed() as act:
            found = let_in(
                act, data, signature, name=name, fingerprint=fingerprint, with_access=with_access, tier=tier,
            )  # fmt: skip
        if isinstance(found, Refused):
            raise found
        return found

    def end_campaign_token(self, campaign_id: str) -> str:
        with self._opened.act_if_needed() as act:
            tokens.end_of_campaign(act, campaign_id)
        with self._opened.read() as uow:
            known = uow.get(CampaignRow, campaign_id)
            return known.digest if known else ""

    def campaigns(self) -> list[CampaignLine]:
        with self._opened.read() as uow:
            return campaign_lines(uow, self._opened)

    def campaign(self, campaign_id: str) -> CampaignView:
        with self._opened.read() as uow:
            return campaign_view(uow, self._opened, _found(uow, campaign_id))

    def preview_join(self, campaign_id: str, *, optional: frozenset[str] = frozenset()) -> CampaignJoining:
        with self._opened.read() as uow:
            return joining_view(uow, self._opened, _found(uow, campaign_id), optional)

    def join_campaign(
        self, campaign_id: str, *, digest: str, optional: frozenset[str] = frozenset(),
        special_confirmed: bool = False, unattended: bool = False, tier: str | None = None,
    ) -> None:  # fmt: skip
        from vault.requests.join_campaign import join  # it loads numpy, which most acts do without

        with self._opened.act() as act:
            row = _found(act.uow, campaign_id)
            join(
                act, row, digest=digest, tier=tier, optional=optional, special_confirmed=special_confirmed,
                is_unattended=unattended,
            )  # fmt: skip

    def attend_campaign(self, campaign_id: str) -> None:
        from vault.requests.rounds import attend  # it loads numpy, which most acts do without

        with self._opened.act() as act:
            row = _found(act.uow, campaign_id)
            campaigns.check_unattended(row)
            attend(act, row)

    def preview_leave(self, campaign_id: str) -> CampaignLeaving:
        with self._opened.read() as uow:
            return leaving_view(uow, self._opened, _found(uow, campaign_id))

    def leave_campaign(self, campaign_id: str, *, reason: str = "") -> CampaignLeaving:
        check_reason(reason)
        with self._opened.read() as uow:
            row = _found(uow, campaign_id)
            campaigns.check_open(row, self._opened.now(uow))
            full, grant = row.id, row.grant_id
        if grant is None:
            with self._opened.act() as act:
                campaigns.refuse(act, show(act.uow, full), reason=reason)
            withdrawal = None
        else:
            withdrawal = withdraw_consent(self._opened, grant, reason=reason)
        with self._opened.read() as uow:
            row = show(uow, full)
            line = campaign_line(uow, row, self._opened.now(uow))
            return CampaignLeaving(campaign=line, withdrawal=withdrawal, rounds=numbers_of(uow, row))


def _read(folder: Path) -> tuple[bytes, bytes]:
    """A campaign and its signature, from a folder."""
    check_campaign_there(folder)
    line = read_bounded(folder / CAMPAIGN_SIGNATURE_FILE, SIGNATURE_LIMIT)
    return read_bounded(folder / CAMPAIGN_FILE, CAMPAIGN_LIMIT), campaign_signature(line)


def _found(uow: UnitOfWork, beginning: str) -> CampaignRow:
    return show(uow, full_campaign_id(uow, beginning))
