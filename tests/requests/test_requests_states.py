"""The life of a request: the arrows of the drawing and no others."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

from vault.errors.requests import RequestOver, WrongState
from vault.requests.states import TRANSITIONS, in_words, move, wrong_state
from vault.views.states import RequestState

DRAWING = Path(__file__).parents[2] / "docs" / "states" / "request.dot"

ENDS = {"refused_policy", "refused_person", "expired", "failed", "released", "withheld", "destroyed"}
SPENT = {"charged", "training", "held", "sending", "released", "withheld", "destroyed", "failed"}


def reachable(start: RequestState) -> set[RequestState]:
    seen, todo = {start}, [start]
    while todo:
        for after in TRANSITIONS[todo.pop()] - seen:
            seen.add(after)
            todo.append(after)
    return seen


def test_the_drawing_has_the_arrows_of_the_enum_and_no_others() -> None:
    drawn = re.findall(r"^\s*(\w+) -> (\w+);$", DRAWING.read_text(), re.MULTILINE)

    assert sorted((old.value, new.value) for old, after in TRANSITIONS.items() for new in after) == sorted(
        drawn
    )


def test_every_state_is_drawn_and_every_state_has_its_row() -> None:
    drawn = {name for arrow in re.findall(r"(\w+) -> (\w+);", DRAWING.read_text()) for name in arrow}

    assert {state.value for state in RequestState} == drawn
    assert set(TRANSITIONS) == set(RequestState)


@pytest.mark.parametrize("state", RequestState)
def test_what_is_refused_in_a_state_names_the_next_step(state: RequestState) -> None:
    refused = wrong_state(state)
    assert str(refused) == f"The request is {in_words(state)}; that cannot be done now."
    assert ("its requester can send another job" in refused.hint) == (state in ENDS - {"released"})
    if not isinstance(refused, RequestOver):
        words = refused.hint.partition("lockbox ")[2].split()
        assert words[0] in {"request", "release", "train"}
        assert "ID" in words


@pytest.mark.parametrize(("old", "new"), product(RequestState, RequestState))
def test_every_pair_of_states_either_moves_or_is_refused(old: RequestState, new: RequestState) -> None:
    if new in TRANSITIONS[old]:
        assert new is move(old, new)
    else:
        with pytest.raises(WrongState) as refused:
            move(old, new)
        assert in_words(old) in str(refused.value)


def test_every_state_can_be_reached_from_received() -> None:
    assert set(RequestState) == reachable(RequestState.RECEIVED)


def test_the_ends_are_final_and_every_other_state_has_a_way_on() -> None:
    assert {RequestState(end) for end in ENDS} == {state for state in RequestState if not TRANSITIONS[state]}


def test_nothing_leads_from_spent_back_to_unspent() -> None:
    """A charge is never taken back: after ``charged`` only states that own up to it follow."""
    assert reachable(RequestState.CHARGED) <= {RequestState(state) for state in SPENT | {"expired"}}


def test_only_a_held_update_that_was_intended_to_leave_is_released() -> None:
    assert [old for old, after in TRANSITIONS.items() if RequestState.RELEASED in after] == [
        RequestState.SENDING
    ]
    assert [old for old, after in TRANSITIONS.items() if RequestState.SENDING in after] == [RequestState.HELD]


def test_what_may_have_left_ends_as_left_alone() -> None:
    """Held again is what a process says that saw it come to nothing."""
    assert {RequestState.RELEASED, RequestState.HELD} == TRANSITIONS[RequestState.SENDING]
