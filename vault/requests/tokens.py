"""Tokens by which requesters reach their own requests; whoever copies the vault finds no token in it.

A token is 32 random bytes as text. Kept is its SHA-256 alone: of so many random bytes nothing can be guessed from it.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from vault.audit.entries import EntryType
from vault.errors.daemon import SessionEnded
from vault.requests.requesters import end_tokens, find, not_blocked
from vault.sealing.random import random_id
from vault.sealing.token import new_token, token_digest
from vault.store.tables import AccessToken, RequesterRow, VaultFact
from vault.views.states import RequesterStatus

if TYPE_CHECKING:
    from datetime import datetime

    from vault.audit.transaction import AuditedTransaction
    from vault.store.unit_of_work import UnitOfWork

LIFE: Final = timedelta(days=90)
_OF_CAMPAIGN: Final = "campaign.token."
"""A fact of the vault: the id of the one token that was made for a campaign, by the campaign's id."""


def issue(act: AuditedTransaction, name: str, *, campaign: str = "") -> str:
    """Make a token of this requester, good for 90 days, and return it.

    One that is for a ``campaign``, by its id, is the only one of it: the one before ends. Raises ``UnknownRequester``
    and ``RequesterBlocked``.
    """
    row = not_blocked(find(act.uow, name))
    token, token_id = new_token(), random_id()
    ends = act.at + LIFE
    act.uow.add(
        AccessToken(
            id=token_id,
            requester_id=row.id,
            digest=token_digest(token),
            issued_at=act.at,
            expires_at=ends,
        )
    )
    if campaign:
        end_of_campaign(act, campaign)
        act.uow.add(VaultFact(key=f"{_OF_CAMPAIGN}{campaign}", value=token_id))
    _record(act, f"the access of {name}: they got a token, good until {ends.date()}")
    return token


def revoke(act: AuditedTransaction, name: str) -> int:
    """End every token of this requester, and return how many still worked; raises ``UnknownRequester``."""
    ended = end_tokens(act, find(act.uow, name).id)
    _record(act, f"the access of {name}: every token of theirs is revoked")
    return ended


def end(act: AuditedTransaction, token: str) -> None:
    """End this one token, which still works; raises ``SessionEnded`` for another."""
    name = holder(act.uow, token, act.now).name
    for row in _kept(act.uow, token):
        row.revoked_at = act.at
    _record(act, f"the access of {name}: one token of theirs is ended")


def end_of_campaign(act: AuditedTransaction, campaign: str) -> None:
    """End the token that was made for the campaign with this id, whatever its courier or mesh says."""
    for fact in act.uow.find(VaultFact, key=f"{_OF_CAMPAIGN}{campaign}"):
        for row in act.uow.find(AccessToken, id=fact.value, revoked_at=None):
            row.revoked_at = act.at
            _record(act, f"the access of the courier or the mesh of campaign {campaign}: it is ended")
        act.uow.delete_all(VaultFact, key=fact.key)


def holder(uow: UnitOfWork, token: str, now: datetime) -> RequesterRow:
    """The requester whose token this is; every stored digest is compared, each in constant time.

    Raises ``SessionEnded`` alike for a token that is unknown, expired, revoked or of somebody blocked.
    """
    for row in _kept(uow, token):
        known = uow.get(RequesterRow, row.requester_id)
        is_good = row.revoked_at is None and now < row.expires_at
        if known is not None and is_good and known.status is not RequesterStatus.BLOCKED:
            return known
    raise SessionEnded


def has_token(uow: UnitOfWork, requester_id: str, now: datetime) -> bool:
    """Whether this requester can present a token that works; one of a courier or a mesh is not in their hands."""
    of_campaigns = {fact.value for fact in uow.find(VaultFact) if fact.key.startswith(_OF_CAMPAIGN)}
    rows = uow.find(AccessToken, requester_id=requester_id, revoked_at=None)
    return any(now < row.expires_at and row.id not in of_campaigns for row in rows)


def _kept(uow: UnitOfWork, token: str) -> list[AccessToken]:
    digest = token_digest(token)
    return [each for each in uow.find(AccessToken) if hmac.compare_digest(each.digest, digest)]


def _record(act: AuditedTransaction, what: str) -> None:
    act.record(EntryType.SETTINGS_CHANGE, hidden={"what": what})
