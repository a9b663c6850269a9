"""The actions of the interface as data, from which routes, bodies, proofs, the document and the client are made."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from threading import Lock
from types import MappingProxyType
from typing import Any, Final, get_type_hints

from vault.owner.interface.kinds import Kind, kind_of

PROGRESS: Final = "progress"

# The parts that `Owner` is made of, each in its file, from the last one on as their methods are looked up.
PARTS: Final = (
    "Upkeep",
    "Audit",
    "Budget",
    "Models",
    "Releases",
    "Campaigns",
    "Requests",
    "Consents",
    "Requesters",
    "Records",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Action:
    """One action: its name, its kind, its sentence, and what it takes."""

    name: str
    kind: Kind
    sentence: str
    function: Callable[..., Any]
    signature: inspect.Signature

    @property
    def hints(self) -> Mapping[str, Any]:
        """What its arguments and its answer are, with the answer as `return`."""
        return _hints(self.function)

    @property
    def answer(self) -> Any:
        """What it answers with."""
        return self.hints["return"]

    def named(self, args: tuple[object, ...], kwargs: Mapping[str, object]) -> dict[str, object]:
        """The arguments of a call by their names; raises `TypeError` for those it does not take."""
        given = dict(self.signature.bind(*args, **kwargs).arguments)
        for name, parameter in self.signature.parameters.items():
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                given |= given.pop(name, {})
        return given


def actions_of(protocol: type) -> Mapping[str, Action]:
    """The actions that a protocol declares, by name in the order of their declaration."""
    found: dict[str, Action] = {}
    for declaring in reversed(protocol.__mro__):
        for name, function in vars(declaring).items():
            if inspect.isfunction(function) and not name.startswith("_"):
                found[name] = _action(name, function)
    return MappingProxyType(found)


@cache
def _hints(function: Callable[..., Any]) -> Mapping[str, Any]:
    return MappingProxyType(get_type_hints(function, include_extras=True))


def _action(name: str, function: Callable[..., Any]) -> Action:
    signature = inspect.signature(function)
    _self, *parameters = signature.parameters.values()
    return Action(
        name=name,
        kind=kind_of(function),
        sentence=(function.__doc__ or "").strip().split("\n")[0],
        function=function,
        signature=signature.replace(parameters=parameters),
    )


class OwnerActions(Mapping[str, Action]):
    """What an owner can do, by name; a part of the interface is loaded when a name is in none of those before it."""

    def __init__(self) -> None:
        self._found: dict[str, Action] = {}
        self._left = list(PARTS)
        self._guard = Lock()

    def __getitem__(self, name: str) -> Action:
        """The action; raises KeyError."""
        with self._guard:
            while self._left and name not in self._found:
                self._load_next()
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        """Every name, in the order of their declaration."""
        with self._guard:
            while self._left:
                self._load_next()
        return iter(self._found)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _load_next(self) -> None:
        part = self._left[0]
        module = import_module(f"vault.owner.interface.{part.lower()}")
        self._found |= actions_of(getattr(module, part))
        del self._left[0]


ACTIONS: Final = OwnerActions()
