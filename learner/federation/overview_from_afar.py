"""How a campaign stands, asked of its coordinator from another computer by whoever has the access."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from learner.federation import courier_https
from learner.federation.coordinator import Coordinator
from learner.federation.courier_campaign import refusal
from learner.federation.exchange import INVITATION_LIMIT, Access, parse_access
from learner.federation.overview import Overview
from vault.errors.families import Invalid
from vault.errors.federation import CoordinatorOdd
from vault.requester.coordinating import create_file, read_bounded
from vault.requester.forms import dump

OVERVIEW_LIMIT: Final = 64 << 20
"""Bytes."""


def write_access(coordinator: Coordinator, to: Path, url: str | None = None) -> None:
    """Write the access of a coordinator to a new file that only its owner can read; raises ``Invalid``."""
    try:
        access = Access(
            v=1,
            kind="lockbox-requester-access",
            url=url or coordinator.folder.settings.address,
            certificate_sha256=coordinator.folder.pinned,
            campaign=coordinator.digest,
            token=coordinator.access_token,
        )
    except ValidationError as error:
        raise Invalid(reason="an address of a coordinator is like https://host:port") from error
    create_file(to, dump(access))


def overview_from_afar(file: Path) -> Overview:
    """What the coordinator of an access says; raises ``AccessInvalid``, ``CoordinatorRefused`` and its relatives."""
    access = parse_access(read_bounded(file, INVITATION_LIMIT))
    asked = courier_https.Coordinator.resolved(access.url, access.certificate_sha256)
    path = f"/campaigns/{access.campaign}/overview"
    reply = asked.ask("GET", path, token=access.token, limit=OVERVIEW_LIMIT)
    if reply.status != 200:
        raise refusal(reply)
    try:
        return TypeAdapter(Overview).validate_json(reply.body)
    except ValidationError as error:
        raise CoordinatorOdd(
            reason="what it says of the campaign is not in the form of this version"
        ) from error
