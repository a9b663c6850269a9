"""What others ask of many vaults in rounds, and the owner's word on each campaign as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from vault.owner.interface.kinds import proven
from vault.views.campaigns import (
    CampaignJoining,
    CampaignLeaving,
    CampaignLine,
    CampaignView,
    CourierAccess,
    Enrolment,
)


class Campaigns(Protocol):
    """Campaigns, each as one thing: one price, one consent, and rounds that are requests of their own."""

    def submit_campaign(self, folder: Path, *, tier: str | None = None) -> CampaignView:
        """Take a signed campaign folder into the inbox; raises one error a rule it breaks.

        `tier` is the noise tier in which this vault was asked, and None the campaign's own noise. A campaign that waits
        here in another one is moved to it, and `moved_from` says from where; once it was joined, or a round came, this
        raises `OtherTier`. Its rounds come in later, each by `submit`. A campaign that a standing word of the owner's
        refuses is stored as refused and raises `CampaignUnderRefusal` or `OtherCollection`.
        """

    def sign_enrolment(
        self, requester: str, *, campaign: str, code: str, tier: str | None = None
    ) -> Enrolment:
        """The vault's key for a requester, who need not be known yet, and its signature of an enrolment by it.

        `requester` is their public key, `campaign` the digest of theirs and `code` that of an invitation, each in hex.
        `tier` is the noise tier of the invitation; raises `OtherTier` where the campaign is here in another for good.
        """

    @proven
    def let_courier_in(
        self, folder: Path, name: str, *, fingerprint: str, with_access: bool = True, tier: str | None = None,
    ) -> CourierAccess:  # fmt: skip
        """Take in a signed campaign with its requester and, `with_access`, make a token for them: all of it or nothing.

        `name` is for who is not known yet, `fingerprint` that of the key that was shown, `tier` the noise tier of the
        invitation. The token that was made for the campaign before ends; what else is here already stays as it is.
        Raises `KeyNotShown`, `OtherTier`, `RequesterBlocked`, `RequesterExists`, and what `submit_campaign` does.
        """

    def end_campaign_token(self, campaign_id: str) -> str:
        """End the token that was made for the courier or the mesh of a campaign, by the vault's own record of it.

        The campaign's digest, by which its folders are called; empty where none has this id.
        """

    def campaigns(self) -> list[CampaignLine]:
        """Every campaign, the newest first."""

    def campaign(self, campaign_id: str) -> CampaignView:
        """One campaign with the composed price of its rounds and where each of them stands."""

    def preview_join(self, campaign_id: str, *, optional: frozenset[str] = frozenset()) -> CampaignJoining:
        """What `join_campaign` would write, without writing it."""

    @proven
    def join_campaign(
        self, campaign_id: str, *, digest: str, optional: frozenset[str] = frozenset(),
        special_confirmed: bool = False, unattended: bool = False, tier: str | None = None,
    ) -> None:  # fmt: skip
        """Consent to all rounds of a campaign at once; each of them may then run, and every release is decided apart.

        `digest` is that of the campaign that was shown, `tier` the noise tier. Where `unattended`, rounds run without
        being started, as long as a process has the vault open. Raises `CampaignMismatch`, `CampaignWrongState`,
        `ConsentRefused`, `SpecialNotConfirmed`, `BudgetExhausted` where not even one round can be paid, `Invalid`, and
        what a job that does not fit its collection raises.
        """

    def attend_campaign(self, campaign_id: str) -> None:
        """Let the rounds of a campaign run only where they are started, from now on; raises `CampaignWrongState`."""

    def preview_leave(self, campaign_id: str) -> CampaignLeaving:
        """What `leave_campaign` would stop and destroy now, and what it could not reach; nothing is changed."""

    def leave_campaign(self, campaign_id: str, *, reason: str = "") -> CampaignLeaving:
        """Leave a campaign for good, or say no to one that was not joined; the reason stays in the vault.

        Of one that was joined the consent is withdrawn: what runs is stopped, what is held is destroyed, and outside
        nothing is heard of it. Of one that was not its requester hears no. Raises `CampaignWrongState`.
        """
