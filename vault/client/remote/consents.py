"""Requesters and consents, through the process that has the vault open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from vault.client.login import Remote
from vault.views.consents import DecisionView, GrantDraft, GrantView, Withdrawal
from vault.views.requesters import RequesterView

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from decimal import Decimal
    from pathlib import Path

    from vault.views.consents import GrantWish


class RemoteConsents(Remote):
    """Who may ask, and what they are allowed."""

    def add_requester(
        self, name: str, key_file: Path, *, contact: str = "", only_collection: str | None = None
    ) -> RequesterView:
        """Let somebody with this public key send requests, under the owner's own name for them."""
        return self._ask(
            "add_requester",
            RequesterView,
            name=name,
            key_file=key_file,
            contact=contact,
            only_collection=only_collection,
        )

    def requesters(self) -> list[RequesterView]:
        """Everybody who may ask, or was blocked."""
        return self._ask("requesters", list[RequesterView])

    def trust_requester(self, name: str) -> None:
        """Note that this key was checked with its owner in person; proven by the passphrase."""
        self._caller.prove("trust_requester", type(None), {"name": name})

    def block_requester(self, name: str) -> None:
        """Accept nothing more from this requester, stop what runs for them, and send nothing to them."""
        self._tell("block_requester", name=name)

    def unblock_requester(self, name: str) -> None:
        """Let a blocked requester ask again; their key counts as not verified; proven by the passphrase."""
        self._caller.prove("unblock_requester", type(None), {"name": name})

    def vault_key(self, name: str) -> str:
        """The line of the key that signs releases to this requester."""
        return self._ask("vault_key", str, name=name)

    def issue_token(self, requester: str) -> str:
        """A token for this requester's own program, shown once; proven by the passphrase."""
        return self._caller.prove("issue_token", str, {"requester": requester})

    def revoke_tokens(self, requester: str) -> int:
        """End every token of this requester and return how many there were."""
        return self._ask("revoke_tokens", int, requester=requester)

    def preview_grant(self, **wish: Unpack[GrantWish]) -> GrantDraft:
        """What `grant` would give, with the notice and how sensitive each column is, without giving it."""
        return self._ask("preview_grant", GrantDraft, **wish)

    def grant(self, *, special_confirmed: bool = False, **wish: Unpack[GrantWish]) -> GrantView:
        """Allow jobs of a requester to read the named fields for one purpose; proven by the passphrase."""
        return self._caller.prove("grant", GrantView, {"special_confirmed": special_confirmed, **wish})

    def grants(self) -> list[GrantView]:
        """Every consent ever given, with its state now."""
        return self._ask("grants", list[GrantView])

    def consent(self, grant_id: str) -> GrantView:
        """One consent, with its state now."""
        return self._ask("consent", GrantView, grant_id=grant_id)

    def receipt(self, grant_id: str) -> Mapping[str, object]:
        """The consent as an ISO/IEC TS 27560 receipt in DPV terms."""
        return self._ask("receipt", dict[str, object], grant_id=grant_id)

    def preview_withdraw(self, grant_id: str) -> Withdrawal:
        """What `withdraw` would stop and destroy now, and what it could not reach; nothing is changed."""
        return self._ask("preview_withdraw", Withdrawal, grant_id=grant_id)

    def withdraw(self, grant_id: str) -> Withdrawal:
        """Withdraw a consent: what runs under it is stopped, and what is held under it is destroyed."""
        return self._ask("withdraw", Withdrawal, grant_id=grant_id)

    def explain(self, job: Path) -> DecisionView:
        """What the consents say about a job folder now, without storing anything."""
        return self._ask("explain", DecisionView, job=job)

    def what_if(
        self, *, requester: str, collection: str, fields: Iterable[str], purpose: str,
        epsilon: Decimal | None = None, window: tuple[datetime | None, datetime | None] = (None, None),
    ) -> DecisionView:  # fmt: skip
        """What the consents would say to such a job."""
        return self._ask(
            "what_if", DecisionView, requester=requester, collection=collection, fields=fields, purpose=purpose,
            epsilon=epsilon, window=window,
        )  # fmt: skip
