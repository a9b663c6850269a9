"""The dialog with the receipt of a consent (ISO/IEC TS 27560 in JSON)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from textual.widget import Widget

from tui.dialogs.dialog import Dialog
from tui.widgets.plain import Plain


class ReceiptDialog(Dialog[None]):
    """The record that decides, what was released under it, and the head of the trail it is anchored in."""

    AUTO_FOCUS = "#details"

    def __init__(self, receipt: Mapping[str, Any]) -> None:
        super().__init__()
        self._receipt = receipt

    def title_text(self) -> str:
        """Which receipt."""
        return f"Receipt of consent {self._receipt['record']['header']['record_id'][:8]}"

    def consequence(self) -> str:
        """What it is, and how to have it as a file."""
        one = self._receipt["record"]["header"]["record_id"][:8]
        return (
            "An ISO/IEC TS 27560 receipt; its record is the very thing that decides. As a file: lockbox consent "
            f"receipt {one} --json > receipt.json"
        )

    def details(self) -> Iterable[Widget]:
        """All of it."""
        yield Plain(json.dumps(self._receipt, ensure_ascii=False, indent=1), classes="value")

    def safe_label(self) -> str:
        """Reading changes nothing."""
        return "Back"
