"""What an owner tells requesters about a collection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vault.audit.entries import EntryType
from vault.file_names import spelled
from vault.lifecycle.backup import check_new
from vault.queries.cards import draft_card, shown_card
from vault.requests import requesters
from vault.requests.card import card_file
from vault.sealing.digest import sha256_hex
from vault.store.destination import already_recorded
from vault.store.new_file import new_file

if TYPE_CHECKING:
    from vault.lifecycle.opened import OpenVault
    from vault.store.unit_of_work import UnitOfWork
    from vault.views.cards import CardChoice, DataCard


class CardActions:
    """Look at a data card and hand it out."""

    _opened: OpenVault

    def data_card(self, card: CardChoice) -> DataCard:
        with self._opened.read() as uow:
            return self._card(uow, card)

    def hand_out_card(self, card: CardChoice, target: Path) -> DataCard:
        check_new(self._opened, target)
        with self._opened.act() as act:
            made = self._card(act.uow, card)
            about = {"collection": card.collection, "target": spelled(target.name), "sha256": _digest(made)}
            act.record(
                EntryType.EXPORT,
                clear={"profile": "card"},
                hidden=about | ({"requester": card.to} if card.to else {}),
            )
        with already_recorded(target), new_file(target) as file:
            file.write(made.text)
        return made

    def _card(self, uow: UnitOfWork, card: CardChoice) -> DataCard:
        to = requesters.find(uow, card.to) if card.to else None
        key = requesters.vault_key(self._opened.keys, to.id) if to else None
        drafted = draft_card(uow, card, to=to, vault_key=key.public if key else None)
        return shown_card(drafted, card_file(drafted, key))


def _digest(made: DataCard) -> str:
    return sha256_hex(made.text.encode())
