"""What has left is read from the trail, and followed as it grows."""

from __future__ import annotations

from tests.worlds.world import World
from vault.audit.sent_releases import SentReleases


def test_the_trail_says_what_left_and_what_may_have_left(held_world: World) -> None:
    """An intent alone is "may have left"; the entry of the end turns it into "left", with its time."""
    with held_world.vault() as vault:
        (held,) = vault.releases()
        before = vault.status()
        vault.send(held.id, confirm_digest=held.digest[:8], to=held_world.folder / "out")
        after, size = vault.status(), vault.status().audit_entries
        sent_releases = SentReleases()
        with vault._opened.read() as uow:
            sent_releases.follow(uow)

    assert (before.released, before.may_have_left, before.last_left_at) == (0, 0, None)
    assert (after.released, after.may_have_left) == (1, 0)
    assert after.last_left_at is not None
    assert (size, {held.id}, {held.id: after.last_left_at}) == (
        sent_releases.read,
        sent_releases.begun,
        sent_releases.sent,
    )


def test_a_sending_without_its_end_may_have_left_for_good() -> None:
    sent_releases = SentReleases(begun={"a", "b"}, sent={"b": "2026-11-21T12:00:00Z"})

    assert (sent_releases.may_have_left, sent_releases.last) == (1, "2026-11-21T12:00:00Z")
