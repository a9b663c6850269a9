"""What happened over time: the budget charge by charge, and the trail request by request."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.worlds.approving import approve
from tests.worlds.commands import run
from tests.worlds.vaults import new_world
from tests.worlds.world import NAME, World
from vault.views.history import TimelineGroup, TrailFilter
from vault.views.records import FileChoice

Quiet = Callable[[int, int], None]


def by_request(groups: list[TimelineGroup]) -> dict[str | None, TimelineGroup]:
    return {group.request: group for group in groups}


def kinds(group: TimelineGroup) -> list[str]:
    return [line.type for line in group.lines]


def test_every_entry_stands_in_one_group_and_the_newest_group_is_first(today: World) -> None:
    with today.vault(writable=False) as vault:
        groups, lines = vault.timeline(), vault.audit_lines()
    grouped = [line for group in groups for line in group.lines]
    assert lines == sorted(grouped, key=lambda line: line.seq)
    last = [group.lines[-1].seq for group in groups]
    assert last == sorted(last, reverse=True)
    assert all(list(group.lines) == sorted(group.lines, key=lambda line: line.seq) for group in groups)


def test_the_whole_life_of_a_request_is_one_group_under_who_asked_and_its_last_state(today: World) -> None:
    with today.vault() as vault:
        held, waiting = vault.releases()[0].id, vault.requests()
        (open_one,) = [one.id for one in waiting if one.state == "waiting"]
        before = by_request(vault.timeline())
        vault.withhold(held)
        vault.withdraw(next(one.id for one in vault.grants() if one.epsilon_cap))
        after = by_request(vault.timeline())
    assert before[held].title == f"{NAME}, academic research: held"
    assert before[open_one].title == f"{NAME}, academic research: waiting for a decision"
    assert kinds(before[open_one]) == ["request.received"]
    life = kinds(after[held])
    assert after[held].title == f"{NAME}, academic research: withheld"
    assert (life[0], life[1], life[-2], life[-1]) == (
        "request.received",
        "consent.grant",
        "release.withhold",
        "consent.withdraw",
    )
    assert {"request.approve", "decision", "training.run", "budget.spend"} < set(life)


def test_what_belongs_to_no_request_is_told_by_the_day(today: World) -> None:
    """A consent given by hand belongs to no one request, and no group of a request has it."""
    with today.vault() as vault:
        groups = vault.timeline()
    others = [group for group in groups if group.request is None]
    days = {line.ts[:10] for group in others for line in group.lines}
    assert sorted(f"On {day}, of no request" for day in days) == sorted(group.title for group in others)
    assert all(len({line.ts[:10] for line in group.lines}) == 1 for group in others)
    said = [kind for group in others for kind in kinds(group)]
    assert {"log.genesis", "record.import", "requester.add", "consent.grant", "consent.expire"} == set(said)


def test_a_consent_given_by_hand_is_of_no_request_even_of_the_one_that_it_covers(world: World) -> None:
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        given = vault.grant(
            requester=NAME,
            collection="nights",
            fields=["good", "steps"],
            purpose="AcademicResearch",
            not_after=world.clock.now + timedelta(days=30),
        )
        request = vault.submit(world.job()).line.id
        approve(vault, request)
        assert vault.request(request).decision.grant == given.id
        groups = by_request(vault.timeline())
    assert "consent.grant" not in kinds(groups[request])
    assert "consent.grant" in kinds(groups[None])


def test_the_budget_history_ends_at_what_the_budget_shows(today: World, quiet: Quiet) -> None:
    with today.vault() as vault:
        first = vault.budget_history()
        request = next(one.id for one in vault.requests() if one.state == "waiting")
        approve(vault, request, draft=True)
        vault.train(request, progress=quiet)
        points, lines = vault.budget_history(), vault.budget()
        price = vault.request(request).price
    assert len(first) == 1
    assert points[:1] == first
    assert [(NAME, "nights", request)] == [(one.requester, one.collection, one.request) for one in points[1:]]
    (whole,) = [line for line in lines if line.requester is None]
    assert whole.used_percent == points[-1].used_percent
    assert whole.jobs == len(points)
    assert (price.epsilon, price.job_percent) == (points[-1].epsilon, points[-1].job_percent)


def test_the_commands_show_what_the_facade_says(today: World) -> None:
    with today.vault(writable=False) as vault:
        groups, points = vault.timeline(), vault.budget_history()
    told = run(today.paths, "audit", "show", "--by-request", "--json")
    spent = run(today.paths, "budget", "--history", "--json")
    assert [json.loads(line) for line in told.out.splitlines()] == [
        {"v": 1, **json.loads(json.dumps(asdict(group)))} for group in groups
    ]
    assert [json.loads(line) for line in spent.out.splitlines()] == [
        {"v": 1, **json.loads(json.dumps(asdict(point), default=str))} for point in points
    ]
    shown = run(today.paths, "audit", "show", "--by-request").out
    assert all(group.title in shown for group in groups)
    assert points[0].request[:8] in run(today.paths, "budget", "--history").out


def test_the_trail_is_narrowed_to_a_requester_a_collection_and_an_outcome(today: World) -> None:
    def told(*options: str) -> list[str]:
        shown = run(today.paths, "audit", "show", *options, "--json")
        assert shown.code == 0
        return [json.loads(line)["type"] for line in shown.out.splitlines()]

    with today.vault() as vault:
        vault.rename_requester(NAME, "somebody")
        held = vault.releases()[0].id
        vault.withhold(held)
        whole = [line.type for line in vault.audit_lines()]
    theirs = told("--requester", "somebody")
    assert {"requester.add", "requester.rename", "request.received", "budget.spend", "consent.grant"} <= set(
        theirs
    )
    assert theirs == [kind for kind in whole if kind not in ("log.genesis", "record.import")]
    assert told("--outcome", "kept") == ["release.withhold"]
    assert "record.import" in told("--collection", "nights")
    assert told("--collection", "nights", "--outcome", "kept", "--requester", "somebody") == [
        "release.withhold"
    ]
    assert told("--collection", "nights", "--outcome", "failed") == []
    shown = run(today.paths, "audit", "show", "--collection", "nights", "--outcome", "failed")
    assert (shown.code, shown.err) == (0, "No entry of the trail is about that.\n")
    renamed = run(today.paths, "audit", "show", "--requester", NAME)
    assert (renamed.code, "was renamed, and is called somebody now" in renamed.err) == (1, True)


def test_a_filter_of_the_trail_that_means_nothing_is_refused(today: World) -> None:
    shown = run(today.paths, "audit", "show", "--requester", "nobody")
    assert (shown.code, "there is no requester nobody" in shown.err) == (1, True)
    assert "requester add" not in shown.err
    shown = run(today.paths, "audit", "show", "--collection", "nope")
    assert (shown.code, "there is no collection nope, and the trail names none" in shown.err) == (1, True)
    shown = run(today.paths, "audit", "show", "--outcome", "lost")
    assert (shown.code, "an outcome is one of allowed, refused" in shown.err) == (1, True)
    assert run(today.paths, "audit", "show", "--entry", "1", "--outcome", "left").code == 2
    for option in ("--requester", "--collection", "--outcome"):
        shown = run(today.paths, "audit", "show", option, "")
        assert (shown.code, f"'{option}': an empty text names nothing" in shown.err) == (1, True)


def test_a_page_of_a_filtered_trail_is_filled_from_all_of_it(today: World) -> None:
    only = TrailFilter(requester=NAME)
    with today.vault(writable=False) as vault:
        every = sorted(line.seq for group in vault.timeline(about=only) for line in group.lines)
        page = [line.seq for group in vault.timeline(about=only, limit=2) for line in group.lines]
        before = [
            line.seq
            for group in vault.timeline(about=only, limit=2, before=min(page))
            for line in group.lines
        ]
    assert sorted(page) == every[-2:]
    assert sorted(before) == every[-4:-2]


def test_a_vault_that_spent_nothing_says_so(tmp_path: Path) -> None:
    world = new_world(tmp_path, now=datetime.now(UTC))
    found = run(world.paths, "budget", "--history")
    assert (found.code, found.out, found.err) == (0, "", "Nothing was spent yet.\n")
    assert run(world.paths, "budget", "--history", "--json").out == ""


def test_the_trail_in_pages_is_the_trail_and_every_line_stays_with_its_request(today: World) -> None:
    with today.vault() as vault:
        vault.withdraw(next(one.id for one in vault.grants() if one.epsilon_cap))
        whole = {line.seq: group for group in vault.timeline() for line in group.lines}
        before, seen = len(whole), []
        while before > 0:
            page = vault.timeline(before=before, limit=4)
            lines = [line for group in page for line in group.lines]
            assert len(lines) == min(4, before)
            assert all(whole[line.seq].title == group.title for group in page for line in group.lines)
            assert all(whole[line.seq].request == group.request for group in page for line in group.lines)
            seen += lines
            before -= 4
        assert vault.audit_lines() == sorted(seen, key=lambda line: line.seq)
        assert vault.timeline() == vault.timeline(limit=1000) == vault.timeline(before=1000, limit=1000)


def test_what_each_requester_used_after_a_charge_ends_at_what_the_budget_shows(
    today: World, quiet: Quiet
) -> None:
    with today.vault() as vault:
        request = next(one.id for one in vault.requests() if one.state == "waiting")
        approve(vault, request, draft=True)
        vault.train(request, progress=quiet)
        last = vault.budget_history()[-1]
        (own,) = [line for line in vault.budget() if line.requester == NAME]
    assert own.used_percent == last.requester_percent


def test_what_was_charged_to_an_erased_collection_stays_in_the_history(today: World) -> None:
    with today.vault() as vault:
        before = vault.budget_history()
        vault.erase_collection("nights")
        assert before == vault.budget_history()
        assert len(before) == 1


def test_whatever_touches_a_collection_is_told_of_it(today: World) -> None:
    """Also what names it in passing, and what looked at every collection at once."""
    path = today.folder / "others.csv"
    path.write_text(today.table("nights.csv").read_text() + "\n")
    with today.vault() as vault:
        before = len(vault.audit_lines())
        choice = FileChoice(path=path, name="others", unit="day", time_field="day")
        vault.import_under_consent(vault.plan_import(choice).id)
        for as_format in ("csv", "jsonl"):
            vault.export_collection("nights", today.folder / f"out.{as_format}", as_format=as_format)
        (waiting,) = [one.id for one in vault.requests() if one.state == "waiting"]
        vault.refuse(waiting)
        vault.lift_refusal(waiting)
        new = vault.audit_lines()[before:]
        told = vault.timeline(about=TrailFilter(collection="nights"))

    assert [line.sentence for line in new if line.type == "export"] == [
        "You exported records of nights to out.csv.",
        "You exported records of nights to out.jsonl.",
    ]
    assert {"record.import", "export", "request.refuse", "settings.change"} <= {line.type for line in new}
    assert {line.seq for line in new} <= {line.seq for group in told for line in group.lines}
