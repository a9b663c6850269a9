"""A campaign as facts and sentences, shared by its command and its dialog."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.text import request_facts, times, wording

if TYPE_CHECKING:
    from vault.views.campaigns import CampaignLeaving, CampaignLine, CampaignPrice, CampaignView, RoundView

Facts = list[tuple[str, str]]

KEY = "campaign:"
"""Goes before the id of a campaign in the key of its line, beside the lines of requests."""
OPEN_STATES = ("waiting", "joined")
"""States in which a campaign can be left."""
SHORT_STATES = {
    "waiting": "asks to join",
    "joined": "you joined",
    "left": "you left",
    "refused": "not joined",
    "over": "rounds over",
}
"""The states of a campaign where there is little room, of which no request has one."""
ENDED = {
    "left": "you have left this campaign",
    "refused": "you have refused this campaign",
    "over": "the last round of this campaign is over",
}
AFTER_ITS_END = {
    "left": "You left it, for good: no round of it is read for or released any more.",
    "refused": "It is refused, for good: no round of it runs here.",
    "over": "Its last round is over. What is still held of it is yours to release or to keep private.",
}
"""Where a campaign stands that nobody can join or leave any more."""
LEAVING_NOW = "If you leave it now:"
SAME_BUT_WEIGHTS = (
    "Every round is the same but for the weights it starts from, which may be chosen to look for one unit; the price "
    "assumes that they are. A round that departs in anything else is refused."
)
ONE_UPDATE = (
    "Who asks sees the update of your vault by itself, under a pseudonym, and not only the sum of all vaults. The "
    "number of others is their word, and no price rests on it."
)
EACH_DECIDED = (
    "Joining allows the runs of all rounds at once, each of them charged to the budget by itself. Every release is "
    "still yours to decide, one by one; a round that you do not answer is left out."
)
UNATTENDED = (
    "Its rounds run without you starting them, one after another, while the vault is unlocked. Each is charged when it "
    "runs; nothing leaves before you decide."
)
ATTENDED = "Each of its rounds runs only when you start it, from now on."
EACH_PEER = (
    "It is a mesh, without a server: {peers} each get the update of your vault by itself, the weights it started from, "
    "and pass both on to each other. Nobody else does; one more peer would be another campaign, and another consent."
)
OWN_ROUNDS = (
    "The weights of your rounds are mixed on this computer, from models that their owners released and from your own "
    "released one. Nobody checks them: whoever has the key of the rounds, as each peer has, and your vault's token "
    "could hand in others, and the price assumes so."
)
OPTIONAL = "Its rounds run without these as well; space ticks one that you allow too"
TIER_ASKED = (
    "It has noise tiers. Choose the one that whoever asks told you: in another one no round for you fits."
)
OTHER_TIERS = (
    "You are asked with the campaign's own noise. If whoever asks told you a noise tier ({tiers}): "
    "lockbox campaign submit {folder} --tier NAME"
)
TIER = (
    "Who asks put your vault in this noise tier, and noise and price here are those of it. A round with any other "
    "noise is refused. An answer with less noise counts for more, but for no more than twice the median one."
)
OWN_NOISE = "the campaign's own noise"
MORE_NOISE = "more noise than the campaign's own, so less can be guessed and it costs less"
LESS_NOISE = "less noise than the campaign's own, so more can be guessed and it costs more"
NO_WITNESS = (
    "Nobody is named who would cosign what is shown to all: others may be shown other weights than you are."
)
WITNESSED = (
    "{name} is named as witness. A round that is carried here comes with the campaign's log and is refused unless "
    "{name} cosigned it, so that all vaults are shown the same weights as long as {name} is honest."
)
BY_LOG_ALONE = (
    "A round that is carried here comes with the campaign's log: if others are ever shown another log, both together "
    "prove it."
)
HANDED_OVER = "{rounds} handed over by hand, without the log: nobody checked that others were shown the same."
SPLIT = (
    "ITS LOG WAS SPLIT: two checkpoints, both signed by whoever runs the rounds, cannot be of one log, so that vaults "
    "were shown different things. No round is taken in by this log any more. The proof is on your audit trail, and "
    "lockbox campaign show {id} --json has it for others."
)
CHECKED = {
    "": "",
    "hand": "by hand, nobody checked",
    "log": "by log",
    "witness": "by log and {witness}",
    "mesh": "from your own mix",
    "founder": "from the founder's weights",
}
NOT_YET = (
    "How well a round learned on your records is told once the last round is decided here, or you have left: a "
    "decision that follows from it would tell of them."
)
_MIXED_HERE = "the model that is mixed on this computer: lockbox mesh model"
_RETURNS = {"final_model": "the final model", "nothing": "nothing"}


def joined(*, unattended: bool) -> str:
    """What happens next, once a campaign is joined."""
    how = "run without you starting them" if unattended else "run when you run them"
    return f"You have joined. Its rounds are requests, and {how}."


def progress(line: CampaignLine) -> str:
    """How many rounds were done, handed over and are not, can still come, and are over without having run here."""
    waits = f"{line.waiting} handed over and waiting, " if line.waiting else ""
    over = line.rounds - line.done - line.waiting - line.to_come
    rest = f", {over} over without a run" if over else ""
    return f"{line.done} of {wording.counted(line.rounds, 'round')} done, {waits}{line.to_come} to come{rest}"


def who_and_why(found: CampaignView) -> Facts:
    """Who asks for what, with their promises as quotations."""
    line = found.line
    return [
        ("from", wording.requester_with_key(line.requester, found.fingerprint, line.requester_status)),
        ("reached at", wording.quoted(found.contact)),
        ("for", f"{line.purpose_words}: {wording.quoted(found.purpose_text)}"),
        ("who gets it", ", ".join(map(wording.quoted, found.recipients)) or line.requester),
        ("they keep it", wording.quoted(found.retention)),
        ("you get back", _MIXED_HERE if found.peers else f"{_RETURNS[found.returns]}, by their word"),
    ]


def what_runs(found: CampaignView) -> Facts:
    """What every round computes, how many there are, and how long each is open."""
    line = found.line
    return [
        ("records", f"{line.collection}, {wording.window(found.window_from, found.window_to)}"),
        ("each round", f"{found.model}, {wording.counted(found.parameters, 'parameter')}"),
        ("noise", f"{found.noise_multiplier:g} times the clip norm {found.clip_norm:g}, in every step"),
        *tier_words(found),
        ("rounds", f"{progress(line)}; the last ends {times.short_time(line.ends_at)}"),
        ("their results", wording.time_to_decide(found.slot_minutes)),
        ("runs", "without you starting them" if found.is_unattended else "when you start them"),
        ("all vaults' by", f"{found.protocol}, {found.rule.replace('_', ' ')}"),
        ("its log", log_words(found)),
        ("they call it", found.campaign_id),
        ("digest", found.digest),
    ]


def tier_words(found: CampaignView) -> Facts:
    """In which noise tier this vault is and which others there are, where the campaign has tiers."""
    if not found.tiers:
        return []
    others = [one or OWN_NOISE for one in (None, *found.tiers) if one != found.tier]
    return [("noise tier", f"{_tier(found)}; others are asked in {' or '.join(others)}")]


def _tier(found: CampaignView) -> str:
    return tier_with_noise(found.tier, found.noise_multiplier, found.own_noise)


def tier_with_noise(tier: str | None, noise: float, own: float) -> str:
    """A noise tier by its name, and how its noise is to the campaign's own."""
    return OWN_NOISE if tier is None else f"{tier}: {MORE_NOISE if noise > own else LESS_NOISE}"


