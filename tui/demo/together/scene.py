"""Who plays in the demo of many vaults, and how the people are parted among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.demo.together.asker import Asker
from tui.demo.together.member import Member
from tui.demo.together.table import Parts, everybody, made_up, split

if TYPE_CHECKING:
    from tui.demo.narrator import Narrator
    from tui.demo.together.topics import Topic

_ABOUT: Final = {0: "  (poisoned: all of them made up)", 1: "  (answers nothing)"}
"""What is odd about a house, counted from the last."""
LOUDER: Final = 8
"""How many times as many people as it has the poisoned house makes up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who plays: the houses, the institute, and how the people were parted."""

    narrator: Narrator
    topic: Topic
    members: tuple[Member, ...]
    asker: Asker
    parts: Parts

    @property
    def answering(self) -> list[Member]:
        """All but the one that is silent."""
        return [one for one in self.members if not one.silent]


def prepare(narrator: Narrator, topic: Topic) -> Scene:
    """Part the table: the last house is poisoned, the last but one never answers."""
    parts = split(everybody(topic))
    pairs = list(zip(parts.unlike, parts.alike, strict=True))
    pairs[-1] = (made_up(parts.unlike[-1], LOUDER), made_up(parts.alike[-1], LOUDER))
    members = tuple(
        Member(
            name=f"{topic.house} {number}",
            folder=narrator.folder / f"{topic.house}-{number}",
            unlike=unlike,
            alike=alike,
            silent=number == len(pairs) - 1,
            about=_ABOUT.get(len(pairs) - number, ""),
        )
        for number, (unlike, alike) in enumerate(pairs, start=1)
    )
    asker = Asker(narrator=narrator, topic=topic, units_guess=round(len(parts.unlike[0]), -2))
    return Scene(narrator=narrator, topic=topic, members=members, asker=asker, parts=parts)
