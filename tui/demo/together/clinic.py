"""A clinic: a vault of its own, the process that has it open, its courier, and a scripted person who decides."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from tui.demo.together.commands import lockbox, places
from tui.demo.together.table import People, csv_of
from vault.settings import Paths
from vault.views.records import FileChoice

if TYPE_CHECKING:
    from vault.client.attach import Secret
    from vault.owner.interface.session import OwnerSession
    from vault.views.releases import ReleaseView

PATIENTS: Final = "patients"
ASKER: Final = "Health institute"


@dataclass(kw_only=True)
class Clinic:
    """One clinic of the demo; one that is `silent` lets nothing leave."""

    name: str
    folder: Path
    people: People
    silent: bool = False
    about: str = ""
    passphrase: str = field(default="", repr=False)
    approvals: int = 0
    sent_bytes: int = 0
    _open: ExitStack = field(default_factory=ExitStack, repr=False)
    _runtime: TemporaryDirectory[str] | None = field(default=None, repr=False)
    _session: OwnerSession | None = field(default=None, repr=False)

    @property
    def paths(self) -> Paths:
        """Its vault and what lies around it; its socket, whose path has to be short, lies apart."""
        inside = self.folder
        assert self._runtime is not None  # the clinic was made
        return Paths(
            vault=inside / "vault",
            state=inside / "state",
            runtime=Path(self._runtime.name),
            config=inside / "config.toml",
        )

    @property
    def vault(self) -> OwnerSession:
        """Its open vault, in the process that has it."""
        assert self._session is not None  # the clinic was opened
        return self._session

    def make(self) -> int:
        """Create the vault and seal the patients; returns how many rows."""
        from vault.vault import Vault, generate_passphrase

        self.folder.mkdir(mode=0o700)
        self._runtime = TemporaryDirectory(prefix="lockbox-")
        self.passphrase = generate_passphrase()
        export = self.folder / "patients.csv"
        export.write_text(csv_of(self.people), encoding="utf-8")
        Vault.create(self.paths, self._secret())
        with Vault.open(self.paths, self._secret()) as vault:
            plan = vault.plan_import(FileChoice(path=export, name=PATIENTS, unit="patient"))
            return vault.import_planned(plan.id).rows

    def open(self) -> None:
        """Start the process that has the vault open."""
        from vault.client import attach, launch

        launch.start(self.paths, self._secret())
        self._session = attach.attach(self.paths, self._secret())
        self._open.callback(self._lock)

    def close(self) -> None:
        """Lock the vault."""
        self._open.close()
        if self._runtime is not None:
            self._runtime.cleanup()

    def invite(self, invitation: Path, fingerprint: str) -> None:
        """Let a courier carry a campaign, by the invitation to it."""
        self._courier("join", invitation, "--requester", ASKER, "--fingerprint", fingerprint)

    def join_all(self) -> None:
        """Agree to every campaign that waits."""
        for line in self.vault.campaigns():
            if line.state == "waiting":
                digest = self.vault.campaign(line.id).digest
                self.vault.join_campaign(line.id, digest=digest, special_confirmed=True)

    def carry(self) -> None:
        """Send the courier once: it brings rounds and takes along what was released."""
        self._courier("run", "--once")

    def learn(self) -> None:
        """Run every round that is here."""
        for request in self.vault.requests():
            if request.state == "approved":
                self.vault.train(request.id)

    def held(self) -> list[ReleaseView]:
        """What waits for a person's word."""
        return [one for one in self.vault.releases() if one.state == "held"]

    def release_all(self) -> None:
        """Approve each held update by the beginning of its digest."""
        for held in [] if self.silent else self.held():
            self.vault.send(held.id, confirm_digest=held.digest[:8])
            self.approvals += 1
            self.sent_bytes += held.size

    def answer_alone(self, job: Path, to: Path) -> None:
        """Run a job that asks nobody else, and let its update leave into a folder."""
        request = self.vault.submit(job)
        self.vault.approve(
            request.line.id, manifest_digest=request.manifest_digest, draft=True, special_confirmed=True
        )
        held = self.vault.train(request.line.id)
        self.vault.send(held.id, confirm_digest=held.digest[:8], to=to)
        self.approvals += 1
        self.sent_bytes += held.size

    def export_models(self, folder: Path) -> dict[str, Path]:
        """Write each final model to a file of a new folder; by the digests of their campaigns."""
        folder.mkdir()
        found = {}
        for model in self.vault.models():
            if model.campaign:
                file = folder / f"{model.name}.safetensors"
                self.vault.export_model(model.name, file)
                found[self.vault.campaign(model.campaign).digest] = file
        return found

    def _courier(self, *words: object) -> None:
        lockbox("courier", *words, folder=self.folder, extra=places(self.paths), passphrase=self.passphrase)

    def _secret(self) -> Secret:
        from vault.client.attach import passphrase_secret

        return passphrase_secret(self.passphrase)

    def _lock(self) -> None:
        from vault.client import attach, launch

        served = attach.served_by(self.paths)
        self.vault.lock(stop_training=True)
        launch.wait_until_locked(self.paths, served)
