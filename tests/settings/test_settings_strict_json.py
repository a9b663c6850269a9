"""Strict JSON: what two readers could read differently is read by none."""

from __future__ import annotations

import pytest

from vault.strict_json import DuplicateKey, NotFinite, strict_loads


@pytest.mark.parametrize("text", ['{"a":1,"a":1}', '[{"b":{"a":1,"a":2}}]', b'{"a":1,"a":null}'])
def test_a_key_twice_is_refused_however_deep(text: str | bytes) -> None:
    with pytest.raises(DuplicateKey):
        strict_loads(text)


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", '{"a":-Infinity}'])
def test_a_number_that_json_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(NotFinite):
        strict_loads(text)


def test_everything_else_is_as_json_says() -> None:
    assert strict_loads('{"a":[1,2.5,"x",null,true],"b":{}}') == {"a": [1, 2.5, "x", None, True], "b": {}}
    with pytest.raises(ValueError, match="Expecting"):
        strict_loads("{")
