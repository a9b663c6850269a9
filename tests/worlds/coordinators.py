"""Coordinators that really serve, on a loopback port: in a thread of the test, or in a process that can be killed."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
import tomli_w

from learner.federation.coordinator import Clock, Coordinator, Event
from learner.federation.coordinator_folder import CoordinatorFolder, Settings, make_coordinator, open_folder
from learner.federation.coordinator_server import serve
from learner.federation.exchange import Invitation
from learner.federation.limits import Limits
from learner.federation.stored import Stored
from tests.worlds.answering import MadeVault

LOOPBACK = "127.0.0.1"
SERVED_WITHIN = 20


@dataclass
class ServedCoordinator:
    """A coordinator that serves in a thread; ``events`` are what happened, in order."""

    coordinator: Coordinator
    port: int
    events: list[Event] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it is."""
        return f"https://{LOOPBACK}:{self.port}"

    @property
    def campaign(self) -> str:
        """The digest of its campaign."""
        return self.coordinator.digest

    def invitations(self, count: int = 1) -> list[Invitation]:
        """New invitations that name this port."""
        return self.coordinator.invite(count, self.url)


def made_coordinator(
    folder: Path, campaign: Path, *, quorum: int = 0, now: datetime | None = None, database: str = ""
) -> CoordinatorFolder:
    """The folder of a coordinator for a signed campaign."""
    settings = Settings(host=LOOPBACK, quorum=quorum, database=database)
    return make_coordinator(folder, campaign, settings, now=now or datetime.now(UTC))


@contextmanager
def serving(
    folder: Path,
    *,
    clock: Clock = lambda: datetime.now(UTC),
    limits: Limits | None = None,
    port: int = 0,
) -> Iterator[ServedCoordinator]:
    """Serve the coordinator of a folder within this block, on a free port by default."""
    events: list[Event] = []
    coordinator = Coordinator(open_folder(folder), clock=clock, heard=events.append)
    found, started, end = ServedCoordinator(coordinator, 0, events), threading.Event(), threading.Event()
    failed: list[BaseException] = []

    def listens(at: int) -> None:
        found.port = at
        started.set()

    def run() -> None:
        try:
            serve(coordinator, started=listens, end=end, limits=limits, port=port)
        except BaseException as error:  # it is raised again where the test waits
            failed.append(error)
            started.set()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        assert started.wait(SERVED_WITHIN)
        if failed:
            raise failed[0]
        yield found
    finally:
        end.set()
        thread.join()
        coordinator.close()


def client(certificate: Path, url: str, token: str = "") -> httpx.Client:
    """A client that trusts this one certificate and sends a token."""
    context = ssl.create_default_context(cafile=certificate)
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(verify=context, base_url=url, headers=headers, timeout=30)


def wait_until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until something is so, or fail."""
    waiting, end = threading.Event(), threading.Timer(seconds, lambda: None)
    end.start()
    while not is_so():
        assert end.is_alive()
        waiting.wait(0.02)
    end.cancel()


@dataclass
class Moving:
    """A clock that stands until it is moved."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now


def enrolled(coordinator: Coordinator, vault: MadeVault, tier: str | None = None) -> str:
    """Enrol a made vault by an invitation of its own, to this noise tier; its token."""
    (invitation,) = coordinator.invite(1, "https://127.0.0.1:1", tier)
    return enrol(coordinator, invitation.code, vault)[0]


def enrol(coordinator: Coordinator, code: str, vault: MadeVault) -> tuple[str, bool]:
    """Enrol a made vault by this code; its token, and whether it is new."""
    return coordinator.enrol(code, vault.public, vault.proof(coordinator.digest, code).hex())


def answered(
    coordinator: Coordinator, vault: MadeVault, number: int, numbers: Sequence[float] | None = None
) -> Stored:
    """Answer a round as an enrolled vault, in the noise tier that it is in."""
    manifest = coordinator.job(number, coordinator.state.tier_of(vault.public)).manifest
    release_id, body = vault.body(manifest, numbers)
    return coordinator.answer(number, release_id, key=vault.public, body=body)


class Replica:
    """A coordinator in a process of its own, by the command; it is killed and started again as often as one likes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.settings = open_folder(folder).settings

    @property
    def url(self) -> str:
        """Where it is."""
        return self.settings.address

    def start(self) -> None:
        """Start it, and wait for nothing."""
        command = [sys.executable, "-m", "tui.cli", "coordinator", "serve", str(self.folder), "--json"]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)

    def kill(self) -> None:
        """End it at once, wherever it is."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def memory(self) -> int:
        """The most memory it had, in kB (proc(5), VmHWM)."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0])


def replicas(folder: Path, count: int) -> list[Replica]:
    """So many copies of a coordinator's folder, each with a port of its own, that share its database."""
    found = []
    for place in range(count):
        to = folder.with_name(f"{folder.name}-{place}")
        shutil.copytree(folder, to)
        with socket.create_server((LOOPBACK, 0)) as free:
            port = free.getsockname()[1]
        said = tomllib.loads((to / "coordinator.toml").read_text())
        (to / "coordinator.toml").write_text(tomli_w.dumps({**said, "port": port}))
        found.append(Replica(to))
    return found


def is_up(replica: Replica, certificate: Path) -> bool:
    """Whether it answers."""
    try:
        with client(certificate, replica.url) as asked:
            return asked.get("/").status_code == 404
    except httpx.HTTPError:
        return False
