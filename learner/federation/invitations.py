"""Invitation files: what a requester gives to each person they ask."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from learner.federation.coordinator import Coordinator
from learner.federation.coordinator_folder import open_folder
from learner.federation.exchange import INVITATION_SUFFIX, Invitation, invitation_bytes
from vault.errors.families import Invalid
from vault.requester.coordinating import check_free, create_file, new_folder

MOST_AT_ONCE: Final = 10_000


def write_invitations(
    folder: Path, count: int, *, to: Path, url: str | None = None, tier: str | None = None
) -> list[Path]:
    """Write so many invitations into a new folder, for the coordinator of a folder.

    They are to this noise tier, None being the campaign's own noise. Raises ``NoTierMade``, ``DestinationUnusable``,
    ``Invalid`` for an address that is none or a count out of bounds, and what opening the coordinator does. Where the
    files cannot be written, nobody is invited; where their folder then cannot be put in its place, codes count that
    nobody has.
    """
    check_free(to)
    if not 1 <= count <= MOST_AT_ONCE:
        raise Invalid(reason=f"at once there are 1 to {MOST_AT_ONCE:,} invitations")
    names = [f"{number:0{len(str(count))}}{INVITATION_SUFFIX}" for number in range(1, count + 1)]
    with closing(Coordinator(open_folder(folder))) as coordinator, new_folder(to) as place:

        def hand_out(made: list[Invitation]) -> None:
            for name, invitation in zip(names, made, strict=True):
                create_file(place / name, invitation_bytes(invitation))

        try:
            coordinator.invite(count, url or coordinator.folder.settings.address, tier, hand_out=hand_out)
        except ValidationError as error:
            raise Invalid(reason="an address of a coordinator is like https://host:port") from error
    return [to / name for name in names]
