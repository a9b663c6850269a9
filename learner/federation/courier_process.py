"""A courier's process: it reads its folder, looks one name up, locks itself in, goes one errand and ends.

    courier_process look FOLDER             fetch and check the campaign
    courier_process enrol FOLDER            fetch and check the campaign, then enrol the public key in the folder
    courier_process carry FOLDER [LINE]     one errand; LINE is the number of a connected descriptor to the vault
    courier_process probe FOLDER PATH…      try from inside what must not work

It writes one JSON object a line on standard output, and nothing anywhere else: what an error quotes may be a token.
"""

from __future__ import annotations

import os
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from learner.federation import courier_folder, courier_probes, courier_sandbox
from learner.federation.confined_task import end_with, tell
from learner.federation.courier_campaign import CAMPAIGN_FILES, ServedCampaign, check_invited, refusal
from learner.federation.courier_door import Door
from learner.federation.courier_errand import Errand
from learner.federation.courier_folder import KEY_FILE, PROOF_FILE, CourierFolder
from learner.federation.courier_https import Coordinator, host_and_port
from learner.federation.exchange import ENROLMENT_LIMIT, Enrolment, enrolment_bytes
from vault.client.connection import decode
from vault.client.given_line import GivenLine
from vault.errors.federation import CoordinatorOdd, CourierAtWork
from vault.requester.forms import NotCanonical, parse_as
from vault.wire.errors import ErrorBody, error_body, error_from

if TYPE_CHECKING:
    from learner.federation.exchange import Invitation


def main(arguments: list[str]) -> NoReturn:
    """Go one errand."""
    end_with(_go, arguments)


def _go(task: str, path: str, *rest: str) -> None:
    courier_sandbox.harden_courier()
    folder = CourierFolder(Path(path))
    if task == "probe":
        courier_probes.run(folder.path, [Path(one) for one in rest], tell)
        return
    lock = folder.held_alone()
    invitation = folder.invitation()
    _load_the_rest()
    coordinator = Coordinator.resolved(invitation.url, invitation.certificate_sha256)
    confinement = courier_sandbox.confine(folder.path, host_and_port(invitation.url)[1])
    if task == "look":
        look_by(folder, coordinator, invitation)
    elif task == "enrol":
        enrol_by(folder, coordinator, invitation)
    else:
        _carry(folder, coordinator, invitation, confinement.missing, rest)
    os.close(lock)


def _load_the_rest() -> None:
    """Load what is imported when it is needed: code may lie behind links, and Landlock goes by where it really is."""
    courier_folder.load_forms()
    error_from(decode(ErrorBody, error_body(CourierAtWork()).model_dump_json().encode()))


def look_by(folder: CourierFolder, coordinator: Coordinator, invitation: Invitation) -> None:
    """Check who invites, and put the campaign into the folder."""
    _keep(folder, _invited(coordinator, invitation))
    tell({"event": "looked"})


def enrol_by(folder: CourierFolder, coordinator: Coordinator, invitation: Invitation) -> None:
    """Check who invites, then give the coordinator the key, and put the campaign and the token into the folder."""
    files = _invited(coordinator, invitation)
    served = ServedCampaign(coordinator=coordinator, digest=invitation.campaign, token="")
    body = enrolment_bytes(invitation.code, folder.read(KEY_FILE), folder.read(PROOF_FILE))
    reply = served.ask("POST", "/enrolments", body=body, limit=ENROLMENT_LIMIT)
    if reply.status not in (200, 201):
        raise refusal(reply)
    try:
        token = parse_as(Enrolment, reply.body).token
    except NotCanonical as error:
        raise CoordinatorOdd(reason=f"of its token, {error}") from None
    _keep(folder, files)
    folder.keep(replace(folder.access(), token=token))
    tell({"event": "enrolled"})


def _invited(coordinator: Coordinator, invitation: Invitation) -> tuple[bytes, ...]:
    """The campaign and its signature, as they are shown to who has an invitation, once they belong to it."""
    asked = replace(coordinator, scheme="Invitation")
    served = ServedCampaign(coordinator=asked, digest=invitation.campaign, token=invitation.code)
    files = served.files(CAMPAIGN_FILES)
    check_invited(invitation, *files)
    return files


def _keep(folder: CourierFolder, files: tuple[bytes, ...]) -> None:
    for name, data in zip(CAMPAIGN_FILES, files, strict=True):
        folder.write(name, data)


def _carry(
    folder: CourierFolder,
    coordinator: Coordinator,
    invitation: Invitation,
    missing: tuple[str, ...],
    line: tuple[str, ...],
) -> None:
    access, state = folder.access(), replace(folder.state(), missing=missing)
    door = Door(line=GivenLine(socket.socket(fileno=int(line[0]))), token=access.door) if line else None
    served = ServedCampaign(
        coordinator=coordinator,
        digest=invitation.campaign,
        token=access.token,
        tier=invitation.noise_tier,
    )
    Errand(folder=folder, served=served, door=door, tell=tell, state=state).run()


if __name__ == "__main__":
    main(sys.argv[1:])
