"""Vaults in which somebody asks: a plain request, and one whose every name is as long and as hostile as it may be."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from textual.pilot import Pilot
from textual.widgets import Button

from tests.worlds.importing import import_file
from tests.worlds.screens import press, served, until
from tests.worlds.vaults import copy_of, new_world
from tests.worlds.world import JOB, World
from tui.dialogs.run import RunDialog
from tui.widgets.toggle import Toggle
from vault.owner.interface.session import OwnerSession
from vault.requester.keys import keygen
from vault.vault import Vault
from vault.views.records import FileChoice
from vault.views.requests import RequestView

MARKUP = "[bold red]x[/] [link=http://e.example]y[/link] [@click=app.quit]z[/]"
HOSTILE_JOB = JOB.replace("Do steps tell the night?", MARKUP).replace(
    "deleted when the study ends", "[reverse]never[/]"
)
LONG_WHO = ("Institute for the Study of [b]Nights[/b] and Everything Else " + "w" * 80)[:80]
LONG_COLLECTION = ("nights of a person who sleeps " + "n" * 80)[:80]
LONG_UNIT = ("night_of_the_person_" + "u" * 80)[:77] + "_id"
LONG_SPECIAL = tuple(f"mood in the hour {index:02} {'m' * 80}"[:80] for index in range(6))


def asking(folder: Path, *, job: str = JOB, epsilon: str = "1", steps: int = 5) -> World:
    """A vault with one collection and one request that waits."""
    world = new_world(folder)
    with world.vault() as vault:
        world.imported(vault)
        world.introduced(vault)
        vault.submit(world.job(text=job, epsilon=epsilon, steps=steps))
    return world


def asking_at_length(folder: Path) -> World:
    """The same with names of 80 letters, a unit of such a column, and six long columns of a special category."""
    world = new_world(folder)
    path = _long_table(folder)
    names = [*LONG_SPECIAL, LONG_UNIT]
    with world.vault() as vault:
        choice = FileChoice(
            path=path,
            name=LONG_COLLECTION,
            unit=f"column:{LONG_UNIT}",
            time_field="day",
            sensitivities=dict.fromkeys(names, "special"),
        )
        import_file(vault, choice)
        keys = keygen(folder / "lab")
        vault.add_requester(LONG_WHO, keys.public)
        vault.submit(world.job(text=_long_job(), unit=f"column:{LONG_UNIT}"))
    return world


def _long_table(folder: Path) -> Path:
    path = folder / "long.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["day", "good", LONG_UNIT, *LONG_SPECIAL])
        for index in range(60):
            day = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=index)
            writer.writerow([day.date(), "yes" if index % 2 else "no", f"p{index % 20}", *[index % 5] * 6])
    return path


def _long_job() -> str:
    head = HOSTILE_JOB.partition("[[fields]]")[0].replace('"nights"', f'"{LONG_COLLECTION}"')
    label = 'name = "good"\nrole = "label"\ntransform = {{ kind = "classes", labels = ["false", "true"] }}\n'
    number = 'transform = {{ kind = "standard", center = 2, scale = 1, clip = 3, fill = 2 }}\n'
    features = [f'name = "{name}"\nrole = "feature"\n{number}' for name in LONG_SPECIAL]
    return head + "".join(f"[[fields]]\n{one}\n" for one in [label, *features])


@contextmanager
def served_copy(template: World, folder: Path) -> Iterator[tuple[World, OwnerSession]]:
    """A copy of a vault behind a process, which a story may change."""
    world = copy_of(template, folder / "copy")
    with served(world) as vault:
        yield world, vault


def the_request(vault: Vault | OwnerSession) -> RequestView:
    """The newest request."""
    return vault.request(vault.requests()[0].id)


async def open_dialog(pilot: Pilot[int]) -> RunDialog:
    """Open the run dialog of the first request by its key."""
    await until(pilot, lambda: bool(pilot.app.screen.query("#requests")) and bool(_rows(pilot)))
    await press(pilot, "a")
    await until(pilot, lambda: isinstance(pilot.app.screen, RunDialog))
    await pilot.pause()
    dialog = pilot.app.screen
    assert isinstance(dialog, RunDialog)
    return dialog


def _rows(pilot: Pilot[int]) -> int:
    from tui.widgets.table import ListTable

    return pilot.app.screen.query_one("#requests", ListTable).row_count


def run_button(dialog: RunDialog) -> Button:
    """The button that runs the job."""
    return dialog.query_one("#run", Button)


def toggle(dialog: RunDialog, name: str) -> Toggle:
    """The toggle of a column."""
    return next(one for one in dialog.query("#details Toggle").results(Toggle) if one.label == name)


async def read_to_the_end(pilot: Pilot[int], dialog: RunDialog) -> None:
    """Scroll as a person does, until nothing is left to read."""
    await until(pilot, lambda: dialog.query_one("#details").virtual_size.height > 0)
    for _ in range(60):
        if dialog.query_one("#details").scroll_offset.y >= dialog.query_one("#details").max_scroll_y:
            break
        await press(pilot, "pagedown")
    await pilot.pause()
