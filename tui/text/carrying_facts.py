"""What the screens say of invitations and couriers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from tui.text import courier_facts, times, wording

if TYPE_CHECKING:
    from tui.couriers.carrying import Carried
    from tui.couriers.joining import Invited

LOOKING: Final = (
    "Nothing was sent yet. If you go on, a courier, a process of its own, shows the code of this invitation to the "
    "coordinator, which then knows your network address and nothing of your vault. You see the campaign and its price "
    "before you take part."
)
FINGERPRINT: Final = (
    "Compare the fingerprint with whoever invites you, face to face or in a call in which you know the voice: an "
    "invitation is not signed by itself, and whoever made it can name any key. Whether that key signed the campaign, "
    "and the campaign's key this invitation, is checked before the campaign is shown."
)
MAY_ASK: Final = "Whoever has the key below may then send you requests."
KEY_IS_SENT: Final = "Joining sends your vault's public key for them to its coordinator."
GOING: Final = (
    "A courier, a process of its own, speaks to the coordinator and to this vault: it hands open rounds in, and sends "
    "the updates that you released, exactly those bytes. What it sends cannot be called back."
)
ASKED: Final = "The courier asks the coordinator …"
GONE: Final = "The courier is on its way …"
NOT_CARRIED: Final = (
    "No courier carries this campaign. Its rounds come in by hand, or by its invitation: take that in."
)
OF_NO_CAMPAIGN: Final = (
    "What is written here is of no campaign that this vault has, as of a process that was turned against you. There is "
    "nothing to leave."
)
ACCESS_ENDS: Final = "Its courier's access, and everything that it kept, are destroyed."
LEFT_OVER: Final = (
    "Left over from a joining or leaving that was cut off: {paths}. The next joining or leaving, of whatever campaign, "
    "ends what access it has and removes it; what stays then is written to by a process: end that, and remove it."
)
STAYS_HERE: Final = "Your update waits here until the courier has brought it away."
NOTHING_TO_CARRY: Final = "No update waits for a courier; under 4 Requests one is let go for what is new."
RELEASED: Final = "you released it; it waits for the courier"
NOTHING_NEW: Final = "Nothing had to be carried, and nothing new came."


def invited(found: Invited) -> list[tuple[str, str]]:
    """Who invites to what, by what an invitation says."""
    known = found.known
    who = (
        "a key that you do not know yet"
        if known is None
        else wording.requester_with_key(known.name, known.fingerprint, known.status)
    )
    return [
        ("who asks", who),
        ("fingerprint", found.fingerprint),
        ("coordinator", found.url),
        ("campaign", found.campaign),
        *([("noise tier", found.tier)] if found.tier is not None else []),
    ]


def in_tier(tier: str) -> str:
    """That an invitation asks in a noise tier."""
    return courier_facts.IN_TIER.format(tier=tier)


def before_joining(one: Carried) -> list[str]:
    """What joining lets a courier do, a sentence each."""
    name = one.access.requester
    return [
        courier_facts.what_the_coordinator_learns(name, one.url),
        courier_facts.what_a_courier_gets(name),
    ]


def standing(one: Carried | None) -> str:
    """How the courier of a campaign stands, in a line or two."""
    if one is None:
        return NOT_CARRIED
    if not one.is_let_in:
        return (
            f"Its invitation to {one.url} was looked at; the courier is let in when you join, or let it go."
        )
    contact = (
        f"the coordinator answered last {times.short_time(one.state.contact)}"
        if one.state.contact
        else "not gone yet"
    )
    parts = [f"Courier: {contact}", *_trouble(one), *_waiting(one), *_rejected(one)]
    return f"{'; '.join(parts)}."


def _trouble(one: Carried) -> Iterator[str]:
    if one.state.is_over:
        yield "it is over"
    if one.state.trouble:
        yield f"trouble: {one.state.trouble.rstrip('.')}"


def _waiting(one: Carried) -> Iterator[str]:
    if one.to_carry:
        yield f"{to_carry(one)} to be carried"


def _rejected(one: Carried) -> Iterator[str]:
    for each in one.state.rounds:
        if each.word in ("not sent", "not handed over"):
            because = f", because {each.note.rstrip('.')}" if each.note else ""
            yield f"round {each.number} {courier_facts.round_row(each)[1]}{because}"


def to_carry(one: Carried) -> str:
    """Whose update waits for the courier, as the subject of a sentence."""
    numbers = ", ".join(map(str, one.to_carry))
    return (
        f"the update of round {numbers} waits"
        if len(one.to_carry) == 1
        else f"the updates of rounds {numbers} wait"
    )


def facts(one: Carried) -> list[tuple[str, str]]:
    """How the courier of a campaign stands, with every round that it knows."""
    waits = [("to be carried", ", ".join(f"round {number}" for number in one.to_carry))] * bool(one.to_carry)
    hidden = ("campaign", "wait for you")  # the rounds below say which
    stands = [fact for fact in courier_facts.facts(one.access, one.state, one.url) if fact[0] not in hidden]
    return [*stands, *waits, *_rounds(one)]


def _rounds(one: Carried) -> Iterator[tuple[str, str]]:
    for each in one.state.rounds:
        _, what, _, size, when, because = courier_facts.round_row(each)
        what = RELEASED if each.number in one.to_carry else what
        said = [what, f"{size} bytes" if size else "", when, because]
        yield f"round {each.number}", ", ".join(filter(None, said))


def confinement(one: Carried) -> list[str]:
    """What did not confine the last errand, a sentence each."""
    return list(courier_facts.lacking(one.state.missing))


def what_it_did(events: Iterable[Mapping[str, Any]]) -> str:
    """What a courier did on its way, as sentences without the name of its campaign."""
    said = [event_words(one) for one in events]
    return " ".join(said) if said else NOTHING_NEW


def event_words(event: Mapping[str, Any]) -> str:
    """One line of what a courier did, as a sentence."""
    words = courier_facts.event("", event).partition(": ")[2].partition("; to look at it:")[0]
    words = words.replace(": lockbox model list", ": 0 Models").rstrip(".")
    return f"{words[:1].upper()}{words[1:]}."
