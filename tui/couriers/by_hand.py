"""Taking in a campaign by hand, for commands, screens and ears: not in another noise tier than a courier has it in."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from vault.errors.campaigns import OWN_NOISE, CarriedInTier
from vault.errors.families import LockboxError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vault.owner.interface.owner import Owner
    from vault.views.campaigns import CampaignView


def take_in_by_hand(vault: Owner, home: Path, folder: Path, tier: str | None) -> CampaignView:
    """Take in a campaign in this noise tier; raises `CarriedInTier`, and what `submit_campaign` does."""
    if home.is_dir():
        from vault.requester.campaign_tiers import tiers_in

        for carried in _carried_tiers(home, tiers_in(folder).digest):
            if carried != tier:
                raise CarriedInTier(here=carried or OWN_NOISE)
    return vault.submit_campaign(folder, tier=tier)


def _carried_tiers(home: Path, digest: str) -> Iterator[str | None]:
    """The noise tier of each invitation to a campaign that was joined with or looked at here."""
    from learner.federation.courier_folder import carried, drafts

    for one in (*carried(home), *drafts(home)):
        with suppress(LockboxError):  # one that cannot be read carries nothing, and its courier says so
            invitation = one.invitation()
            if invitation.campaign == digest:
                yield invitation.noise_tier
