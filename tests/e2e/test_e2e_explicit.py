"""What a person is shown before they say yes, and that nothing is claimed, spent or told twice that they were not."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.worlds.approving import approve
from tests.worlds.commands import Terminal, assert_refused, run
from tests.worlds.importing import import_file
from tests.worlds.vaults import copy_of, new_world
from tests.worlds.world import JOB, NAME, PASSPHRASE, World
from vault.budget import ledger
from vault.consent.record import CONSENT, EXPLICIT, EXPLICITLY
from vault.errors.budget import BudgetFixedOtherwise
from vault.errors.consent import SpecialNotConfirmed
from vault.errors.requests import RequesterBlocked
from vault.store.tables import VaultFact
from vault.vault import NOTICE, Vault
from vault.views.records import FileChoice

RECIPIENTS = 'recipients = ["The ethics board"]\n'


@pytest.fixture(scope="module")
def asked_template(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A vault of today whose label is health data, with a request that waits."""
    world = new_world(tmp_path_factory.mktemp("asked"), now=datetime.now(UTC))
    with world.vault() as vault:
        labels = {"good": "special", "day": "identifying"}
        table = world.table()
        import_file(
            vault, FileChoice(path=table, name="nights", unit="day", time_field="day", sensitivities=labels)
        )
        world.introduced(vault)
        vault.submit(world.job(text=RECIPIENTS + JOB))
    return world


@pytest.fixture
def asked(asked_template: World, tmp_path_factory: pytest.TempPathFactory) -> World:
    """A copy of that vault."""
    return copy_of(asked_template, tmp_path_factory.mktemp("copy") / "copy")


def waiting(vault: Vault) -> str:
    """The id of the only request."""
    (line,) = vault.requests()
    return line.id


def wish(world: World, *fields: str) -> Any:
    """A consent by hand to these columns."""
    return {
        "requester": NAME,
        "collection": "nights",
        "fields": fields,
        "purpose": "AcademicResearch",
        "not_after": world.clock.now + timedelta(days=3),
    }


def flat(text: str) -> str:
    """The text as if no line had been broken."""
    return " ".join(text.split())


# the façade ---------------------------------------------------------------------------------------------------


def test_a_special_column_is_not_allowed_without_an_explicit_yes(asked: World) -> None:
    with asked.vault() as vault:
        before = len(vault.audit_lines())
        with pytest.raises(SpecialNotConfirmed, match=r"nothing was allowed: good\.$"):
            approve(vault, waiting(vault), draft=True)
        with pytest.raises(SpecialNotConfirmed, match=r"nothing was allowed: good\.$"):
            vault.grant(**wish(asked, "good", "steps"))
        assert (vault.requests()[0].state, vault.grants(), len(vault.audit_lines())) == (
            "waiting",
            [],
            before,
        )
        assert vault.grant(**wish(asked, "steps")).fields == ("steps",)


def test_the_receipt_holds_what_the_approval_showed(asked: World) -> None:
    with asked.vault() as vault:
        request = waiting(vault)
        draft = vault.preview_approval(request, draft=True, optional=frozenset()).draft
        assert draft is not None
        approve(vault, request, draft=True, special_confirmed=True)
        record: Any = vault.receipt(vault.grants()[0].id)["record"]
    said, shown = record["processing"], {one.name: one.sensitivity for one in (*draft.reads, *draft.beside)}
    assert NOTICE == draft.notice == said["privacy_notice"]["text"]
    assert draft.special == ("good",)
    assert shown == {
        "good": "special",
        "steps": "sensitive",
        "each row's unit": "identifying",
        "each row's time": "identifying",
    }
    assert [data["sensitivity"] for data in said["personal_data"]] == ["special", "sensitive"]
    assert said["lawful_basis"] == EXPLICIT
    assert (record["events"][0]["type"], record["events"][0]["explicit_for"]) == (EXPLICITLY, ["good"])
    assert said["recipients"][1:] == ["The ethics board"]
    assert said["retention"]["update"] == "deleted when the study ends"


