"""What a run tells its owner alone has one form; what a turned learner says otherwise is kept and shown nowhere."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vault.requests.run_results import parse_results

POINT = {"step": 0, "loss": 1.0, "accuracy": 0.5}
TOLD: dict[str, Any] = {
    "v": 1,
    "rows": 3,
    "curve": [POINT, {**POINT, "step": 5, "loss": None}],
    "final": {"loss": 1.0, "accuracy": 0.5},
    "base": 0.5,
    "guesses": {"made": 200, "right": 106, "seen": 5},
}


def said(**other: Any) -> bytes:
    return json.dumps({**TOLD, **other}).encode()


def guesses(**other: Any) -> bytes:
    return said(guesses={**TOLD["guesses"], **other})


def test_what_has_the_form_is_read() -> None:
    found = parse_results(said())
    assert found is not None
    assert (found.metric, found.rows, found.base) == ("accuracy", 3, 0.5)
    assert [one.step for one in found.curve] == [0, 5]
    assert found.guesses is not None
    assert (found.guesses.made, found.guesses.right, found.guesses.seen) == (200, 106, 5)
    of_numbers = parse_results(said(final={"loss": 1, "rmse": 2}, curve=[], guesses=None))
    assert of_numbers is not None
    assert of_numbers.metric == "rmse"


def test_what_earlier_versions_told_is_read() -> None:
    older = {name: TOLD[name] for name in ("v", "rows", "curve", "final")}
    found = parse_results(json.dumps(older).encode())
    assert found is not None
    assert (found.base, found.guesses) == (None, None)


@pytest.mark.parametrize(
    "private",
    [
        *(None, b"", b"{}", b"[]", b"\xff", said(v=2), said(more=1), said(rows="3"), said(rows=-1), said(rows=True)),
        *(said(curve="zz"), said(curve=[POINT] * 65), said(curve=[{"step": 0}]), said(final=None)),
        *(said(base="\x1b[31m"), said(final={"loss": "your budget is full", "accuracy": 0.5})),
        *(said(guesses=[1]), said(guesses="abc"), said(guesses={"made": 200, "right": 100})),
        *(guesses(right=-5), guesses(right=201), guesses(seen=0), guesses(seen="5"), guesses(more=1)),
        *(guesses(made="200"), guesses(made=200.5), guesses(made=1_000_000_000), guesses(made=None)),
        said(final={"loss": 1.0, "accuracy": 0.5}).replace(b"0.5", b"1e999"),
        guesses().replace(b"106", b"1e999"),
        b'{"v":1,"rows":3,"curve":[],"final":{"loss":NaN,"accuracy":0.5}}',
    ],
)  # fmt: skip
def test_what_has_another_form_is_nothing(private: bytes | None) -> None:
    assert parse_results(private) is None
