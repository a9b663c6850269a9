"""The CSV files of banks: how each calls its columns, and how it writes days and amounts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from vault.importers.catalogue.reading import Reading
from vault.importers.catalogue.sheets import Sheet, read_sheets


def _sheet(
    when: str,
    needs: str,
    columns: str,
    *,
    decimal: str = ".",
    day_first: bool | None = None,
    currency: str = "",
) -> Sheet:
    """A table by its headers; ``columns`` are amount, currency, kind, category, balance, empty where there is none."""
    names = ("amount", "currency", "kind", "category", "balance")
    given = {name: header for name, header in zip(names, columns.split("|"), strict=True) if header}
    fixed: Mapping[str, object] = {"currency": currency} if currency else {}
    return Sheet(
        part="transactions", when=when, needs=frozenset(needs.split("|")), columns=given, decimal=decimal,
        day_first=day_first, fixed=fixed,
    )  # fmt: skip


SHEETS: Final = (
    # Revolut
    _sheet("Completed Date", "Product|Started Date|Completed Date|Amount|State", "Amount|Currency|Type||Balance"),
    # N26, now and before
    _sheet("Booking Date", "Booking Date|Partner Iban|Amount (EUR)", "Amount (EUR)||Type||", currency="EUR"),
    _sheet(
        "Date", "Date|Payee|Transaction type|Amount (EUR)", "Amount (EUR)||Transaction type|Category|", currency="EUR"
    ),
    # Monzo
    _sheet("Date", "Transaction ID|Emoji|Amount|Local currency", "Amount|Currency|Type|Category|", day_first=True),
    # Starling
    _sheet(
        "Date", "Date|Counter Party|Amount (GBP)", "Amount (GBP)||Type|Spending Category|Balance (GBP)",
        day_first=True, currency="GBP",
    ),
    # Wise
    _sheet("Date", "TransferWise ID|Running Balance|Amount", "Amount|Currency|||Running Balance", day_first=True),
    # Chase, card and account
    _sheet(
        "Transaction Date", "Transaction Date|Post Date|Amount|Memo", "Amount||Type|Category|",
        day_first=False, currency="USD",
    ),
    _sheet(
        "Posting Date", "Details|Posting Date|Check or Slip #", "Amount||Type||Balance",
        day_first=False, currency="USD",
    ),
    # DKB
    _sheet(
        "Buchungsdatum", "Buchungsdatum|Umsatztyp|Betrag (€)", "Betrag (€)||Umsatztyp||",
        decimal=",", day_first=True, currency="EUR",
    ),
    # a Sparkasse
    _sheet(
        "Buchungstag", "Auftragskonto|Buchungstag|Betrag|Waehrung", "Betrag|Waehrung|Buchungstext||",
        decimal=",", day_first=True,
    ),
    # ING in Germany
    _sheet(
        "Buchung", "Buchung|Buchungstext|Saldo|Betrag", "Betrag|Währung|Buchungstext||Saldo",
        decimal=",", day_first=True,
    ),
)  # fmt: skip


def read_bank(reading: Reading) -> None:
    """Read the transactions of a bank."""
    read_sheets(reading, SHEETS)
