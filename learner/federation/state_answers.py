"""The answers to a round in a coordinator's database, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Final

from sqlalchemy import RowMapping, and_, func, select, update

from learner.federation.state_rows import Rows, members, picked
from learner.federation.state_tables import ANSWER, ENROLLED_TIER, REFUSAL, ROUND
from learner.federation.stored import AnswerFacts, RefusalFacts, Stored, StoredAnswer

CHUNK: Final = 8
"""Answers that are read at once where all of a round are gone through."""
KEYS: Final = 200
"""Keys that are named in one statement."""


def store(rows: Rows, number: int, answer: StoredAnswer) -> Stored:
    """Keep an answer to a round, once a key."""
    found = rows.found(ANSWER, round=number, key=answer.key)
    if found is not None:
        return Stored.SAME if _is_same(found, answer) else Stored.OTHER
    if rows.one(ROUND, number=number)["closed_at"] is not None:
        return Stored.CLOSED
    rows.add(ANSWER, round=number, **members(answer))
    return Stored.NEW


def _is_same(found: RowMapping, answer: StoredAnswer) -> bool:
    """Whether it is the same release: its manifest names the update by digest, and both were judged."""
    kept = (found["release_id"], found["manifest"], found["update"])
    return kept == (answer.release_id, answer.manifest, answer.update)


def refuse(rows: Rows, number: int, key: str, reason: str) -> None:
    """Count what was refused."""
    place = {"round": number, "key": key}
    found = rows.found(REFUSAL, **place)
    if found is None:
        rows.add(REFUSAL, **place, reason=reason, count=1)
    else:
        rows.change(REFUSAL, place, reason=reason, count=found["count"] + 1)


def some_answers(rows: Rows, number: int, after: str) -> list[tuple[StoredAnswer, str | None]]:
    """A few answers to a round whose keys come after one, in the order of keys, and the noise tiers of the keys."""
    of_key = and_(ENROLLED_TIER.c.campaign == ANSWER.c.campaign, ENROLLED_TIER.c.key == ANSWER.c.key)
    asked = rows.of(ANSWER, round=number).add_columns(ENROLLED_TIER.c.tier).outerjoin(ENROLLED_TIER, of_key)
    asked = asked.where(ANSWER.c.key > after).order_by(ANSWER.c.key).limit(CHUNK)
    found = rows.connection.execute(asked).mappings()
    return [(StoredAnswer(**picked(each, StoredAnswer)), each["tier"]) for each in found]


def keep_verdicts(rows: Rows, number: int, verdicts: Iterable[tuple[str, bool]]) -> None:
    """Keep of each key whether its answer is in the aggregate, some keys at a time."""
    of_round, left = (ANSWER.c.campaign == rows.campaign, ANSWER.c.round == number), iter(verdicts)
    while some := list(islice(left, KEYS)):
        for verdict in (True, False):
            chosen = ANSWER.c.key.in_([key for key, each in some if each is verdict])
            rows.connection.execute(update(ANSWER).where(*of_round, chosen).values(accepted=verdict))


def answer_facts(rows: Rows) -> list[AnswerFacts]:
    """Every answer to every round, without its bytes."""
    found, size = ANSWER.c, func.length(ANSWER.c.update).label("bytes")
    asked = select(found.round, found.key, found.release_id, size, found.received_at, found.accepted)
    asked = asked.where(found.campaign == rows.campaign)
    told = rows.connection.execute(asked.order_by(found.round, found.received_at, found.key)).mappings()
    return [AnswerFacts(**picked(each, AnswerFacts)) for each in told]


def refusal_facts(rows: Rows) -> list[RefusalFacts]:
    """What was refused."""
    asked = rows.of(REFUSAL).order_by(REFUSAL.c.round, REFUSAL.c.key)
    return [RefusalFacts(**picked(each, RefusalFacts)) for each in rows.connection.execute(asked).mappings()]
