"""From the façade's signatures to the shapes of bodies and answers, so that no method is described twice."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Final, NotRequired, Unpack, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, TypeAdapter, create_model

from vault import views
from vault.errors.families import Invalid
from vault.vault import Vault
from vault.wire.messages import PROVEN
from vault.wire.proofs import Proof

# the names that the façade's annotations use and imports for the type checker alone
_NAMES: Final[Mapping[str, Any]] = {
    name: found
    for one in iter_modules(views.__path__, f"{views.__name__}.")
    for name, found in vars(import_module(one.name)).items()
}
_EXACTLY: Final = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A façade method as it is asked over the socket."""

    method: str
    summary: str
    body: type[BaseModel]
    answer: Any
    adapter: TypeAdapter[Any]


@cache
def shape_of(method: str) -> Shape:
    """The body, the answer and the sentence of a façade method."""
    function: Callable[..., Any] = inspect.unwrap(getattr(Vault, method))
    hints = get_type_hints(function, localns=dict(_NAMES), include_extras=True)
    wanted: dict[str, Any] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name != "self":
            wanted |= _fields(name, parameter, hints[name])
    if method in PROVEN:
        wanted["proof"] = (Proof, ...)
    title = "".join(part.title() for part in method.split("_"))
    answer = hints["return"]
    return Shape(
        method=method,
        summary=(function.__doc__ or "").strip().split("\n")[0],
        body=create_model(f"{title}Arguments", __config__=_EXACTLY, **wanted),
        answer=answer,
        adapter=TypeAdapter(answer),
    )


def arguments_of(body: BaseModel) -> dict[str, Any]:
    """What was said, as the façade's keyword arguments; what was not said keeps the façade's own default.

    Raises `Invalid` for a path that is not absolute, since this process does not stand where who asks stands.
    """
    said = {name: getattr(body, name) for name in sorted(body.model_fields_set) if name != "proof"}
    for value in said.values():
        _check_paths(value)
    return said


def _fields(name: str, parameter: inspect.Parameter, hint: Any) -> dict[str, Any]:
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        (wish,) = get_args(hint) if get_origin(hint) is Unpack else (hint,)
        return {key: _of_wish(one) for key, one in get_type_hints(wish, include_extras=True).items()}
    default = ... if parameter.default is inspect.Parameter.empty else parameter.default
    return {name: (_listed(hint), default)}


def _of_wish(hint: Any) -> tuple[Any, Any]:
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
