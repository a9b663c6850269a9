"""What an owner does about those who may ask."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vault.errors.daemon import SessionEnded
from vault.errors.keys import OtherKey
from vault.owner.drills import end_with_requester
from vault.queries.requesters import requester_view, requester_views
from vault.requests import requesters
from vault.sealing.keyfile import key_line, read_key
from vault.sealing.signing import fingerprint as fingerprint_of
from vault.training.stop import stop_for_blocked

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.views.requesters import RequesterView


from vault.requests import tokens
from vault.requests.lapsed import return_lapsed, still_open
from vault.requests.stored_campaigns import show


class RequesterActions:
    """Who may ask, what is known of them, and how their programs get in."""

    _opened: OpenVault

    def add_requester(
        self, name: str, key_file: Path, *, fingerprint: str | None = None, contact: str = "",
        only_collection: str | None = None,
    ) -> RequesterView:  # fmt: skip
        key = read_key(key_file, "requester-public")
        if fingerprint is not None and fingerprint != fingerprint_of(key):
            raise OtherKey(path=key_file)
        with self._opened.act() as act:
            row = requesters.add(act, name=name, key=key, contact=contact, only_collection=only_collection)
            return requester_view(act.uow, row)

    def requesters(self) -> list[RequesterView]:
        with self._opened.read() as uow:
            return requester_views(uow)

    def trust_requester(self, name: str) -> None:
        with self._opened.act() as act:
            requesters.trust(act, name)

    def block_requester(self, name: str) -> list[str]:
        with self._opened.read() as uow:
            asker = requesters.find(uow, name).id
        try:
            with self._opened.act() as act:
                end_with_requester(act, name)
                requesters.block(act, name)
                return still_open(act, asker, return_lapsed(act))
        finally:
            # Whatever was raised: where they are blocked and only the reminder could not be written, they are blocked.
            stop_for_blocked(self._opened, asker)

    def unblock_requester(self, name: str) -> None:
        with self._opened.act() as act:
            requesters.unblock(act, name)

    def rename_requester(self, name: str, new_name: str) -> None:
        with self._opened.act() as act:
            requesters.rename(act, name, new_name)

    def vault_key(self, name: str) -> str:
        with self._opened.read() as uow:
            row = requesters.find(uow, name)
            return key_line("vault-public", requesters.vault_key(self._opened.keys, row.id).public)

    def issue_token(self, requester: str, *, campaign: str = "") -> str:
        with self._opened.act() as act:
            if campaign:
                show(act.uow, campaign)
            return tokens.issue(act, requester, campaign=campaign)

    def end_token(self, token: str) -> bool:
        try:
            with self._opened.act() as act:
                tokens.end(act, token)
        except SessionEnded:
            return False  # it is unknown here, or ended by itself: nothing was changed
        return True

    def revoke_tokens(self, requester: str) -> int:
        with self._opened.act() as act:
            return tokens.revoke(act, requester)
