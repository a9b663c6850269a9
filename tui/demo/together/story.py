"""The steps of the demo of many vaults: six clinics, an institute that asks, and who carries what."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from tui.cli.terminal import write
from tui.demo.story import Declined
from tui.demo.together.asker import EPSILON, MEAN, MOMENTS, ROUNDS, SUMS, Asker, is_over
from tui.demo.together.card import Together
from tui.demo.together.clinic import Clinic
from tui.demo.together.commands import Running
from tui.demo.together.measures import auc_of_model, auc_without_privacy
from tui.demo.together.table import People, everybody, made_up, split
from tui.text import wording

if TYPE_CHECKING:
    from tui.demo.narrator import Narrator

AT_ONCE: Final = 2
_ABOUT: Final = {0: "  (poisoned: all of them made up)", 1: "  (lets nothing leave)"}
"""What is odd about a clinic, counted from the last."""
LOUDER: Final = 8
"""How many times as many people as it has the poisoned clinic makes up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Who plays: the clinics, the institute, the people held out, and what five clinics really hold."""

    narrator: Narrator
    clinics: tuple[Clinic, ...]
    asker: Asker
    honest: tuple[People, ...]
    held_out: People

    def all_at_once(self, work: Callable[[Clinic], object]) -> None:
        """Let every clinic do something, two at a time."""
        with ThreadPoolExecutor(AT_ONCE) as hands:
            list(hands.map(work, self.clinics))


def prepare(narrator: Narrator) -> Scene:
    """Part the table: the last clinic is poisoned, the last but one never answers."""
    parts, held_out = split(everybody())
    poisoned = made_up(parts[-1], LOUDER)
    people = [*parts[:-1], poisoned]
    clinics = tuple(
        Clinic(
            name=f"clinic {number}",
            folder=narrator.folder / f"clinic-{number}",
            people=each,
            silent=number == len(people) - 1,
            about=_ABOUT.get(len(people) - number, ""),
        )
        for number, each in enumerate(people, start=1)
    )
    asker = Asker(narrator=narrator, units_guess=round(len(parts[0]), -2))
    return Scene(narrator=narrator, clinics=clinics, asker=asker, honest=tuple(parts[:-1]), held_out=held_out)


def play(scene: Scene) -> Together:
    """Play every step, from six empty folders to six vaults that have the model."""
    narrator, asker = scene.narrator, scene.asker
    with ExitStack() as stage:
        narrator.chapter("Six clinics make a vault each", "Their patients differ by the income around them.")
        _make_vaults(scene, stage)
        narrator.chapter("An institute asks", "What it asks is signed once; its key stays off line.")
        fingerprint = asker.get_ready()
        plan = asker.plan()
        narrator.note(
            f"planning number {plan['planning_number']}: noise costs about {plan['points_lost']} points"
        )
        digests = {name: asker.make(name) for name in (SUMS, MEAN, MOMENTS)}
        narrator.chapter(
            "A coordinator serves each campaign over HTTPS", "It has the key of rounds, no other."
        )
        _rounds(scene, _take_part(scene, stage, fingerprint))
        return _outcome(scene, plan, digests, _alone(scene))


def _make_vaults(scene: Scene, stage: ExitStack) -> None:
    for clinic in scene.clinics:
        stage.callback(clinic.close)
        write(f"    {clinic.name}: {clinic.make():,} patients sealed{clinic.about}")
    scene.all_at_once(Clinic.open)


def _take_part(scene: Scene, stage: ExitStack, fingerprint: str) -> dict[str, Running]:
    """Each clinic lets its courier in, campaign by campaign, and agrees to all rounds of each; what serves each."""
    serving = {}
    for name in (SUMS, MEAN, MOMENTS):
        serving[name], files = stage.enter_context(scene.asker.coordinating(name))
        with ThreadPoolExecutor(AT_ONCE) as hands:
            list(hands.map(partial(Clinic.invite, fingerprint=fingerprint), scene.clinics, files))
    scene.all_at_once(Clinic.join_all)
    scene.narrator.note("each clinic joined by one consent; every release is still decided by a person")
    return serving


def _rounds(scene: Scene, serving: dict[str, Running]) -> None:
    for number in range(1, ROUNDS + 1):
        scene.narrator.chapter(f"Round {number} of {ROUNDS}")
        scene.all_at_once(Clinic.carry)
        scene.all_at_once(Clinic.learn)
        if number == 1:
            _look_once(scene)
        scene.all_at_once(Clinic.release_all)
        scene.all_at_once(Clinic.carry)
        for name in (SUMS, MEAN, *([MOMENTS] if number == 1 else [])):
            serving[name].wait_for(partial(is_over, number))
            scene.narrator.note(f"{name}: {_told(scene.asker.status(name), number)}")
    scene.all_at_once(Clinic.carry)


def _look_once(scene: Scene) -> None:
    """The first decision of the first clinic is the viewer's; scripted people, labelled so, take the others."""
    narrator, held = scene.narrator, scene.clinics[0].held()[0]
    narrator.note(
        f"clinic 1: {wording.size(held.size)} would leave, for {held.recipient}; nothing calls it back"
    )
    narrator.note(f"digest {held.digest}; noise {held.noise_multiplier:g}")
    question = f"Type the first 8 digits of the digest ({held.digest[:8]}) to let it leave:"
    if not narrator.ask_for_word(question, held.digest[:8]):
        raise Declined()
    narrator.note("every other release here is approved in the same way, by scripted people")


def _told(status: dict[str, Any], number: int) -> str:
    (found,) = [each for each in status["rounds"] if each["number"] == number]
    return f"{found['answers']} answers, {found['left_out']} left out, {found['bytes']:,} bytes"


def _alone(scene: Scene) -> float:
    """One clinic answers by itself, under the same ε, and the institute looks at what it got."""
    from vault.requester.releases import trained_weights

    narrator, first, folder = scene.narrator, scene.clinics[0], scene.narrator.folder
    narrator.chapter("For comparison, one clinic answers alone", "The same ε, one job, one release.")
    job, out = scene.asker.make_job(), folder / "alone-release"
    first.answer_alone(job, out)
    file = folder / "alone.safetensors"
    file.write_bytes(trained_weights(out, job))
    return auc_of_model(file, scene.held_out)


def _outcome(scene: Scene, plan: dict[str, Any], digests: dict[str, str], alone_private: float) -> Together:
    status = scene.asker.status(SUMS)
    files = scene.clinics[0].export_models(scene.narrator.folder / "models")
    scores = {name: auc_of_model(files[digest], scene.held_out) for name, digest in digests.items()}
    return Together(
        patients=sum(map(len, scene.honest)),
        held_out=len(scene.held_out),
        files=sum(clinic.approvals for clinic in scene.clinics),
        sent_bytes=sum(clinic.sent_bytes for clinic in scene.clinics),
        alone_private=alone_private,
        alone=auc_without_privacy(scene.honest[:1], scene.held_out),
        together=scores[SUMS],
        moments=scores[MOMENTS],
        poisoned=scores[MEAN],
        pooled=auc_without_privacy(scene.honest, scene.held_out),
        left_out=sum(each["left_out"] for each in status["rounds"]),
        rounds=ROUNDS,
        epsilon=EPSILON,
        planning_number=float(plan["planning_number"]),
        planned_loss=str(plan["points_lost"]),
    )
