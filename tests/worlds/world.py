"""A world for whole stories: an owner with a vault, a requester with keys, a small table, a quick job."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from tests.worlds.importing import import_file
from vault.requester.aim import Aim
from vault.requester.description import job_from_description
from vault.requester.jobs import new_job, sign_job
from vault.requester.keys import keygen
from vault.settings import Paths
from vault.vault import Vault, passphrase_secret
from vault.views.records import FileChoice

PASSPHRASE = "correct horse battery staple"
NAME = "Sleep lab"

JOB = """\
collection = "nights"
unit = "{unit}"
max_rows_per_unit = 3
retention = "deleted when the study ends"
slot_minutes = 60

[requester]
name = "Sleep lab"
contact = "lab@example.org"

[purpose]
dpv = "AcademicResearch"
text = "Do steps tell the night?"

[model]
kind = "logistic"

[training]
sampling_rate = 0.5
expected_batch = 50
steps = {steps}
clip = 1.0
lr = 0.5

[[fields]]
name = "good"
role = "label"
transform = {{ kind = "classes", labels = ["false", "true"] }}

[[fields]]
name = "steps"
role = "feature"
transform = {{ kind = "standard", center = 7000, scale = 3000, clip = 3, fill = 7000 }}

[[fields]]
name = "coffee"
role = "feature"
necessity = "optional"
transform = {{ kind = "standard", center = 2, scale = 1, clip = 3, fill = 2 }}
"""


@dataclass(slots=True, kw_only=True)
class Clock:
    """A clock the test turns."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything a story needs; `vault()` opens the owner's vault."""

    folder: Path
    paths: Paths
    clock: Clock
    recovery_key: str

    def vault(self, *, writable: bool = True, passphrase: str = PASSPHRASE) -> Vault:
        return Vault.open(self.paths, passphrase_secret(passphrase), writable=writable, clock=self.clock)

    def days_pass(self, vault: Vault, days: int) -> None:
        """Let time pass in a vault that is used once a month, so that the date is no question."""
        while days:
            step = min(days, 30)
            self.clock.forward(days=step)
            vault.note_lock_minutes(15)
            days -= step

    def table(self, name: str = "nights.csv", *, rows: int = 100, seed: int = 1) -> Path:
        path, draw = self.folder / name, random.Random(seed)
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["day", "steps", "coffee", "good"])
            for index in range(rows):
                day = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=index // 2)
                steps = draw.randrange(1000, 15000)
                writer.writerow([day.date(), steps, draw.randrange(5), "yes" if steps > 7000 else "no"])
        return path

    def imported(self, vault: Vault, *, unit: str = "day", rows: int = 100) -> None:
        table = self.table(rows=rows)
        import_file(vault, FileChoice(path=table, name="nights", unit=unit, time_field="day"))

    def introduced(self, vault: Vault) -> None:
        keys = keygen(self.folder / "lab")
        vault.add_requester(NAME, keys.public)

    def introduced_again(self, vault: Vault, public: Path) -> None:
        vault.add_requester(NAME, public)

    def job(
        self, name: str = "job", *, epsilon: str = "1", steps: int = 5, unit: str = "day", text: str = JOB
    ) -> Path:
        description = self.folder / f"{name}.toml"
        description.write_text(text.format(unit=unit, steps=steps))
        folder = self.folder / name
        new_job(
            job_from_description(description),
            aim=Aim(most=Decimal(epsilon)),
            folder=folder,
            now=self.clock.now,
        )
        sign_job(folder, self.folder / "lab" / "requester.key")
        return folder
