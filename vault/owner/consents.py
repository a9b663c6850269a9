"""What an owner does about those who may ask, and what they allow them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from vault import release
from vault.consent import receipts
from vault.queries.consents import draft_view, grant_view, grant_views, planned_withdrawal, withdrawal_view
from vault.queries.decisions import explain, what_if
from vault.queries.ids import full_grant_id
from vault.queries.requesters import requester_view, requester_views
from vault.requests import evaluate, inbox, requesters
from vault.requests.bundle import read_job
from vault.requests.grant import give, wished_grant
from vault.sealing.keyfile import key_line, read_key
from vault.training.stop import stop_for_blocked, stop_under_withdrawn

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.views.consents import DecisionView, GrantDraft, GrantView, GrantWish, Withdrawal
    from vault.views.requesters import RequesterView


class ConsentActions:
    """Requesters and consents."""

    _opened: OpenVault

    def add_requester(
        self, name: str, key_file: Path, *, contact: str = "", only_collection: str | None = None
    ) -> RequesterView:
        """Let somebody with this public key send requests, under the owner's own name for them.

        With `only_collection` they may ask about that collection and no other; raises `UnknownCollection`.
        """
        key = read_key(key_file, "requester-public")
        with self._opened.act() as act:
            row = requesters.add(act, name=name, key=key, contact=contact, only_collection=only_collection)
            return requester_view(row)

    def requesters(self) -> list[RequesterView]:
        """Everybody who may ask, or was blocked."""
        with self._opened.read() as uow:
            return requester_views(uow)

    def trust_requester(self, name: str) -> None:
        """Note that this key was checked with its owner in person."""
        with self._opened.act() as act:
            requesters.trust(act, name)

    def block_requester(self, name: str) -> None:
        """Accept nothing more from this requester, stop what runs for them, and send nothing to them."""
        with self._opened.read() as uow:
            asker = requesters.find(uow, name).id
        try:
            with self._opened.act() as act:
                requesters.block(act, name)
        finally:
            # Whatever was raised: where they are blocked and only the reminder could not be written, they are blocked.
            stop_for_blocked(self._opened, asker)

    def unblock_requester(self, name: str) -> None:
        """Let a blocked requester ask again; their key counts as not verified."""
        with self._opened.act() as act:
            requesters.unblock(act, name)

    def vault_key(self, name: str) -> str:
        """The line of the key that signs releases to this requester; another requester gets another key."""
        with self._opened.read() as uow:
            row = requesters.find(uow, name)
            return key_line("vault-public", requesters.vault_key(self._opened.keys, row.id).public)

    def preview_grant(self, **wish: Unpack[GrantWish]) -> GrantDraft:
        """What `grant` would give, with the notice and how sensitive each column is, without giving it."""
        with self._opened.read() as uow:
            return draft_view(uow, wished_grant(uow, wish, self._opened.now(uow)))

    def grant(self, *, special_confirmed: bool = False, **wish: Unpack[GrantWish]) -> GrantView:
        """Allow jobs of a requester to read the named fields of a collection for one purpose, until a date.

        The person must have been shown `NOTICE`; `special_confirmed` says that they agreed a second time to columns
        of a special category, without which such a consent is refused with `SpecialNotConfirmed`.
        """
        with self._opened.act() as act:
            grant = give(act, wish, special_confirmed=special_confirmed)
            return grant_view(act.uow, grant, act.now)

    def grants(self) -> list[GrantView]:
        """Every consent ever given, with its state now."""
        with self._opened.read() as uow:
            return grant_views(uow, self._opened)

    def consent(self, grant_id: str) -> GrantView:
        """One consent, with its state now."""
        with self._opened.read() as uow:
            full = full_grant_id(uow, grant_id)
            return next(one for one in grant_views(uow, self._opened) if one.id == full)

    def receipt(self, grant_id: str) -> Mapping[str, object]:
        """The consent as an ISO/IEC TS 27560 receipt in DPV terms."""
        with self._opened.read() as uow:
            return receipts.receipt(uow, full_grant_id(uow, grant_id))

    def preview_withdraw(self, grant_id: str) -> Withdrawal:
        """What `withdraw` would stop and destroy now, and what it could not reach; nothing is changed."""
        with self._opened.read() as uow:
            return planned_withdrawal(uow, self._opened, full_grant_id(uow, grant_id))

    def withdraw(self, grant_id: str) -> Withdrawal:
        """Withdraw a consent: what runs under it is stopped, and what is held under it is destroyed."""
        with self._opened.read() as uow:
            full = full_grant_id(uow, grant_id)
        try:
            with self._opened.act() as act:
                receipts.withdraw_grant(act, full)
                destroyed = release.destroy_held_under(act, full)
                return withdrawal_view(act.uow, self._opened, full, destroyed)
        finally:
            # Whatever was raised: where it is withdrawn and only the reminder could not be written, it is withdrawn.
            stop_under_withdrawn(self._opened, full)

    def explain(self, job: Path) -> DecisionView:
        """What the consents say about a job folder now, without storing anything."""
        with self._opened.read() as uow:
            examined = inbox.examine(uow, read_job(job))
            return explain(uow, self._opened, evaluate.priced(examined.manifest, examined.requester))

    def what_if(
        self, *, requester: str, collection: str, fields: Iterable[str], purpose: str,
        epsilon: Decimal | None = None, window: tuple[datetime | None, datetime | None] = (None, None),
    ) -> DecisionView:  # fmt: skip
        """What the consents would say if this requester asked for these columns now, all of them required.

        The same decision as for a job; without `epsilon` no cap on a job's price stands in its way. Nothing is
        stored. Raises `UnknownRequester`, `UnknownCollection`, `UnknownField` and `Invalid`.
        """
        with self._opened.read() as uow:
            wish = evaluate.HypotheticalJob(
                requester=requester, collection=collection, fields=frozenset(fields), purpose=purpose,
                epsilon=epsilon, window=window,
            )  # fmt: skip
            return what_if(uow, self._opened, wish)
