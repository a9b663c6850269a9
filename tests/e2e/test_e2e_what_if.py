"""What would happen if: the same decision as for a job that came, and it leaves nothing behind."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.worlds.commands import run
from tests.worlds.vaults import copy_of
from tests.worlds.world import JOB, NAME, World
from tui.text import request_facts
from vault.errors.families import Invalid
from vault.errors.records import UnknownCollection, UnknownField
from vault.errors.requests import UnknownRequester
from vault.requests import evaluate
from vault.requests.bundle import read_job
from vault.requests.inbox import examine
from vault.requests.manifest import Manifest
from vault.vault import Vault
from vault.views.purposes import DPV

EARLY, LATE = "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"
MOMENTS = {None: None, **{text: datetime.fromisoformat(text) for text in (EARLY, LATE)}}
WINDOWS = [(None, None), (EARLY, None), (None, LATE), (EARLY, LATE)]
FIELDS = [("good", "steps"), ("good", "coffee"), ("good", "steps", "coffee")]


@pytest.fixture(scope="module")
def asked_world(
    held_template: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[World, Vault, evaluate.PricedJob]]:
    """A vault with consents that fit some jobs, and one that is used up; and a job to vary."""
    world = copy_of(held_template, tmp_path_factory.mktemp("asked") / "copy")
    with world.vault() as vault:
        consented(world, vault, epsilon_cap=Decimal(1))
        consented(world, vault, fields=["good", "coffee"], window=(MOMENTS[EARLY], MOMENTS[LATE]))
        consented(world, vault, not_before=world.clock.now + timedelta(days=20))
        with vault._opened.read() as uow:
            found = examine(uow, read_job(world.folder / "job"))
        yield world, vault, evaluate.priced(found.manifest, found.requester)


def varied(
    manifest: Manifest, names: tuple[str, ...], purpose: str, window: tuple[str | None, str | None]
) -> Manifest:
    """The job with these fields, all of them required."""
    fields = tuple(
        field.model_copy(update={"necessity": "required"}) for field in manifest.fields if field.name in names
    )
    return manifest.model_copy(
        update={
            "fields": fields,
            "purpose": manifest.purpose.model_copy(update={"dpv": DPV + purpose}),
            "where": manifest.where.model_copy(update={"from_": window[0], "to": window[1]}),
        }
    )


@pytest.mark.slow
@given(
    st.sampled_from(FIELDS),
    st.sampled_from(["AcademicResearch", "CommercialResearch"]),
    st.sampled_from(WINDOWS),
    st.sampled_from(["0.5", "1", "1.5"]),
    st.sampled_from([0, 10, 50, 400]),
)
def test_what_if_is_the_decision_on_the_same_job(
    asked_world: tuple[World, Vault, evaluate.PricedJob],
    names: tuple[str, ...], purpose: str, window: tuple[str | None, str | None], epsilon: str, days: int,
) -> None:  # fmt: skip
    _world, vault, ask = asked_world
    now = datetime(2026, 11, 21, 12, tzinfo=UTC) + timedelta(days=days)
    job = replace(
        ask,
        manifest=varied(ask.manifest, names, purpose, window),
        price=replace(ask.price, epsilon=Decimal(epsilon)),
    )
    supposed = evaluate.HypotheticalJob(
        requester=NAME,
        collection="nights",
        fields=frozenset(names),
        purpose=purpose,
        epsilon=Decimal(epsilon),
        window=(MOMENTS[window[0]], MOMENTS[window[1]]),
    )
    with vault._opened.read() as uow:
        assert evaluate.decision_at(uow, job, now) == evaluate.decision_if(uow, supposed, now)


def consented(world: World, vault: Vault, **wish: object) -> str:
    terms: dict[str, object] = {
        "requester": NAME,
        "collection": "nights",
        "fields": ["good", "steps"],
        "purpose": "AcademicResearch",
        "not_after": world.clock.now + timedelta(days=30),
        "epsilon_cap": Decimal("2"),
    }
    return vault.grant(**(terms | wish)).id  # type: ignore[arg-type]


def test_it_says_what_explain_says_of_such_a_job_and_changes_nothing(world: World) -> None:
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        given = consented(world, vault)
        before = len(vault.audit_lines())
        explained = vault.explain(world.job())
        found = vault.what_if(
            requester=NAME, collection="nights", fields=["good", "steps"], purpose="dpv:AcademicResearch"
        )
        refused = vault.what_if(
            requester=NAME, collection="nights", fields=["good", "coffee"], purpose="AcademicResearch"
        )
        assert before == len(vault.audit_lines())
    assert (True, given, explained.reasons) == (found.permitted, found.grant, found.reasons)
    assert not refused.permitted
    assert refused.change == (f"consent {given[:8]} names coffee too",)
    assert {(one.role, one.transform, one.necessity) for one in found.fields} == {("", "", "required")}


def test_a_price_counts_only_where_one_is_named(world: World) -> None:
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        consented(world, vault, epsilon_cap=Decimal("0.5"))

        def at(epsilon: str | None) -> bool:
            return vault.what_if(
                requester=NAME, collection="nights", fields=["good"], purpose="AcademicResearch",
                epsilon=None if epsilon is None else Decimal(epsilon),
            ).permitted  # fmt: skip

        assert [at(None), at("0.5"), at("0.51")] == [True, True, False]


def test_no_field_at_all_is_refused_and_so_is_what_the_vault_does_not_know(world: World) -> None:
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        consented(world, vault)
        asked: dict[str, object] = {
            "requester": NAME, "collection": "nights", "fields": ["good"], "purpose": "AcademicResearch",
        }  # fmt: skip
        assert not vault.what_if(**(asked | {"fields": []})).permitted  # type: ignore[arg-type]
        for error, wrong in (
            (UnknownRequester, {"requester": "Nobody"}),
            (UnknownCollection, {"collection": "days"}),
            (UnknownField, {"fields": ["good", "age"]}),
            (UnknownField, {"fields": ["_unit"]}),
            (Invalid, {"purpose": "Whatever"}),
            (Invalid, {"epsilon": Decimal("NaN")}),
            (Invalid, {"epsilon": Decimal(-1)}),
            (Invalid, {"window": (datetime(2026, 1, 1), None)}),  # noqa: DTZ001
            (Invalid, {"window": (MOMENTS[LATE], MOMENTS[EARLY])}),
        ):
            with pytest.raises(error):
                vault.what_if(**(asked | wrong))  # type: ignore[arg-type]


WORDS = ("consent", "what-if", "--to", NAME, "--collection", "nights", "--purpose", "AcademicResearch")


def test_the_command_says_it_in_words_and_in_json(today: World) -> None:
    with today.vault() as vault:
        given = vault.grant(
            requester=NAME, collection="nights", fields=["good", "steps"], purpose="AcademicResearch",
            not_after=datetime.now(UTC) + timedelta(days=30), uses=2,
        ).id  # fmt: skip
    seen = run(
        today.paths, *WORDS, "--fields", "good, coffee", "--records-from", "2026-01-01", "--epsilon", "1"
    )
    assert seen.code == 0
    assert seen.out.startswith("Such a job would be refused\n")
    assert f"consent {given[:8]} names coffee too" in " ".join(seen.out.split())
    found = json.loads(run(today.paths, *WORDS, "--fields", "good", "--json").out)
    assert (True, given) == (found["permitted"], found["grant"])
    assert run(today.paths, *WORDS, "--fields", "good", "--epsilon", "0").code == 1


def test_a_waiting_request_is_explained_by_its_id_as_its_folder_is(today: World, tmp_path: Path) -> None:
    with today.vault(writable=False) as vault:
        lines = {line.state: line.id for line in vault.requests()}
        by_id, by_folder = vault.explain_request(lines["waiting"][:8]), vault.explain(today.folder / "job")
    assert by_id == by_folder
    assert run(today.paths, "consent", "explain", lines["waiting"][:8]).out == (
        run(today.paths, "consent", "explain", today.folder / "job").out
    )
    held = run(today.paths, "consent", "explain", lines["held"][:8])
    assert (held.code, "the request is held" in held.err) == (4, True)


@pytest.mark.parametrize(
    ("there", "otherwise", "misfit"),
    [
        ('"coffee"', '"smokes"', "Collection nights has no field smokes."),
        ('"nights"', '"days"', "There is no collection days. Nothing is imported under that name."),
    ],
)
def test_no_consent_is_offered_for_a_job_that_does_not_fit(
    today: World, there: str, otherwise: str, misfit: str
) -> None:
    with today.vault() as vault:
        asked = vault.submit(today.job("misfit", text=JOB.replace(there, otherwise)))
    assert asked.decision.change == ()
    for sentence in (request_facts.verdict(asked.decision)[-1], *shown_by_commands(today, asked.line.id[:8])):
        assert f"It cannot run here as it is, whatever you allow. {misfit}" in sentence
        assert "smallest change" not in sentence


def shown_by_commands(world: World, request: str) -> list[str]:
    """What the two commands say that explain a request, each in one line."""
    both = (("consent", "explain", request), ("request", "show", request))
    return [" ".join(run(world.paths, *words).out.split()) for words in both]
