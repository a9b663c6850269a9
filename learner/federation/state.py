"""What a coordinator keeps, in SQLite or PostgreSQL: with its tables all that speaks SQL beside the store of vaults.

Each method is one transaction, whole or not at all, so that the process can be killed at any instant and several can
share one database. Nothing secret is in clear: codes and tokens are stored as digests.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, Select, Table, func, insert, select, text, update

from learner.federation.state_engine import opened_engine, translated
from learner.federation.state_tables import (
    ANSWER,
    CAMPAIGN,
    CATALOGUE,
    ENROLLED_TIER,
    ENROLMENT,
    INVITATION,
    INVITED_TIER,
    LEAF,
    MODEL,
    REFUSAL,
    ROUND,
)
from learner.federation.state_tiers import enrolled_tiers, tier_counts, tier_of_code, tier_of_key
from learner.federation.stored import (
    AnswerFacts,
    RefusalFacts,
    RoundFacts,
    Stored,
    StoredAnswer,
    StoredModel,
    StoredRound,
)
from vault.errors.federation import DatabaseOther, EnrolledInOtherTier
from vault.requester.campaign_log import CompactRange, leaf_hash

VERSION: Final = 1
CHUNK: Final = 8
"""Answers that are read at once where all of a round are gone through."""
KEYS: Final = 200
"""Keys that are named in one statement."""


SignHead = Callable[[int, bytes], bytes]
"""From size and root of the log to its signed checkpoint."""


class State:
    """The database of a coordinator; raises ``DatabaseUnusable`` for what it says."""

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
        rows = [{"campaign": self._campaign, "code_sha256": each} for each in codes]
        with self._write() as connection:
            if rows:
                connection.execute(insert(INVITATION), rows)
            if rows and tier is not None:
                connection.execute(insert(INVITED_TIER), [{**each, "tier": tier} for each in rows])

    def is_invited(self, code: str) -> bool:
        """Whether there is a code of this SHA-256."""
        with self._read() as connection:
            return _found(connection, self._of(INVITATION, code_sha256=code)) is not None

    def enrol(
        self, *, code: str, key: str, token: str, leaf: Callable[[str | None], bytes], now: int
    ) -> bool | None:
        """Enrol a key by a code and put the ``leaf`` of its noise tier on the log; the others as digests or keys in
        hex.

        True where it is new, False where the key was enrolled before, None where the code is not for it. A code that is
        not used stays so where another one enrolled this key, whose proof the caller has seen.
        Raises ``EnrolledInOtherTier`` where that one was to another noise tier.
        """
        with self._write() as connection:
            found = _found(connection, self._of(INVITATION, code_sha256=code))
            if found is None or found["key"] not in (None, key):
                return None
            tier = tier_of_code(connection, self._campaign, code)
            if _found(connection, self._of(ENROLMENT, key=key)) is not None:
                if tier_of_key(connection, self._campaign, key) != tier:
                    raise EnrolledInOtherTier()
                return False
            if tier is not None:
                self._add(connection, ENROLLED_TIER, key=key, tier=tier)
            self._set(connection, INVITATION, {"code_sha256": code}, key=key)
            self._add(connection, ENROLMENT, key=key, token_sha256=token, enrolled_at=now)
            self._append(connection, [leaf(tier)])
            return True

    def tier_of(self, key: str) -> str | None:
        """The noise tier in which a key is enrolled; None is the campaign's own noise."""
        with self._read() as connection:
            return tier_of_key(connection, self._campaign, key)

    def tiers(self) -> dict[str, str]:
        """The noise tier of every key that is in one, by the key."""
        with self._read() as connection:
            return enrolled_tiers(connection, self._campaign)

    def tier_counts(self) -> dict[str, tuple[int, int]]:
        """How many are invited to each noise tier, and how many are enrolled in it."""
        with self._read() as connection:
            return tier_counts(connection, self._campaign)

    def key_of(self, token: str) -> str | None:
        """The key that was enrolled with a token of this SHA-256."""
        with self._read() as connection:
            found = _found(connection, self._of(ENROLMENT, token_sha256=token))
            return None if found is None else str(found["key"])

    def counts(self) -> tuple[int, int]:
        """How many invitations there are, and how many keys are enrolled."""
        with self._read() as connection:
            return self._count(connection, INVITATION), self._count(connection, ENROLMENT)

    # the log ----------------------------------------------------------------------------------------------

    def leaves(self, start: int = 0) -> list[bytes]:
        """The lines of the log from one on."""
        asked = select(LEAF.c.line).where(LEAF.c.campaign == self._campaign, LEAF.c.place >= start)
        with self._read() as connection:
            return list(connection.execute(asked.order_by(LEAF.c.place)).scalars())

    def checkpoints(self) -> tuple[bytes, bytes]:
        """The newest checkpoint, and the newest that a witness cosigned; empty where there is none."""
        with self._read() as connection:
            found = self._head(connection)
            return found["checkpoint"], found["cosigned"]

    def log_sizes(self) -> tuple[int, int]:
        """How many lines the log has, and up to which a witness cosigned it."""
        with self._read() as connection:
            found = self._head(connection)
            return found["log_size"], found["cosigned_size"]

    def cosign(self, note: bytes, size: int) -> None:
        """Keep a checkpoint of so many lines with that of its witness, unless a newer one is there."""
        with self._write() as connection:
            if size > self._head(connection)["cosigned_size"]:
                self._set_head(connection, cosigned=note, cosigned_size=size)

    # rounds -----------------------------------------------------------------------------------------------

    def begin(self, first: StoredRound, leaves: Sequence[bytes]) -> bool:
        """Open the first round and begin the log; False where that was done before."""
        with self._write() as connection:
            if _found(connection, self._of(ROUND, number=first.number)) is not None:
                return False
            self._add(connection, ROUND, **_members(first))
            self._append(connection, leaves)
            return True

    def round(self, number: int) -> StoredRound | None:
        """One round."""
        with self._read() as connection:
            found = _found(connection, self._of(ROUND, number=number))
            return None if found is None else _round(found)

    def newest_round(self) -> StoredRound | None:
        """The last that was opened."""
        with self._read() as connection:
            found = _found(connection, self._of(ROUND).order_by(ROUND.c.number.desc()).limit(1))
            return None if found is None else _round(found)

    def round_facts(self) -> list[RoundFacts]:
        """Every round that was opened, without its files."""
        asked = select(ROUND.c.number, ROUND.c.closed_at, ROUND.c.settled).order_by(ROUND.c.number)
        with self._read() as connection:
            rows = connection.execute(asked.where(ROUND.c.campaign == self._campaign)).mappings()
            return [RoundFacts(**dict(each)) for each in rows]

    def close_round(self, number: int, *, now: int, leaf: Callable[[int], bytes]) -> bool:
        """Take no answers any more and say so on the log, by their number; False where it is closed already."""
        with self._write() as connection:
            if self._round_row(connection, number)["closed_at"] is not None:
                return False
            self._set(connection, ROUND, {"number": number}, closed_at=now)
            self._append(connection, [leaf(self._count(connection, ANSWER, round=number))])
            return True

    def settle_round(
        self,
        number: int,
        *,
        accepted: dict[str, bool],
        then: StoredRound | StoredModel,
        leaf: bytes,
    ) -> bool:
        """Keep what came of a closed round and open what comes after it; False where that was done before."""
        with self._write() as connection:
            if self._round_row(connection, number)["settled"]:
                return False
            self._set(connection, ROUND, {"number": number}, settled=True)
            self._keep_verdicts(connection, number, accepted)
            self._add(connection, MODEL if isinstance(then, StoredModel) else ROUND, **_members(then))
            self._append(connection, [leaf])
            return True

    def model(self) -> StoredModel | None:
        """The final model."""
        with self._read() as connection:
            found = _found(connection, self._of(MODEL))
            return None if found is None else StoredModel(**_picked(found, StoredModel))

    # answers ----------------------------------------------------------------------------------------------

    def store(self, number: int, answer: StoredAnswer) -> Stored:
        """Keep an answer to a round, once a key; what was judged is what is kept."""
        with self._write() as connection:
            found = _found(connection, self._of(ANSWER, round=number, key=answer.key))
            if found is not None:
                return Stored.SAME if _is_same(found, answer) else Stored.OTHER
            if self._round_row(connection, number)["closed_at"] is not None:
                return Stored.CLOSED
            self._add(connection, ANSWER, round=number, **_members(answer))
            return Stored.NEW

    def refuse(self, number: int, key: str, reason: str) -> None:
        """Count what was refused."""
        place = {"round": number, "key": key}
        with self._write() as connection:
            found = _found(connection, self._of(REFUSAL, **place))
            if found is None:
                self._add(connection, REFUSAL, **place, reason=reason, count=1)
            else:
                self._set(connection, REFUSAL, place, reason=reason, count=found["count"] + 1)

    def answers(self, number: int) -> Iterator[StoredAnswer]:
        """The answers to a round in the order of their keys, a few at a time."""
        last = ""
        while True:
            asked = self._of(ANSWER, round=number).where(ANSWER.c.key > last)
            with self._read() as connection:
                rows = connection.execute(asked.order_by(ANSWER.c.key).limit(CHUNK)).mappings()
                some = [StoredAnswer(**_picked(each, StoredAnswer)) for each in rows]
            yield from some
            if not some:
                return
            last = some[-1].key

    def answered(self, number: int) -> int:
        """How many answers a round has."""
        with self._read() as connection:
            return self._count(connection, ANSWER, round=number)

    def answer_facts(self) -> list[AnswerFacts]:
        """Every answer to every round, without its bytes."""
        found, size = ANSWER.c, func.length(ANSWER.c.update).label("bytes")
        asked = select(
            found.round, found.key, found.release_id, size, found.received_at, found.accepted
        ).where(found.campaign == self._campaign)
        with self._read() as connection:
            rows = connection.execute(asked.order_by(found.round, found.received_at, found.key)).mappings()
            return [AnswerFacts(**dict(each)) for each in rows]

    def refusal_facts(self) -> list[RefusalFacts]:
        """What was refused."""
        with self._read() as connection:
            rows = connection.execute(self._of(REFUSAL).order_by(REFUSAL.c.round, REFUSAL.c.key)).mappings()
            return [RefusalFacts(**_picked(each, RefusalFacts)) for each in rows]

    # copies -----------------------------------------------------------------------------------------------

    def copy_to(self, path: Path) -> bool:
        """Write a consistent copy of an SQLite database to a new file; False for any other, which has its own tools."""
        if not self._is_sqlite:
            return False
        # the driver's own connection: within a transaction it cannot be done
        with translated(), closing(self._engine.raw_connection()) as connection:
            connection.cursor().execute("VACUUM INTO ?", (str(path),))
        return True

    # ------------------------------------------------------------------------------------------------------

    def _prepare(self) -> None:
        with translated(), self._engine.begin() as connection:
            self._lock(connection)  # or replicas that start at once would each make the tables
            CATALOGUE.create_all(connection)
        with self._write() as connection:
            found = _found(connection, select(CAMPAIGN).where(CAMPAIGN.c.digest == self._campaign))
            if found is None:
                begun: dict[str, Any] = dict.fromkeys(("log_peaks", "checkpoint", "cosigned"), b"")
                begun |= {"digest": self._campaign, "version": VERSION, "log_size": 0, "cosigned_size": 0}
                connection.execute(insert(CAMPAIGN).values(begun))
            elif found["version"] != VERSION:
                raise DatabaseOther(reason=f"it is of version {found['version']}, and this is {VERSION}")

    # rows of this campaign

    def _of(self, table: Table, **key: Any) -> Select[Any]:
        """The rows of a table that are of this campaign and have these values."""
        return select(table).where(table.c.campaign == self._campaign, *_where(table, key))

    def _count(self, connection: Connection, table: Table, **key: Any) -> int:
        asked = select(func.count()).select_from(table)
        asked = asked.where(table.c.campaign == self._campaign, *_where(table, key))
        return int(connection.execute(asked).scalar_one())

    def _add(self, connection: Connection, table: Table, /, **values: Any) -> None:
        connection.execute(insert(table).values(campaign=self._campaign, **values))

    def _set(self, connection: Connection, table: Table, at: dict[str, Any], /, **values: Any) -> None:
        changed = update(table).where(table.c.campaign == self._campaign, *_where(table, at))
        connection.execute(changed.values(**values))

    def _head(self, connection: Connection) -> RowMapping:
        asked = select(CAMPAIGN).where(CAMPAIGN.c.digest == self._campaign)
        return connection.execute(asked).mappings().one()

    def _set_head(self, connection: Connection, **values: Any) -> None:
        connection.execute(update(CAMPAIGN).where(CAMPAIGN.c.digest == self._campaign).values(**values))

    def _round_row(self, connection: Connection, number: int) -> RowMapping:
        return connection.execute(self._of(ROUND, number=number)).mappings().one()

    def _append(self, connection: Connection, lines: Sequence[bytes]) -> None:
        """Put lines on the log and sign its new head, in the transaction of what they tell."""
        found = self._head(connection)
        peaks = [found["log_peaks"][first : first + 32] for first in range(0, len(found["log_peaks"]), 32)]
        log = CompactRange(found["log_size"], peaks)
        for line in lines:
            self._add(connection, LEAF, place=log.size, line=line)
            log.append(leaf_hash(line))
        self._set_head(
            connection,
            log_size=log.size,
            log_peaks=b"".join(log.peaks),
            checkpoint=self._sign_head(log.size, log.root()),
        )

    def _keep_verdicts(self, connection: Connection, number: int, accepted: dict[str, bool]) -> None:
        of_round = (ANSWER.c.campaign == self._campaign, ANSWER.c.round == number)
        for verdict in (True, False):
            keys = [key for key, each in accepted.items() if each is verdict]
            for first in range(0, len(keys), KEYS):
                chosen = ANSWER.c.key.in_(keys[first : first + KEYS])
                connection.execute(update(ANSWER).where(*of_round, chosen).values(accepted=verdict))

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """One transaction that no other process can write beside in this campaign."""
        engine = self._engine.execution_options(writes=True)
        with self._writing, translated(), engine.begin() as connection:
            self._lock(connection)
            yield connection

    def _lock(self, connection: Connection) -> None:
        """In PostgreSQL wait for whoever else writes in this campaign, until this transaction ends."""
        if not self._is_sqlite:
            lock = int.from_bytes(bytes.fromhex(self._campaign[:16]), "big", signed=True)
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        with translated(), self._engine.connect() as connection:
            yield connection


def _found(connection: Connection, asked: Select[Any]) -> RowMapping | None:
    """The row, or None where there is none."""
    return connection.execute(asked).mappings().one_or_none()


def _where(table: Table, key: dict[str, Any]) -> list[Any]:
    return [table.c[name] == value for name, value in key.items()]


def _members(fact: Any) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in fact.__slots__}


def _picked(row: RowMapping, kind: Any) -> dict[str, Any]:
    """What a fact of this kind has of a row."""
    return {name: row[name] for name in kind.__slots__}


def _round(row: RowMapping) -> StoredRound:
    return StoredRound(**_picked(row, StoredRound))


def _is_same(found: RowMapping, answer: StoredAnswer) -> bool:
    """Whether it is the same release: its manifest names the update by digest, and both were judged."""
    kept = (found["release_id"], found["manifest"], found["update"])
    return kept == (answer.release_id, answer.manifest, answer.update)
