"""Doing the same for one folder of a courier or a mesh after the other: what fails keeps none of the rest from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from tui.cli.terminal import say
from vault.errors.families import LockboxError


class OfCampaign(Protocol):
    """A folder that says of which campaign it is."""

    def campaign_id(self) -> str:
        """The id in the vault of its campaign; empty where that cannot be read."""


_Folder = TypeVar("_Folder", bound=OfCampaign)


def one_by_one(folders: Sequence[_Folder], work: Callable[[_Folder], None]) -> None:
    """Do this for each folder; where there are several, what fails is said as it does. Raises the first of it."""
    failed: list[LockboxError] = []
    for folder in folders:
        try:
            work(folder)
        except LockboxError as error:
            campaign = folder.campaign_id()
            # the first one is raised, and where it names no campaign it is about a folder that it names
            if len(folders) > 1 and (campaign or failed):
                say(f"Campaign {campaign[:8]}: {error}" if campaign else str(error))
            failed.append(error)
    if failed:
        raise failed[0]
