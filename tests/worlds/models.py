"""A model that an owner keeps: that of the update that this vault holds, once it was sent."""

from __future__ import annotations

from tests.worlds.world import World


def keep_model(world: World, name: str = "nightly") -> None:
    """Send the only held update into the folder `out`, and keep its model."""
    with world.vault() as vault:
        (held,) = vault.releases()
        vault.send(held.id, confirm_digest=held.digest[:8], to=world.folder / "out")
        vault.add_model(world.folder / "out", name=name)
