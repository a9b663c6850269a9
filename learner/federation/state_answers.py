"""The answers to a round in a coordinator's database, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import RowMapping, func, select, update

from learner.federation.state_rows import Rows, members, picked
from learner.federation.state_tables import ANSWER, REFUSAL, ROUND
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


def some_answers(rows: Rows, number: int, after: str) -> list[StoredAnswer]:
    """A few answers to a round whose keys come after one, in the order of keys."""
    asked = rows.of(ANSWER, round=number).where(ANSWER.c.key > after).order_by(ANSWER.c.key).limit(CHUNK)
    return [StoredAnswer(**picked(each, StoredAnswer)) for each in rows.connection.execute(asked).mappings()]


def keep_verdicts(rows: Rows, number: int, accepted: Mapping[str, bool]) -> None:
    """Keep of each key whether its answer is in the aggregate."""
    of_round = (ANSWER.c.campaign == rows.campaign, ANSWER.c.round == number)
    for verdict in (True, False):
        keys = [key for key, each in accepted.items() if each is verdict]
        for first in range(0, len(keys), KEYS):
            chosen = ANSWER.c.key.in_(keys[first : first + KEYS])
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
