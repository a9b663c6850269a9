"""The facts of a campaign's report, gathered at its coordinator."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from learner.federation.coordinator import Coordinator
from learner.federation.overview import Overview, RoundOverview, overview
from vault.requester.aim import DELTA
from vault.requester.campaign_plan import LIFETIME, Plan, plan
from vault.requester.campaign_report import CampaignReport, ReportRound
from vault.requester.campaigns import campaign_price, tier_prices
from vault.requester.coordinating import CampaignDocument, GradientSteps
from vault.requester.public_rows import PublicRows

BOUND_TO_GUESS: Final = 10
"""Where no guess of a vault's units stands in the campaign, it is a tenth of their bound, as `campaign new` sets it."""


def campaign_report(
    coordinator: Coordinator, *, now: datetime, rows: Path | None = None, units_guess: int | None = None
) -> CampaignReport:
    """Everything that the report tells; raises what reading public rows and the database does."""
    found, document = overview(coordinator), coordinator.document
    public = None if rows is None else PublicRows.read(rows, document.job)
    scores = dict(_scores(coordinator, found, public))
    rounds = tuple(_round(each, scores.get(each.number)) for each in found.rounds if each.state != "to come")
    return CampaignReport(
        title=f"{found.requester}: {document.job.purpose.text}",
        campaign=coordinator.digest,
        facts=_facts(found, document),
        enrolled=found.enrolled,
        invited=found.invited,
        rounds=rounds,
        measure="" if public is None else public.measure,
        first_score=scores.get(0),
        planned=_planned(document, rounds, units_guess),
        left_out=tuple((str(each.round), each.vault) for each in found.answers if each.is_in is False),
        refused=tuple((str(one.round), one.vault, str(one.times), one.reason) for one in found.refused),
        written=now.strftime("%Y-%m-%d"),
    )


def _scores(
    coordinator: Coordinator, found: Overview, public: PublicRows | None
) -> Iterator[tuple[int, float | None]]:
    """The score of the weights after each round; 0 is before the first."""
    if public is None:
        return
    for each in found.rounds:
        if each.state != "to come":
            yield each.number - 1, public.score(coordinator.job(each.number).weights)
    model = coordinator.state.model()
    if model is not None:
        yield len(found.rounds), public.score(model.weights)


def _round(one: RoundOverview, score: float | None) -> ReportRound:
    return ReportRound(
        number=one.number,
        closed=one.closed or "",
        answers=one.answers,
        left_out=one.left_out,
        bytes=one.bytes,
        score=score,
    )


def _facts(found: Overview, document: CampaignDocument) -> tuple[tuple[str, str], ...]:
    price, rule = campaign_price(document, DELTA), document.aggregation
    rounds = f"{len(found.rounds)} round{'s' * (len(found.rounds) > 1)}"
    filtered = "what is far too long left out, then " if rule.filtered else ""
    return (
        ("asked by", found.requester),
        ("protocol", f"{found.protocol}, {rounds}"),
        ("rule", f"{filtered}{rule.rule.replace('_', ' ')}"),
        ("price", f"ε {price.together.epsilon} at δ {price.together.delta:f}, all rounds together"),
        ("of a lifetime budget", f"{price.percent_of(LIFETIME, 2)} % of ε {LIFETIME}"),
        *_tier_facts(found, document),
        ("witness", document.witness.name if document.witness else "nobody"),
        ("final model", "signed" if found.has_model else "not yet"),
    )


def _tier_facts(found: Overview, document: CampaignDocument) -> list[tuple[str, str]]:
    """Who is in each noise tier beside the campaign's own, and what it costs."""
    prices = tier_prices(document, DELTA)
    return [
        (
            f"in tier {one.name}",
            f"{one.enrolled:,} enrolled of {one.invited:,} invited; ε {prices[one.name].together.epsilon}, all rounds "
            "together",
        )
        for one in found.tiers
        if one.name
    ] + [("reckoned with", "the campaign's own noise, for all vaults")] * bool(prices)


def _planned(
    document: CampaignDocument, rounds: tuple[ReportRound, ...], units_guess: int | None
) -> Plan | None:
    """What would have been planned with as many vaults as answered."""
    closed = [one.answers for one in rounds if one.closed]
    answering = round(sum(closed) / len(closed)) if closed else 0
    if not answering:
        return None
    guess = units_guess or _guess(document)
    return plan(document, vaults=answering, units_guess=guess, delta=DELTA)


def _guess(document: CampaignDocument) -> int:
    server = document.server
    if isinstance(server, GradientSteps):
        return server.units
    return max(1, document.most_units // BOUND_TO_GUESS)
