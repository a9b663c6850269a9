"""From the declaration of an action to the shapes of its body and its answer, so that none is described twice."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, NotRequired, Unpack, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter, create_model

from vault.errors.families import Invalid
from vault.owner.interface.actions import PROGRESS, Action
from vault.owner.interface.kinds import Kind
from vault.wire.addresses import ACTION_ID
from vault.wire.messages import ChosenId, Outcome
from vault.wire.proofs import Proof

PROOF: Final = "proof"
_BESIDE: Final = frozenset({PROOF, ACTION_ID})
_EXACTLY: Final = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An action of the owner as it is asked for over the socket; `outcome` is what a watched one comes to."""

    action: Action
    body: type[BaseModel]
    answer: Any
    outcome: type[Outcome[Any]]
    adapter: TypeAdapter[Any]

    def carry_out(self, vault: object, arguments: Mapping[str, object]) -> Any:
        """Do it with these arguments."""
        return getattr(vault, self.action.name)(**arguments)


@cache
def operation_of(action: Action) -> Operation:
    """The body and the answer of an action."""
    hints = action.hints
    wanted: dict[str, Any] = {}
    for name, parameter in action.signature.parameters.items():
        if not (Kind.WATCHED in action.kind and name == PROGRESS):
            wanted |= _fields(name, parameter, hints[name])
    if Kind.PROVEN in action.kind:
        wanted[PROOF] = (Proof, ...)
    if Kind.WATCHED in action.kind:
        wanted[ACTION_ID] = (ChosenId | None, None)
    title, answer = "".join(part.title() for part in action.name.split("_")), action.answer
    return Operation(
        action=action,
        body=create_model(f"{title}Arguments", __config__=_EXACTLY, **wanted),
        answer=answer,
        outcome=Outcome[answer],  # type: ignore[valid-type]  # made at run time
        adapter=TypeAdapter(answer),
    )


def arguments_of(body: BaseModel) -> dict[str, Any]:
    """What was sent, as keyword arguments; what was not sent keeps the action's own default.

    Raises `Invalid` for a path that is not absolute, since this process does not stand where who asks stands.
    """
    said = {name: getattr(body, name) for name in sorted(body.model_fields_set) if name not in _BESIDE}
    for value in said.values():
        _check_paths(value)
    return said


def only_arguments(said: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as they were sent, which is what a proof is about."""
    return {name: value for name, value in said.items() if name not in _BESIDE}


def _fields(name: str, parameter: inspect.Parameter, hint: Any) -> dict[str, Any]:
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        (terms,) = get_args(hint) if get_origin(hint) is Unpack else (hint,)
        return {key: _of_terms(one) for key, one in get_type_hints(terms, include_extras=True).items()}
    default = ... if parameter.default is inspect.Parameter.empty else parameter.default
    return {name: (_listed(hint), default)}


def _of_terms(hint: Any) -> tuple[Any, Any]:
    if get_origin(hint) is NotRequired:
        return _listed(get_args(hint)[0]) | None, None
    return _listed(hint), ...


def _listed(hint: Any) -> Any:
    return list[get_args(hint)] if get_origin(hint) is Iterable else hint  # type: ignore[misc]  # made at run time


def _check_paths(value: object) -> None:
    if isinstance(value, Path) and not value.is_absolute():
        raise Invalid(reason="a path has to be absolute")
    if is_dataclass(value):
        for one in fields(value):
            _check_paths(getattr(value, one.name))
