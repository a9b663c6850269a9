"""What a person hears of a mesh: before it is joined, while it runs, whom it accepted and whom not, and why not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from tui.text import times, wording

if TYPE_CHECKING:
    from learner.federation.mesh_folder import Access, MeshRound, MeshState, Seen
    from learner.federation.mesh_mixing import Verdict
    from tui.couriers.meshes import Awaited

Names = Mapping[str, str]

_MISSING: Final = {
    "landlock": "This kernel has no Landlock: the mesh's processes could read and write your files.",
    "landlock-network": "This kernel cannot bind a process to ports: the mesh's could connect to any.",
    "single-thread": "The mesh's process had a second thread, which Landlock does not reach.",
    "seccomp": (
        "This kernel takes no filter over system calls: the mesh's processes could start programs and reach other "
        "programs of yours."
    ),
    "listening": "This kernel takes no second filter: the mesh's process could listen on a port that nobody chose.",
}
_WORDS: Final = {
    "prepared": "mixed, to be handed over",
    "waiting": "waits for you",
    "refused": "you said no",
    "kept private": "you kept it private",
    "destroyed": "its update was destroyed",
    "failed": "its run failed",
    "expired": "over, nothing released",
    "released": "released to your peers",
    "not handed over": "not taken by the vault",
    "not here": "nothing to fetch",
}
_YOURS: Final = {"waiting": "your own release", "prepared": "your own release"}
_NOT_YOURS: Final = "yours, which does not come"
_MOST_NAMED: Final = 5
ALONE: Final = (
    "Nobody is connected. Whoever has a certificate of another authority, or one whose time is over, sees nobody and "
    "gets no error; nor does one that nobody can reach and that reaches nobody"
)
ALMOST: Final = (
    "By the clock the last round is over. Its model is mixed once the clock has said so for a day, or all models of "
    "that round are here."
)
NOT_OVER: Final = (
    "its last round is not over yet; it ends {until}, or once the models of all peers are here, and the model is mixed "
    "within a day of that while lockbox mesh run is at work"
)
OVER: Final = "The last round is over. The model that came of it: lockbox mesh model ID --to MODEL.onnx"
NOTHING_LEAVES: Final = (
    "Nothing is read, nothing is paid and nothing is agreed to by that. The campaign comes into your inbox, and each "
    "release is still yours to decide."
)
NOT_LET_IN: Final = (
    "It is a mesh, whose rounds are made on this computer, and it was not let in here yet: whoever founded it gave you "
    "a membership. lockbox mesh join MEMBERSHIP"
)
WHO_SEES: Final = (
    "While it runs, a port is open to your peers alone. They see from which network address and when; whoever watches "
    "the network sees to whom this computer speaks, not what."
)


def before_joining(*, requester: str, peers: list[tuple[str, str]]) -> Iterator[str]:
    """What joining does, said before anything of it is done."""
    listed = ", ".join(f"{name} (key {key})" for name, key in peers)
    yield f"{requester} founded a mesh of {wording.counted(len(peers), 'peer')}: {listed}."
    yield "What you release in it goes to all of them, and they pass it on. One more peer would be another mesh."
    yield NOTHING_LEAVES
    yield (
        f"The mesh gets access to the requester's door of your vault, as {requester} would have it: it hands in your "
        "rounds and fetches what you released. It holds no key of your vault."
    )
    yield WHO_SEES


def after_joining(campaign: str) -> Iterator[str]:
    """What comes next."""
    yield f"Look at the campaign, and decide: lockbox campaign show {campaign[:8]}"
    yield f"To take part in it: lockbox campaign join {campaign[:8]}"
    yield "To let your peers reach you, while the vault is open: lockbox mesh run"


def lacking(missing: tuple[str, ...]) -> Iterator[str]:
    """A sentence for each layer that does not confine the mesh's processes here."""
    return (_MISSING[name] for name in missing if name in _MISSING)