def moved(found: CampaignView) -> str:
    """That a campaign was moved to another noise tier and what that means in price, or nothing where it was not."""
    before = found.moved_from
    if before is None:
        return ""
    now, was = (
        "with " + OWN_NOISE if one is None else f"in noise tier {one}" for one in (found.tier, before.tier)
    )
    said = f"It asks you {now} from now on and no more {was}"
    if found.price is None or before.price is None:
        return f"{said}."
    rounds = wording.counted(found.price.rounds, "round")
    costs = [f"{wording.percent(one.share_percent)} (ε {one.epsilon})" for one in (found.price, before.price)]
    return f"{said}: its {rounds} together cost {costs[0]} of your budget instead of {costs[1]}."


def tier_sentence(found: CampaignView) -> str:
    """In which noise tier this vault is asked, where the campaign has tiers; else nothing."""
    if not found.tiers:
        return ""
    return f"You are asked {'with' if found.tier is None else 'in noise tier'} {_tier(found)}."


def log_words(found: CampaignView) -> str:
    """What was read of the campaign's log."""
    if found.log is None:
        return "none came in"
    vaults = wording.counted(found.log.enrolled, "vault")
    return f"{found.log.size:,} lines, the last of them here {times.short_time(found.log.seen_at)}; it enrols {vaults}"


def sentences(found: CampaignView) -> list[str]:
    """What has to be known before joining."""
    who_sees = _each_peer(found) if found.peers else ONE_UPDATE
    return [
        EACH_DECIDED,
        *[TIER] * bool(found.tiers),
        SAME_BUT_WEIGHTS,
        who_sees,
        *shown_alike(found),
        NOT_YET,
    ]


