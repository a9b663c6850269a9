"""The façade: a vault that is open in this process.

What an owner can do with it is declared in `owner/interface/` and carried out in `owner/`; making, opening and closing
it stand here. The command line, the terminal UI and the daemon use this class and nothing behind it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Self, final

from vault.audit.transaction import system_clock
from vault.audit.vault_date import Clock
from vault.importers.held_plans import HeldPlans
from vault.lifecycle import passphrase as strength
from vault.lifecycle.create import create_vault
from vault.lifecycle.folder import check_folder, check_free
from vault.lifecycle.open import open_vault
from vault.lifecycle.opened import OpenVault
from vault.owner.access import AccessActions
from vault.owner.audit import AuditActions
from vault.owner.budget import BudgetActions
from vault.owner.campaigns import CampaignActions
from vault.owner.cards import CardActions
from vault.owner.consents import ConsentActions
from vault.owner.interface.owner import Owner
from vault.owner.models import ModelActions
from vault.owner.records import RecordActions
from vault.owner.releases import ReleaseActions
from vault.owner.reopen import plan as plan_reopening
from vault.owner.reopen import reopen
from vault.owner.requesters import RequesterActions
from vault.owner.requests import RequestActions
from vault.owner.undo import UndoActions
from vault.owner.upkeep import UpkeepActions
from vault.requests.grant import NOTICE
from vault.sealing.memory import harden_process
from vault.sealing.passphrase import passphrase_secret
from vault.sealing.random import generate_passphrase
from vault.sealing.secret import Secret
from vault.sealing.slots import DEFAULT_COST, KdfCost

if TYPE_CHECKING:
    from vault.lifecycle.unlocking import Begun
    from vault.settings import Paths
    from vault.views.passphrase import PassphraseCheck
    from vault.views.reopening import Reopening

__all__ = [
    "DEFAULT_COST", "NOTICE", "KdfCost", "Secret", "Vault", "generate_passphrase", "harden_process",
    "passphrase_secret",
]  # fmt: skip


@final  # so that the type checker names an action of the owner that nothing carries out
class Vault(
    RecordActions, UndoActions, CardActions, RequesterActions, ConsentActions, RequestActions, CampaignActions,
    ReleaseActions, ModelActions, BudgetActions, AuditActions, UpkeepActions, AccessActions, Owner,
):  # fmt: skip
    """An open vault; close it, or use it in a with statement, so that the keys are wiped."""

    def __init__(self, opened: OpenVault) -> None:
        self._opened = opened
        self._plans = HeldPlans()

    # making, opening, closing

    @staticmethod
    def create(
        paths: Paths, passphrase: Secret, *, cost: KdfCost = DEFAULT_COST, clock: Clock = system_clock
    ) -> str:
        """Make a vault and return its printable recovery key, which is shown once and stored nowhere."""
        return create_vault(paths, passphrase, cost=cost, clock=clock)

    @staticmethod
    def check_free(paths: Paths) -> None:
        """Refuse, before anything is asked, a place where a vault cannot be made; raises `VaultExists`."""
        check_free(paths.vault)

    @staticmethod
    def check_there(paths: Paths) -> None:
        """Refuse, before a passphrase is asked, a folder that is no vault or that others can enter."""
        check_folder(paths.vault)

    @staticmethod
    def check_new_passphrase(text: str) -> PassphraseCheck:
        """Whether this is strong enough for a new passphrase, and why not or how strong in one sentence."""
        return strength.check_new_passphrase(text)

    @staticmethod
    def change_passphrase(
        paths: Paths, current: Secret, new: Secret, *, recovery: bool = False, cost: KdfCost = DEFAULT_COST
    ) -> None:
        """Give the vault another passphrase, knowing the current one or, with `recovery`, the recovery key."""
        with open_vault(paths, current, writable=True, recovery=recovery) as opened:
            opened.change_passphrase(current, new, recovery=recovery, cost=cost)

    @classmethod
    def open(
        cls, paths: Paths, secret: Secret, *, writable: bool = True, recovery: bool = False,
        wait: float = 0, clock: Clock = system_clock, begun: Begun | None = None,
    ) -> Self:  # fmt: skip
        """Open a vault by its passphrase or, with `recovery`, by its recovery key.

        A writable opening settles what a crash or the passing of time left open, and waits at most `wait` seconds for
        another writer to end; `begun` is the unlocking where it was begun already. Raises the errors of `open_vault`.
        """
        vault = cls(
            open_vault(
                paths, secret, writable=writable, recovery=recovery, wait=wait, clock=clock, begun=begun
            )
        )
        if writable:
            try:
                vault.settle()
            except BaseException:
                vault.close()  # or nobody could try again while this process lives
                raise
        return vault

    @staticmethod
    def load_reading() -> None:
        """Load what reads records, which the first act that reads any does otherwise."""
        for room in ("export", "summary"):
            import_module(f"vault.records.{room}")

    def preview_reopen(self) -> Reopening:
        """What going on from a vault that is read-only would end and count as spent; changes nothing."""
        return plan_reopening(self._opened)

    def reopen(self, *, confirm: str) -> Reopening:
        """Go on from it, on record; `confirm` is what the preview gave."""
        return reopen(self._opened, confirm=confirm)

    def close(self) -> None:
        """Wipe the keys and close the vault."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    @property
    def rollback_reason(self) -> str:
        """Why this vault is read-only (an older copy was put back), or empty."""
        return self._opened.rollback.reason

    @property
    def mark_missing(self) -> str:
        """What it means that the reminder outside this vault was missing when it was opened, or empty."""
        return self._opened.mark_missing

    @property
    def header_damage(self) -> str:
        """What was wrong with a copy of the key header when it was opened, and whether it was put right, or empty."""
        return self._opened.header_damage
