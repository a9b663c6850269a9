from __future__ import annotations

import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sealing_samples import STEADY

from vault.errors.families import InternalError
from vault.sealing.secret import Secret, require_length


@STEADY
@given(st.binary())
def test_a_secret_gives_back_its_bytes(data: bytes) -> None:
    secret = Secret(data)

    assert data == secret.reveal()
    assert len(data) == len(secret)


@pytest.mark.parametrize("show", [repr, str, "{}".format, "%s".__mod__])
def test_a_secret_shows_only_its_length(show: object) -> None:
    assert show(Secret(b"hunter")) == "Secret(6 bytes)"  # type: ignore[operator]


@pytest.mark.parametrize("make_copy", [copy.copy, copy.deepcopy, pickle.dumps, bytes, iter, vars])
def test_a_secret_cannot_be_copied_or_written_out(make_copy: object) -> None:
    with pytest.raises(TypeError):
        make_copy(Secret(b"hunter"))  # type: ignore[operator]


def test_secrets_are_not_compared_by_equality_or_hashed() -> None:
    secret = Secret(b"hunter")

    with pytest.raises(TypeError, match=r"\.matches"):
        _ = secret == Secret(b"hunter")
    with pytest.raises(TypeError, match=r"\.matches"):
        _ = secret != b"hunter"
    with pytest.raises(TypeError, match="unhashable"):
        hash(secret)


def test_matching_is_by_content() -> None:
    assert Secret(b"hunter").matches(Secret(bytearray(b"hunter")))
    assert not Secret(b"hunter").matches(Secret(b"hunted"))
    assert not Secret(b"hunter").matches(Secret(b"hunter2"))


def test_a_secret_keeps_its_own_copy_of_a_buffer() -> None:
    buffer = bytearray(b"hunter")
    secret = Secret(buffer)
    buffer[:] = bytes(6)

    assert secret.reveal() == b"hunter"


def test_wiping_zeroes_the_buffer_in_place_and_ends_its_use() -> None:
    secret = Secret(b"hunter")
    buffer = secret._data
    secret.wipe()
    secret.wipe()

    assert bytes(6) == buffer
    assert buffer is secret._data
    with pytest.raises(InternalError):
        secret.reveal()
    with pytest.raises(InternalError):
        secret.matches(Secret(bytes(6)))


def test_a_key_of_the_wrong_length_is_refused_without_showing_it() -> None:
    with pytest.raises(InternalError) as caught:
        require_length(Secret(b"hunter"), 32, "a sealing key")

    assert "hunter" not in str(caught.value)
    assert require_length(Secret(b"hunter"), 6, "a sealing key") == b"hunter"
