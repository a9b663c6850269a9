"""The steps of the demo of many vaults: six houses, an institute that asks, and who carries what."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar

from tui.cli.terminal import write
from tui.demo.story import Declined
from tui.demo.together import mesh
from tui.demo.together.asker import CAMPAIGNS, ROUNDS, is_over, rounds_of
from tui.demo.together.commands import PATIENCE, CommandFailed, Running
from tui.demo.together.member import Member
from tui.demo.together.outcome import Played
from tui.demo.together.progress import one_by_one
from tui.demo.together.scene import Scene
from tui.text import wording

_T = TypeVar("_T")

AT_ONCE: Final = 2
AGAIN: Final = 0.5
"""Seconds before a courier goes again for what was not there yet."""


def play(scene: Scene) -> Played:
    """Play every step, from six empty folders to five vaults that have the models."""
    narrator, asker, topic = scene.narrator, scene.asker, scene.topic
    with ExitStack() as stage:
        narrator.chapter(
            f"Six {topic.houses} make a vault each",
            f"Their {topic.people} differ by {topic.by}; in a second table of each all were dealt out by chance.",
        )
        _make_vaults(scene, stage)
        narrator.chapter("An institute asks", "What it asks is signed once; its key stays off line.")
        fingerprint = asker.get_ready()
        _call_witness(scene, stage)
        plan = asker.plan()
        narrator.note(
            f"planning number {plan['planning_number']}: noise costs about {plan['points_lost']} points"
        )
        digests = {name: asker.make(name) for name in one_by_one(CAMPAIGNS, "pricing campaigns")}
        narrator.chapter(
            "A coordinator serves each campaign over HTTPS", "It has the key of rounds, no other."
        )
        serving = _take_part(scene, stage, fingerprint)
        for number in range(1, ROUNDS + 1):
            _round(scene, serving, number)
        _bring(scene, "the models come back", Member.has_all)
        peers = _without_server(scene)
        narrator.chapter(
            f"For comparison, one {topic.house} answers alone", "The same ε, one job, one release."
        )
        return Played(
            scene=scene,
            plan=plan,
            poisoned_key=scene.members[-1].vault.vault_key(topic.asker),
            status={name: asker.status(name) for name in one_by_one(CAMPAIGNS, "asking how all went")},
            models=scene.members[0].export_models(narrator.folder / "models", digests),
            alone=[asker.ask_alone(scene.members[0], each) for each in one_by_one((False, True), "learning")],
            meshed=[(one.model(), *one.accepted(peers[-1].key)) for one in peers[:-1]],
        )


def _make_vaults(scene: Scene, stage: ExitStack) -> None:
    for one in scene.members:
        stage.callback(one.close)
    for one in one_by_one(scene.members, "sealing"):
        one.make()
    _at_once(scene.members, Member.open, "opening")
    for one in scene.members:
        write(f"    {one.name}: {len(one.unlike):,} {scene.topic.people} sealed{one.about}")


def _call_witness(scene: Scene, stage: ExitStack) -> None:
    if find_spec("httpx") is None:
        scene.narrator.note("no witness: its client needs httpx (pip install 'lockbox-vault[federation]')")
        return
    stage.enter_context(scene.asker.witnessed())


def _take_part(scene: Scene, stage: ExitStack, fingerprint: str) -> dict[str, Running]:
    """Each house lets its courier in, campaign by campaign, and agrees to all rounds of each; what serves each."""
    serving = {}
    for name in CAMPAIGNS:
        serving[name], files = stage.enter_context(scene.asker.coordinating(name))
        invited = list(zip(scene.members, files, strict=True))
        _at_once(invited, partial(_invite, fingerprint), f"{name}: joining")
    _at_once(scene.members, Member.agree, "agreeing")
    scene.narrator.note(
        f"each {scene.topic.house} joined by one consent a campaign; every release is still decided by a person"
    )
    return serving


def _invite(fingerprint: str, invited: tuple[Member, Path]) -> None:
    invited[0].invite(invited[1], fingerprint)


def _round(scene: Scene, serving: dict[str, Running], number: int) -> None:
    names = [name for name in CAMPAIGNS if rounds_of(name) >= number]
    scene.narrator.chapter(f"Round {number} of {ROUNDS}")
    _bring(scene, "jobs come", lambda one: len(one.ready()) == len(names))
    _at_once(scene.answering, Member.learn, "learning")
    if number == 1:
        _look_once(scene)
    _at_once(scene.answering, Member.release_all, "approving")
    _at_once(scene.answering, Member.carry, "answers go")
    for name in names:
        heard: Counter[str] = Counter()
        serving[name].wait_for(partial(_is_added_up, heard, number))
        if scene.asker.witness:
            serving[name].wait_for(lambda said: said.get("event") == "cosigned")
        what = f"{heard['answers']} answers, {heard['bytes']:,} bytes"
        scene.narrator.note(f"{name}: {what}{', cosigned' if scene.asker.witness else ''}")


def _is_added_up(heard: Counter[str], number: int, said: dict[str, Any]) -> bool:
    """Count the answers of a round until it is over."""
    if (said.get("event"), said.get("round")) == ("answer", number):
        heard.update(answers=1, bytes=said["bytes"])
    return is_over(number, said)


def _look_once(scene: Scene) -> None:
    """The first decision of the first house is the viewer's; scripted people, labelled so, take the others."""
    narrator, held = scene.narrator, scene.members[0].held()[0]
    narrator.note(
        f"{scene.members[0].name}: {wording.size(held.size)} would leave, for {held.recipient}; nothing calls it back"
    )
    narrator.note(f"digest {held.digest}; noise {held.noise_multiplier:g}")
    question = f"Type the first 8 digits of the digest ({held.digest[:8]}) to let it leave:"
    if not narrator.ask_for_word(question, held.digest[:8]):
        raise Declined()
    narrator.note("every other release here is approved in the same way, by scripted people")


def _without_server(scene: Scene) -> list[mesh.Peer]:
    """The mesh of those who answer; nobody where its library is not there."""
    scene.narrator.chapter(
        "The same without a server",
        f"A mesh waits for all of its peers: the silent {scene.topic.house} is none.",
    )
    if not mesh.is_there():
        scene.narrator.note("left out: it needs zenoh (pip install 'lockbox-vault[mesh]')")
        return []
    peers = mesh.peers_of(scene.answering)
    mesh.learn(peers, scene.asker, partial(_at_once, peers))
    return peers


def _bring(scene: Scene, words: str, is_there: Callable[[Member], bool]) -> None:
    """Send couriers until everybody has it: what a witness has not cosigned yet is not shown to vaults."""
    end = time.monotonic() + PATIENCE
    while lacking := [one for one in scene.answering if not is_there(one)]:
        _at_once(lacking, Member.carry, words)
        if time.monotonic() > end:
            raise CommandFailed(command="courier run", reason="nothing comes any more")
        if any(not is_there(one) for one in lacking):
            time.sleep(AGAIN)


def _at_once(whom: Sequence[_T], work: Callable[[_T], object], words: str) -> None:
    """Let each of them do something, two at a time."""
    with ThreadPoolExecutor(AT_ONCE) as hands:
        for _ in one_by_one(hands.map(work, whom), words, of=len(whom)):
            pass
