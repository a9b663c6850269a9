"""Every dialog of the screens as it stands over a vault, for what has to hold of all of them."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import tui.dialogs
import tui.screens
from learner.federation.courier_folder import Access, CourierFolder, CourierState
from tests.worlds.campaigns import campaign
from tests.worlds.vaults import copy_of
from tests.worlds.world import NAME, World
from tui.actions import ACTIONS, questions
from tui.couriers.carrying import Carried
from tui.couriers.joining import Invited
from tui.dialogs import (
    attack,
    audit,
    budget,
    carry,
    choose_file,
    data_card,
    digest,
    erase,
    export_data,
    grant,
    import_file,
    import_several,
    invitation,
    leave_campaign,
    lock,
    model_files,
    model_use,
    receipt,
    release,
    release_several,
    request,
    requester,
    row,
    run,
    submit,
    trail_filter,
    what_if,
    withdraw,
    word,
)
from tui.dialogs import campaign as campaigns
from tui.dialogs import help as help_of
from tui.dialogs.action import ActionDialog
from tui.dialogs.approval import prepare_approval
from tui.dialogs.campaign_offer import prepare
from tui.dialogs.dialog import Dialog
from tui.dialogs.scope_form import Choices, Scope
from tui.screens.settings import MinutesDialog
from tui.text.audit_facts import known_in
from vault.owner.interface.session import OwnerSession
from vault.views.campaigns import CampaignLine
from vault.views.consents import GrantTerms
from vault.views.history import TrailFilter
from vault.views.models import ModelView
from vault.views.records import FileChoice
from vault.views.runs import RunView

LONG = "a name that is as long as a name of somebody's own collection may well become"
MODEL = ModelView(
    name="nightly", kind="logistic", predicts="good", features=("steps",), optional=(), parameters=2,
    added_at="2026-01-01T00:00:00Z", is_private=True, fitted_on="nights", began_from="another",
)  # fmt: skip
RUN = RunView(
    request="a" * 32, requester=NAME, collection="nights", step=2, of=9, started_at="2026-01-01T00:00:00Z",
    epsilon=Decimal(1), confined=True, landlock_abi=4, seccomp=True, missing=(),
)  # fmt: skip
Made = Callable[[OwnerSession, World], Dialog[Any]]


def all_dialogs() -> set[type[Dialog[Any]]]:
    """Every kind of dialog that can be opened: those that say what they are about."""
    for room in (tui.dialogs, tui.screens):
        for found in pkgutil.iter_modules(room.__path__):
            import_module(f"{room.__name__}.{found.name}")
    found = (
        kind for kind in _below(Dialog) if kind.__module__.startswith(f"{tui.__name__}.")
    )  # no test's own
    return {kind for kind in found if {"title_text", "consequence"} <= _said_in(kind)}


def _below(kind: type[Any]) -> Iterator[type[Any]]:
    for one in kind.__subclasses__():
        yield one
        yield from _below(one)


def _said_in(kind: type[Any]) -> set[str]:
    """What it says by itself, beyond the base of all dialogs."""
    return {
        name for one in kind.__mro__ if issubclass(one, Dialog) and one is not Dialog for name in vars(one)
    }


def asked_for_all(today: World, folder: Path) -> World:
    """A copy of today's vault that is asked to join a campaign too, with a file of people beside it."""
    world = copy_of(today, folder)
    rows = [f"p{one},2026-01-0{one},{one}" for one in range(1, 10)]
    (world.folder / "people.csv").write_text("\n".join(["patient_id,day,steps", *rows, *rows, *rows]))
    with world.vault() as vault:
        vault.submit_campaign(campaign(world))
    return world


def _held(vault: OwnerSession) -> Any:
    return next(one for one in vault.releases() if one.can_be_sent)


def _waiting(vault: OwnerSession) -> Any:
    return vault.request(next(one.id for one in vault.requests() if one.state == "waiting"))


def _nights(vault: OwnerSession) -> Any:
    return next(one for one in vault.collections() if one.name == "nights")


