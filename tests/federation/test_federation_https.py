"""Over TLS: who is asked for what, in how many bytes and seconds, and which status says what became of it."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest

from learner.federation.coordinator import Coordinator
from learner.federation.coordinator_folder import open_folder
from learner.federation.coordinator_server import serve
from learner.federation.exchange import answer_limit
from learner.federation.limits import Allowance, Limits
from learner.federation.overview import overview
from learner.federation.overview_from_afar import overview_from_afar, write_access
from learner.federation.pinned_certificate import certificate_sha256
from learner.federation.stored import StoredRound
from tests.worlds.answering import START, MadeVault
from tests.worlds.coordinators import (
    LOOPBACK,
    Moving,
    ServedCoordinator,
    client,
    enrol,
    enrolled,
    serving,
    wait_until,
)
from vault.errors.federation import AccessInvalid, CoordinatorRefused, DatabaseUnusable, TooManyRequests
from vault.requester.coordinating import dimension

VAULT = MadeVault()
QUICK = Limits(head_seconds=0.3, body_seconds=0.3, of_stranger=1000)


@pytest.fixture
def served(folder: Path, clock: Moving) -> Iterator[ServedCoordinator]:
    with serving(folder, clock=clock, limits=QUICK) as found:
        yield found


def is_settled(served: ServedCoordinator, number: int) -> bool:
    """Whether a round was added up."""
    found = served.coordinator.state.round(number)
    return found is not None and found.settled


def asking(served: ServedCoordinator, token: str = "") -> httpx.Client:
    found = client(served.coordinator.folder.certificate, served.url, token)
    found.base_url = httpx.URL(f"{served.url}/campaigns/{served.campaign}/")
    return found


def test_a_vault_enrols_reads_the_round_answers_it_and_gets_the_model(served: ServedCoordinator) -> None:
    vaults = [MadeVault(), MadeVault()]
    tokens = []
    for invitation, vault in zip(served.invitations(2), vaults, strict=True):
        assert invitation.certificate_sha256 == served.coordinator.folder.pinned
        with asking(served) as stranger:
            body = vault.enrolment(invitation.campaign, invitation.code)
            first, again = (stranger.post("enrolments", content=body) for _ in range(2))
            stolen = stranger.post(
                "enrolments", content=MadeVault().enrolment(invitation.campaign, invitation.code)
            )
        assert [first.status_code, again.status_code, stolen.status_code] == [201, 200, 403]
        assert first.json() == again.json()
        tokens.append(first.json()["token"])

    for number in (1, 2, 3):
        for vault, token in zip(vaults, tokens, strict=True):
            with asking(served, token) as courier:
                manifest = courier.get(f"rounds/{number}/manifest.json").content
                release_id, body = vault.body(manifest)
                place = f"rounds/{number}/releases/{release_id}"
                assert [courier.put(place, content=body).status_code for _ in range(2)] == [201, 200]
        wait_until(partial(is_settled, served, number))

    with asking(served, tokens[0]) as courier:
        assert courier.get("campaign.json").content == served.coordinator.campaign.data
        assert courier.get("campaign.sig").content == served.coordinator.campaign.signature
        assert courier.get("log/leaves").content.count(b"\n") == 1 + 2 + 2 * 3 + 1
        assert courier.get("log/leaves", params={"from": 9}).content.startswith(b'{"kind":"model"')
        model = courier.get("model/model.safetensors")
        assert model.content == served.coordinator.returned_model().weights
        known = courier.get("model/model.safetensors", headers={"If-None-Match": model.headers["etag"]})
        assert (known.status_code, known.content) == (304, b"")
        late = courier.put("rounds/3/releases/" + "0" * 32, content=vaults[0].body(manifest)[1])
        assert late.status_code == 422
    assert [each.kind for each in served.events].count("answer") == 6


def test_every_error_is_one_sentence_with_its_status(served: ServedCoordinator) -> None:
    vault = MadeVault()
    token = enrolled(served.coordinator, vault)
    manifest = served.coordinator.job(1).manifest
    (first_id, first), (other_id, other) = (vault.body(manifest) for _ in range(2))
    most = answer_limit(dimension(served.coordinator.document.job))
    with asking(served, token) as courier, asking(served) as stranger, asking(served, "0" * 64) as thief:
        assert courier.put(f"rounds/1/releases/{first_id}", content=first).status_code == 201
        found = {
            403: [stranger.get(each) for each in ("campaign.json", "log/leaves", "model/model.json")]
            + [thief.get("log/checkpoint"), thief.put(f"rounds/1/releases/{first_id}", content=first)],
            404: [
                courier.get(each)
                for each in ("round.key", "rounds/2/manifest.json", "rounds/0/manifest.json", "model/model.json",
                             "rounds/1/round.key", "../../docs", "log/leaves?from=-1")
            ] + [courier.get(f"{served.url}/campaigns/{'0' * 64}/campaign.json")],
            405: [courier.delete("campaign.json")],
            409: [courier.put(f"rounds/1/releases/{other_id}", content=other)],
            413: [courier.put(f"rounds/1/releases/{first_id}", content=b" " * (most + 1))],
            422: [
                courier.put(f"rounds/1/releases/{first_id}", content=b"{}"),
                stranger.post("enrolments", content=b"{}"),
            ],
        }  # fmt: skip
    for status, answers in found.items():
        for each in answers:
            assert each.status_code == status, each.url
            assert set(each.json()) == {"v", "error"}
            assert each.json()["error"].endswith(".")


def test_an_invitation_shows_the_signed_campaign_before_a_vaults_key_is_told_and_nothing_else(
    served: ServedCoordinator,
) -> None:
    (invitation,) = served.invitations()
    with asking(served) as invited:
        for code, status in (("0" * 64, 403), ("x", 403), (invitation.code, 200), (invitation.code, 200)):
            invited.headers["Authorization"] = f"Invitation {code}"
            found = [invited.get(each) for each in ("campaign.json", "campaign.sig")]
            assert [each.status_code for each in found] == [status] * 2
            enrol(served.coordinator, invitation.code, VAULT)  # used or not
        files = served.coordinator.campaign
        assert [each.content for each in found] == [files.data, files.signature]
        for other in ("log/leaves", "rounds/1/manifest.json", "model/model.json", "overview"):
            assert invited.get(other).status_code == 403


def test_what_is_asked_without_a_token_is_the_same_for_every_file(served: ServedCoordinator) -> None:
    with asking(served) as stranger:
        said = {
            stranger.get(each).text
            for each in ("campaign.json", "nothing", "rounds/1/manifest.json", "rounds/9/x")
        }
    assert len(said) == 1


# bytes and seconds ----------------------------------------------------------------------------------------


def opened(served: ServedCoordinator) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=served.coordinator.folder.certificate)
    plain = socket.create_connection((LOOPBACK, served.port), timeout=20)
    return context.wrap_socket(plain, server_hostname=LOOPBACK)


def said_until_the_end(connection: ssl.SSLSocket) -> bytes:
    """What is said until the connection is closed."""
    found = b""
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while part := connection.recv(65536):
            found += part
    return found


def head(served: ServedCoordinator, token: str, *more: str) -> bytes:
    lines = [
        f"PUT /campaigns/{served.campaign}/rounds/1/releases/{'0' * 32} HTTP/1.1",
        f"Host: {LOOPBACK}", f"Authorization: Bearer {token}", *more, "", "",
    ]  # fmt: skip
    return "\r\n".join(lines).encode()


def test_a_body_that_does_not_come_ends(served: ServedCoordinator) -> None:
    token = enrolled(served.coordinator, MadeVault())
    with opened(served) as connection:
        connection.sendall(head(served, token, "Content-Length: 1000") + b"{")
        said = said_until_the_end(connection)
    assert b"408 " in said
    assert b"did not come within 0.3 seconds" in said


def test_a_body_that_does_not_end_ends(served: ServedCoordinator) -> None:
    token, sent = enrolled(served.coordinator, MadeVault()), 0
    with opened(served) as connection:
        connection.sendall(head(served, token, "Transfer-Encoding: chunked"))
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            while sent < 64 << 20:
                connection.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
                sent += 65536
    assert sent < 8 << 20


def test_a_head_that_does_not_come_ends(served: ServedCoordinator) -> None:
    with opened(served) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert said_until_the_end(connection) == b""


def test_who_guesses_is_asked_to_wait_and_who_is_enrolled_is_not(folder: Path, clock: Moving) -> None:
    with serving(folder, clock=clock, limits=Limits(of_stranger=3)) as served:
        token = enrolled(served.coordinator, MadeVault())
        with asking(served, token) as courier, asking(served, "0" * 64) as thief:
            assert [courier.get("campaign.json").status_code for _ in range(5)] == [200] * 5
            found = [thief.get("campaign.json") for _ in range(4)]
    assert [each.status_code for each in found] == [403, 403, 403, 429]
    assert int(found[3].headers["retry-after"]) > 0


def test_vaults_of_one_house_that_are_invited_do_not_keep_each_other_out(folder: Path, clock: Moving) -> None:
    """They share an address; each code has what an enrolled key has, and who guesses codes is a stranger."""
    with serving(folder, clock=clock, limits=Limits(of_stranger=3, of_key=5)) as served:
        first, second = (one.code for one in served.coordinator.invite(2, served.url))
        with asking(served) as invited:

            def looked(code: str, times: int) -> list[int]:
                invited.headers["Authorization"] = f"Invitation {code}"
                return [invited.get("campaign.json").status_code for _ in range(times)]

            assert looked(first, 6) == [200] * 5 + [429]
            assert looked(second, 5) == [200] * 5
            assert looked("0" * 64, 4) == [403] * 3 + [429]


def test_a_code_that_was_used_is_answered_the_same_and_not_without_end(folder: Path, clock: Moving) -> None:
    """Whoever enrols with it again and again waits, and nobody else at their address does."""
    with serving(folder, clock=clock, limits=Limits(of_stranger=3, of_key=5)) as served:
        first, second = (MadeVault().enrolment(served.coordinator.digest, one.code)
                         for one in served.coordinator.invite(2, served.url))  # fmt: skip
        with asking(served) as stranger:

            def enrolling(body: bytes, times: int) -> list[int]:
                return [stranger.post("enrolments", content=body).status_code for _ in range(times)]

            assert enrolling(first, 6) == [201, 200, 200, 200, 200, 429]
            assert enrolling(second, 2) == [201, 200]


def test_what_was_used_up_comes_back_over_a_minute() -> None:
    seconds = [0.0]
    allowance = Allowance(2, clock=lambda: seconds[0])
    for _ in range(2):
        allowance.take("one")
    with pytest.raises(TooManyRequests):
        allowance.take("one")
    allowance.take("other")
    seconds[0] = 30
    allowance.take("one")


def test_a_vault_knows_the_coordinator_by_its_certificate_alone(served: ServedCoordinator) -> None:
    with opened(served) as connection:
        shown = connection.getpeercert(binary_form=True)
    pem = ssl.DER_cert_to_PEM_cert(shown or b"").encode()
    assert certificate_sha256(pem) == served.invitations()[0].certificate_sha256


def test_a_requester_looks_from_another_computer_by_a_file_and_a_vault_does_not(
    served: ServedCoordinator, tmp_path: Path
) -> None:
    token = enrolled(served.coordinator, MadeVault())
    write_access(served.coordinator, tmp_path / "access", served.url)

    assert overview_from_afar(tmp_path / "access") == overview(served.coordinator)
    with asking(served, token) as courier, asking(served, served.coordinator.access_token) as requester:
        assert courier.get("overview").status_code == 403
        assert requester.get("overview").status_code == 200
        assert requester.get("campaign.json").status_code == 403
    changed = (tmp_path / "access").read_bytes().replace(served.coordinator.access_token.encode(), b"0" * 64)
    (tmp_path / "wrong").write_bytes(changed)
    with pytest.raises(CoordinatorRefused):
        overview_from_afar(tmp_path / "wrong")
    (tmp_path / "none").write_bytes(b"{}")
    with pytest.raises(AccessInvalid):
        overview_from_afar(tmp_path / "none")


def test_its_answers_tell_the_time_and_nothing_of_what_serves(served: ServedCoordinator) -> None:
    with asking(served) as stranger:
        headers = stranger.get("campaign.json").headers
    assert "date" in headers
    assert "server" not in headers


def test_a_deadline_is_seen_while_it_serves(served: ServedCoordinator, clock: Moving) -> None:
    clock.now = START + timedelta(days=8)
    wait_until(lambda: served.coordinator.state.round(2) is not None)
    assert json.loads(served.coordinator.state.leaves()[-1])["round"] == 2


def test_what_the_rounds_cannot_do_now_is_said_once_and_tried_again(
    served: ServedCoordinator, clock: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, tries = served.coordinator._settle, list[int]()

    def full(found: StoredRound) -> None:
        tries.append(found.number)
        if len(tries) <= 2:
            raise DatabaseUnusable(reason="SQLITE_FULL")
        real(found)

    monkeypatch.setattr(served.coordinator, "_settle", full)
    clock.now = START + timedelta(days=8)
    for _ in range(3):
        served.coordinator.changed.set()
        wait_until(lambda: not served.coordinator.changed.is_set())
    wait_until(lambda: served.coordinator.state.round(2) is not None)
    assert [each.reason for each in served.events if each.kind == "waiting"] == [
        "The coordinator's database does not answer: SQLITE_FULL."
    ]


def test_a_mistake_in_the_rounds_ends_the_server_and_is_not_swallowed(
    folder: Path, clock: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(Coordinator(open_folder(folder), clock=clock)) as coordinator:
        coordinator.tick()

        def broken() -> None:
            if threading.current_thread() is not threading.main_thread():
                raise ZeroDivisionError

        monkeypatch.setattr(coordinator, "tick", broken)
        coordinator.changed.set()
        with pytest.raises(ZeroDivisionError):
            serve(coordinator, port=0)
