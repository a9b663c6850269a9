"""Invitations to nobody's campaign."""

from __future__ import annotations

from learner.federation.exchange import Invitation, TieredInvitation, invitation_bytes


def invitation(
    url: str = "https://127.0.0.1:9", *, campaign: str = "b" * 64, tier: str | None = None
) -> bytes:
    """The bytes of one to this address, by a key that nobody knows."""
    facts = {"v": 1, "kind": "lockbox-invitation", "url": url, "code": "d" * 64, "signature": "e" * 128}
    digests = {"certificate_sha256": "a" * 64, "campaign": campaign, "requester": "c" * 64}
    if tier is None:
        return invitation_bytes(Invitation.model_validate(facts | digests))
    return invitation_bytes(TieredInvitation.model_validate(facts | digests | {"v": 2, "tier": tier}))
