"""What a coordinator keeps, in SQLite or PostgreSQL: with ``state_…`` all that speaks SQL beside the store of vaults.

Each method is one transaction, whole or not at all, so that the process can be killed at any instant and several can
share one database. Nothing secret is in clear: codes and tokens are stored as digests.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, select, text

from learner.federation import state_answers, state_log
from learner.federation.state_engine import opened_engine, translated
from learner.federation.state_log import SignHead
from learner.federation.state_rows import Rows, members, picked
from learner.federation.state_tables import (
    ANSWER,
    CATALOGUE,
    ENROLLED_TIER,
    ENROLMENT,
    INVITATION,
    INVITED_TIER,
    MODEL,
    ROUND,
)
from learner.federation.state_tiers import tier_counts, tier_of_code, tier_of_key
from learner.federation.stored import (
    AnswerFacts,
    RefusalFacts,
    RoundFacts,
    Stored,
    StoredAnswer,
    StoredModel,
    StoredRound,
)
from vault.errors.federation import EnrolledInOtherTier


class State:
    """The database of a coordinator; raises ``DatabaseUnusable`` for what it says, and ``DiskFull``."""

    def __init__(self, url: str, campaign: str, sign_head: SignHead) -> None:
        self._campaign, self._sign_head = campaign, sign_head
        self._engine = opened_engine(url)
        self._is_sqlite = self._engine.dialect.name == "sqlite"
        # SQLite has one writer: whoever waits here asks it for nothing meanwhile.
        self._writing = threading.Lock()
        self._prepare()

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    # invitations and enrolments ---------------------------------------------------------------------------

    def invite(self, codes: Sequence[str], tier: str | None = None) -> None:
        """Remember codes by their SHA-256 in hex, and to which noise tier they invite."""
        invited = [{"code_sha256": each} for each in codes]
        with self._write() as rows:
            rows.add_all(INVITATION, invited)
            if tier is not None:
                rows.add_all(INVITED_TIER, [{**each, "tier": tier} for each in invited])

    def is_invited(self, code: str) -> bool:
        """Whether there is a code of this SHA-256."""
        with self._read() as rows:
            return rows.found(INVITATION, code_sha256=code) is not None

    def enrol(
        self, *, code: str, key: str, token: str, leaf: Callable[[str | None], bytes], now: int
    ) -> bool | None:
        """Enrol a key by a code and put the ``leaf`` of its noise tier on the log; the others as digests or keys in
        hex.

        True where it is new, False where the key was enrolled before, None where the code is not for it. A code that is
        not used stays so where another one enrolled this key, whose proof the caller has seen.
        Raises ``EnrolledInOtherTier`` where that one was to another noise tier.
        """
        with self._write() as rows:
            found = rows.found(INVITATION, code_sha256=code)
            if found is None or found["key"] not in (None, key):
                return None
            tier = tier_of_code(rows, code)
            if rows.found(ENROLMENT, key=key) is not None:
                if tier_of_key(rows, key) != tier:
                    raise EnrolledInOtherTier()
                return False
            if tier is not None:
                rows.add(ENROLLED_TIER, key=key, tier=tier)
            rows.change(INVITATION, {"code_sha256": code}, key=key)
            rows.add(ENROLMENT, key=key, token_sha256=token, enrolled_at=now)
            state_log.append(rows, [leaf(tier)], self._sign_head)
            return True

    def tier_of(self, key: str) -> str | None:
        """The noise tier in which a key is enrolled; None is the campaign's own noise."""
        with self._read() as rows:
            return tier_of_key(rows, key)

    def tier_counts(self) -> dict[str, tuple[int, int]]:
        """How many are invited to each noise tier, and how many are enrolled in it."""
        with self._read() as rows:
            return tier_counts(rows)

    def key_of(self, token: str) -> str | None:
        """The key that was enrolled with a token of this SHA-256."""
        with self._read() as rows:
            found = rows.found(ENROLMENT, token_sha256=token)
            return None if found is None else str(found["key"])

    def counts(self) -> tuple[int, int]:
        """How many invitations there are, and how many keys are enrolled."""
        with self._read() as rows:
            return rows.count(INVITATION), rows.count(ENROLMENT)

    # the log ----------------------------------------------------------------------------------------------

    def leaves(self, start: int = 0) -> list[bytes]:
        """The lines of the log from one on."""
        with self._read() as rows:
            return state_log.lines(rows, start)

    def checkpoints(self) -> tuple[bytes, bytes]:
        """The newest checkpoint, and the newest that a witness cosigned; empty where there is none."""
        with self._read() as rows:
            found = state_log.head(rows)
            return found["checkpoint"], found["cosigned"]

    def log_sizes(self) -> tuple[int, int]:
        """How many lines the log has, and up to which a witness cosigned it."""
        with self._read() as rows:
            found = state_log.head(rows)
            return found["log_size"], found["cosigned_size"]

    def cosign(self, note: bytes, size: int) -> None:
        """Keep a checkpoint of so many lines with that of its witness, unless a newer one is there."""
        with self._write() as rows:
            state_log.keep_cosigned(rows, note, size)

    # rounds -----------------------------------------------------------------------------------------------

    def begin(self, first: StoredRound, leaves: Sequence[bytes]) -> bool:
        """Open the first round and begin the log; False where that was done before."""
        with self._write() as rows:
            if rows.found(ROUND, number=first.number) is not None:
                return False
            rows.add(ROUND, **members(first))
            state_log.append(rows, leaves, self._sign_head)
            return True

    def round(self, number: int) -> StoredRound | None:
        """One round."""
        with self._read() as rows:
            found = rows.found(ROUND, number=number)
            return None if found is None else StoredRound(**picked(found, StoredRound))

    def newest_round(self) -> StoredRound | None:
        """The last that was opened."""
        with self._read() as rows:
            asked = rows.of(ROUND).order_by(ROUND.c.number.desc()).limit(1)
            found = rows.connection.execute(asked).mappings().one_or_none()
            return None if found is None else StoredRound(**picked(found, StoredRound))

    def round_facts(self) -> list[RoundFacts]:
        """Every round that was opened, without its files."""
        asked = select(ROUND.c.number, ROUND.c.closed_at, ROUND.c.settled).order_by(ROUND.c.number)
        with self._read() as rows:
            found = rows.connection.execute(asked.where(ROUND.c.campaign == rows.campaign)).mappings()
            return [RoundFacts(**picked(each, RoundFacts)) for each in found]

    def close_round(self, number: int, *, now: int, leaf: Callable[[int], bytes]) -> bool:
        """Take no answers any more and say so on the log, by their number; False where it is closed already."""
        with self._write() as rows:
            if rows.one(ROUND, number=number)["closed_at"] is not None:
                return False
            rows.change(ROUND, {"number": number}, closed_at=now)
            state_log.append(rows, [leaf(rows.count(ANSWER, round=number))], self._sign_head)
            return True

    def settle_round(
        self,
        number: int,
        *,
        accepted: Iterable[tuple[str, bool]],
        then: StoredRound | StoredModel,
        leaf: bytes,
    ) -> bool:
        """Keep what came of a closed round and open what comes after it; False where that was done before.

        ``accepted`` are keys and whether their answers are in the aggregate.
        """
        with self._write() as rows:
            if rows.one(ROUND, number=number)["settled"]:
                return False
            rows.change(ROUND, {"number": number}, settled=True)
            state_answers.keep_verdicts(rows, number, accepted)
            rows.add(MODEL if isinstance(then, StoredModel) else ROUND, **members(then))
            state_log.append(rows, [leaf], self._sign_head)
            return True

    def model(self) -> StoredModel | None:
        """The final model."""
        with self._read() as rows:
            found = rows.found(MODEL)
            return None if found is None else StoredModel(**picked(found, StoredModel))

    # answers ----------------------------------------------------------------------------------------------

    def store(self, number: int, answer: StoredAnswer) -> Stored:
        """Keep an answer to a round, once a key; what was judged is what is kept."""
        with self._write() as rows:
            return state_answers.store(rows, number, answer)

    def refuse(self, number: int, key: str, reason: str) -> None:
        """Count what was refused."""
        with self._write() as rows:
            state_answers.refuse(rows, number, key, reason)

    def answers(self, number: int) -> Iterator[tuple[StoredAnswer, str | None]]:
        """The answers to a round in the order of their keys, each with the noise tier of its key, a few at a time."""
        last = ""
        while True:
            with self._read() as rows:
                some = state_answers.some_answers(rows, number, after=last)
            yield from some
            if not some:
                return
            last = some[-1][0].key

    def answered(self, number: int) -> int:
        """How many answers a round has."""
        with self._read() as rows:
            return rows.count(ANSWER, round=number)

    def answer_facts(self) -> list[AnswerFacts]:
        """Every answer to every round, without its bytes."""
        with self._read() as rows:
            return state_answers.answer_facts(rows)

    def refusal_facts(self) -> list[RefusalFacts]:
        """What was refused."""
        with self._read() as rows:
            return state_answers.refusal_facts(rows)

    # copies -----------------------------------------------------------------------------------------------

    def copy_to(self, path: Path) -> bool:
        """Write a consistent copy of an SQLite database to a new file; False for any other, which has its own tools."""
        if not self._is_sqlite:
            return False
        engine = self._engine.execution_options(copies=True)
        with translated(), engine.connect() as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(path),))
        return True

    # transactions -----------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        with translated(), self._engine.begin() as connection:
            self._lock(connection)  # or replicas that start at once would each make the tables
            CATALOGUE.create_all(connection)
        with self._write() as rows:
            state_log.begin_campaign(rows)

    @contextmanager
    def _write(self) -> Iterator[Rows]:
        """One transaction that no other process can write beside in this campaign."""
        engine = self._engine.execution_options(writes=True)
        with self._writing, translated(), engine.begin() as connection:
            self._lock(connection)
            yield Rows(connection, self._campaign)

    def _lock(self, connection: Connection) -> None:
        """In PostgreSQL wait for whoever else writes in this campaign, until this transaction ends."""
        if not self._is_sqlite:
            lock = int.from_bytes(bytes.fromhex(self._campaign[:16]), "big", signed=True)
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})

    @contextmanager
    def _read(self) -> Iterator[Rows]:
        with translated(), self._engine.connect() as connection:
            yield Rows(connection, self._campaign)
