"""What lies in a folder that somebody names: a job or a campaign, signed or not, or neither."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from vault.errors.requests import HoldsCampaign, HoldsJob, HoldsNeither, NotSigned

if TYPE_CHECKING:
    from pathlib import Path

JOB: Final = ("manifest.json", "manifest.sig")
CAMPAIGN: Final = ("campaign.json", "campaign.sig")


def check_job_there(folder: Path, *, is_signed: bool = True) -> None:
    """Refuse a folder that holds no job; raises `HoldsCampaign`, `HoldsNeither` and `NotSigned`.

    Of one that is not there the reading itself says that.
    """
    _check(folder, JOB, is_signed=is_signed)


def check_campaign_there(folder: Path, *, is_signed: bool = True) -> None:
    """Refuse a folder that holds no campaign; raises `HoldsJob`, `HoldsNeither` and `NotSigned`."""
    _check(folder, CAMPAIGN, is_signed=is_signed)


def _check(folder: Path, wanted: tuple[str, str], *, is_signed: bool) -> None:
    if not folder.is_dir():
        return
    found, signature = wanted
    if not (folder / found).exists():
        other, refusal = (CAMPAIGN, HoldsCampaign) if wanted is JOB else (JOB, HoldsJob)
        if (folder / other[0]).exists():
            raise refusal(path=folder)
        raise HoldsNeither(path=folder, job=JOB[0], campaign=CAMPAIGN[0])
    if is_signed and not (folder / signature).exists():
        raise NotSigned(path=folder, file=signature)
