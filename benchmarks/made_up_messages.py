"""Made-up messages that want something from somebody or not, for tests and measurements."""

from __future__ import annotations

import random
from collections.abc import Iterator

_NAMES = ("Anna", "Bo", "Chidi", "Dilara", "Emre", "Fanny", "Goran", "Hana", "Ines", "Jörg")
_PLACES = ("at the station", "by the lake", "in the garden", "at grandma’s", "near the school", "at work")
_TIMES = ("at eight", "tomorrow", "on Sunday", "after lunch", "tonight", "next week")
_ASKING = (
    "{name}, could you bring the {thing} {time}?",
    "please call me {time}, it is about the {thing}",
    "can somebody pick {name} up {place} {time}",
    "would you mind to water the {thing} {time}? thanks",
    "I need the {thing} back {time}, please",
)
_TELLING = (
    "{name} was {place} {time}, and so was the {thing}",
    "we had soup {place}; {name} sends greetings",
    "the {thing} is {place} again, no hurry",
    "saw {name} {time}, looking well",
    "it rained {place} and the {thing} got wet",
)
_THINGS = ("bike", "keys", "tent", "plants", "drill", "book", "pram", "ladder")


def messages(count: int, *, seed: int = 0, misspelled: float = 0.02) -> Iterator[tuple[str, str]]:
    """So many pairs of a message and what it does, ``asks`` or ``tells``; one letter in fifty is another."""
    draw = random.Random(seed)
    for _ in range(count):
        is_asking = draw.random() < 0.5
        text = draw.choice(_ASKING if is_asking else _TELLING).format(
            name=draw.choice(_NAMES),
            place=draw.choice(_PLACES),
            time=draw.choice(_TIMES),
            thing=draw.choice(_THINGS),
        )
        letters = [draw.choice("aeinrst") if draw.random() < misspelled else letter for letter in text]
        yield "".join(letters), "asks" if is_asking else "tells"
