"""How an action of the owner is carried out over the line, by its kind; none is named here."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from vault.client.connection import decode
from vault.errors.daemon import UnknownAction
from vault.errors.families import Locked, Unavailable
from vault.owner.interface.actions import PROGRESS, Action
from vault.owner.interface.kinds import Kind, unwatched
from vault.sealing.random import random_id
from vault.wire.addresses import ACTION_ID, STOP, outcome_path, owner_path
from vault.wire.encoding import to_json

if TYPE_CHECKING:
    from vault.client.login import Login
    from vault.owner.interface.kinds import Progress
    from vault.wire.encoding import Json
    from vault.wire.messages import Outcome

FIRST_PAUSE: Final = 0.01
LONGEST_PAUSE: Final = 0.2


def perform(login: Login, action: Action, *args: object, **kwargs: object) -> Any:
    """Carry out one action there, and return its answer or raise its error."""
    given = action.named(args, kwargs)
    if Kind.WATCHED in action.kind:
        return _watch(login, action, given)
    answer: Any = decode(action.answer, login.ask_for(owner_path(action.name), _said(login, action, given)))
    return answer


def begin(login: Login, action: Action, given: Mapping[str, object]) -> str:
    """Begin a watched action there and return its id."""
    from vault.wire.messages import Begun

    return decode(Begun, login.ask_for(owner_path(action.name), _said(login, action, given))).id


def _said(login: Login, action: Action, given: Mapping[str, object]) -> dict[str, Json]:
    """The arguments as they go over the line, with the proof where one is needed."""
    said = spelled(given)
    if Kind.PROVEN in action.kind:
        said["proof"] = login.proof(action.name, said)
    return said


def spelled(given: Mapping[str, object]) -> dict[str, Json]:
    """Arguments as they go over the line."""
    return {name: to_json(value) for name, value in given.items()}


def _watch(login: Login, action: Action, given: dict[str, object]) -> Any:
    progress: Any = given.pop(PROGRESS, unwatched)
    action_id, said = random_id(), _said(login, action, given)
    try:
        login.ask_for(owner_path(action.name), {**said, ACTION_ID: action_id})
        outcome = _follow(login, action, action_id, progress)
    except (Unavailable, Locked):
        raise  # the line or the session is gone, and there is nobody to tell
    except BaseException:
        # Ctrl-C here, or who looks at it wants no more: it is stopped there, and what is said afterwards is true.
        stopped = _stop(login, action, action_id)
        if stopped is None or stopped.state != "done":
            raise
        outcome = stopped
    if outcome.error is not None:
        from vault.wire.errors import error_from

        raise error_from(outcome.error)
    return outcome.answer


def _stop(login: Login, action: Action, action_id: str) -> Outcome[Any] | None:
    """Stop it and wait for its end; None where it had not begun and now never does."""
    from vault.wire.messages import ActionId

    try:
        login.tell(STOP, ActionId(id=action_id))
    except UnknownAction:
        return None
    return _follow(login, action, action_id, unwatched)


def _follow(login: Login, action: Action, action_id: str, progress: Progress) -> Outcome[Any]:
    """Tell how far it is until it has ended."""
    from vault.wire.messages import Outcome

    wanted: Any = Outcome.__class_getitem__(action.answer)
    body, path = {"id": action_id}, outcome_path(action.name)
    told, pause = (0, 0), FIRST_PAUSE
    while True:
        outcome: Outcome[Any] = decode(wanted, login.ask_for(path, body))
        if (outcome.done, outcome.of) != told:
            told = (outcome.done, outcome.of)
            progress(*told)
        if outcome.state != "running":
            return outcome
        time.sleep(pause)
        pause = min(pause * 2, LONGEST_PAUSE)
