"""What a person hears of a courier: before it is let in, while it works, and how it stands."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from tui.text import times, wording

if TYPE_CHECKING:
    from learner.federation.courier_folder import Access, CourierState, RoundState
    from vault.views.requesters import RequesterView

RUN: Final = "lockbox courier run"
RUN_ONCE: Final = f"{RUN} --once"
_MISSING: Final = {
    "landlock": "This kernel has no Landlock: a courier could read and write your files.",
    "landlock-network": "This kernel cannot bind a courier to one port: it could connect to any TCP port.",
    "seccomp": (
        "This kernel takes no filter over system calls: a courier could start programs and reach other programs of "
        "yours."
    ),
    "single-thread": "The courier had a second thread, which Landlock does not reach.",
}
_WORDS: Final = {
    "waiting": "waits for you",
    "refused": "you said no",
    "kept private": "you kept it private",
    "destroyed": "its update was destroyed",
    "failed": "its run failed",
    "expired": "over",
    "released": "released, to be sent",
    "sent": "sent",
    "not sent": "not taken by the coordinator",
    "not handed over": "not taken by the vault",
    "not here": "nothing to fetch",
}


IN_TIER: Final = (
    "It asks you in noise tier {tier}. Whether that is more or less noise than the campaign's own, and what it costs, "
    "is shown with the campaign."
)


def invited(
    *, name: str, fingerprint: str, known: RequesterView | None, tier: str | None = None
) -> Iterator[str]:
    """What an invitation says of who sent it, which nothing has shown yet."""
    yield f"The invitation names no person, but a key. Its fingerprint: {fingerprint}"
    if known is None:
        yield f"You do not know this key yet; {name} is what you call whoever has it."
    else:
        yield f"You know this key, as that of {name}; it is {wording.KEY_STATUS[known.status]}."
    yield (
        "An invitation is not signed by itself: whoever made it can name any key. Whether that key signed the "
        "campaign, and the campaign's key this invitation, is checked before your vault's key is sent."
    )
    if tier is not None:
        yield IN_TIER.format(tier=tier)


def before_joining(*, name: str, is_known: bool, url: str) -> Iterator[str]:
    """What letting a courier in does, said before anything of it is done."""
    if not is_known:
        yield f"{name} may ask from then on, under this key and no other."
    yield what_the_coordinator_learns(name, url)
    yield "The campaign comes into your inbox. Nothing is read, nothing is paid and nothing is agreed to by that."
    yield what_a_courier_gets(name)


def what_the_coordinator_learns(name: str, url: str) -> str:
    """What is sent by joining, and what can be known by it."""
    return (
        f"The coordinator at {url} is shown the code of the invitation and, once its signatures are right, your "
        f"vault's public key for {name}. It knows from then on that a vault takes part, from which network address it "
        "is spoken to, and when."
    )


def what_a_courier_gets(name: str) -> str:
    """What a courier of this requester may do at the vault."""
    return (
        f"A courier gets access to the requester's door of your vault, as {name} would have it: it hands in rounds and "
        "fetches what you released to them. It holds no key of your vault."
    )


ENDED: Final = {
    "refused": "is refused here for good: you said no to it, or a word that you gave before did",
    "left": "was left by you, for good",
}


def ended(campaign: str, word: str) -> Iterator[str]:
    """That a campaign is refused or was left, and what there is to do about its courier."""
    short = campaign[:8]
    yield f"Campaign {short} {ENDED[word]}. No round of it runs, and nothing of it waits for you."
    yield f"Why: lockbox campaign show {short}"
    yield f"To destroy its courier's access and folder too: lockbox courier leave {short}"


def after_joining(campaign: str, *, theirs: str, state: str = "waiting") -> Iterator[str]:
    """What came in, and what comes next; ``theirs`` is what its requester calls itself."""
    if state in ENDED:
        yield from ended(campaign, state)
        return
    if state == "joined":
        yield f"You take part in campaign {campaign[:8]} already; its courier has new access."
        yield f"The courier carries it, while the vault is unlocked: {RUN}"
        return
    yield f"Campaign {campaign[:8]} waits in your inbox. Who signed it calls itself {wording.quoted(theirs)}."
    yield f"Look at it, and decide: lockbox campaign show {campaign[:8]}"
    yield f"To take part in it: lockbox campaign join {campaign[:8]}"
    yield f"Then the courier carries it, while the vault is unlocked: {RUN}"


def added(name: str, fingerprint: str) -> Iterator[str]:
    """Who may ask from now on, and what is left to do about their key."""
    yield f"{name} is added: they may ask, under the key {fingerprint} and no other. It counts as not verified."
    yield (
        "Once you have compared it with them in person, note that: requests from them are shown with it. "
        f"lockbox requester trust {shlex.quote(name)}"
    )


def going(campaigns: int, every: int) -> str:
    """That a courier is at work from now on."""
    what = (
        wording.counted(campaigns, "campaign") if campaigns else "whatever campaign you join by an invitation"
    )
    return f"The courier goes for {what}, about every {wording.counted(every, 'minute')}. Ctrl-C ends it."


def went(campaign: str, state: CourierState, word: str) -> Iterator[str]:
    """That a courier was there though nothing happened, and how it goes on."""
    yield f"Campaign {campaign[:8]}: the coordinator was asked; there was nothing new to carry."
    yield from next_steps(campaign, state, word)


def next_steps(campaign: str, state: CourierState, word: str) -> Iterator[str]:
    """How it goes on, as far as it is the owner's turn or the courier's; ``word`` says that it was refused or left."""
    if word:
        yield from ended(campaign, word)
    elif state.is_over:
        yield OVER
    elif any(one.word == "released" for one in state.rounds):
        yield f"What you released is still to be sent: {RUN_ONCE}"
    elif any(one.word == "waiting" for one in state.rounds):
        yield (
            "A round waits for you: lockbox request list, and once it has run, lockbox release list. "
            f"What you release is then sent by: {RUN_ONCE}"
        )
    else:
        yield f"To look for a new round: {RUN_ONCE}, or {RUN} to go on looking."


def lacking(missing: tuple[str, ...]) -> Iterator[str]:
    """A sentence for each layer that does not confine couriers here."""
    return (_MISSING[name] for name in missing if name in _MISSING)


def event(campaign: str, said: Mapping[str, Any]) -> str:
    """One line of what a courier did."""
    short, number = campaign[:8], said.get("round")
    told = {
        "handed over": f"round {number} was handed to the vault; to look at it: lockbox request list",
        "not handed over": f"the vault did not take round {number}: {_clause(said)}",
        "released": f"your update of round {number} was fetched to be sent",
        "sent": f"your update of round {number} was sent, {wording.size(int(said.get('bytes') or 0))}",
        "not sent": f"your update of round {number} was not taken: {_clause(said)}",
        "refused": f"you said no to round {number}",
        "expired": f"round {number} is over",
        "not here": f"of round {number} nothing is left to be fetched: {_clause(said)}",
        "model": "the final model was handed to the vault: lockbox model list",
        "no model": f"the vault did not take the final model: {_clause(said)}",
        "trouble": f"{str(said.get('sentence')).rstrip('.')}. The courier tries again by itself",
        "locked": "the vault is locked; only what was released before is sent",
    }
    return f"Campaign {short}: {told[str(said['event'])].rstrip('.')}."


def _clause(said: Mapping[str, Any]) -> str:
    return str(said.get("note") or "no reason is told")


OVER: Final = "The courier does not ask for this campaign any more: it is over."


def facts(access: Access, state: CourierState, url: str, word: str = "") -> list[tuple[str, str]]:
    """How one campaign stands with its courier."""
    rounds = state.rounds
    sent = [one for one in rounds if one.word == "sent"]
    waiting = 0 if word else sum(one.word == "waiting" for one in rounds)
    contact = times.full_time(state.contact) if state.contact else "never"
    model = {"": "not yet", "handed over": "came back: lockbox model list", "not handed over": "not taken"}
    return [
        ("campaign", access.campaign),
        *([("state", f"{word}, for good")] if word else []),
        ("requester", access.requester),
        ("coordinator", url),
        ("last answer", contact),
        *([("trouble", state.trouble)] if state.trouble else []),
        ("rounds handed over", str(sum(one.word != "not handed over" for one in rounds))),
        ("wait for you", str(waiting)),
        ("sent", f"{len(sent)}, {wording.size(sum(one.size for one in sent))}"),
        ("final model", model[state.model]),
    ]


def round_row(one: RoundState, word: str = "") -> tuple[str, ...]:
    """One round as a row: number, what became of it, its release, bytes, when, and why."""
    size = str(one.size) if one.size else ""
    became = f"over, the campaign is {word}" if word and one.word == "waiting" else _WORDS[one.word]
    return str(one.number), became, one.release[:8], size, times.short_time(one.at), one.note


def known_to_others(access: Access, state: CourierState, url: str) -> Iterator[str]:
    """What others can know by what the courier did."""
    sent = [one for one in state.rounds if one.word == "sent"]
    yield (
        f"{url} and {access.requester} know this vault by one public key, from which network address and when the "
        f"courier asks, and {wording.counted(len(sent), 'update')} that you released. About when you released one can "
        "be told from when it came."
    )
    yield (
        "Whoever sees your network sees that this computer speaks to that address, when, and how much; not what is "
        "said."
    )