def _each_peer(found: CampaignView) -> str:
    named = [f"{wording.quoted(one.name)} (key {one.fingerprint})" for one in found.peers]
    return EACH_PEER.format(peers=", ".join(named))


def shown_alike(found: CampaignView) -> list[str]:
    """What is known of whether others are shown the same, a sentence each."""
    if found.peers:
        return [OWN_ROUNDS]
    said = (
        [f"{BY_LOG_ALONE} {NO_WITNESS}"] if found.witness is None else [WITNESSED.format(name=found.witness)]
    )
    if by_hand := [one.number for one in found.rounds if one.checked == "hand"]:
        said.append(HANDED_OVER.format(rounds=_were(by_hand)))
    return [SPLIT.format(id=found.line.id[:8]), *said] if is_split(found) else said


def is_split(found: CampaignView) -> bool:
    """Whether the campaign's log was found to be split."""
    return found.log is not None and found.log.fork is not None


def price_sentences(price: CampaignPrice) -> list[str]:
    """What the rounds cost together: the guess, the share of the lifetime budget, and the numbers."""
    noun = wording.unit_noun(price.unit, price.unit_field)
    rounds = wording.counted(price.rounds, "round")
    cap, costs = (
        wording.lifetime_cap(price.lifetime_epsilon, noun),
        "costs" if price.rounds == 1 else "together cost",
    )
    found = [
        wording.guess_sentence(price.unit, price.unit_field, price.guess_rate),
        f"{rounds} {costs} {wording.percent(price.share_percent)} of {cap}; "
        f"{wording.percent(price.used_percent)} is used now.",
        wording.epsilon_sentence(price.epsilon, price.delta, noun, price.worst_case),
        *([_composed(price)] if price.rounds > 1 else []),
    ]
    return [*found, wording.NUMERICAL_ASSUMPTION] if price.numerical_assumption else found


def _composed(price: CampaignPrice) -> str:
    rounds = wording.counted(price.rounds, "round")
    return f"That is {rounds} composed as one; one alone is ε {price.epsilon_of_round}, and these must not be added up."


def state(line: CampaignLine) -> str:
    """Where a campaign stands: nobody is asked to join one of a blocked requester."""
    return wording.REQUESTER_BLOCKED if line.state == "waiting" and not line.waits else line.state


def short_state(line: CampaignLine) -> str:
    """Where a campaign stands, where there is little room."""
    return SHORT_STATES.get(state(line), "blocked")


def round_row(one: RoundView, witness: str | None) -> tuple[str, str, str, str, str]:
    """A round as a row: its number, its deadline, where it stands, its request, and by what it was checked."""
    return (
        str(one.number),
        times.short_time(one.deadline),
        request_facts.state_of_round(one.state),
        "" if one.request is None else one.request[:8],
        CHECKED[one.checked].format(witness=witness),
    )


def word_to_leave(found: CampaignLeaving) -> str:
    """The word that leaving takes once it is joined, which is for good; a no to one that waits takes none."""
    return "" if found.withdrawal is None else wording.LEAVE_WORD


def leaving(found: CampaignLeaving, *, is_done: bool) -> list[str]:
    """What leaving ends and what it cannot call back, a sentence each; before it or after."""
    done = found.withdrawal
    if done is None:
        first = "Refused" if is_done else "It is refused for good"
        return [f"{first}: they hear no. Nothing was read or spent, and nothing left."]
    ends = [
        ("in training: stopped. The budget that was paid stays spent.", done.stopped),
        ("held: destroyed. The budget that was paid stays spent.", done.destroyed),
        ("approved and not run: it does not run.", done.rounds_ended),
        ("LEFT ALREADY: that cannot be called back, and what was taught stays.", done.already_left),
        (
            "MAY HAVE LEFT: that cannot be called back either. What is still here is destroyed.",
            done.may_have_left,
        ),
    ]
    for_good = ", for good" * is_done
    first = f"No round of it is read for or released any more{for_good}; who asks is not told."
    said = [f"{_rounds(found, ids)} {what}" for what, ids in ends if ids]
    if not (done.already_left or done.may_have_left):
        said.append("Nothing of it has left.")
    return [first if is_done else f"Leaving is for good. {first}", *said]


def _were(numbers: list[int]) -> str:
    listed = ", ".join(map(str, numbers))
    return f"Round {listed} was" if len(numbers) == 1 else f"Rounds {listed} were"


def _rounds(found: CampaignLeaving, ids: tuple[str, ...]) -> str:
    numbers = sorted(found.rounds[one] for one in ids)
    return f"{'Round' if len(numbers) == 1 else 'Rounds'} {', '.join(map(str, numbers))}"
