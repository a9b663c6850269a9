"""What the screens say of a mesh: its peers, its rounds, whom the last mix accepted and whom not, and why not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tui.text import campaign_facts, mesh_facts, wording

if TYPE_CHECKING:
    from learner.federation.mesh_mixing import Verdict
    from tui.couriers.meshes import Meshed

NOT_HERE: Final = "This mesh is not at work here any more, and its peers are not reached from here."
NO_COURIER: Final = (
    "This campaign is a mesh, which no courier carries: it goes by itself while lockbox mesh run does."
)
ACCESS_ENDS: Final = "The mesh's access, its certificate and everything that it kept are destroyed."
WHOM: Final = "Whom the last mix took"
_NOT_MIXED: Final = "nothing was mixed yet: the first round starts from the founder's weights"
_FROM_FIRST: Final = "from the founder's weights"
_NOBODY: Final = "from nobody else"
_MOST_NAMED: Final = 5


def standing(one: Meshed | None) -> str:
    """How the mesh of a campaign stands, in a line or two."""
    if one is None:
        return mesh_facts.NOT_LET_IN
    trouble = [f"trouble: {one.state.trouble.rstrip('.')}"] * bool(one.state.trouble)
    return f"{'; '.join([f'Mesh: {_connected(one)}', *trouble, *_last_line(one)])}."


def not_here(state: str) -> str:
    """Why no mesh is here of a campaign in this state."""
    return mesh_facts.NOT_LET_IN if state in campaign_facts.OPEN_STATES else NOT_HERE


def facts(one: Meshed) -> list[tuple[str, str]]:
    """How the mesh of a campaign stands, with every round of one's own."""
    trouble = [("trouble", one.state.trouble)] if one.state.trouble else []
    rounds = [(f"round {each.number}", _round(one, each.number)) for each in one.state.rounds]
    end = [("at the end", _from_whom(one, one.state.last))] if one.state.is_over else []
    return [("founded by", one.access.requester), ("peers", _connected(one)), *trouble, *rounds, *end]


def whom(one: Meshed) -> list[tuple[str, str]]:
    """Each other peer, and what became of its model in the last mix."""
    verdicts = _last(one)
    if verdicts is None:
        return [("mix", _NOT_MIXED)]
    return [(wording.short(one.names[each.key], 22), _verdict(each)) for each in verdicts]


def sentences(one: Meshed) -> list[str]:
    """For whom it waits, what is over, what was not taken from the network, and what does not confine its processes."""
    over = [mesh_facts.OVER] if one.state.is_over else [mesh_facts.ALMOST] * bool(one.state.past_since)
    dropped = [f"Not taken from the network: {why.rstrip('.')}." for why in one.seen.dropped]
    missing = tuple(sorted({*one.state.missing, *one.seen.missing}))
    waits = [] if one.awaited is None else [mesh_facts.awaited(one.awaited, one.names)]
    return [*waits, *over, *dropped, *mesh_facts.lacking(missing)]


def _connected(one: Meshed) -> str:
    return f"{one.seen.connected} of {len(one.names) - 1} connected when it last ran"


def _last(one: Meshed) -> tuple[Verdict, ...] | None:
    """The verdicts of the last mix, or None before the first."""
    if one.state.is_over:
        return one.state.last
    return next((each.verdicts for each in reversed(one.state.rounds) if each.verdicts), None)


def _last_line(one: Meshed) -> Iterator[str]:
    verdicts = _last(one)
    if verdicts is not None:
        yield f"the last mix was {_from_whom(one, verdicts)}"


def _round(one: Meshed, number: int) -> str:
    found = next(each for each in one.state.rounds if each.number == number)
    mixed = _from_whom(one, found.verdicts) if found.verdicts else _FROM_FIRST
    return f"{mesh_facts.what_became(found).rstrip('.')}; {mixed}"


def _from_whom(one: Meshed, verdicts: tuple[Verdict, ...]) -> str:
    """From whom a mix is, and from whom it is not and why; of many peers how many, and some of those too far."""
    taken = [one.names[each.key] for each in verdicts if mesh_facts.is_taken(each)]
    left = [each for each in verdicts if not mesh_facts.is_taken(each)]
    said = f"from {', '.join(taken)}" if taken else _NOBODY
    if len(verdicts) > _MOST_NAMED:
        said, left = (
            f"from {len(taken)} of {len(verdicts)} others",
            [each for each in left if each.word == "too far"],
        )
    named = [f"{one.names[each.key]} ({mesh_facts.why(each)})" for each in left[:_MOST_NAMED]]
    named += [f"{len(left) - _MOST_NAMED} more"] * (len(left) > _MOST_NAMED)
    return f"{said}; not from {', '.join(named)}" if named else said


def _verdict(one: Verdict) -> str:
    told = {
        "accepted": f"accepted: {one.distance:.3g} away, {one.allowed:.3g} allowed",
        "not compared": f"taken without comparing, as the campaign says: {one.distance:.3g} away",
        "too far": f"not accepted: {mesh_facts.why(one)}",
        "nothing came": "nothing came",
    }
    return told[one.word]