def _choices(vault: OwnerSession) -> Choices:
    return Choices(requesters=tuple(vault.requesters()), collections=tuple(vault.collections()))


def _terms(_vault: OwnerSession) -> GrantTerms:
    until = datetime.now(UTC) + timedelta(days=90)
    return {
        "requester": NAME, "collection": "nights", "fields": ["steps", "good"], "purpose": "AcademicResearch",
        "not_after": until, "not_before": None, "window": (None, None), "uses": 2, "epsilon_cap": None,
    }  # fmt: skip


def _grant(vault: OwnerSession, _: World) -> Dialog[Any]:
    terms = _terms(vault)
    return grant.GrantDialog(vault.preview_grant(**terms), terms, _nights(vault))


def _withdraw(vault: OwnerSession, _: World) -> Dialog[Any]:
    one = vault.grants()[0]
    return withdraw.WithdrawDialog(one, vault.preview_withdraw(one.id))


def _verdict(vault: OwnerSession, _: World) -> Dialog[Any]:
    scope = Scope(
        requester=NAME,
        collection="nights",
        fields=("steps", "coffee"),
        purpose="Marketing",
        window=(None, None),
    )
    found = vault.what_if(
        requester=NAME, collection="nights", fields=scope.fields, purpose="AcademicResearch"
    )
    return what_if.VerdictDialog(found, scope)


def _file(world: World) -> FileChoice:
    return FileChoice(path=world.folder / "people.csv", name=LONG)


def _import(vault: OwnerSession, world: World) -> Dialog[Any]:
    return import_file.ImportDialog(_file(world), vault.plan_import(_file(world)))


def _import_several(vault: OwnerSession, world: World) -> Dialog[Any]:
    found = import_several.look_at_all(vault, [_file(world)], lambda _done, _of: None)
    return import_several.ImportSeveralDialog([*found, *found])


ACCESS = Access(campaign="c" * 32, requester=NAME, token="t" * 64, door="a door")


def _carry(_: OwnerSession, world: World) -> Dialog[Any]:
    state, folder = CourierState(contact="2026-11-21T12:00:30Z"), CourierFolder(world.folder / "carried")
    one = Carried(folder=folder, access=ACCESS, url="https://study.example:8443", state=state, is_let_in=True)
    return carry.CarryDialog(one, lead="A round waits for its update.")


def _invitation(_: OwnerSession, world: World) -> Dialog[Any]:
    found = Invited(
        url="https://study.example:8443", campaign="c" * 64, key_file=world.folder / "lab.pub",
        fingerprint="6451 b103 6451 b103", known=None,
    )  # fmt: skip
    return invitation.InvitationDialog(b"", found)


def _leave(vault: OwnerSession, world: World) -> Dialog[Any]:
    return leave_campaign.LeaveDialog(prepare(vault, vault.campaigns()[0].id, world.paths))


def _campaign(vault: OwnerSession, world: World) -> Dialog[Any]:
    lines: list[CampaignLine] = vault.campaigns()
    return campaigns.CampaignDialog(prepare(vault, lines[0].id, world.paths))


