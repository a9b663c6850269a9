"""What parties of a campaign send each other is read in one form alone, and nothing else is."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from learner.federation.certificate import make_certificate
from learner.federation.exchange import (
    ANSWER_LIMIT,
    Invitation,
    answer_bytes,
    invitation_bytes,
    parse_answer,
    parse_invitation,
)
from learner.federation.pinned_certificate import certificate_sha256
from vault.errors.federation import AnswerInvalid, CertificateUnusable, InvitationInvalid
from vault.requester.forms import RELEASE_LIMIT, SIGNATURE_LIMIT, UPDATE_LIMIT
from vault.requester.release_check import ReleaseFiles

INVITATION: dict[str, Any] = {
    "v": 1,
    "kind": "lockbox-invitation",
    "url": "https://lab.example.org:8443",
    "certificate_sha256": "a" * 64,
    "campaign": "b" * 64,
    "requester": "c" * 64,
    "code": "d" * 64,
    "signature": "e" * 128,
}


def test_an_invitation_is_read_as_it_was_written() -> None:
    invitation = Invitation.model_validate(INVITATION)

    assert parse_invitation(invitation_bytes(invitation)) == invitation


@pytest.mark.parametrize(
    "change",
    [
        {"v": 2},
        {"kind": "invitation"},
        {"more": 1},
        {"code": "D" * 64},
        {"signature": "e" * 64},
        *({"url": url} for url in (
            "http://lab.example.org:8443", "https://lab.example.org", "https://lab.example.org:0",
            "https://lab.example.org:70000", "https://a@lab.example.org:8443", "https://lab.example.org:8443/path",
            "https://läb.example.org:8443",
        )),
    ],
    ids=str,
)  # fmt: skip
def test_what_departs_from_the_form_is_no_invitation(change: dict[str, Any]) -> None:
    data = json.dumps({**INVITATION, **change}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    with pytest.raises(InvitationInvalid):
        parse_invitation(data.encode())


@pytest.mark.slow
def test_the_largest_answer_has_room_and_comes_back_byte_for_byte() -> None:
    files = ReleaseFiles(
        manifest=b"m" * RELEASE_LIMIT, signature=b"s" * SIGNATURE_LIMIT, update=b"u" * UPDATE_LIMIT
    )

    body = answer_bytes(files)

    assert len(body) <= ANSWER_LIMIT
    assert parse_answer(body) == files


@pytest.mark.parametrize(
    "broken",
    [
        lambda body: body + b" ",
        lambda body: body.replace(b'"v":1', b'"v":1,"v":1'),
        lambda body: body.replace(b"bQ==", b"bR=="),
        lambda body: body.replace(b"bQ==", b"b\\u0051=="),
        lambda _body: b" " * (ANSWER_LIMIT + 1),
    ],
)  # fmt: skip
def test_an_answer_has_one_spelling(broken: Callable[[bytes], bytes]) -> None:
    body = answer_bytes(ReleaseFiles(manifest=b"m", signature=b"s", update=b"u"))

    with pytest.raises(AnswerInvalid):
        parse_answer(broken(body))


def test_a_certificate_is_pinned_by_its_first_one_and_a_text_is_none() -> None:
    one, other = (make_certificate(host, datetime.now(UTC)) for host in ("lab.example.org", "127.0.0.1"))

    assert certificate_sha256(one.certificate + other.certificate) == certificate_sha256(one.certificate)
    assert certificate_sha256(one.certificate) != certificate_sha256(other.certificate)
    with pytest.raises(CertificateUnusable):
        certificate_sha256(b"no certificate")
