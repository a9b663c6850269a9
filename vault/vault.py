"""The façade: one method for each thing an owner can do with their vault.

The command line, the terminal UI and the daemon use this class and nothing behind it. Every method that changes
something is one durable act with its audit entry; ids may be given by any unambiguous beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self, Unpack

from vault import approvals, asking, opening, overview, release, request_views, trail, training, upkeep
from vault.acts import Clock, system_clock
from vault.approvals import NOTICE
from vault.audit.entries import EntryType
from vault.budget import ledger
from vault.consent import receipts
from vault.errors import ConsentRefused
from vault.importers.read import read_table
from vault.records import collections
from vault.records.collections import ImportReport
from vault.records.export import export_rows
from vault.records.preview import ImportPreview, preview
from vault.records.reading import ColumnReader
from vault.records.schema import FieldType, ParsedTable, Sensitivity, named
from vault.records.summary import ColumnSummary, summarise
from vault.requests import inbox, requesters
from vault.requests.bundle import read_job
from vault.sealing.digest import keyed_digest
from vault.sealing.keyfile import key_line, read_key
from vault.sealing.keytree import Purpose
from vault.sealing.memory import harden_process
from vault.sealing.passphrase import passphrase_secret
from vault.sealing.random import generate_passphrase
from vault.sealing.secret import Secret
from vault.sealing.slots import DEFAULT_COST, KdfCost

if TYPE_CHECKING:
    from learner.protocol import ProbeResult
    from vault import views
    from vault.settings import Paths

__all__ = [
    "DEFAULT_COST", "NOTICE", "ColumnSummary", "ImportPreview", "ImportReport", "KdfCost", "ParsedTable", "Secret",
    "Vault", "generate_passphrase", "harden_process", "passphrase_secret",
]  # fmt: skip


class Vault:
    """An open vault; close it, or use it in a with statement, so that the keys are wiped."""

    def __init__(self, opened: opening.OpenVault) -> None:
        self._opened = opened

    # making, opening, closing

    @staticmethod
    def create(
        paths: Paths, passphrase: Secret, *, cost: KdfCost = DEFAULT_COST, clock: Clock = system_clock
    ) -> str:
        """Make a vault and return its printable recovery key, which is shown once and stored nowhere."""
        return opening.create_vault(paths, passphrase, cost=cost, clock=clock)

    @staticmethod
    def check_free(paths: Paths) -> None:
        """Refuse, before anything is asked, a place where a vault cannot be made; raises `VaultExists`."""
        opening.check_free(paths.vault)

    @staticmethod
    def check_there(paths: Paths) -> None:
        """Refuse, before a passphrase is asked, a folder that is no vault or that others can enter."""
        opening.check_folder(paths.vault)

    @staticmethod
    def change_passphrase(
        paths: Paths, current: Secret, new: Secret, *, recovery: bool = False, cost: KdfCost = DEFAULT_COST
    ) -> None:
        """Give the vault another passphrase, knowing the current one or, with `recovery`, the recovery key."""
        with opening.open_vault(paths, current, writable=True, recovery=recovery) as opened:
            opened.change_passphrase(current, new, recovery=recovery, cost=cost)

    @classmethod
    def open(
        cls, paths: Paths, secret: Secret, *, writable: bool = True, recovery: bool = False,
        clock: Clock = system_clock,
    ) -> Self:  # fmt: skip
        """Open a vault by its passphrase or, with `recovery`, by its recovery key.

        A writable opening settles what a crash or the passing of time left open. Raises the errors of `open_vault`.
        """
        vault = cls(opening.open_vault(paths, secret, writable=writable, recovery=recovery, clock=clock))
        if writable:
            try:
                vault.settle()
            except BaseException:
                vault.close()  # or nobody could try again while this process lives
                raise
        return vault

    def close(self) -> None:
        """Wipe the keys and close the vault."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @property
    def older_because(self) -> str:
        """Why this vault is read-only (an older copy was put back), or empty."""
        return self._opened.older

    # the vault as a whole

    def status(self) -> views.VaultStatus:
        """What the vault holds, what waits, and whether anything ever left."""
        with self._opened.read() as uow:
            return overview.status(uow, self._opened)

    def settle(self) -> None:
        """End what has expired and bring what a crash interrupted to a true state."""
        upkeep.settle(self._opened)

    def backup(self, target: Path) -> None:
        """Write a consistent, encrypted copy of the live vault and its key header into one file."""
        upkeep.check_new(self._opened, target)
        upkeep.write_backup(self._opened, target)
        # Recorded after the copy, so that here the copy is always the older one and can never outrun its original.
        self._opened.note(EntryType.EXPORT, clear={"profile": "backup"}, hidden={"target": target.name})

    # records

    def read_file(
        self, path: Path, *, name: str = "", as_format: str | None = None,
        types: Mapping[str, str] | None = None, sensitivities: Mapping[str, str] | None = None,
    ) -> ParsedTable:  # fmt: skip
        """Read a CSV, JSON Lines or Parquet file into typed columns; nothing is stored.

        Columns that the collection `name` has already are read in its types. Raises `FileMissing`, `Unreadable` and
        `Invalid`.
        """
        with self._opened.read() as uow:
            known = collections.known_types(uow, name)
        return read_table(
            path,
            as_format=as_format,
            types=known | named(types or {}, FieldType),
            sensitivities=named(sensitivities or {}, Sensitivity),
        )

    def preview(
        self, parsed: ParsedTable, *, name: str, unit: str | None, time_field: str | None
    ) -> ImportPreview:
        """What importing would store, how rows make units, which are refused, and which are sealed already."""
        with self._opened.read() as uow:
            choice = collections.choose(uow, name, parsed.fields, unit=unit, time_field=time_field)
            repeats = collections.repeats(uow, self._opened.keys, name, parsed, choice)
        return preview(parsed, choice.unit, choice.time_field, repeats=repeats)

    @staticmethod
    def check_lifetime(text: str = "") -> str:
        """The lifetime budget (ε) that a new collection gets, the default for no text; raises `Invalid`."""
        return ledger.check_lifetime(text or str(ledger.LIFETIME))

    def import_file(
        self, parsed: ParsedTable, *, name: str, unit: str | None, time_field: str | None, lifetime: str = ""
    ) -> ImportReport:
        """Seal the rows of a file into a collection, all or nothing.

        Raises `AlreadyImported`, `SchemaMismatch`, `NothingToImport` and `Invalid`.
        """
        with self._opened.act() as act:
            choice = collections.choose(act.uow, name, parsed.fields, unit=unit, time_field=time_field)
            digest = keyed_digest(act.keys.subkey(Purpose.IMPORT_DIGEST), parsed.digest_input)
            return collections.import_table(
                act, name=name, parsed=parsed, unit=choice.unit, time_field=choice.time_field,
                lifetime_epsilon=self.check_lifetime(lifetime), file_digest=digest,
            )  # fmt: skip

    def collections(self) -> list[views.CollectionView]:
        """Every collection with its columns and its privacy unit."""
        with self._opened.read() as uow:
            return overview.collections(uow)

    def show_collection(self, name: str) -> list[ColumnSummary]:
        """The distribution of every column, for the owner's eyes; the look is recorded where it can be."""
        with self._opened.read() as uow:
            facts = collections.find_collection(uow, name)
            self._opened.note(EntryType.ACCESS_VIEW, hidden={"what": name})
            return summarise(ColumnReader.of_owner(uow, self._opened.keys, facts.id), facts)

    def export_collection(self, name: str, target: Path, *, as_format: str) -> int:
        """Write every row of a collection to a new file for the owner and return how many there are."""
        upkeep.check_new(self._opened, target)
        with self._opened.read() as uow:
            facts = collections.find_collection(uow, name)
            self._opened.note(EntryType.EXPORT, clear={"profile": "records"}, hidden={"target": target.name})
            reader = ColumnReader.of_owner(uow, self._opened.keys, facts.id)
            return export_rows(reader, facts, target, as_format)

    # requesters

    def add_requester(self, name: str, key_file: Path, *, contact: str = "") -> views.RequesterView:
        """Let somebody with this public key send requests, under the owner's own name for them."""
        with self._opened.act() as act:
            row = requesters.add(act, name=name, key=read_key(key_file, "requester-public"), contact=contact)
            return overview.requester(row)

    def requesters(self) -> list[views.RequesterView]:
        """Everybody who may ask, or was blocked."""
        with self._opened.read() as uow:
            return overview.requesters(uow)

    def trust_requester(self, name: str) -> None:
        """Note that this key was checked with its owner in person."""
        with self._opened.act() as act:
            requesters.trust(act, name)

    def block_requester(self, name: str) -> None:
        """Accept nothing more from this requester, stop what runs for them, and send nothing to them."""
        with self._opened.act() as act:
            blocked = requesters.block(act, name)
        training.stop_for(self._opened, blocked.id)

    def unblock_requester(self, name: str) -> None:
        """Let a blocked requester ask again; their key counts as not verified."""
        with self._opened.act() as act:
            requesters.unblock(act, name)

    def vault_key(self, name: str) -> str:
        """The line of the key that signs releases to this requester; another requester gets another key."""
        with self._opened.read() as uow:
            row = requesters.find(uow, name)
            return key_line("vault-public", requesters.vault_key(self._opened.keys, row.id).public)

    # consents

    def preview_grant(self, **wish: Unpack[views.GrantWish]) -> views.GrantDraft:
        """What `grant` would give, with the notice and how sensitive each column is, without giving it."""
        with self._opened.read() as uow:
            return overview.draft(uow, approvals.wished_grant(uow, wish, self._opened.now(uow)))

    def grant(self, *, special_confirmed: bool = False, **wish: Unpack[views.GrantWish]) -> views.GrantView:
        """Allow jobs of a requester to read the named fields of a collection for one purpose, until a date.

        The person must have been shown `NOTICE`; `special_confirmed` says that they agreed a second time to columns
        of a special category, without which such a consent is refused with `SpecialNotConfirmed`.
        """
        with self._opened.act() as act:
            grant = approvals.give(act, wish, special_confirmed=special_confirmed)
            return overview.grant(act.uow, grant, act.now)

    def grants(self) -> list[views.GrantView]:
        """Every consent ever given, with its state now."""
        with self._opened.read() as uow:
            return overview.grants(uow, self._opened)

    def consent(self, grant_id: str) -> views.GrantView:
        """One consent, with its state now."""
        with self._opened.read() as uow:
            full = overview.grant_id(uow, grant_id)
            return next(one for one in overview.grants(uow, self._opened) if one.id == full)

    def receipt(self, grant_id: str) -> Mapping[str, object]:
        """The consent as an ISO/IEC TS 27560 receipt in DPV terms."""
        with self._opened.read() as uow:
            return receipts.receipt(uow, overview.grant_id(uow, grant_id))

    def withdraw(self, grant_id: str) -> views.Withdrawal:
        """Withdraw a consent: what runs under it is stopped, and what is held under it is destroyed."""
        with self._opened.act() as act:
            full = overview.grant_id(act.uow, grant_id)
            receipts.withdraw_grant(act, full)
            destroyed = release.destroy_held_under(act, full)
            done = overview.withdrawal(act.uow, full, destroyed)
        training.stop_under(self._opened, full)
        return done

    def explain(self, job: Path) -> views.DecisionView:
        """What the consents say about a job folder now, without storing anything."""
        with self._opened.read() as uow:
            examined = inbox.examine(uow, read_job(job))
            return request_views.explain(
                uow, self._opened, asking.priced(examined.manifest, examined.requester)
            )

    # requests

    def submit(self, job: Path) -> views.RequestView:
        """Take a signed job folder into the inbox; raises one error a rule it breaks."""
        files = read_job(job)
        with self._opened.act() as act:
            request_id, refusal = inbox.submit(act, files, policy=asking.policy(act.uow))
        if refusal:
            raise refusal
        return self.request(request_id)

    def requests(self) -> list[views.RequestLine]:
        """Every request, the newest first."""
        with self._opened.read() as uow:
            return request_views.requests(uow, self._opened)

    def request(self, request_id: str) -> views.RequestView:
        """One request with its price and the verdict the consents give now."""
        with self._opened.read() as uow:
            return request_views.request(uow, self._opened, overview.request_id(uow, request_id))

    def preview_approval(self, request_id: str, *, draft: bool, optional: frozenset[str]) -> views.Approval:
        """What `approve` would change, without changing it."""
        with self._opened.read() as uow:
            full = overview.request_id(uow, request_id)
            return request_views.approval(uow, self._opened, full, draft=draft, optional=optional)

    def approve(
        self, request_id: str, *, draft: bool = False, optional: frozenset[str] = frozenset(),
        special_confirmed: bool = False,
    ) -> None:  # fmt: skip
        """Approve one run; with `draft`, write the consent it needs in the same transaction, as `grant` would.

        Raises `ConsentRefused` (recorded), `SpecialNotConfirmed`, `BudgetExhausted` and `WrongState`.
        """
        with self._opened.act() as act:
            full = overview.request_id(act.uow, request_id)
            decision = approvals.approve(
                act, full, draft=draft, optional=optional, special_confirmed=special_confirmed
            )
        if not decision.permitted:
            raise ConsentRefused(reason="; ".join(reason.sentence for reason in decision.reasons))

    def refuse(self, request_id: str, *, reason: str = "") -> None:
        """Say no to a request; the reason stays in the vault."""
        with self._opened.act() as act:
            inbox.refuse(act, overview.request_id(act.uow, request_id), reason=reason)

    def train(self, request_id: str, *, progress: Callable[[int, int], None]) -> views.ReleaseView:
        """Run an approved request on this computer and hold its result; the budget is spent from here on."""
        with self._opened.read() as uow:
            full = overview.request_id(uow, request_id)
        training.run(self._opened, full, progress)
        return self.release(full)

    # releases

    def releases(self) -> list[views.ReleaseView]:
        """Every update that was held, and what became of it."""
        with self._opened.read() as uow:
            return request_views.releases(uow, self._opened)

    def release(self, release_id: str) -> views.ReleaseView:
        """What would leave or has left; with the owner's own results once the decision is final."""
        with self._opened.read() as uow:
            return request_views.release(uow, self._opened, overview.release_id(uow, release_id))

    def send(self, release_id: str, *, confirm_digest: str, to: Path) -> views.ReleaseView:
        """Let a held update leave to a folder: the only way anything leaves to anyone but the owner."""
        with self._opened.read() as uow:
            full = overview.release_id(uow, release_id)
        release.send(self._opened, full, confirmed=confirm_digest, to=to)
        return self.release(full)

    def withhold(self, release_id: str) -> None:
        """Keep a held update private for good; its bytes are deleted and its budget stays spent."""
        with self._opened.act() as act:
            release.withhold(act, overview.release_id(act.uow, release_id))

    # budget and audit

    def budget(self) -> list[views.BudgetLine]:
        """How much of each lifetime cap is spent, by collection and by requester."""
        with self._opened.read() as uow:
            return overview.budget(uow)

    def audit_lines(self) -> list[views.AuditLine]:
        """The trail, one sentence an entry."""
        with self._opened.read() as uow:
            return trail.lines(uow)

    def verify_audit(self) -> views.AuditCheck:
        """Recompute the whole trail; raises `LogBroken`."""
        with self._opened.read() as uow:
            return trail.check(uow, self._opened)

    def export_audit(self, folder: Path) -> views.AuditCheck:
        """Write the trail as a bundle anybody can verify; it names no field, requester, file or value."""
        upkeep.check_new(self._opened, folder)
        self._opened.note(EntryType.EXPORT, clear={"profile": "audit"}, hidden={"target": folder.name})
        with self._opened.read() as uow:
            return trail.export(uow, self._opened, folder)

    def audit_key(self) -> str:
        """The verifier key (C2SP vkey) an auditor should get from the owner, not from the bundle."""
        return trail.verifier_key(self._opened)

    @staticmethod
    def probe_sandbox(paths: Paths) -> list[ProbeResult]:
        """Try, from inside a locked-in learner, everything it must not be able to do to this vault."""
        return upkeep.probe(paths)
