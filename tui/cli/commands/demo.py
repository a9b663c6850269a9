"""The whole story on real data, in a throw-away vault; and the sample to try things on by oneself."""

from __future__ import annotations

import os
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import click
import typer

from tui.cli.terminal import is_interactive, say, write
from tui.cli.vault_access import global_options
from vault.errors.daemon import DaemonHung
from vault.errors.families import Invalid
from vault.settings import Paths


def add_to(app: typer.Typer) -> None:
    """Register `lockbox demo`."""
    app.command("demo")(demo)


def demo(
    context: typer.Context,
    auto: Annotated[
        bool, typer.Option("--auto", help="A scripted person answers, and is labelled so.")
    ] = False,
    keep: Annotated[
        Path | None, typer.Option("--keep", metavar="DIR", help="Play in this new folder and leave it there.")
    ] = None,
    svg: Annotated[
        Path | None,
        typer.Option("--svg", metavar="FILE", help="A new file for the closing card as a picture."),
    ] = None,
    together: Annotated[
        bool,
        typer.Option(
            "--together", help="Instead: six vaults that answer one institute, one of them poisoned."
        ),
    ] = False,
    bank: Annotated[
        bool, typer.Option("--bank", help="With --together: banks and credit cards instead of clinics.")
    ] = False,
    sample: Annotated[
        bool,
        typer.Option("--sample", help="Instead: make a vault of made-up data to try things on yourself."),
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Instead: delete that sample again.")] = False,
) -> None:
    """Watch one vault live the whole story on real data: import, ask, allow, learn, release, withdraw, verify."""
    if (sample or remove) and (auto or keep or svg or together or (sample and remove)):
        raise click.UsageError("--sample and --remove stand alone")
    if bank and not together:
        raise click.UsageError("--bank goes with --together")
    if sample:
        _make_sample()
    elif remove:
        _remove_sample(wait=global_options(context).wait)
    elif together:
        _play_together(auto=auto, keep=keep, svg=svg, bank=bank)
    else:
        _play(auto=auto, keep=keep, svg=svg)


def _make_sample() -> None:
    from vault.sample.make import DAYS, REQUESTER, is_sample, make_sample, sample_folder, sample_paths
    from vault.vault import DEFAULT_COST, harden_process

    harden_process()
    folder = sample_folder(os.environ)
    if is_sample(folder):
        say("The sample is there already. To begin anew: lockbox demo --remove")
    else:
        made = make_sample(folder, cost=DEFAULT_COST, clock=lambda: datetime.now(UTC))
        say(
            f"Made: a vault of its own with {DAYS:,} made-up days of sleep, and a practice request that waits:"
        )
        say(f"request {made.request[:8]} of {REQUESTER}, who may ask about nothing else.")
    places = sample_paths(folder)
    write(f"folder: {folder}")
    write(f"vault:  {places.vault}")
    write(f"state:  {places.state}")
    say(
        "Its passphrase lies in the folder and protects nothing. Your own vault and its budget are not touched."
    )
    say("Try any command on it, such as:")
    say(f"  cd {shlex.quote(str(folder))}")
    say("  LOCKBOX_VAULT=vault LOCKBOX_STATE=state lockbox --passphrase-fd 3 request list 3<passphrase")


def _remove_sample(*, wait: int) -> None:
    from vault.sample.make import check_removable, remove_sample, sample_folder

    folder = sample_folder(os.environ)
    check_removable(folder)
    _lock_sample(folder)
    remove_sample(folder, wait=wait)
    say(f"The sample at {folder} is deleted.")


def _lock_sample(folder: Path) -> None:
    """End the process that holds the sample open, with all that it does: nothing of it is kept."""
    from vault.client import attach, launch
    from vault.client.ending import end_hung
    from vault.sample.make import sample_paths, sample_secret

    paths = sample_paths(folder)
    served = attach.served_by(paths)
    if served is None:
        return
    attach.harden_process()
    try:
        attach.check_answering(paths, served)
        with attach.attach(paths, sample_secret(folder)) as vault:
            vault.lock(stop_training=True)
    except DaemonHung:
        served = end_hung(paths, stop_training=True)
    launch.wait_until_locked(paths, served)


def _play(*, auto: bool, keep: Path | None, svg: Path | None) -> None:
    from tui.demo import card, story
    from tui.demo.narrator import Narrator
    from tui.demo.story import prepare
    from vault.vault import harden_process

    harden_process()
    scripted = auto or not is_interactive()
    with _folder(keep) as folder:
        _check_picture(svg)
        narrator = Narrator(folder=folder, is_scripted=scripted)
        _introduce(narrator.folder, scripted=scripted)
        paths = Paths(vault=folder / "vault", state=folder / "state")
        outcome = story.play(prepare(narrator, paths))
        picture = svg or (folder / "card.svg" if keep else Path("lockbox-demo.svg"))
        write()
        card.draw(card.lines(outcome), picture)
        write(f"The same card as a picture: {picture}")
        _write_next_steps()


def _play_together(*, auto: bool, keep: Path | None, svg: Path | None, bank: bool) -> None:
    from tui.demo.card import draw
    from tui.demo.narrator import Narrator
    from tui.demo.together import card, outcome, story
    from tui.demo.together.scene import prepare
    from tui.demo.together.topics import BANKS, CLINICS
    from vault.vault import harden_process

    harden_process()
    scripted, topic = auto or not is_interactive(), BANKS if bank else CLINICS
    with _folder(keep) as folder:
        _check_picture(svg)
        write(f"Lockbox demo: six {topic.houses} as six vaults on this computer, with {topic.source}.")
        write("Vaults, couriers, coordinators, witness and peers are processes of their own;")
        write(f"what they leave lies in {folder}.")
        if scripted:
            say("(nobody is asked: scripted people, labelled so, take every decision)")
        found = outcome.measured(story.play(prepare(Narrator(folder=folder, is_scripted=scripted), topic)))
        picture = svg or (folder / "card.svg" if keep else Path("lockbox-together.svg"))
        write()
        draw(card.lines(found), picture, title="Lockbox: what six vaults learned together")
        write(f"The same card as a picture: {picture}")


def _introduce(folder: Path, *, scripted: bool) -> None:
    write(
        "Lockbox demo: a throw-away vault with 569 real patients' measurements (scikit-learn's breast-cancer table)."
    )
    write(f"Every act below is also a command; they run in {folder} with")
    write("  LOCKBOX_VAULT=vault LOCKBOX_STATE=state lockbox --passphrase-fd 3 … 3<passphrase.txt")
    if scripted:
        say("(nobody is asked: a scripted person, labelled so, takes both decisions)")


def _check_picture(svg: Path | None) -> None:
    """Refuse a place that is taken before the story is told, and not after it."""
    from vault.requester.new_file import check_new

    check_new(*filter(None, (svg,)))


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="lockbox-demo-") as name:
            yield Path(name)
        return
    if keep.exists() and any(keep.iterdir()):
        raise Invalid(reason=f"{keep} is not empty")
    keep.mkdir(mode=0o700, parents=True, exist_ok=True)
    yield keep.resolve()


def _write_next_steps() -> None:
    write("\nYour own file, three commands:")
    write("  lockbox init")
    write("  lockbox import YOURS.csv")
    write("  lockbox data list")