def test_a_consent_by_hand_states_what_it_does_not_know(asked: World) -> None:
    with asked.vault() as vault:
        draft = vault.preview_grant(**wish(asked, "steps"))
        record: Any = vault.receipt(vault.grant(**wish(asked, "steps")).id)["record"]["processing"]  # type: ignore[index]
    assert (draft.recipients, draft.retention, draft.special) == (("not stated",), "not stated", ())
    assert record["recipients"][1:] == ["not stated"]
    assert record["retention"]["update"] == "not stated"
    assert (record["lawful_basis"], record["privacy_notice"]["text"]) == (CONSENT, NOTICE)


def test_looking_at_a_consent_gives_none(asked: World) -> None:
    with asked.vault() as vault:
        before = len(vault.audit_lines())
        vault.preview_grant(**wish(asked, "good"))
        assert ([], before) == (vault.grants(), len(vault.audit_lines()))


# commands without a terminal ----------------------------------------------------------------------------------


def test_without_a_terminal_the_flag_is_the_explicit_yes(asked: World) -> None:
    with asked.vault(writable=False) as vault:
        request = waiting(vault)[:8]
    refused = run(asked.paths, "request", "approve", request, "--draft-grant")
    assert_refused(refused, 4, "needs your explicit yes, --special, and nothing was allowed: good", [])
    shown = flat(refused.out)
    assert "allowed good (special), steps (sensitive), and each row's unit (identifying)" in shown
    assert "such as health): good. To have it read takes your explicit consent" in shown
    assert NOTICE in shown
    assert "“The ethics board”" in shown
    assert (
        "you have 1 hour after the run to decide; then the result is deleted, and the budget stays spent"
        in shown
    )
    assert "of a lifetime cap of ε 8 per day" in shown
    assert run(asked.paths, "request", "approve", request, "--special").code == 2
    assert run(asked.paths, "request", "approve", request, "--draft-grant", "--special").code == 0
    with asked.vault(writable=False) as vault:
        assert vault.requests()[0].state == "approved"


def test_a_consent_by_hand_shows_its_notice_before_it_is_given(asked: World) -> None:
    words = [
        "--to",
        NAME,
        "--collection",
        "nights",
        "--fields",
        "good,coffee",
        "--purpose",
        "AcademicResearch",
    ]
    until = (asked.clock.now + timedelta(days=9)).date().isoformat()
    refused = run(asked.paths, "consent", "grant", *words, "--until", until)
    assert_refused(refused, 4, "--special, and nothing was allowed: good", [])
    assert NOTICE in flat(refused.out)
    assert "Who else gets the result: not stated. How long they keep it: not stated." in flat(refused.out)
    given = run(asked.paths, "consent", "grant", *words, "--until", until, "--special")
    assert given.code == 0, given.err
    assert "coffee, good (special), and each row's unit (identifying)" in flat(given.out)
    assert given.out.index("What you agree to") < given.out.index("state ")


def test_a_request_says_how_long_there_is_to_decide_and_which_columns_are_sensitive(asked: World) -> None:
    with asked.vault(writable=False) as vault:
        request = waiting(vault)[:8]
    shown = flat(run(asked.paths, "request", "show", request).out)
    assert "you have 1 hour after the run to decide" in shown
    assert "good (required label, special): not allowed" in shown
    assert "coffee (optional feature): not allowed" in shown


def test_a_budget_says_what_is_used_and_promises_nothing_of_the_rest(held_world: World) -> None:
    shown, facts = (run(held_world.paths, "budget", *more) for more in ((), ("--json",)))
    assert "% used; 1 job" in shown.out
    assert "left" not in shown.all
    assert not [key for line in facts.out.splitlines() for key in json.loads(line) if "left" in key]


