"""Who asks: its campaigns, and the coordinator of each, a process that serves HTTPS on this computer alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from tui.demo.narrator import Narrator
from tui.demo.together.clinic import ASKER, PATIENTS
from tui.demo.together.commands import Running, facts, lockbox, running, show
from tui.demo.together.table import CLINICS, CLIP, FEATURES

EPSILON: Final = Decimal(1)
ROUNDS: Final = 5
ANSWERING: Final = CLINICS - 1
"""One of the clinics never answers, so a round closes when all others did."""

SUMS, MEAN, MOMENTS = "sums", "mean", "moments"


def question_of(name: str) -> str:
    """What a campaign of this name asks, in TOML."""
    match name:
        case "moments":
            return 'protocol = "moments"\nrounds = 1'
        case "mean":
            return f'{question_of(SUMS)}\nrule = "mean"\nfiltered = false'
        case _:
            return f'protocol = "gradient_sum"\nrounds = {ROUNDS}'


def is_over(number: int, said: dict[str, Any]) -> bool:
    """Whether a coordinator says that this round was added up: the next one is open, or the model is there."""
    event = said.get("event")
    return event == "finished" or (event, said.get("round")) == ("opened", number + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The institute: its folder, and how many patients it guesses that a clinic has."""

    narrator: Narrator
    units_guess: int

    @property
    def folder(self) -> Path:
        """Where its keys, campaigns and coordinators are."""
        return self.narrator.folder / "institute"

    def get_ready(self) -> str:
        """Make its keys, and return their fingerprint."""
        from vault.requester.keys import keygen

        self.folder.mkdir()
        show("job", "keygen", "keys")
        return keygen(self.folder / "keys").fingerprint

    def plan(self) -> dict[str, Any]:
        """What is known of the campaign before anybody is asked: its planning number, and the points it may lose."""
        self._describe(SUMS)
        words = ("campaign", "plan", f"{SUMS}.toml", "--vaults", CLINICS, "--epsilon", EPSILON)
        show(*words)
        return facts(*words, folder=self.folder)

    def make(self, name: str) -> str:
        """Write and sign a campaign; its digest."""
        from vault.requester.aim import Aim
        from vault.requester.campaign_description import campaign_from_description
        from vault.requester.campaigns import new_campaign, sign_campaign

        self._describe(name)
        description = campaign_from_description(self.folder / f"{name}.toml")
        show("campaign", "new", f"{name}.toml", "--epsilon", EPSILON, "--to", name)
        new_campaign(description, aim=Aim(most=EPSILON), folder=self.folder / name, now=datetime.now(UTC))
        show("campaign", "sign", name, "--key", "keys/requester.key")
        return sign_campaign(self.folder / name, self.folder / "keys" / "requester.key").digest

    def make_job(self) -> Path:
        """Write and sign a job for one clinic alone; its folder."""
        from vault.requester.aim import Aim
        from vault.requester.description import job_from_description
        from vault.requester.jobs import new_job, sign_job

        job = self.folder / "alone"
        text = self.description(SUMS).replace(f"[campaign]\n{question_of(SUMS)}\n\n", "")
        (self.folder / "alone.toml").write_text(text, encoding="utf-8")
        show("job", "new", "alone.toml", "--epsilon", EPSILON, "--to", "alone")
        asked = job_from_description(self.folder / "alone.toml")
        new_job(asked, aim=Aim(most=EPSILON), folder=job, now=datetime.now(UTC))
        sign_job(job, self.folder / "keys" / "requester.key")
        return job

    @contextmanager
    def coordinating(self, name: str) -> Iterator[tuple[Running, list[Path]]]:
        """Serve a campaign within this block; what serves it, and its invitations."""
        place = f"{name}-coordinator"
        words = ("coordinator", "init", place, "--campaign", name, "--port", 0, "--quorum", ANSWERING)
        show(*words)
        lockbox(*words, folder=self.folder)
        invite = ("campaign", "invite", place, "--number", CLINICS, "--to", f"{name}-invitations")
        show(*invite)
        lockbox(*invite, folder=self.folder)
        show("coordinator", "serve", place)
        with running("coordinator", "serve", place, "--json", folder=self.folder) as serving:
            yield serving, sorted((self.folder / f"{name}-invitations").iterdir())

    def status(self, name: str) -> dict[str, Any]:
        """How a campaign stands."""
        return facts("campaign", "status", f"{name}-coordinator", folder=self.folder)

    def _describe(self, name: str) -> None:
        (self.folder / f"{name}.toml").write_text(self.description(name), encoding="utf-8")

    def description(self, name: str) -> str:
        """A campaign in TOML; of moments the label is a number."""
        label = _MUCH if name == MOMENTS else _SPENDING
        model = "linear" if name == MOMENTS else "logistic"
        fields = "\n".join(_feature(each, *constants) for each, constants in FEATURES.items())
        return _CAMPAIGN.format(
            campaign=question_of(name), model=model, units=self.units_guess, label=label, fields=fields,
            patients=PATIENTS, asker=ASKER,
        )  # fmt: skip


def _feature(name: str, center: float, scale: float) -> str:
    transform = f'{{ kind = "standard", center = {center}, scale = {scale}, clip = {CLIP}, fill = {center} }}'
    return f'[[fields]]\nname = "{name}"\nrole = "feature"\ntransform = {transform}\n'


_SPENDING: Final = (
    'name = "spending"\nrole = "label"\ntransform = { kind = "classes", labels = ["low", "high"] }'
)
_MUCH: Final = (
    'name = "much"\nrole = "label"\ntransform = { kind = "standard", center = 0.5, scale = 0.5, clip = 1 }'
)
_CAMPAIGN: Final = """\
collection = "{patients}"
unit = "column:patient"
recipients = []
retention = "deleted when the study ends"

[campaign]
{campaign}

[requester]
name = "{asker}"
contact = "institute@example.org"

[purpose]
dpv = "AcademicResearch"
text = "Who over 65 spends much on prescribed drugs?"

[model]
kind = "{model}"

[training]
units_guess = {units}

[[fields]]
{label}

{fields}"""
