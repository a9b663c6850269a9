"""Ten ways to let a learner be heard by another user of the computer."""

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
    Mutant(
        name="a learner may give itself a name",
        kind=Kind.CONFINEMENT,
        function="_judgements",
        old="_only(0, _ASKING_PRCTL)",
        new="_only(0, (*_ASKING_PRCTL, 15))",
        caught_by="test_the_filter_judges_calls_by_their_arguments",
    ),
    Mutant(
        name="signals may be blocked",
        kind=Kind.CONFINEMENT,
        function="_judgements",
        old='"rt_sigprocmask": [*_unless_none(1), *_PASS]',
        new='"rt_sigprocmask": _PASS',
        caught_by="test_the_filter_judges_calls_by_their_arguments",
    ),
    Mutant(
        name="half of a pointer is looked at",
        kind=Kind.CONFINEMENT,
        function="_unless_none",
        old="[*_unless_zero(argument), *_unless_zero(argument, high=True)]",
        new="_unless_zero(argument)",
        caught_by="test_the_filter_judges_calls_by_their_arguments",
    ),
    Mutant(
        name="memory may be pinned",
        kind=Kind.CONFINEMENT,
        function="_judgements",
        old="_when(_IF_ANY_BIT, _COUNTED_MAPS",
        new="_when(_IF_ANY_BIT, 0x40000",
        caught_by="test_the_filter_judges_calls_by_their_arguments",
    ),
    Mutant(
        name="a learner with its arguments on show counts as confined",
        kind=Kind.CONFINEMENT,
        function="lock_in",
        old="has_filter and is_alone and shows_nothing",
        new="has_filter and is_alone",
        caught_by="test_a_missing_layer_is_named_and_all_but_the_second_locks_are_needed",
    ),
    Mutant(
        name="calls of the other tables of the processor are let through",
        kind=Kind.CONFINEMENT,
        function="filter_program",
        old="_when(_IF_ANY_BIT, _X32_CALLS, _KILL)",
        new="_when(_IF_ANY_BIT, _X32_CALLS, _ALLOW)",
        caught_by="test_the_filter_ends_a_learner_that_calls_as_another_machine",
    ),
)
