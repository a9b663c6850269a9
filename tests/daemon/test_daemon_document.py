"""The document of the socket is the one the code makes, and the socket keeps to it whatever it is sent."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.sweeps import sweep
from tests.worlds.vaults import copy_of
from tests.worlds.world import PASSPHRASE, World
from vault.daemon import guard
from vault.daemon.document import document
from vault.daemon.routes import application
from vault.daemon.service import Service
from vault.errors.families import Invalid
from vault.owner.interface.actions import ACTIONS
from vault.owner.interface.kinds import Kind
from vault.sealing.slots import TEST_COST
from vault.wire import addresses, messages
from vault.wire.proofs import proof_mac

FILE = Path(__file__).parents[2] / "docs" / "openapi.json"
# they end the session or the passphrase that the others need
APART = {addresses.LOCK, addresses.END_SESSION, addresses.PASSPHRASE}
STRANGE = ["fitting"] * 8 + [None, [], {}, "x", 1, {"x": 1}]
HOSTILE: list[Any] = [
    *(10**309, -(10**309), 10**4299, 2**63, 2**53, -1, 1e308, 2.2e-308, 5e-324, -0.0, True, None),
    *("\0", "\ud800", "", " ", ".", "loop", "n" * 300, "n" * 70_000, "\u202e", "\U0001d7d9", "%s%n", "'"),
    *("1e999999999", "Infinity", "NaN", "-0", "9" * 5000, "0001-01-01", "9999-12-31T23:59:59-14:00"),
    *("0001-01-01T00:00:00+14:00", "2026-02-30", "1e-400", [[]] * 300, {"": {}}),
]
PLACES = ("target", "folder", "to", "job", "key_file", "path")

PROVEN = {one.name for one in ACTIONS.values() if Kind.PROVEN in one.kind}
PATHS = sorted(set(json.loads(FILE.read_text(encoding="utf-8"))["paths"]) - APART)


# The library takes longer to import than all other modules of this folder, and only who runs its tests needs it.


@cache
def made_document() -> str:
    """The document, made once for all: it takes a second."""
    return document()


@cache
def operations() -> dict[str, Any]:
    """What the document says of each path."""
    import schemathesis

    made = schemathesis.openapi.from_dict(json.loads(made_document()))
    return {one.ok().path: one.ok() for one in made.get_all_operations()}


def conformance() -> list[Callable[..., Any]]:
    """What an answer has in common with the document."""
    from schemathesis.specs.openapi import checks

    return [
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]


def test_the_document_is_the_one_the_code_makes() -> None:
    """Make it anew with: python -m vault.daemon.document > docs/openapi.json."""
    assert made_document() == FILE.read_text(encoding="utf-8")


def test_every_path_is_in_the_document_and_all_but_one_want_a_token() -> None:
    paths = json.loads(made_document())["paths"]

    assert {addresses.owner_path(name) for name in ACTIONS} <= set(paths)
    assert all(list(entry) == ["post"] for entry in paths.values())
    assert {addresses.SESSION} == {path for path, entry in paths.items() if "security" not in entry["post"]}


class Fuzzed:
    """The application in this process, and tokens for it."""

    def __init__(
        self, world: World, service: Service, client: httpx.AsyncClient, runner: asyncio.Runner
    ) -> None:
        self.folder = world.folder
        self.service = service
        self.client = client
        self.runner = runner
        wish = messages.LoginRequest.model_validate({"passphrase": PASSPHRASE, "scope": "owner"})
        self.session = service.open_session(wish)
        self.requester = service.vault.issue_token("Sleep lab")

    def ask(self, path: str, body: Any) -> httpx.Response:
        token = self.requester if "/requester/" in path else self.session.token
        if isinstance(body, dict):
            body = self._proven(path, self._at_home(body))
        headers = {"Authorization": f"Bearer {token}", "Content-Type": addresses.JSON_TYPE}
        return self.runner.run(self.client.post(path, content=json.dumps(body), headers=headers))

    def _at_home(self, body: dict[str, Any]) -> dict[str, Any]:
        """The same body, with every place that is named below a folder of the test."""
        home = {
            key: self._place(value) if key in PLACES and isinstance(value, str) else value
            for key, value in body.items()
        }
        if isinstance(choice := home.get("choice"), dict):
            home["choice"] = self._at_home(choice)
        return home

    def _place(self, text: object) -> object:
        if not isinstance(text, str):
            return text
        return str(self.folder / "fuzz" / text.replace("/", "-").replace("..", "-"))

    def _proven(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        method = path.rpartition("/")[2].replace("-", "_")
        rest = {key: value for key, value in body.items() if key != "proof"}
        if "proof" not in body or method not in PROVEN - {"approve", "send"}:
            return body
        nonce = self.service.approvers.nonce(self.session.approver)
        try:
            mac = proof_mac(
                bytes.fromhex(self.session.approver_key),
                action=method,
                nonce=nonce,
                arguments=rest,
            )
        except Invalid:
            return body
        return {**rest, "proof": {"approver": self.session.approver, "nonce": nonce, "mac": mac}}


@pytest.fixture(scope="module")
def fuzzed(waiting_template: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    world = copy_of(waiting_template, tmp_path_factory.mktemp("fuzz") / "world")
    (world.folder / "fuzz").mkdir()
    (world.folder / "fuzz" / "loop").symlink_to("loop")
    with pytest.MonkeyPatch.context() as patch, world.vault() as vault:
        patch.setattr(guard, "REQUESTS_PER_SECOND", 100_000)
        service = Service(
            vault,
            clock=time.time,
            lock_minutes=1440,
            cost=TEST_COST,
            finish=lambda: None,
            pause=lambda _: None,
        )
        transport = httpx.ASGITransport(application(service))
        with asyncio.Runner() as runner:
            client = httpx.AsyncClient(transport=transport, base_url=addresses.BASE_URL)
            yield Fuzzed(world, service, client, runner)
            runner.run(client.aclose())
            service.close()


def fuzz(fuzzed: Fuzzed, path: str, examples: int) -> None:
    """Whatever fits the document, and whatever does not, gets an answer of the document."""
    operation = operations()[path]

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(),
        strange=st.sampled_from([None, [], {}, "x", 1, {"x": 1}]),
        is_strange=st.integers(0, 5),
    )
    def each(case: Any, strange: Any, is_strange: int) -> None:
        answer = fuzzed.ask(path, strange if is_strange == 0 else case.body)
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        case.validate_response(answer, checks=conformance())
        if answer.status_code != 200:
            assert set(answer.json()) == {"error", "facts", "sentence", "hint"}

    each()


def with_one_hostile(value: Any, hostile: Any, place: int) -> Any:
    """The same JSON with a hostile value in place of one of the values within it."""
    if isinstance(value, dict) and value:
        name = sorted(value)[place % len(value)]
        return {**value, name: with_one_hostile(value[name], hostile, place // len(value))}
    if isinstance(value, list) and value:
        at = place % len(value)
        return [*value[:at], with_one_hostile(value[at], hostile, place // len(value)), *value[at + 1 :]]
    return hostile


def assault(fuzzed: Fuzzed, path: str, examples: int) -> None:
    """What fits the document but for one value that no arithmetic, no calendar and no file system takes."""

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operations()[path].as_strategy(), hostile=st.sampled_from(HOSTILE), place=st.integers(0, 10_000)
    )
    def each(case: Any, hostile: Any, place: int) -> None:
        answer = fuzzed.ask(path, with_one_hostile(case.body, hostile, place))
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        if answer.status_code != 200:
            assert set(answer.json()) == {"error", "facts", "sentence", "hint"}

    each()


@pytest.mark.parametrize("path", sweep(sorted(PATHS, key=lambda path: "/requester" not in path), default=20))
def test_a_hostile_value_is_no_error_of_the_server(fuzzed: Fuzzed, path: str) -> None:
    assault(fuzzed, path, 2)


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_no_hostile_value_for_long_is_an_error_of_the_server(fuzzed: Fuzzed, path: str) -> None:
    assault(fuzzed, path, 200)


@pytest.mark.parametrize("path", PATHS)
def test_whatever_is_sent_the_answer_is_one_of_the_document(fuzzed: Fuzzed, path: str) -> None:
    fuzz(fuzzed, path, 2)


@pytest.mark.slow
@pytest.mark.parametrize("path", PATHS)
def test_whatever_is_sent_for_long_the_answer_is_one_of_the_document(fuzzed: Fuzzed, path: str) -> None:
    fuzz(fuzzed, path, 60)
