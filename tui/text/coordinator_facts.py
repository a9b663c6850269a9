"""A coordinator's campaign as sentences and rows, for status, live page and report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.text.wording import counted

if TYPE_CHECKING:
    from learner.federation.overview import (
        AnswerOverview,
        Overview,
        RefusedOverview,
        RoundOverview,
        TierOverview,
    )


def facts(found: Overview) -> list[tuple[str, str]]:
    """What is so of the campaign as a whole."""
    quorum = f"at {counted(found.quorum, 'answer')} or its deadline" if found.quorum else "at its deadline"
    return [
        ("campaign", found.campaign),
        ("asked by", found.requester),
        ("protocol", f"{found.protocol}, {counted(len(found.rounds), 'round')}"),
        ("a round closes", quorum),
        ("vaults", f"{found.enrolled:,} enrolled of {found.invited:,} invited"),
        *[(tier_name(one), _in_tier(one)) for one in found.tiers],
        ("log", _log(found)),
        ("final model", "signed and served" if found.has_model else "not yet"),
    ]


def tier_name(one: TierOverview) -> str:
    """What a noise tier is called."""
    return f"in tier {one.name}" if one.name else "with the campaign's own noise"


def _in_tier(one: TierOverview) -> str:
    return (
        f"{one.enrolled:,} enrolled of {one.invited:,} invited; {one.noise_multiplier:g} times the clip norm"
    )


def _log(found: Overview) -> str:
    if not found.witness:
        return f"{counted(found.log_size, 'line')}, cosigned by nobody"
    upto = f"cosigned by {found.witness} up to line {found.cosigned_size:,}"
    return f"{counted(found.log_size, 'line')}, {upto if found.cosigned_size else 'not cosigned yet'}"


def round_row(one: RoundOverview) -> tuple[str, ...]:
    """A round as a row of a table."""
    return (
        str(one.number),
        one.state,
        one.deadline,
        f"{one.answers:,}",
        f"{one.left_out:,}" if one.state == "done" else "",
        f"{one.bytes:,}",
    )


def answer_row(one: AnswerOverview) -> tuple[str, ...]:
    """An answer as a row of a table."""
    word = {None: "", True: "yes", False: "left out"}[one.is_in]
    return (str(one.round), one.vault, f"{one.bytes:,}", one.received, word)


def refused_row(one: RefusedOverview) -> tuple[str, ...]:
    """What was refused as a row of a table."""
    return (str(one.round), one.vault, str(one.times), one.reason)
