"""A folder that somebody names is said to be what it is: a job, a campaign, not signed yet, or neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from vault.errors.records import FileMissing
from vault.errors.requests import HoldsCampaign, HoldsJob, HoldsNeither, NotSigned
from vault.requests.bundle import read_job
from vault.requests.folders import check_campaign_there


def folder_of(path: Path, *names: str) -> Path:
    path.mkdir()
    for name in names:
        (path / name).write_text("{}")
    return path


def test_each_folder_is_said_to_be_what_it_is(tmp_path: Path) -> None:
    job, campaign = folder_of(tmp_path / "j", "manifest.json"), folder_of(tmp_path / "c", "campaign.json")
    nothing = folder_of(tmp_path / "n", "notes.txt")

    with pytest.raises(HoldsCampaign):
        read_job(campaign)
    with pytest.raises(HoldsJob):
        check_campaign_there(job)
    for look in (read_job, check_campaign_there):
        with pytest.raises(HoldsNeither):
            look(nothing)
    with pytest.raises(NotSigned, match=r"no manifest\.sig"):
        read_job(job)
    with pytest.raises(NotSigned, match=r"no campaign\.sig"):
        check_campaign_there(campaign)
    check_campaign_there(campaign, is_signed=False)
    with pytest.raises(FileMissing, match=r"no file .*/nowhere\.$"):
        read_job(tmp_path / "nowhere")
