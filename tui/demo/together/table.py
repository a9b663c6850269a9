"""The people of a table, parted among six houses; a fifth is held out before any vault exists.

Those held out stand for the public rows of who asks.
"""

from __future__ import annotations

import csv
import gzip
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from tui.demo.together.topics import Topic

TEST_SHARE: Final = 0.2
HOUSES: Final = 6
CLIP: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Some people: their features, (people, columns), and whether each is in the second class."""

    topic: Topic
    values: npt.NDArray[np.float64]
    high: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.high)

    def of(self, places: npt.NDArray[np.int64]) -> People:
        """The people at these places."""
        return People(topic=self.topic, values=self.values[places], high=self.high[places])

    def inputs(self) -> npt.NDArray[np.float64]:
        """The features as a job of a round codes them."""
        import numpy as np

        center, scale = np.array(list(self.topic.features.values())).T
        coded: npt.NDArray[np.float64] = np.clip((self.values - center) / scale, -CLIP, CLIP)
        return coded


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The people of six unlike houses, the same people dealt out at random, and those held out."""

    unlike: tuple[People, ...]
    alike: tuple[People, ...]
    held_out: People


def everybody(topic: Topic) -> People:
    """The whole table."""
    import numpy as np

    with gzip.open(topic.path, "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    values = np.array([[float(row[name]) for name in topic.features] for row in rows])
    high = np.array([int(float(row[topic.label]) > topic.above) for row in rows])
    return People(topic=topic, values=values, high=high)


def split(people: People) -> Parts:
    """Part the people by a column of theirs, and a second time by chance."""
    import numpy as np

    order = np.random.default_rng(2003).permutation(len(people))
    held_out = order[: round(TEST_SHARE * len(people))]
    inside = order[len(held_out) :]
    by = people.values[inside, list(people.topic.features).index(people.topic.by)]
    unlike = np.array_split(inside[np.argsort(by, kind="stable")], HOUSES)
    return Parts(
        unlike=tuple(people.of(part) for part in unlike),
        alike=tuple(people.of(part) for part in np.array_split(inside, HOUSES)),
        held_out=people.of(held_out),
    )


def made_up(like: People, times: int) -> People:
    """So many times as many people as these, all made up to say the opposite as loudly as they can."""
    import numpy as np

    place = list(like.topic.features).index(like.topic.telling)
    center, scale = like.topic.features[like.topic.telling]
    high = np.repeat(like.high, times)
    values = np.repeat(like.values, times, axis=0)
    values[:, place] = np.where(high == 1, center - CLIP * scale, center + CLIP * scale)
    return People(topic=like.topic, values=values, high=high)


def csv_of(people: People) -> str:
    """These people as a house's export, each under a number of its own."""
    text, topic = io.StringIO(), people.topic
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([topic.person, *topic.features, "outcome", "share"])
    for number, (values, high) in enumerate(zip(people.values, people.high, strict=True), start=1):
        cells = (f"{value:g}" for value in values)
        writer.writerow([f"P{number:06}", *cells, topic.classes[high], high])
    return text.getvalue()