def event(said: Mapping[str, Any], names: Names) -> str:
    """One line of what happened."""
    number, note = said.get("round"), str(said.get("note") or "no reason is told").rstrip(".")
    who = names.get(str(said.get("key")), "somebody")
    told = {
        "listening": "Peers can reach this computer",
        "not listening": "No address to listen on is known; it reaches others, and none can begin with it",
        "peers": f"{wording.counted(int(said.get('connected') or 0), 'peer')} connected",
        "alone": ALONE,
        "told": f"Your model of round {number} is there for your peers",
        "received": f"{who}'s model of round {number} came",
        "dropped": f"Something was not taken: {note}",
        "mixed": _mixed(number, int(said.get("accepted") or 0)),
        "handed over": f"Round {number} was handed to the vault; to look at it: lockbox request list",
        "not handed over": f"The vault did not take round {number}: {note}",
        "released": f"You released your model of round {number}",
        "refused": f"You said no to round {number}",
        "expired": f"Round {number} is over",
        "not here": f"Of round {number} nothing is left to be fetched: {note}",
        "over": "The last round is over, and the model that came of it is mixed",
        "not over": "The last round is not over after all: the clock was ahead when it said so",
        "network again": f"The process with the network {note}; it begins again in {said.get('within')} s",
        "left": "You left this mesh, so it runs no more",
        "locked": "The vault is locked; your peers still get what was released before",
        "vault trouble": str(said.get("sentence")),
    }
    return f"{told[str(said['event'])].rstrip('.')}."


def _mixed(number: object, accepted: int) -> str:
    if number == 1:
        return "Round 1 starts from the founder's weights"
    return f"Round {number} is mixed, from {wording.counted(accepted, 'model')} of others"


def awaited(one: Awaited, names: Names) -> str:
    """Whose models of the newest round came, for whom it waits and until when, and what comes then."""
    came, missing = ([names[key] for key in keys] for keys in (one.came, one.missing))
    said = f"Of round {one.number} no model of others is here"
    if came:
        said = (
            f"Of round {one.number} {'the model' if len(came) == 1 else 'the models'} of {_listed(came)} came"
        )
    waits = [*missing, *([] if one.own == "released" else [_YOURS.get(one.own, _NOT_YOURS)])]
    then = "the model of the mesh is mixed" if one.is_last else "the next round begins"
    if not waits:
        return f"{said}; {then}."
    until = f"until {times.full_time(one.until)}"
    return f"{said}; it waits for {_listed(waits)}, {until}, and then {then} without."


def _listed(names: Sequence[str]) -> str:
    if len(names) > _MOST_NAMED:
        return f"{', '.join(names[:_MOST_NAMED])} and {len(names) - _MOST_NAMED} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def facts(access: Access, state: MeshState, seen: Seen) -> list[tuple[str, str]]:
    """How one mesh stands."""
    return [
        ("campaign", access.campaign),
        ("founded by", access.requester),
        ("connected", f"{wording.counted(seen.connected, 'peer')}, when it last ran"),
        *([("trouble", state.trouble)] if state.trouble else []),
        ("rounds", str(len(state.rounds))),
        ("wait for you", str(sum(one.word == "waiting" for one in state.rounds))),
        ("released", str(sum(one.word == "released" for one in state.rounds))),
    ]


def round_row(one: MeshRound, names: Names) -> tuple[str, str, str, str]:
    """A round as a row: its number, what became of it, whom it was mixed from, and whom not and why."""
    return (str(one.number), what_became(one), *_from_whom(one.verdicts, names))


def what_became(one: MeshRound) -> str:
    """What became of a round, or why the vault did not take it."""
    return one.note or _WORDS[one.word]


def last_row(verdicts: tuple[Verdict, ...], names: Names) -> tuple[str, str, str, str]:
    """The mix after the last round as a row."""
    return ("end", "the model that came of it", *_from_whom(verdicts, names))


def _from_whom(verdicts: tuple[Verdict, ...], names: Names) -> tuple[str, str]:
    taken = [
        names[one.key] + ("" if one.word == "accepted" else " (not compared)")
        for one in verdicts
        if is_taken(one)
    ]
    left = [f"{names[one.key]}: {why(one)}" for one in verdicts if not is_taken(one)]
    return ", ".join(taken), "; ".join(left)


def is_taken(one: Verdict) -> bool:
    """Whether a peer's model was mixed."""
    return one.word in ("accepted", "not compared")


def why(one: Verdict) -> str:
    """Why a peer's model was not mixed."""
    if one.word == "too far":
        return f"{one.distance:.3g} away, {one.allowed:.3g} allowed"
    return "nothing came"
