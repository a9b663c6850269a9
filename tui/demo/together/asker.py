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
from tui.demo.together.commands import Running, facts, lockbox, running, show
from tui.demo.together.member import ALIKE, Member
from tui.demo.together.table import CLIP, HOUSES
from tui.demo.together.topics import Topic

EPSILON: Final = Decimal(1)
ROUNDS: Final = 5
MESH_ROUNDS: Final = 3
ANSWERING: Final = HOUSES - 1
"""One of the houses never answers, so a round closes when all others did."""

SUMS, MEAN, MOMENTS = "sums", "mean", "moments"
ALIKE_SUMS, ALIKE_MOMENTS = "alike-sums", "alike-moments"
MESH: Final = "mesh"
CAMPAIGNS: Final = (SUMS, MEAN, ALIKE_SUMS, MOMENTS, ALIKE_MOMENTS)
"""Those with a coordinator."""
WITNESS: Final = "archive"


def rounds_of(name: str) -> int:
    """How many rounds a campaign of this name has."""
    return 1 if name in (MOMENTS, ALIKE_MOMENTS) else MESH_ROUNDS if name == MESH else ROUNDS


def question_of(name: str) -> str:
    """What a campaign of this name asks, in TOML."""
    match name:
        case "moments" | "alike-moments":
            protocol = "moments"
        case "mesh":
            protocol = "fedavg"
        case _:
            protocol = "gradient_sum"
    more = '\nrule = "mean"\nfiltered = false' if name == MEAN else ""
    return f'protocol = "{protocol}"\nrounds = {rounds_of(name)}{more}'


def is_over(number: int, said: dict[str, Any]) -> bool:
    """Whether a coordinator says that this round was added up: the next one is open, or the model is there."""
    event = said.get("event")
    return event == "finished" or (event, said.get("round")) == ("opened", number + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Whom the institute does not run: its key, and where it cosigns."""

    key: str
    address: str


@dataclass(slots=True, kw_only=True)
class Asker:
    """The institute: its folder, and how many people it guesses that a house has."""

    narrator: Narrator
    topic: Topic
    units_guess: int
    witness: Witness | None = None

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

    @contextmanager
    def witnessed(self) -> Iterator[None]:
        """Have somebody else cosign within this block what all vaults are shown."""
        folder = self.narrator.folder
        made = facts("witness", "init", WITNESS, "--name", WITNESS, folder=folder)
        show("witness", "init", WITNESS, "--name", WITNESS, who="a witness")
        show("witness", "serve", WITNESS, who="a witness")
        with running(
            "witness", "serve", WITNESS, "--port", 0, "--json", folder=folder, begun="address"
        ) as serving:
            self.witness = Witness(key=made["key"], address=serving.begun["address"])
            yield

    def plan(self) -> dict[str, Any]:
        """What is known of the campaign before anybody is asked: its planning number, and the points it may lose."""
        self._describe(SUMS)
        words = ("campaign", "plan", f"{SUMS}.toml", "--vaults", HOUSES, "--epsilon", EPSILON)
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
        digest = sign_campaign(self.folder / name, self.folder / "keys" / "requester.key").digest
        if self.witness:
            show("witness", "watch", WITNESS, f"institute/{name}", who="a witness")
            lockbox("witness", "watch", WITNESS, self.folder / name, folder=self.narrator.folder)
        return digest

    def ask_alone(self, member: Member, is_alike: bool) -> Path:
        """Ask one house by itself, under the same ε; the model that comes of its answer."""
        from vault.requester.releases import trained_weights

        job, out = self._make_job("alone-alike" if is_alike else "alone"), self.folder / f"release-{is_alike}"
        member.answer_alone(job, out)
        file = job.with_suffix(".safetensors")
        file.write_bytes(trained_weights(out, job))
        return file

    def _make_job(self, name: str) -> Path:
        """Write and sign a job for one house alone; its folder."""
        from vault.requester.aim import Aim
        from vault.requester.description import job_from_description
        from vault.requester.jobs import new_job, sign_job

        job, file = self.folder / name, self.folder / f"{name}.toml"
        before, _, after = self.description(ALIKE_SUMS if "alike" in name else SUMS).partition("[campaign]\n")
        file.write_text(before + after[after.index("[requester]") :], encoding="utf-8")
        show("job", "new", file.name, "--epsilon", EPSILON, "--to", name)
        new_job(job_from_description(file), aim=Aim(most=EPSILON), folder=job, now=datetime.now(UTC))
        sign_job(job, self.folder / "keys" / "requester.key")
        return job

    def found_mesh(self, introductions: list[Path]) -> list[Path]:
        """Found a mesh of those who introduced themselves; their memberships."""
        self._describe(MESH)
        words = ("mesh", "new", f"{MESH}.toml", *introductions, "--key", "keys/requester.key", "--to", MESH)
        show("mesh", "new", f"{MESH}.toml", "…", "--key", "keys/requester.key", "--to", MESH)
        lockbox(*words, "--epsilon", EPSILON, folder=self.folder)
        return sorted((self.folder / MESH).glob("*.membership"))  # by their numbers, of one digit

    @contextmanager
    def coordinating(self, name: str) -> Iterator[tuple[Running, list[Path]]]:
        """Serve a campaign within this block; what serves it, and its invitations."""
        place = f"{name}-coordinator"
        watched = ("--witness", self.witness.address) if self.witness else ()
        words = (
            "coordinator",
            "init",
            place,
            "--campaign",
            name,
            "--port",
            0,
            "--quorum",
            ANSWERING,
            *watched,
        )
        show(*words)
        lockbox(*words, folder=self.folder)
        invite = ("campaign", "invite", place, "--number", HOUSES, "--to", f"{name}-invitations")
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
        topic, is_number = self.topic, question_of(name).startswith('protocol = "moments"')
        fields = "\n".join(_feature(each, *constants) for each, constants in topic.features.items())
        witness = (
            f'[campaign.witness]\nname = "{WITNESS}"\nkey = "{self.witness.key}"\n' if self.witness else ""
        )
        return _CAMPAIGN.format(
            campaign=f"{question_of(name)}\n{witness if name != MESH else ''}",
            collection=ALIKE if name.startswith("alike") else topic.people,
            unit=topic.person,
            asker=topic.asker,
            dpv=topic.dpv,
            purpose=topic.purpose,
            model="linear" if is_number else "logistic",
            units=self.units_guess,
            label=_SHARE if is_number else _OUTCOME.format(*topic.classes),
            fields=fields,
        )


def _feature(name: str, center: float, scale: float) -> str:
    transform = f'{{ kind = "standard", center = {center}, scale = {scale}, clip = {CLIP}, fill = {center} }}'
    return f'[[fields]]\nname = "{name}"\nrole = "feature"\ntransform = {transform}\n'


_OUTCOME: Final = (
    'name = "outcome"\nrole = "label"\ntransform = {{ kind = "classes", labels = ["{}", "{}"] }}'
)
_SHARE: Final = (
    'name = "share"\nrole = "label"\ntransform = { kind = "standard", center = 0.5, scale = 0.5, clip = 1 }'
)
_CAMPAIGN: Final = """\
collection = "{collection}"
unit = "column:{unit}"
recipients = []
retention = "deleted when the study ends"

[campaign]
{campaign}
[requester]
name = "{asker}"
contact = "institute@example.org"

[purpose]
dpv = "{dpv}"
text = "{purpose}"

[model]
kind = "{model}"

[training]
units_guess = {units}

[[fields]]
{label}

{fields}"""
