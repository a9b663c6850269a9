"""What banks write: transactions as CSV, OFX and QIF."""

from __future__ import annotations

from typing import Final

from vault.importers.catalogue.schema import PD, KnownColumn, KnownFormat, Part, number, text, time, words
from vault.views.field_types import Sensitivity

_MONEY: Final = PD + "Transaction"
OFX_KINDS: Final = (
    "CREDIT", "DEBIT", "INT", "DIV", "FEE", "SRVCHG", "DEP", "ATM", "POS", "XFER", "CHECK", "PAYMENT", "CASH",
    "DIRECTDEP", "DIRECTDEBIT", "REPEATPMT", "HOLD", "OTHER",
)  # fmt: skip
_DAY = time("day", "the day on which it was booked", category=_MONEY)
_AMOUNT = number(
    "amount", "what came in, or with a minus what went out", "in its currency", (-1e7, 1e7, 0, 500),
    category=_MONEY, sensitivity=Sensitivity.SENSITIVE,
)  # fmt: skip
_CURRENCY = words("currency", "of the amount", category=_MONEY, sensitivity=Sensitivity.ORDINARY)
_LEAVES_OUT: Final = "names and account numbers of who paid or was paid, references, notes"


def _kind(labels: tuple[str, ...] = ()) -> KnownColumn:
    return words("kind", "what kind of transaction the bank says it is", labels, category=_MONEY)


_CATEGORY = words("category", "the category that the bank or you gave it", category=_MONEY)
_BALANCE = number(
    "balance", "what was left afterwards", "in its currency", (-1e8, 1e8, 2000, 5000),
    category=PD + "FinancialAccount", sensitivity=Sensitivity.SENSITIVE,
)  # fmt: skip

BANK: Final = KnownFormat(
    name="bank-csv",
    title="bank transactions as CSV",
    needs="the CSV of Revolut, N26, Monzo, Starling, Wise, Chase, DKB, ING (Germany) or a Sparkasse",
    download="on the bank's page: transactions, export or download, as CSV",
    leaves_out=_LEAVES_OUT,
    parts=(
        Part(
            name="transactions",
            title="one row a transaction",
            columns=(_DAY, _AMOUNT, _CURRENCY, _kind(), _CATEGORY, _BALANCE),
        ),
    ),
)
OFX: Final = KnownFormat(
    name="ofx",
    title="OFX or QFX of a bank",
    needs="a file .ofx or .qfx, of version 1 or 2",
    download="on the bank's page: transactions, export, as OFX, QFX, Quicken or Money",
    leaves_out=_LEAVES_OUT,
    parts=(
        Part(
            name="transactions",
            title="one row a transaction",
            columns=(
                _DAY,
                _AMOUNT,
                _CURRENCY,
                _kind(OFX_KINDS),
                text("id", "what the bank calls it, by which it is known again", category=_MONEY),
            ),
        ),
    ),
)
QIF: Final = KnownFormat(
    name="qif",
    title="QIF of a bank",
    needs="a file .qif of a bank, cash or card account",
    download="on the bank's page: transactions, export, as QIF or Quicken",
    leaves_out=_LEAVES_OUT,
    parts=(
        Part(
            name="transactions",
            title="one row a transaction",
            columns=(_DAY, _AMOUNT, _CATEGORY),
            says="QIF does not say whether day or month stands first: what all dates of the file allow is taken, and a "
            "date that fits both ways is refused.",
        ),
    ),
)
