"""What is said of a campaign: what leaving takes and ends, and what its rounds cost."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from learner.federation.overview import TierOverview
from tui.cli import campaign_tiers
from tui.couriers.joining import Invited
from tui.dialogs.campaign import CampaignDialog
from tui.dialogs.campaign_offer import Offer
from tui.dialogs.invitation import InvitationDialog
from tui.screens.requests import _cells_of_campaign as cells_of
from tui.screens.requests import _widths as widths_at
from tui.text import (
    campaign_facts,
    carrying_facts,
    coordinator_facts,
    courier_facts,
    release_facts,
    request_facts,
)
from tui.widgets.toggle import Toggle
from vault.errors.families import Invalid
from vault.views.campaigns import CampaignLeaving, CampaignLine, CampaignPrice, RoundView
from vault.views.consents import GrantDraft, Withdrawal
from vault.views.requests import RequestLine, RoundOf
from vault.views.states import CampaignState, RequestState

LINE = CampaignLine(
    id="c1", state="joined", requester="Lab", requester_status="new", collection="nights", purpose_words="research",
    rounds=3, done=0, to_come=3, received_at="", ends_at="2026-12-01T00:00:00Z",
)  # fmt: skip
ENDS = Withdrawal(
    grant="g1", stopped=(), destroyed=(), returned=(), already_left=(), may_have_left=(), campaign="c1",
)  # fmt: skip


@pytest.mark.parametrize("width", [80, 140])
def test_the_rounds_of_a_campaign_are_called_rounds_beside_the_columns_of_requests(width: int) -> None:
    widths = widths_at(width)
    line = replace(LINE, rounds=2, done=1, to_come=1)
    assert dict(zip(widths, cells_of(line, widths), strict=True))["columns"] == "2 rounds"


def test_every_round_of_a_campaign_is_counted_once() -> None:
    for facts, said in (
        ({"done": 1, "to_come": 2}, "1 of 3 rounds done, 2 to come"),
        ({"done": 1, "to_come": 1}, "1 of 3 rounds done, 1 to come, 1 over without a run"),
        (
            {"done": 0, "waiting": 1, "to_come": 0},
            "0 of 3 rounds done, 1 handed over and waiting, 0 to come, 2 over without a run",
        ),
    ):
        assert campaign_facts.progress(replace(LINE, **facts)) == said


def test_to_leave_what_was_joined_takes_a_word() -> None:
    joined = CampaignLeaving(campaign=LINE, withdrawal=ENDS, rounds={})
    assert campaign_facts.word_to_leave(joined) == "LEAVE"
    assert campaign_facts.word_to_leave(CampaignLeaving(campaign=LINE, withdrawal=None, rounds={})) == ""
    assert campaign_facts.leaving(joined, is_done=False)[0].startswith("Leaving is for good.")
    refused = CampaignLeaving(campaign=LINE, withdrawal=None, rounds={})
    before, after = (campaign_facts.leaving(refused, is_done=is_done) for is_done in (False, True))
    assert before == ["It is refused for good: they hear no. Nothing was read or spent, and nothing left."]
    assert after == ["Refused: they hear no. Nothing was read or spent, and nothing left."]


def headline(line: CampaignLine, **facts: Any) -> str:
    """What stands first in the dialog of a campaign."""
    found: Any = SimpleNamespace(line=line, log=None, price=None, tiers=(), tier=None, **facts)
    joined = CampaignLeaving(campaign=line, withdrawal=ENDS, rounds={})
    leaving = joined if line.state == "joined" else None
    return CampaignDialog(Offer(campaign=found, joining=None, leaving=leaving, obstacle="")).consequence()


def test_the_dialog_of_a_campaign_says_what_leaving_would_do_and_after_it_no_more() -> None:
    assert headline(LINE).startswith(
        "Joined: 0 of 3 rounds done, 3 to come. If you leave it now: Leaving is for good. No round"
    )
    assert "Every release stays your decision." in headline(replace(LINE, state="waiting"))
    for state, words in (
        ("left", "You left it"),
        ("refused", "It is refused"),
        ("over", "Its last round is"),
    ):
        said = headline(replace(LINE, state=state))
        assert words in said
        assert "Every release" not in said


def test_the_tier_of_a_vault_is_named_with_what_it_means() -> None:
    found: Any = SimpleNamespace(tiers=("far", "near"), tier="far", noise_multiplier=9.0, own_noise=4.0)
    assert campaign_facts.tier_sentence(found) == (
        "You are asked in noise tier far: more noise than the campaign's own, so less can be guessed and it costs less."
    )
    found.noise_multiplier = 2.0
    assert "far: less noise than the campaign's own, so more can be guessed and it costs more" in (
        campaign_facts.tier_sentence(found)
    )
    found.tier = None
    assert campaign_facts.tier_sentence(found) == "You are asked with the campaign's own noise."
    assert campaign_facts.tier_words(found)[0][1].endswith("others are asked in far or near")
    found.tiers = ()
    assert campaign_facts.tier_sentence(found) == ""


def test_a_campaign_that_was_moved_to_another_tier_says_what_that_means_in_price() -> None:
    before: Any = SimpleNamespace(tier=None, price=price(3))
    found: Any = SimpleNamespace(
        tier="far", price=replace(price(3), epsilon=Decimal("0.5")), moved_from=before
    )
    assert campaign_facts.moved(found) == (
        "It asks you in noise tier far from now on and no more with the campaign's own noise: its 3 rounds together "
        "cost 9 % (ε 0.5) of your budget instead of 9 % (ε 1)."
    )
    found.price = None
    assert campaign_facts.moved(found).endswith("no more with the campaign's own noise.")
    found.moved_from = None
    assert campaign_facts.moved(found) == ""


def test_the_dialog_of_a_campaign_allows_the_columns_that_are_ticked_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dialog = CampaignDialog(Offer(campaign=Mock(), joining=None, leaving=None, obstacle=""))
    columns = SimpleNamespace(results=lambda _: [Toggle("coffee", "", is_on=True), Toggle("tea", "")])
    monkeypatch.setattr(dialog, "query", lambda _: columns)
    assert dialog.ticked() == {"coffee"}


def test_an_invitation_to_a_noise_tier_says_so_where_it_is_shown() -> None:
    one = Invited(
        url="https://a.example:1", campaign="c", key_file=Path("k"), fingerprint="f", known=None, tier="far"
    )
    assert ("noise tier", "far") in carrying_facts.invited(one)
    assert "It asks you in noise tier far." in InvitationDialog(b"", one).consequence()
    assert "noise tier" not in InvitationDialog(b"", replace(one, tier=None)).consequence()
    said = " ".join(courier_facts.invited(name="Lab", fingerprint="f", known=None, tier="far"))
    assert "It asks you in noise tier far." in said


def price(rounds: int) -> CampaignPrice:
    return CampaignPrice(
        unit="day", unit_field=None, lifetime_epsilon="8", rounds=rounds, epsilon=Decimal(1),
        epsilon_of_round=Decimal("0.7"), delta=Decimal("1e-6"), guess_rate=Decimal("0.6"), worst_case=Decimal("0.73"),
        numerical_assumption=False, share_percent=Decimal(9), used_percent=Decimal(0),
    )  # fmt: skip


def test_one_round_is_composed_of_nothing() -> None:
    three, one = (" ".join(campaign_facts.price_sentences(price(rounds))) for rounds in (3, 1))
    assert "3 rounds together cost 9 %" in three
    assert "3 rounds composed as one; one alone is ε 0.7, and these must not be added up." in three
    assert "1 round costs 9 %" in one
    assert "composed" not in one


ROUND = RequestLine(
    id="r1", state="approved", requester="Lab", requester_status="new", collection="nights",
    purpose_words="research", received_at="", expires_at="",
    round=RoundOf(campaign="cd0f3c3b99", number=2, ends_at="2026-12-06T08:42:00Z", is_carried=True),
)  # fmt: skip


def test_a_round_says_of_which_campaign_it_is_and_that_it_was_left_with_it() -> None:
    assert request_facts.part_of(ROUND.round) == [("part of", "round 2 of campaign cd0f3c3b")]
    assert request_facts.part_of(None) == []
    assert ROUND.round is not None
    in_tier = request_facts.part_of(replace(ROUND.round, tier="clinic"))
    assert in_tier == [("part of", "round 2 of campaign cd0f3c3b, in noise tier clinic")]
    assert request_facts.taken_in(ROUND) == "is round 2 of campaign cd0f3c3b, approved by your word on that"
    assert request_facts.taken_in(replace(ROUND, state="waiting")) == "waits for you"
    refused = replace(ROUND, state="refused_person")
    assert request_facts.state(refused) == "over, its campaign is left"
    row = RoundView(number=2, deadline="2026-12-06T08:42:00Z", state="refused_person", request="r1")
    assert campaign_facts.round_row(row, None)[2] == request_facts.state(refused)
    assert request_facts.state(replace(refused, round=None)) == "refused by you"


@pytest.mark.parametrize(
    ("carried", "peers", "to_whom"),
    [(True, (), "the courier takes it"), (False, ("Ann", "Ben"), "all peers of its mesh"), (False, (), "token")],
)  # fmt: skip
def test_what_was_sent_for_a_round_is_wanted_until_that_ends(
    carried: bool, peers: tuple[str, ...], to_whom: str
) -> None:
    """Not until the token of whoever fetches it ends, 90 days later."""
    assert ROUND.round is not None
    asked = replace(ROUND.round, is_carried=carried, peers=peers)
    sent: Any = SimpleNamespace(
        id="r1", size=2048, recipient="Lab", round=asked, decided_at="2026-12-01T08:00:00Z", held_at="",
        expires_at="", fetch_until="2027-03-01T08:00:00Z", has_token=True,
    )  # fmt: skip
    said = release_facts.after_sending(sent, None)
    assert to_whom in said[0]
    assert "Its round takes answers until 2026-12-06 08:42 UTC." in said
    assert ("2027" in " ".join(said)) == (to_whom == "token")
    sent.decided_at = asked.ends_at
    assert "it comes too late for that" in release_facts.after_sending(sent, None)[1]
    sent.round = None
    assert release_facts.after_sending(sent, Path("/a"))[1:] == (
        "Give it to them; they check it by: lockbox update verify /a --vault-key KEY",
    )


def test_who_has_no_token_is_said_to_have_none_where_it_is_left_to_be_fetched() -> None:
    held: Any = SimpleNamespace(
        id="r1", digest="d" * 64, size=2048, recipient="The Lab", round=None, decided_at=None, held_at="",
        expires_at="", fetch_until="2027-03-01T08:00:00Z", has_token=False,
    )  # fmt: skip
    said = release_facts.token_missing(held, None)
    assert said.endswith("To make one: lockbox requester token 'The Lab'")
    assert release_facts.ways_out(held)[-1] == said
    left, after = release_facts.after_sending(held, None)
    assert ("they can fetch it once they have a token" in left, after) == (True, said)
    assert release_facts.where_to(held, None).endswith("once they have one")
    assert release_facts.token_missing(held, Path("/a")) == ""
    held.has_token = True
    assert said not in (*release_facts.ways_out(held), *release_facts.after_sending(held, None))


def test_of_several_runs_the_cap_is_of_each() -> None:
    draft = GrantDraft(
        requester="Lab", fields=(), withheld=(), reads=(), beside=(), special=(), purpose="", purpose_words="",
        collection="nights", window_from=None, window_to=None, not_before="", not_after="", uses=2, notice="",
        recipients=(), retention="",
        epsilon_cap="0.68",
    )  # fmt: skip
    assert request_facts.cost_cap(draft) == "each run at most ε 0.68"
    assert request_facts.cost_cap(replace(draft, uses=1)) == "at most ε 0.68"
    assert request_facts.cost_cap(replace(draft, epsilon_cap=None)) == "what the budget allows"


def test_every_state_has_words_that_fit_the_smallest_list() -> None:
    room = widths_at(60)["state"]
    short = [request_facts.short_state(replace(ROUND, state=one.value, round=None)) for one in RequestState]
    assert [words for words in (*short, *campaign_facts.SHORT_STATES.values()) if len(words) > room] == []
    assert {*campaign_facts.SHORT_STATES} == {one.value for one in CampaignState} | {"over"}
    assert not {*campaign_facts.SHORT_STATES.values()} & {*short}


def test_a_tier_is_typed_as_a_price_of_all_rounds() -> None:
    found = campaign_tiers.aims(["clinic=0.5", "far=53/100"])
    assert {name: (aim.of, aim.most) for name, aim in found.items()} == {
        "clinic": ("epsilon", Decimal("0.5")), "far": ("guess_rate", Decimal("0.53")),
    }  # fmt: skip
    for typed, sentence in (
        (["clinic"], "no noise tier like clinic=0.5 or clinic=55/100"),
        (["clinic=1", "clinic=2"], "the noise tier clinic is given twice"),
        (["Clinic=2"], "--tier Clinic=2: a name is 1 to 32 small letters"),
        (["=2"], "--tier =2: a name is 1 to 32 small letters"),
        (["clinic=much"], "much is not a number"),
        (["clinic=40/100"], "40 is not a number of cases in 100"),
    ):
        with pytest.raises(Invalid, match=sentence):
            campaign_tiers.aims(typed)


def test_status_says_how_many_are_in_each_tier() -> None:
    own, other = (
        TierOverview(name=name, noise_multiplier=5.5, invited=1200, enrolled=3) for name in ("", "clinic")
    )
    assert coordinator_facts.tier_name(own) == "with the campaign's own noise"
    assert coordinator_facts.tier_name(other) == "in tier clinic"
