"""Ways to let a courier reach what it must not, or another coordinator than the invited one hear it."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="a courier may open Unix sockets",
        kind=Kind.CONFINEMENT,
        function="_judgements",
        old="(IF_EQUAL, 1, 0, _INET6)",
        new="(IF_EQUAL, 1, 0, 1)",
        caught_by="test_a_couriers_filter_judges_calls_by_their_arguments",
        within="learner/federation/courier_sandbox",
    ),
    Mutant(
        name="a courier may connect while it sends",
        kind=Kind.CONFINEMENT,
        function="_judgements",
        old='"sendto": [*unless_none(4), *PASS]',
        new='"sendto": PASS',
        caught_by="test_a_couriers_filter_judges_calls_by_their_arguments",
        within="learner/federation/courier_sandbox",
    ),
    Mutant(
        name="a courier may connect to another port",
        kind=Kind.CONFINEMENT,
        function="confine",
        old="ports=(port,)",
        new="ports=(port, 9)",
        caught_by="test_a_locked_in_courier_is_refused_every_attempt",
        within="learner/federation/courier_sandbox",
    ),
    Mutant(
        name="a courier may write beside its folder",
        kind=Kind.CONFINEMENT,
        function="confine",
        old="{folder: CHANGE}",
        new="{folder.parent: CHANGE}",
        caught_by="test_a_locked_in_courier_is_refused_every_attempt",
        within="learner/federation/courier_sandbox",
    ),
)
