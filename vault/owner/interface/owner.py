"""Everything an owner can do with their vault, wherever it is open."""

from __future__ import annotations

from typing import Protocol

from vault.owner.interface.audit import Audit
from vault.owner.interface.budget import Budget
from vault.owner.interface.campaigns import Campaigns
from vault.owner.interface.consents import Consents
from vault.owner.interface.models import Models
from vault.owner.interface.records import Records
from vault.owner.interface.releases import Releases
from vault.owner.interface.requesters import Requesters
from vault.owner.interface.requests import Requests
from vault.owner.interface.upkeep import Upkeep


class Owner(
    Records, Requesters, Consents, Requests, Campaigns, Releases, Models, Budget, Audit, Upkeep, Protocol
):
    """What an owner can do; ids may be given by any unambiguous beginning.

    Every action that changes something is one durable transaction with its entry on the trail. In another process an
    action may besides raise `SessionEnded`, `DaemonGone` and `DaemonUnreachable`, and a proven one
    `ApprovalNotProven`.
    """
