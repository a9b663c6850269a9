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

import sqlmodel
from sqlalchemy import (
    Connection,
    func,
    text,
    update,
)
from sqlmodel import Session, col, select

from learner.federation.state_engine import opened_engine, translated
from learner.federation.state_tables import (
    AnswerRow,
    CampaignRow,
    EnrolledTierRow,
    EnrolmentRow,
    InvitationRow,
    InvitedTierRow,
    LeafRow,
    ModelRow,
    RefusalRow,
    RoundRow,
    Row,
)
from learner.federation.state_tiers import enrolled_tiers, tier_counts, tier_in
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
CHUNK: Final = 200
"""Answers that are read at once where all of a round are gone through."""


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
        with self._write() as session:
            session.add_all(InvitationRow(campaign=self._campaign, code_sha256=each) for each in codes)
            if tier is not None:
                session.add_all(
                    InvitedTierRow(campaign=self._campaign, code_sha256=each, tier=tier) for each in codes
                )

    def is_invited(self, code: str) -> bool:
        """Whether there is a code of this SHA-256."""
        with self._read() as session:
            return session.get(InvitationRow, (self._campaign, code)) is not None

    def enrol(
        self, *, code: str, key: str, token: str, leaf: Callable[[str | None], bytes], now: int
    ) -> bool | None:
        """Enrol a key by a code and put the ``leaf`` of its noise tier on the log; the others as digests or keys in
        hex.

        True where it is new, False where the key was enrolled before, None where the code is not for it. A code that is
        not used stays so where another one enrolled this key, whose proof the caller has seen.
        Raises ``EnrolledInOtherTier`` where that one was to another noise tier.
        """
        with self._write() as session:
            found = session.get(InvitationRow, (self._campaign, code))
            if found is None or found.key not in (None, key):
                return None
            tier = tier_in(session, InvitedTierRow, self._campaign, code)
            if session.get(EnrolmentRow, (self._campaign, key)) is not None:
                if tier_in(session, EnrolledTierRow, self._campaign, key) != tier:
                    raise EnrolledInOtherTier()
                return False
            if tier is not None:
                session.add(EnrolledTierRow(campaign=self._campaign, key=key, tier=tier))
            found.key = key
            session.add(EnrolmentRow(campaign=self._campaign, key=key, token_sha256=token, enrolled_at=now))
            self._append(session, [leaf(tier)])
            return True

    def tier_of(self, key: str) -> str | None:
        """The noise tier in which a key is enrolled; None is the campaign's own noise."""
        with self._read() as session:
            return tier_in(session, EnrolledTierRow, self._campaign, key)

    def tiers(self) -> dict[str, str]:
        """The noise tier of every key that is in one, by the key."""
        with self._read() as session:
            return enrolled_tiers(session, self._campaign)

    def tier_counts(self) -> dict[str, tuple[int, int]]:
        """How many are invited to each noise tier, and how many are enrolled in it."""
        with self._read() as session:
            return tier_counts(session, self._campaign)

    def key_of(self, token: str) -> str | None:
        """The key that was enrolled with a token of this SHA-256."""
        with self._read() as session:
            asked = select(EnrolmentRow.key).where(
                EnrolmentRow.campaign == self._campaign, EnrolmentRow.token_sha256 == token
            )
            return session.exec(asked).first()

    def counts(self) -> tuple[int, int]:
        """How many invitations there are, and how many keys are enrolled."""
        with self._read() as session:
            return _count(session, InvitationRow, self._campaign), _count(
                session, EnrolmentRow, self._campaign
            )

    # the log ----------------------------------------------------------------------------------------------

    def leaves(self, start: int = 0) -> list[bytes]:
        """The lines of the log from one on."""
        with self._read() as session:
            asked = select(LeafRow.line).where(LeafRow.campaign == self._campaign, LeafRow.place >= start)
            return list(session.exec(asked.order_by(col(LeafRow.place))))

    def checkpoints(self) -> tuple[bytes, bytes]:
        """The newest checkpoint, and the newest that a witness cosigned; empty where there is none."""
        with self._read() as session:
            found = session.get_one(CampaignRow, self._campaign)
            return found.checkpoint, found.cosigned

    def log_sizes(self) -> tuple[int, int]:
        """How many lines the log has, and up to which a witness cosigned it."""
        with self._read() as session:
            found = session.get_one(CampaignRow, self._campaign)
            return found.log_size, found.cosigned_size

    def cosign(self, note: bytes, size: int) -> None:
        """Keep a checkpoint of so many lines with that of its witness, unless a newer one is there."""
        with self._write() as session:
            found = session.get_one(CampaignRow, self._campaign)
            if size > found.cosigned_size:
                found.cosigned, found.cosigned_size = note, size

    # rounds -----------------------------------------------------------------------------------------------

    def begin(self, first: StoredRound, leaves: Sequence[bytes]) -> bool:
        """Open the first round and begin the log; False where that was done before."""
        with self._write() as session:
            if session.get(RoundRow, (self._campaign, first.number)) is not None:
                return False
            session.add(RoundRow(campaign=self._campaign, **_members(first)))
            self._append(session, leaves)
            return True

    def round(self, number: int) -> StoredRound | None:
        """One round."""
        with self._read() as session:
            found = session.get(RoundRow, (self._campaign, number))
            return None if found is None else _round(found)

    def newest_round(self) -> StoredRound | None:
        """The last that was opened."""
        with self._read() as session:
            asked = select(RoundRow).where(RoundRow.campaign == self._campaign)
            found = session.exec(asked.order_by(col(RoundRow.number).desc())).first()
            return None if found is None else _round(found)

    def round_facts(self) -> list[RoundFacts]:
        """Every round that was opened, without its files."""
        columns: Any = (RoundRow.number, RoundRow.closed_at, RoundRow.settled)
        with self._read() as session:
            asked = sqlmodel.select(*columns).where(RoundRow.campaign == self._campaign)
            rows = session.exec(asked.order_by(col(RoundRow.number)))
            return [RoundFacts(number=one, closed_at=at, settled=done) for one, at, done in rows]

    def close_round(self, number: int, *, now: int, leaf: Callable[[int], bytes]) -> bool:
        """Take no answers any more and say so on the log, by their number; False where it is closed already."""
        with self._write() as session:
            found = session.get_one(RoundRow, (self._campaign, number))
            if found.closed_at is not None:
                return False
            found.closed_at = now
            self._append(session, [leaf(_count_answers(session, self._campaign, number))])
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
        with self._write() as session:
            found = session.get_one(RoundRow, (self._campaign, number))
            if found.settled:
                return False
            found.settled = True
            self._keep_verdicts(session, number, accepted)
            following = ModelRow if isinstance(then, StoredModel) else RoundRow
            session.add(following(campaign=self._campaign, **_members(then)))
            self._append(session, [leaf])
            return True

    def model(self) -> StoredModel | None:
        """The final model."""
        with self._read() as session:
            found = session.get(ModelRow, self._campaign)
            if found is None:
                return None
            return StoredModel(document=found.document, signature=found.signature, weights=found.weights)

    # answers ----------------------------------------------------------------------------------------------

    def store(self, number: int, answer: StoredAnswer) -> Stored:
        """Keep an answer to a round, once a key; what was judged is what is kept."""
        with self._write() as session:
            found = session.get(AnswerRow, (self._campaign, number, answer.key))
            if found is not None:
                return Stored.SAME if _is_same(found, answer) else Stored.OTHER
            if session.get_one(RoundRow, (self._campaign, number)).closed_at is not None:
                return Stored.CLOSED
            session.add(AnswerRow(campaign=self._campaign, round=number, **_members(answer)))
            return Stored.NEW

    def refuse(self, number: int, key: str, reason: str) -> None:
        """Count what was refused."""
        with self._write() as session:
            found = session.get(RefusalRow, (self._campaign, number, key))
            if found is None:
                session.add(RefusalRow(campaign=self._campaign, round=number, key=key, reason=reason))
            else:
                found.count, found.reason = found.count + 1, reason

    def answers(self, number: int) -> Iterator[StoredAnswer]:
        """The answers to a round in the order of their keys, a few at a time."""
        last = ""
        while True:
            with self._read() as session:
                asked = select(AnswerRow).where(
                    AnswerRow.campaign == self._campaign, AnswerRow.round == number, AnswerRow.key > last
                )
                found = list(session.exec(asked.order_by(col(AnswerRow.key)).limit(CHUNK)))
                some = [_answer(each) for each in found]
            yield from some
            if not some:
                return
            last = some[-1].key

    def answered(self, number: int) -> int:
        """How many answers a round has."""
        with self._read() as session:
            return _count_answers(session, self._campaign, number)

    def answer_facts(self) -> list[AnswerFacts]:
        """Every answer to every round, without its bytes."""
        size = func.length(AnswerRow.update)
        columns: Any = (
            AnswerRow.round, AnswerRow.key, AnswerRow.release_id, size, AnswerRow.received_at, AnswerRow.accepted,
        )  # fmt: skip
        with self._read() as session:
            asked = sqlmodel.select(*columns).where(AnswerRow.campaign == self._campaign)
            rows = session.exec(
                asked.order_by(col(AnswerRow.round), col(AnswerRow.received_at), col(AnswerRow.key))
            )
            names = ("round", "key", "release_id", "bytes", "received_at", "accepted")
            return [AnswerFacts(**dict(zip(names, row, strict=True))) for row in rows]

    def refusal_facts(self) -> list[RefusalFacts]:
        """What was refused."""
        with self._read() as session:
            asked = select(RefusalRow).where(RefusalRow.campaign == self._campaign)
            found = session.exec(asked.order_by(col(RefusalRow.round), col(RefusalRow.key)))
            names = RefusalFacts.__slots__
            return [RefusalFacts(**{name: getattr(each, name) for name in names}) for each in found]

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
            Row.metadata.create_all(connection)
        with self._write() as session:
            found = session.get(CampaignRow, self._campaign)
            if found is None:
                session.add(CampaignRow(digest=self._campaign, version=VERSION))
            elif found.version != VERSION:
                raise DatabaseOther(reason=f"it is of version {found.version}, and this is {VERSION}")

    def _append(self, session: Session, lines: Sequence[bytes]) -> None:
        """Put lines on the log and sign its new head, in the transaction of what they tell."""
        found = session.get_one(CampaignRow, self._campaign)
        peaks = [found.log_peaks[first : first + 32] for first in range(0, len(found.log_peaks), 32)]
        log = CompactRange(found.log_size, peaks)
        for line in lines:
            session.add(LeafRow(campaign=self._campaign, place=log.size, line=line))
            log.append(leaf_hash(line))
        found.log_size, found.log_peaks = log.size, b"".join(log.peaks)
        found.checkpoint = self._sign_head(log.size, log.root())

    def _keep_verdicts(self, session: Session, number: int, accepted: dict[str, bool]) -> None:
        for verdict in (True, False):
            keys = [key for key, each in accepted.items() if each is verdict]
            for first in range(0, len(keys), CHUNK):
                chosen = col(AnswerRow.key).in_(keys[first : first + CHUNK])
                of_round = (col(AnswerRow.campaign) == self._campaign, col(AnswerRow.round) == number)
                session.execute(update(AnswerRow).where(*of_round, chosen).values(accepted=verdict))

    @contextmanager
    def _write(self) -> Iterator[Session]:
        """One transaction that no other process can write beside in this campaign."""
        with self._writing, translated(), Session(self._engine.execution_options(writes=True)) as session:
            self._lock(session.connection())
            yield session
            session.commit()

    def _lock(self, connection: Connection) -> None:
        """In PostgreSQL wait for whoever else writes in this campaign, until this transaction ends."""
        if not self._is_sqlite:
            lock = int.from_bytes(bytes.fromhex(self._campaign[:16]), "big", signed=True)
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})

    @contextmanager
    def _read(self) -> Iterator[Session]:
        with translated(), Session(self._engine) as session:
            yield session


def _members(fact: Any) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in fact.__slots__}


def _round(row: RoundRow) -> StoredRound:
    return StoredRound(**{name: getattr(row, name) for name in StoredRound.__slots__})


def _answer(row: AnswerRow) -> StoredAnswer:
    return StoredAnswer(**{name: getattr(row, name) for name in StoredAnswer.__slots__})


def _is_same(found: AnswerRow, answer: StoredAnswer) -> bool:
    """Whether it is the same release: its manifest names the update by digest, and both were judged."""
    return (found.release_id, found.manifest, found.update) == (
        answer.release_id,
        answer.manifest,
        answer.update,
    )


def _count(session: Session, table: Any, campaign: str) -> int:
    return session.exec(select(func.count()).select_from(table).where(table.campaign == campaign)).one()


def _count_answers(session: Session, campaign: str, number: int) -> int:
    asked = select(func.count()).select_from(AnswerRow)
    return session.exec(asked.where(AnswerRow.campaign == campaign, AnswerRow.round == number)).one()
