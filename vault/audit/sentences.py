"""One readable sentence for each entry, from what it shows in clear and what the owner can open.

In a template ``{key}`` is a clear key or the name of a hidden field. A bracket ``[one|two]`` becomes its
first alternative whose keys are all known, and nothing when there is none; outside brackets only required
clear keys may stand, so that every entry has a sentence even after everything hidden was erased.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from vault.audit.entries import Entry, EntryType, Json, Opened

SENTENCES: Final[Mapping[EntryType, str]] = {
    EntryType.LOG_GENESIS: "This audit trail began, written by {app}[; it follows {checkpoint}].",
    EntryType.LOG_RECOVERED: (
        "You went on from here although [{reason}|the vault was read-only][; this computer had seen {checkpoint}]"
        "[; one lifetime budget again: {joined}]."
    ),
    EntryType.EXPORT: (
        "You exported {profile}[ of {collection}][ for {requester}][ to {target}][, which opens {opened}]."
    ),
    EntryType.RECORD_IMPORT: (
        "You imported [{rows} records|{count} records|records][ from {source}][ into {collection}]"
        "[; its lifetime budget is one with {joined}][; you said that it holds other people than {apart}]."
    ),
    EntryType.RECORD_ERASE: (
        "You erased [{rows} records|{count} records|records][ of {collection}][, its last import, of {imported}]."
    ),
    EntryType.CONSENT_GRANT: (
        "You gave consent {consent}[ to {controller}][ for {purpose}][, for the fields {fields}]"
        "[ of {collection}], until {expires}."
    ),
    EntryType.CONSENT_WITHDRAW: "You withdrew consent {consent}[, given to {controller}][ for {purpose}].",
    EntryType.CONSENT_EXPIRE: "Consent {consent}[, given to {controller}][ for {purpose}], ran out.",
    EntryType.REQUEST_RECEIVED: (
        "Request {request} came in[ from {requester}][ for {purpose}][; it asks for the fields {fields}]."
    ),
    EntryType.REQUEST_APPROVE: "You approved request {request}[ of {requester}].",
    EntryType.REQUEST_REFUSE: "Request {request}[ of {requester}] was refused[: {reason}].[ It holds until {until}.]",
    EntryType.REQUEST_EXPIRE: "Request {request}[ of {requester}] ran out before it was used[: {reason}].",
    EntryType.REQUEST_RETURN: "Request {request}[ of {requester}] waits for you again[, because {reason}].",
    EntryType.REQUESTER_ADD: "You added [the requester {requester}|a requester][, with the key {key}].",
    EntryType.REQUESTER_TRUST: "You marked [the requester {requester}|a requester] as trusted.",
    EntryType.REQUESTER_BLOCK: "You blocked [the requester {requester}|a requester].",
    EntryType.REQUESTER_RENAME: "You renamed [the requester {before}|a requester][ to {requester}].",
    EntryType.CAMPAIGN_RECEIVED: (
        "Campaign {campaign} came in[ from {requester}][ for {purpose}][; it asks for the fields {fields}]"
        "[, in {rounds} rounds][, in noise tier {tier}]."
    ),
    EntryType.CAMPAIGN_REFUSE: "Campaign {campaign}[ of {requester}] was refused[: {reason}].",
    EntryType.CAMPAIGN_JOIN: (
        "You joined campaign {campaign}[ of {requester}][ in noise tier {tier}] under consent {consent}"
        "[; its rounds {runs}]."
    ),
    EntryType.CAMPAIGN_LEAVE: (
        "You left campaign {campaign}[ of {requester}][: {reason}][; {left} of its rounds may have left before]."
    ),
    EntryType.CAMPAIGN_ROUND: "Request {request} is round {round} of campaign {campaign}[ of {requester}].",
    EntryType.CAMPAIGN_MODEL: (
        "The final model of campaign {campaign}[ of {requester}] came in[, with the digest {digest}]."
    ),
    EntryType.CAMPAIGN_FORK: (
        "The log of campaign {campaign}[ of {requester}] was split: two of its checkpoints cannot be of one log."
    ),
    EntryType.DECISION: "Request {request} was {outcome} [the field {field}|a field]: {reason}.",
    EntryType.TRAINING_RUN: (
        "Run {run} of request {request} {status}: {steps} steps, ε {epsilon} at δ {delta}"
        "[, on the fields {fields}][ of {collection}][; it is held again: {again}]."
    ),
    EntryType.RUN_FAILED: "Run {run} failed: {reason}; {charged}.",
    EntryType.BUDGET_SPEND: (
        "[{carried}|Run {run} spent ε {epsilon} of the privacy budget][ of {collection}][; {percent} % of it is used]."
    ),
    EntryType.RELEASE_INTENT: "The update of run {run} is about to leave[ for {recipient}].",
    EntryType.RELEASE_APPROVE: (
        "You approved the release of the update of run {run}[ to {recipient}][, by its digest {digest}]."
    ),
    EntryType.RELEASE_WITHHOLD: "You kept the update of run {run}[ from {recipient}]; nothing left.",
    EntryType.RELEASE_EXPIRE: "The held update of run {run}[ for {recipient}] ran out; nothing left.",
    EntryType.RELEASE_DESTROY: "The held update of run {run}[ for {recipient}] was destroyed; nothing left.",
    EntryType.RELEASE_SENT: (
        "The update of run {run} left[ for {recipient}]: {size} bytes, under the digest {manifest_sha256}."
    ),
    EntryType.ACCESS_VIEW: "You looked at [{what}|something in the vault][ ({rows})].",
    EntryType.SETTINGS_CHANGE: "You changed [{what}|a setting].",
    EntryType.VAULT_UNLOCK: "The vault was unlocked[ with {way}].",
    EntryType.VAULT_LOCK: "You locked the vault.",
    EntryType.ACCESS_DENIED: (
        "Wrong passphrases were tried before this[: {tries}][, the first {first}][, the last {last}]."
    ),
}

CODE_WORDS: Final[Mapping[EntryType, Mapping[str, Mapping[object, str]]]] = {
    EntryType.EXPORT: {
        "profile": {
            "audit": "the audit trail",
            "audit-disclosed": "the audit trail with chosen details",
            "records": "records",
            "receipt": "a consent receipt",
            "backup": "a backup of the vault",
            "card": "a data card",
        }
    },
    EntryType.DECISION: {
        "outcome": {"permit": "given", "deny": "denied"},
        "reason": {
            "granted": "a consent names it",
            "empty-scope": "the request asks for no field",
            "requester-blocked": "the requester is blocked",
            "no-grant": "there is no consent",
            "other-collection": "the consent is for another collection",
            "other-requester": "the consent is for another requester",
            "other-purpose": "the consent is for another purpose",
            "other-operation": "the consent is for another use",
            "other-unit": "the consent is for another privacy unit",
            "other-campaign": "the consent is not for this campaign",
            "outside-window": "the consent does not reach that far in time",
            "withdrawn": "the consent was withdrawn",
            "not-yet-valid": "the consent is not valid yet",
            "expired": "the consent ran out",
            "used-up": "the consent is used up",
            "over-epsilon-cap": "the job costs more than the consent allows",
            "field-not-named": "the consent does not name it",
            "other-field-missing": "the consent does not name another field that the job requires",
            "internal": "the decision could not be made",
        },
    },
    EntryType.TRAINING_RUN: {
        "status": {
            "ready": "is ready to learn",
            "approved": "stepped back before it cost anything",
            "training": "is learning",
            "held": "has learned and its update is held",
        }
    },
    EntryType.RUN_FAILED: {
        "reason": {
            "budget": "the privacy budget did not allow it",
            "consent": "no consent covered it any more",
            "damaged": "something in the vault is damaged",
            "interrupted": "it was interrupted",
            "learner": "the learner process ended early",
            "sandbox": "the learner could not be confined",
            "no-records": "there were no records to learn from",
            "withdrawn": "a consent was withdrawn",
            "internal": "a mistake of the program itself",
        },
        "charged": {True: "its privacy budget is spent", False: "it cost no privacy budget"},
    },
}

LONGEST: Final = 80
_BRACKET: Final = re.compile(r"\[([^\[\]]*)\]")
_KEY: Final = re.compile(r"\{([a-z0-9_]+)\}")
_COUNTED: Final = re.compile(r"\{([a-z0-9_]+)\} (?:records|steps|bytes|rounds)\b")
"""A number and a noun in the plural, whose last letter one of them has not."""
_CAPITAL: Final = re.compile(r"[A-Z]")
_DPV: Final = "https://w3id.org/dpv#"
_IDS: Final = frozenset({"campaign", "consent", "request", "run", "release", "digest", "manifest_sha256"})


def sentence(entry: Entry, opened: Iterable[Opened] = ()) -> str:
    """Return what an entry says, in one line; ``opened`` are those of its hidden fields that can be read."""
    known = {**{each.name: each.value for each in opened}, **entry.clear}
    words = {key: text for key, value in known.items() if (text := _worded(entry.kind, key, value))}
    template = _BRACKET.sub(lambda bracket: _first_known(bracket[1], words), SENTENCES[entry.kind])
    agreeing = _COUNTED.sub(lambda found: found[0][: -(words[found[1]] == "1") or None], template)
    return _KEY.sub(lambda key: words[key[1]], agreeing)


def _first_known(alternatives: str, words: Mapping[str, str]) -> str:
    for alternative in alternatives.split("|"):
        if words.keys() >= set(_KEY.findall(alternative)):
            return alternative
    return ""


def _worded(kind: EntryType, key: str, value: Json) -> str:
    """Words for a value; none for what has no short words, like null or a nested object."""
    codes = CODE_WORDS.get(kind, {}).get(key, {})
    match value:
        case bool() | str() if value in codes:
            return codes[value]
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case str():
            return _shortened(key, value)
        case list() | tuple():
            return _listed([_worded(kind, key, item) for item in value])
    return ""


def _shortened(key: str, text: str) -> str:
    if key in _IDS:
        return _cleaned(text[:8])
    if key == "checkpoint":
        origin, size, *_ = text.split("\n")
        return f"{_cleaned(origin)} at {_cleaned(size)} {'entry' if size == '1' else 'entries'}"
    if key == "expires":
        return _cleaned(f"{text[:10]} {text[11:16]} UTC")
    if key == "what":  # a sentence of ours around a name: its end says what became of it
        return _cleaned(
            text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}…{text[1 - LONGEST // 2 :]}"
        )
    if text.startswith(_DPV):
        return _CAPITAL.sub(
            lambda capital: f" {capital[0].lower()}", _cleaned(text.removeprefix(_DPV))
        ).strip()
    return _cleaned(text)


def _listed(words: list[str]) -> str:
    words = [word for word in words if word]
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _cleaned(text: str) -> str:
    """Foreign text as one plain line: no control, bidirectional or invisible characters."""
    line = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