KINDS: Mapping[type[Dialog[Any]], Made] = {
    attack.AttackDialog: lambda vault, _: attack.AttackDialog(_waiting(vault)),
    audit.EntryDialog: lambda vault, _: audit.EntryDialog(LONG, vault.audit_lines()),
    audit.KeyDialog: lambda vault, _: audit.KeyDialog(vault.audit_key()),
    audit.AuditExportDialog: lambda *_: audit.AuditExportDialog(),
    budget.BudgetHelpDialog: lambda *_: budget.BudgetHelpDialog([("nights", "8", "0.000001", "day")]),
    budget.JobPriceDialog: lambda vault, _: budget.JobPriceDialog(_waiting(vault)),
    campaigns.CampaignDialog: _campaign,
    carry.CarryDialog: _carry,
    invitation.InvitationDialog: _invitation,
    leave_campaign.LeaveDialog: _leave,
    choose_file.ChooseFileDialog: lambda *_: choose_file.ChooseFileDialog(collection="nights"),
    data_card.DataCardDialog: lambda vault, _: data_card.DataCardDialog(_nights(vault), vault.requesters()),
    digest.DigestDialog: lambda vault, _: digest.DigestDialog(vault.digest()),
    erase.EraseDialog: lambda vault, _: erase.EraseDialog(vault.preview_erase("nights")),
    export_data.DataExportDialog: lambda vault, _: export_data.DataExportDialog(_nights(vault)),
    grant.GrantForm: lambda vault, _: grant.GrantForm(_choices(vault), collection="nights"),
    grant.GrantDialog: _grant,
    help_of.HelpDialog: lambda *_: help_of.HelpDialog(submit.SubmitDialog()),
    import_file.ImportDialog: _import,
    import_several.ImportSeveralDialog: _import_several,
    lock.LockDialog: lambda *_: lock.LockDialog(),
    lock.HungDialog: lambda *_: lock.HungDialog(12345),
    lock.QuitDialog: lambda *_: lock.QuitDialog(),
    MinutesDialog: lambda *_: MinutesDialog(15),
    model_files.AddModelDialog: lambda *_: model_files.AddModelDialog(),
    model_files.ModelExportDialog: lambda *_: model_files.ModelExportDialog(MODEL),
    model_use.ScoreDialog: lambda *_: model_use.ScoreDialog(MODEL, ["nights"]),
    model_use.FitDialog: lambda *_: model_use.FitDialog(MODEL, ["nights"]),
    model_use.PredictDialog: lambda *_: model_use.PredictDialog(MODEL, ["nights"]),
    receipt.ReceiptDialog: lambda vault, _: receipt.ReceiptDialog(vault.receipt(vault.grants()[0].id)),
    release.ReleaseDialog: lambda vault, _: release.ReleaseDialog(_held(vault), is_practice=False),
    release.Countdown: lambda vault, _: release.Countdown([("digest", _held(vault).digest)]),
    release_several.ReleaseSeveralDialog: lambda vault, _: release_several.ReleaseSeveralDialog(
        [_held(vault)] * 3
    ),
    request.RequestDialog: lambda vault, _: request.RequestDialog(_waiting(vault)),
    requester.AddRequesterDialog: lambda _, world: requester.AddRequesterDialog(
        world.folder / "lab.pub", "6451 b103 6451 b103"
    ),
    row.RowDialog: lambda *_: row.RowDialog("nights", 7, [("steps", "5000"), ("good", "true")]),
    run.RunDialog: lambda vault, _: run.RunDialog(
        prepare_approval(vault, _waiting(vault).line.id, frozenset())
    ),
    submit.SubmitDialog: lambda *_: submit.SubmitDialog(),
    trail_filter.TrailFilterDialog: lambda vault, _: trail_filter.TrailFilterDialog(
        known_in(vault), TrailFilter()
    ),
    what_if.WhatIfForm: lambda vault, _: what_if.WhatIfForm(_choices(vault), collection="nights"),
    what_if.VerdictDialog: _verdict,
    withdraw.WithdrawDialog: _withdraw,
    word.WordDialog: lambda *_: word.WordDialog("LEAVE", "Leaving is for good. " * 6),
}
"""One of each kind."""


def _with_no(vault: OwnerSession) -> object:
    return replace(_waiting(vault), no_until="2027-01-01T00:00:00+00:00")


def _subject(vault: OwnerSession, page: str) -> object:
    """What a simple action of this page is about."""
    return {"requests": _with_no, "release": _held, "training": lambda _: RUN, "models": lambda _: MODEL}[
        page
    ](vault)


def every_dialog(
    vault: OwnerSession, world: World, only: frozenset[str] = frozenset()
) -> Iterator[tuple[str, Dialog[Any]]]:
    """One of each kind, and that of every simple action; or only those of these names."""
    for kind, make in KINDS.items():
        if not only or kind.__name__ in only:
            yield kind.__name__, make(vault, world)
    for page in sorted({one.question.page for one in ACTIONS if one.question is not None}):
        for action, _ in questions(page):
            if not only or action.name in only:
                yield action.name, ActionDialog(action, _subject(vault, page))
