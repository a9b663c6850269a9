"""Four ways to let a learner be heard by another user of the computer."""

from __future__ import annotations

from mutant import Kind, Mutant

MUTANTS = (
    Mutant(
        name="the arguments of a learner stay where everybody reads them",
        kind=Kind.CONFINEMENT,
        function="empty_argument_window",
        old='dict.fromkeys(_WINDOW, known["arg_start"])',
        new='dict.fromkeys(_WINDOW, known["arg_start"] + 16)',
        caught_by="test_a_bystander_sees_nothing_of_what_a_learner_shouts",
    ),
    Mutant(
        name="a futex may lie in a page of a library",
        kind=Kind.CONFINEMENT,
        function="_judgements",
        old='"futex": [*_load(1), *_when(_IF_ANY_BIT, _FUTEX_PRIVATE, _ALLOW), *_REFUSE]',
        new='"futex": _PASS',
        caught_by="test_the_filter_judges_calls_by_their_arguments",
    ),
    Mutant(
        name="a descriptor may be locked",
        kind=Kind.CONFINEMENT,
        function="_judgements",
        old="_only(1, (_DUPFD_CLOEXEC,))",
        new="_only(1, (_DUPFD_CLOEXEC, 6, 37))",
        caught_by="test_the_filter_judges_calls_by_their_arguments",
    ),
    Mutant(
        name="what the filter does not know is let through",
        kind=Kind.CONFINEMENT,
        function="filter_program",
        old="(*program, *_REFUSE)",
        new="(*program, *_PASS)",
        caught_by="test_the_kernel_refuses_every_call_that_is_not_on_the_list",
    ),
)
