"""What the process that has the vault open asks of it: who speaks, and what a requester may be told."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from vault import portal
from vault.audit.entries import EntryType
from vault.errors.campaigns import CampaignLogForked
from vault.errors.rollback import MarkNotWritten
from vault.lifecycle.tries import counted_try
from vault.requests import tokens
from vault.requests.campaign_round import named_campaign
from vault.store.tables import LogEntry
from vault.training.living import stop_learner_of

if TYPE_CHECKING:
    from vault.audit.transaction import AuditedTransaction
    from vault.lifecycle.opened import OpenVault
    from vault.portal import CampaignTold, Told
    from vault.requests.bundle import JobFiles
    from vault.requests.campaign_log import LogPart
    from vault.requests.campaign_model import ModelFiles
    from vault.sealing.secret import Secret
    from vault.sealing.slots import KdfCost


class AccessActions:
    """The passphrase of an open vault, its runs as a whole, and the requesters' side of the socket."""

    _opened: OpenVault

    def check_secret(self, secret: Secret, *, recovery: bool = False) -> None:
        """Whether this passphrase (or recovery key) opens this very vault; raises `WrongPassphrase` and its kin,
        and `TooManyTries`.

        Wrong ones are counted, and on the trail once a right one comes.
        """
        with counted_try(self._opened.paths, self._opened.clock()):
            self._opened.check_secret(secret, recovery=recovery)
        self._opened.record_wrong_tries()

    def note_unlocked(self, *, recovery: bool) -> None:
        """Record that a process holds this vault open from now on."""
        way = "the recovery key" if recovery else "the passphrase"
        self._opened.note(EntryType.VAULT_UNLOCK, hidden={"way": way})

    def note_locked(self) -> None:
        """Record that the owner locks the vault now."""
        self._opened.note(EntryType.VAULT_LOCK, hidden={})

    def renew_passphrase(self, current: Secret, new: Secret, *, recovery: bool, cost: KdfCost) -> None:
        """Give the open vault another passphrase, knowing the current one or the recovery key."""
        self._opened.change_passphrase(current, new, recovery=recovery, cost=cost)

    def note_lock_minutes(self, minutes: int) -> None:
        """Record that the vault locks after so many minutes without use from now on."""
        what = f"how long it stays open without use, to {minutes} minute{'s' * (minutes != 1)}"
        self._opened.note(EntryType.SETTINGS_CHANGE, hidden={"what": what})

    def trail_size(self) -> int:
        """How many entries the trail has."""
        with self._opened.read() as uow:
            return uow.count(LogEntry)

    def end_runs(self) -> None:
        """Let no run begin any more, and end those that run; what was charged stays spent."""
        self._opened.is_ending = True
        for run in list(self._opened.running.values()):
            run.stop()

    def stop_run_of(self, thread: int) -> None:
        """End the run that trains on this thread, and every other learner that was started on it, if there is one."""
        for run in list(self._opened.running.values()):
            if run.thread == thread:
                run.stop(because="interrupted")
        stop_learner_of(thread)

    def token_holder(self, token: str) -> str:
        """The id of the requester this token was given to; raises `SessionEnded`.

        A token is over by the clock too while the date is in question: only the owner's own affairs stand still then.
        """
        with self._opened.read() as uow:
            date = self._opened.date(uow)
            return tokens.holder(uow, token, max(date.now, date.clock)).id

    def take_job(self, requester_id: str, files: JobFiles, log: LogPart | None = None) -> Told:
        """Take a job into the inbox as its requester and return what it is told; raises what `portal.submit` does.

        The mark is raised afterwards, by `raise_mark`: it is held against the ledger, which no answer waits for.
        """
        if log is not None:
            self._check_not_split(requester_id, named_campaign(files.manifest), log)
        with self._opened.act(is_marked=False) as act:
            return portal.submit(act, requester_id, files, self._opened.clock(), log)

    def take_model(self, requester_id: str, digest: str, files: ModelFiles, log: LogPart) -> CampaignTold:
        """Take in the final model of a campaign as its requester; raises what `portal.submit_model` does.

        One that came in before is answered the same and changes nothing.
        """
        told = self.campaign_state(requester_id, digest)
        if told.has_model:
            return told
        self._check_not_split(requester_id, digest, log)
        with self._opened.act(is_marked=False) as act:
            return portal.submit_model(act, requester_id, digest, files, log, self._opened.clock())

    def _check_not_split(self, requester_id: str, digest: str, log: LogPart) -> None:
        """Refuse what comes with the proof that a log was split, and keep that proof: it outlives the refusal."""
        with self._opened.read() as uow:
            fork = portal.split_log(uow, requester_id, digest, log)
        if fork is not None:
            with self._opened.act(is_marked=False) as act:
                portal.note_split_log(act, requester_id, digest, fork)
            raise CampaignLogForked()

    def take_campaign(
        self, requester_id: str, data: bytes, signature: bytes, tier: str | None = None
    ) -> CampaignTold:
        """Take a campaign into the inbox as its requester; raises what `portal.submit_campaign` does."""
        with self._opened.act(is_marked=False) as act:
            return portal.submit_campaign(act, requester_id, data, signature, self._opened.clock(), tier)

    def campaign_state(self, requester_id: str, digest: str) -> CampaignTold:
        """What a requester is told about its campaign; raises `UnknownCampaign`."""
        with self._opened.read() as uow:
            return portal.campaign_state(uow, requester_id, digest, self._opened.clock())

    def take_up(self) -> None:
        """Do by what came in what its owner said before: end it; of a campaign that was joined approve a round, or keep
        its final model.

        Apart from the answer, which depends on no consent and on no word that is not heard.
        """
        self._opened.settle(_take_up)

    def rounds_to_run(self) -> list[str]:
        """The requests of rounds that may run without anybody starting them; none while the date is in question."""
        from vault.requests.rounds import unattended_rounds

        with self._opened.read() as uow:
            date = self._opened.date(uow)
            return unattended_rounds(uow, date.now) if date.is_confirmed else []

    def raise_mark(self) -> None:
        """Remember outside the vault what was taken in; what cannot be written now is said by the next act."""
        with suppress(MarkNotWritten):
            self._opened.raise_mark()

    def job_state(self, requester_id: str, job_id: str) -> Told:
        """What a requester is told about its job; raises `UnknownRequest`."""
        with self._opened.read() as uow:
            return portal.state(uow, requester_id, job_id, self._opened.clock())

    def released_files(self, requester_id: str, job_id: str) -> dict[str, bytes]:
        """What was released for a requester's job to be fetched; raises `NotAtThisDoor`, `UnknownRequest` and what
        `release.fetched` does."""
        return portal.released(self._opened, requester_id, job_id)


def _take_up(act: AuditedTransaction) -> None:
    from vault.requests import campaigns, inbox
    from vault.requests.final_models import keep_models
    from vault.requests.rounds import approve_rounds

    campaigns.take_up(act)
    inbox.take_up(act)
    inbox.expire_closed(act)
    approve_rounds(act)
    keep_models(act)
