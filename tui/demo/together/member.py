"""A clinic or bank: its vault, the process that has it open, its courier, and a scripted person who decides."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from tui.demo.together.commands import lockbox, places
from tui.demo.together.table import csv_of
from vault.errors.federation import CoordinatorNotOpen
from vault.settings import Paths
from vault.views.records import FileChoice

if TYPE_CHECKING:
    from tui.demo.together.table import People
    from vault.client.attach import Secret
    from vault.owner.interface.owner import Owner
    from vault.owner.interface.session import OwnerSession
    from vault.views.releases import ReleaseView

ALIKE: Final = "dealt_out"
"""The collection of the same people dealt out at random; that of the unlike houses is called after the people."""


@dataclass(kw_only=True)
class Member:
    """One house of the demo, with the people of its two collections; one that is `silent` answers nothing."""

    name: str
    folder: Path
    unlike: People
    alike: People
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
        assert self._runtime is not None  # the house was made
        return Paths(
            vault=inside / "vault",
            state=inside / "state",
            runtime=Path(self._runtime.name),
            config=inside / "config.toml",
        )

    @property
    def vault(self) -> OwnerSession:
        """Its open vault, in the process that has it."""
        assert self._session is not None  # the house was opened
        return self._session

    def make(self) -> None:
        """Create the vault and seal its people."""
        from vault.vault import Vault, generate_passphrase

        self.folder.mkdir(mode=0o700)
        self._runtime = TemporaryDirectory(prefix="lockbox-")
        self.passphrase = generate_passphrase()
        Vault.create(self.paths, self._secret())
        with Vault.open(self.paths, self._secret()) as vault:
            self._seal(vault, self.unlike, self.unlike.topic.people)
            self._seal(vault, self.alike, ALIKE)

    def open(self) -> None:
        """Start the process that has the vault open."""
        from vault.client import attach, launch

        launch.start(self.paths, self._secret())
        self._session = attach.attach(self.paths, self._secret())
        self._open.callback(self._lock)

    def _seal(self, vault: Owner, people: People, collection: str) -> None:
        """Import these people; whoever is in both collections has one budget, so that the second joins the first's."""
        export = self.folder / f"{collection}.csv"
        export.write_text(csv_of(people), encoding="utf-8")
        plan = vault.plan_import(FileChoice(path=export, name=collection, unit=people.topic.person))
        vault.import_under_consent(plan.id)

    def close(self) -> None:
        """Lock the vault."""
        self._open.close()
        if self._runtime is not None:
            self._runtime.cleanup()

    def invite(self, invitation: Path, fingerprint: str) -> None:
        """Let a courier carry a campaign, by the invitation to it."""
        asker = self.unlike.topic.asker
        self.command("courier", "join", invitation, "--requester", asker, "--fingerprint", fingerprint)

    def agree(self) -> None:
        """Agree to every campaign that waits."""
        for line in self.vault.campaigns():
            if line.state == "waiting":
                digest = self.vault.campaign(line.id).digest
                self.vault.join_campaign(line.id, digest=digest, special_confirmed=True)

    def carry(self) -> None:
        """Send the courier once for each campaign that goes on: it brings rounds, and takes along what was released."""
        from learner.federation.courier import errand
        from learner.federation.courier_folder import carried
        from vault.client.attach import line_to

        for folder in [] if self.silent else carried(self.paths.courier):
            if not folder.state().is_over:
                with suppress(
                    CoordinatorNotOpen
                ):  # its witness has cosigned nothing yet: the courier comes again
                    errand(folder, connect=lambda: line_to(self.paths), tell=lambda _folder, _event: None)

    def learn(self) -> None:
        """Run every round that is here."""
        for request in self.ready():
            self.vault.train(request)

    def ready(self) -> list[str]:
        """The rounds that are here and not run yet."""
        return [one.id for one in self.vault.requests() if one.state == "approved"]

    def held(self) -> list[ReleaseView]:
        """What waits for a person's word."""
        return [one for one in self.vault.releases() if one.state == "held"]

    def release_all(self) -> None:
        """Approve each held update by the beginning of its digest."""
        for held in self.held():
            self._send(held)

    def answer_alone(self, job: Path, to: Path) -> None:
        """Run a job that asks nobody else, and let its update leave into a folder."""
        request = self.vault.submit(job)
        self.vault.approve(
            request.line.id, manifest_digest=request.manifest_digest, draft=True, special_confirmed=True
        )
        self._send(self.vault.train(request.line.id), to)

    def _send(self, held: ReleaseView, to: Path | None = None) -> None:
        self.vault.send(held.id, confirm_digest=held.digest[:8], to=to)
        self.approvals += 1
        self.sent_bytes += held.size

    def has_all(self) -> bool:
        """Whether the model of every campaign came back."""
        from learner.federation.courier_folder import carried

        return all(folder.state().is_over for folder in carried(self.paths.courier))

    def export_models(self, folder: Path, digests: dict[str, str]) -> dict[str, Path]:
        """Write each final model to a file of a new folder; ``digests`` are name → campaign."""
        folder.mkdir()
        found, names = {}, {digest: name for name, digest in digests.items()}
        for model in self.vault.models():
            if model.campaign:
                name = names[self.vault.campaign(model.campaign).digest]
                found[name] = folder / f"{name}.safetensors"
                self.vault.export_model(model.name, found[name])
        return found

    def command(self, *words: object) -> str:
        """Run a command as this house; what it writes."""
        return lockbox(*words, folder=self.folder, extra=places(self.paths), passphrase=self.passphrase)

    def _secret(self) -> Secret:
        from vault.client.attach import passphrase_secret

        return passphrase_secret(self.passphrase)

    def _lock(self) -> None:
        from vault.client import attach, launch

        served = attach.served_by(self.paths)
        self.vault.lock(stop_training=True)
        launch.wait_until_locked(self.paths, served)
