"""The digest of the week in sentences: by its command, and on Home when a week has passed."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

from tests.worlds.commands import run
from tests.worlds.screens import on_page, play, sees, served, until, words_of
from tests.worlds.world import World
from tui.dialogs.digest import DigestDialog
from tui.text import digest_facts
from vault.audit.entries import EntryType
from vault.owner.interface.session import OwnerSession
from vault.views.campaigns import CampaignLine
from vault.views.digest import Digest, EndingConsent, UpdateLine, WeekEvents, WeekSpent
from vault.views.requests import RequestLine

AT = "2026-11-25T10:00:00Z"
ASKED = RequestLine(
    id="r", state="waiting", requester="Sleep lab", requester_status="new", collection="nights",
    purpose_words="academic research", received_at=AT, expires_at=AT,
)  # fmt: skip
UPDATE = UpdateLine(id="u", recipient="Sleep lab", collection="nights", at=AT)
QUIET = Digest(
    since="2026-11-21T12:00:00Z", until="2026-11-28T12:00:00Z", read_at="", is_due=True, may_lack_events=False,
    events=(), model_changes=0, asked=(), drills=(),
    spent=(), left=(), waiting=(), campaigns=(), approved=(), held=(), unfinished=(), ending=(),
)  # fmt: skip
FULL = replace(
    QUIET,
    events=(
        WeekEvents(type="consent.expire", count=2),
        WeekEvents(type="vault.unlock", count=3),
        WeekEvents(type="access.denied", count=1),
        WeekEvents(type="settings.change", count=10),
    ),
    model_changes=8,
    asked=(ASKED,),
    drills=("A drill, which nobody sent; you refused it.",),
    spent=(WeekSpent(collection="nights", jobs=2, used_percent=Decimal(54)),),
    left=(UPDATE,),
    waiting=(ASKED,),
    campaigns=(CampaignLine(
        id="c", state="waiting", requester="Sleep lab", requester_status="new", collection="nights", done=0,
        purpose_words="academic research", rounds=3, to_come=3, received_at=AT, ends_at=AT,
    ),),
    approved=(ASKED,),
    held=(UPDATE,),
    unfinished=(UPDATE,),
    ending=(EndingConsent(
        id="g", requester="Sleep lab", collection="nights", purpose_words="academic research", not_after=AT
    ),),
)  # fmt: skip


def test_everything_in_it_has_its_sentence() -> None:
    assert digest_facts.title(FULL) == "Your week, 21 Nov 2026 to 28 Nov 2026"
    assert digest_facts.happened(FULL) == [
        "An update from nights left for Sleep lab, on 2026-11-25 10:00 UTC.",
        "Wrong passphrases were tried; the trail says how many, and when.",
        "Sleep lab asked to learn from nights, for academic research: waits for you.",
        "A drill, which nobody sent; you refused it.",
        "2 jobs were paid for from nights; 54 % of its budget is used now.",
        "On the trail: 2 consents that ran out, 8 changes of the models you keep, 2 other changes, 3 unlockings.",
    ]
    assert digest_facts.waits(FULL) == [
        "An update from nights may have left for Sleep lab: its sending was begun on 2026-11-25 10:00 UTC and not "
        "finished.",
        "An update from nights for Sleep lab is held for your decision until 2026-11-25 10:00 UTC; then it is "
        "destroyed.",
        "Sleep lab waits for your answer about nights, for academic research, until 2026-11-25 10:00 UTC.",
        "Sleep lab asks you to join a campaign of 3 rounds on nights, for academic research.",
        "You approved a job of Sleep lab on nights; it has not run.",
        "Your consent to Sleep lab for academic research on nights ends on 2026-11-25 10:00 UTC.",
    ]


def test_no_type_of_the_trail_is_left_out_of_it() -> None:
    """What is not counted has sentences of its own, or goes with what is counted."""
    in_sentences = {
        *("request.received", "budget.spend", "access.denied", "release.sent", "release.intent", "release.approve"),
        *("decision", "training.run", "log.genesis", "vault.lock", "requester.rename"),
    }  # fmt: skip
    assert {kind for kind, _ in digest_facts.COUNTED if kind != "models"} ^ {
        one.value for one in EntryType
    } == in_sentences


def test_a_quiet_week_is_said_and_of_many_of_a_kind_how_many_more_there_are() -> None:
    assert digest_facts.happened(QUIET) == [digest_facts.NOTHING_LEFT, digest_facts.QUIET]
    assert digest_facts.waits(QUIET) == [digest_facts.NOTHING_WAITS]
    many = digest_facts.waits(replace(QUIET, waiting=(ASKED,) * (digest_facts.MOST + 3)))
    assert (len(many), many[-1]) == (digest_facts.MOST + 1, "And 3 more of these.")


def test_the_command_tells_it_and_a_read_one_is_not_due(world: World) -> None:
    told = run(world.paths, "digest")
    assert (told.code, digest_facts.NOTHING_LEFT in told.out, digest_facts.NOTHING_WAITS in told.out) == (
        0, True, True,
    )  # fmt: skip
    found = json.loads(run(world.paths, "digest", "--json").out)
    assert (found["v"], found["is_due"], found["read_at"][:2]) == (1, False, "20")


def test_home_says_when_a_week_has_passed_and_reading_it_ends_that(world: World) -> None:
    world.clock.forward(days=8)

    async def story(vault: OwnerSession) -> None:
        async with on_page(vault, world, "home") as pilot:
            await sees(pilot, "A week has passed: d tells it, and what waits.")
            await pilot.press("d")
            await until(pilot, lambda: isinstance(pilot.app.screen, DigestDialog))
            await sees(pilot, "Your week, ")
            assert vault.status().is_digest_due
            await pilot.press("escape")
            await until(pilot, lambda: "A week has passed" not in words_of(pilot.app))
            assert not vault.status().is_digest_due

    with served(world) as vault:
        play(story(vault))