def test_an_import_of_known_rows_says_so_and_goes_on(asked: World) -> None:
    table = asked.folder / "again.csv"
    table.write_bytes((asked.folder / "nights.csv").read_bytes() + b"\r\n")
    said = {
        name: flat(run(asked.paths, "import", table, "--collection", name, "--dry-run").err)
        for name in ("nights", "new")
    }
    assert "100 of these rows are in the collection already" in said["nights"]
    assert (
        "Whose rows these are and what they say is in nights too. Both have one lifetime budget"
        in said["new"]
    )
    with asked.vault() as vault:
        report = import_file(vault, FileChoice(path=table, name="new", unit="day", time_field="day"))
        assert report.rows == 100
        assert set(vault.budget()[0].members) == {"new", "nights"}


# a terminal ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "code", "state"), [("y", 0, "approved"), ("n", 4, "waiting"), ("", 4, "waiting")]
)
def test_a_terminal_asks_for_special_columns_a_second_time(
    asked: World, second: str, code: int, state: str
) -> None:
    with asked.vault(writable=False) as vault:
        request = waiting(vault)
    with Terminal(asked.paths, "request", "approve", request[:8], "--draft-grant", "--special") as terminal:
        terminal.wait_for("passphrase: ")
        terminal.type(PASSPHRASE)
        shown = terminal.wait_for("Approve this one run? [y/N] ")
        assert NOTICE in flat(shown)
        terminal.type("y")
        terminal.wait_for("Do you consent explicitly to jobs reading good, for this purpose? [y/N] ")
        terminal.type(second)
        if code == 0:
            terminal.wait_for("The budget is spent from then on. [y/N] ")
            terminal.type("n")
        assert code == terminal.end()
    with asked.vault(writable=False) as vault:
        assert state == vault.request(request).line.state


def test_a_terminal_shows_a_consent_by_hand_and_asks_before_it_is_given(asked: World) -> None:
    until = (asked.clock.now + timedelta(days=9)).date().isoformat()
    words = ["--to", NAME, "--collection", "nights", "--fields", "coffee", "--purpose", "AcademicResearch"]
    with Terminal(asked.paths, "consent", "grant", *words, "--until", until) as terminal:
        terminal.wait_for("passphrase: ")
        terminal.type(PASSPHRASE)
        assert NOTICE in flat(terminal.wait_for("Give this consent? [y/N] "))
        terminal.type("n")
        assert terminal.end() == 4
    with asked.vault(writable=False) as vault:
        assert vault.grants() == []


# requesters and the fixed budget ------------------------------------------------------------------------------


def test_a_block_ends_by_its_own_command_alone(asked: World) -> None:
    assert run(asked.paths, "requester", "block", NAME).code == 0
    assert_refused(run(asked.paths, "requester", "trust", NAME), 4, f"the requester {NAME} is blocked", [])
    with asked.vault() as vault:
        with pytest.raises(RequesterBlocked):
            vault.trust_requester(NAME)
        assert vault.requesters()[0].status == "blocked"
    assert "their key is not verified" in flat(run(asked.paths, "requester", "unblock", NAME).err)
    with asked.vault() as vault:
        assert vault.requesters()[0].status == "new"
        last = vault.audit_lines()[-1]
    assert (last.type, last.sentence) == (
        "settings.change",
        f"You changed the block of {NAME}: it is lifted.",
    )


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        (ledger.ORDERS_FACT, "[2,3,4,5,6,8,10,12,16,24,32]", "other orders"),
        (ledger.DELTA_FACT, "0.00001", "another δ"),
    ],
)
def test_a_vault_whose_budget_was_fixed_otherwise_does_not_open(
    asked: World, key: str, value: str, what: str
) -> None:
    with asked.vault() as vault, vault._opened.store.write() as uow:
        fact = uow.get(VaultFact, key)
        assert fact is not None
        fact.value = value
        uow.commit()
    with pytest.raises(BudgetFixedOtherwise, match=f"fixed with {what}"):
        asked.vault()
    assert_refused(run(asked.paths, "status"), 6, f"was fixed with {what}", [])
