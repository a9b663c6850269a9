"""Campaigns in a world: signed by its requester, with rounds signed by the round key beside them."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

from tests.worlds.world import JOB, World
from vault.owner.interface.owner import Owner
from vault.requester.aim import Aim
from vault.requester.campaign_description import campaign_from_description
from vault.requester.campaign_rounds import new_round
from vault.requester.campaigns import new_campaign, sign_campaign
from vault.requests.canonical import canonical
from vault.sealing.keyfile import write_secret_key
from vault.sealing.random import random_id
from vault.sealing.signing import SigningKey

TRAINING = JOB[JOB.index("[training]") : JOB.index("[[fields]]")]
CAMPAIGN = JOB.replace(TRAINING, "[training]\nunits_guess = 50\n\n").replace(
    "[requester]",
    '[campaign]\nprotocol = "gradient_sum"\nrounds = 3\ndays_a_round = 7\n\n[requester]',
)


def campaign(
    world: World, name: str = "campaign", *, epsilon: str = "1", text: str = CAMPAIGN, **tiers: str
) -> Path:
    """The folder of a signed campaign of three rounds of a week each; ``tiers`` are an ε for each by its name."""
    description, folder = world.folder / f"{name}.toml", world.folder / name
    description.write_text(text.format(unit="day", steps=1))
    asked = campaign_from_description(description)
    aims = {tier: Aim(most=Decimal(price)) for tier, price in tiers.items()}
    new_campaign(asked, aim=Aim(most=Decimal(epsilon)), folder=folder, now=world.clock.now, tiers=aims)
    sign_campaign(folder, world.folder / "lab" / "requester.key")
    return folder


def another(world: World, folder: Path, name: str, **changes: object) -> Path:
    """A campaign like this one, with an id and a round key of its own, signed by its requester."""
    to, key = world.folder / name, SigningKey.generate()
    shutil.copytree(folder, to)
    found = json.loads((to / "campaign.json").read_bytes())
    own = {"campaign_id": random_id(), "round_key": key.public.hex()}
    (to / "campaign.json").write_bytes(canonical({**found, **own, **changes}))
    (to / "round.key").unlink()
    write_secret_key(to / "round.key", key.seed())
    sign_campaign(to, world.folder / "lab" / "requester.key")
    return to


def round_of(folder: Path, number: int, name: str = "", tier: str | None = None) -> Path:
    """The folder of a signed round of a campaign, in a noise tier."""
    to = folder.parent / (name or f"{folder.name}-round-{number}")
    new_round(folder, number, to=to, tier=tier)
    return to


def joined(vault: Owner, folder: Path) -> str:
    """Take a campaign in and join it; its id here."""
    found = vault.submit_campaign(folder)
    vault.join_campaign(found.line.id, digest=found.digest)
    return found.line.id


def held(vault: Owner, folder: Path, number: int) -> str:
    """Take a round in and run it; the id of its held update."""
    request = vault.submit(round_of(folder, number)).line.id
    return vault.train(request).id
