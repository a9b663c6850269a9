"""The table that six clinics share: 10,391 people over 65 of the Medical Expenditure Panel Survey (2003).

It is the table of Cameron and Trivedi, Microeconometrics Using Stata (2009, chapter 6), from the public files of the
Agency for Healthcare Research and Quality, as the package linearmodels ships it (`meps`); twelve of its columns, with
plain names, a row a person. `drugs` is what was spent on prescribed drugs in a year, in dollars. A fifth of the people
is held out before any vault exists; they stand for the public rows of who asks.
"""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

TABLE: Final = Path(__file__).with_name("elderly.csv.gz")
TEST_SHARE: Final = 0.2
CLINICS: Final = 6
MANY: Final = 1000
"""Dollars: who spent more is in the class `high`."""

# Center and scale: round figures somebody would take from a codebook, not from these people.
FEATURES: Final = {
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
}
CLIP: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Some people: their features, (people, columns), and whether each spent much."""

    values: npt.NDArray[np.float64]
    high: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.high)

    def of(self, places: npt.NDArray[np.int64]) -> People:
        """The people at these places."""
        return People(values=self.values[places], high=self.high[places])

    def inputs(self) -> npt.NDArray[np.float64]:
        """The features as a job of a round codes them."""
        import numpy as np

        center, scale = np.array(list(FEATURES.values())).T
        coded: npt.NDArray[np.float64] = np.clip((self.values - center) / scale, -CLIP, CLIP)
        return coded


def everybody() -> People:
    """The whole table."""
    import numpy as np

    with gzip.open(TABLE, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    values = np.array([[float(row[name]) for name in FEATURES] for row in rows])
    return People(values=values, high=np.array([int(float(row["drugs"]) > MANY) for row in rows]))


def split(people: People) -> tuple[list[People], People]:
    """The people of six unlike clinics, by the income of those who live around them, and the people held out."""
    import numpy as np

    order = np.random.default_rng(2003).permutation(len(people))
    held_out = order[: round(TEST_SHARE * len(people))]
    inside = order[len(held_out) :]
    income = people.values[inside, list(FEATURES).index("income")]
    parts = np.array_split(inside[np.argsort(income, kind="stable")], CLINICS)
    return [people.of(part) for part in parts], people.of(held_out)


def made_up(like: People, times: int) -> People:
    """So many times as many people as these, all made up to say the opposite as loudly as they can."""
    import numpy as np

    high = np.repeat(like.high, times)
    loud = np.where(np.array(list(FEATURES)) == "conditions", 6.0, 0.0)
    values = np.repeat(like.values, times, axis=0)
    values[:, loud > 0] = np.where(high[:, None] == 1, 0.0, 6.0)
    return People(values=values, high=high)


def csv_of(people: People) -> str:
    """These people as a clinic's export, each under a number of its own."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["patient", *FEATURES, "spending", "much"])
    for number, (values, high) in enumerate(zip(people.values, people.high, strict=True), start=1):
        writer.writerow([f"P{number:06}", *(f"{value:g}" for value in values), ("low", "high")[high], high])
    return text.getvalue()
