"""A vault of made-up data to try everything on: its own folder, its own budget, a practice request that waits.

Whoever can read the folder can open the sample: its passphrase lies in it and protects nothing. The real vault is
never opened here, and nothing here knows where it is. Asking where the sample lies imports next to nothing.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from platformdirs import user_data_path

from vault.errors.families import Invalid
from vault.errors.storage import DiskReadOnly, NoSample
from vault.file_names import spelled
from vault.settings import APP_NAME, Paths

if TYPE_CHECKING:
    from vault.audit.vault_date import Clock
    from vault.sealing.secret import Secret
    from vault.sealing.slots import KdfCost

VARIABLE: Final = "LOCKBOX_SAMPLE"
COLLECTION: Final = "made-up-sleep"
REQUESTER: Final = "Practice study"
EPSILON: Final = Decimal(1)
DAYS: Final = 2190
"""The rows of the diary."""
DIARY: Final = Path(__file__).with_name("diary.csv")
JOB: Final = Path(__file__).with_name("job.toml")

LABEL_FILE: Final = "THIS-IS-A-SAMPLE.txt"
PASSPHRASE_FILE: Final = "passphrase"  # noqa: S105 - the name of a file
FOLDERS: Final = ("vault", "state", "practice")
LABEL: Final = (
    "Everything here is made up: the sleep diary, the study that asks, and its request.\n"
    "The passphrase lies beside this file and protects nothing.\n"
    "Remove the folder with: lockbox demo --remove\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A sample vault that is ready: where it lies, and the practice request that waits in it."""

    folder: Path
    paths: Paths
    request: str


def sample_folder(environ: Mapping[str, str]) -> Path:
    """Where the sample of this user lies: LOCKBOX_SAMPLE, else `sample` beside the default vault."""
    chosen = environ.get(VARIABLE, "")
    return (Path(chosen) if chosen else user_data_path(APP_NAME, appauthor=False) / "sample").absolute()


def sample_paths(folder: Path) -> Paths:
    """The vault and the state of a sample; neither is where those of the real vault are."""
    return Paths(vault=folder / "vault", state=folder / "state")


def sample_secret(folder: Path) -> Secret:
    """What opens the sample; raises `NoSample` where there is none, `Invalid` where its file holds no text."""
    from vault.sealing.passphrase import passphrase_secret

    check_sample(folder)
    text = (folder / PASSPHRASE_FILE).read_text(encoding="utf-8", errors="surrogateescape")
    return passphrase_secret(text.strip())


def is_sample(folder: Path) -> bool:
    """Whether a finished sample lies here."""
    return (folder / LABEL_FILE).is_file() and (folder / PASSPHRASE_FILE).is_file()


def check_sample(folder: Path) -> None:
    """Raise `NoSample` unless a finished sample lies here."""
    if not is_sample(folder):
        raise NoSample(path=folder)


def make_sample(folder: Path, *, cost: KdfCost, clock: Clock) -> Sample:
    """Make the sample vault, its records and its waiting practice request, wholly or not at all.

    Raises `Invalid` when something lies there already, `DestinationUnusable`, `DestinationUnavailable` or `DiskFull`
    when it cannot be made.
    """
    from vault.store.destination import writing_to
    from vault.store.new_folder import new_folder

    if folder.exists():
        raise Invalid(reason=f"there is something at {folder} already; remove it with: lockbox demo --remove")
    with new_folder(folder) as draft, writing_to(folder):
        request = _fill(draft, cost, clock)
    return Sample(folder=folder, paths=sample_paths(folder), request=request)


def remove_sample(folder: Path, *, wait: float = 0) -> None:
    """Delete a sample and nothing else.

    Raises `NoSample` where there is none, `VaultBusy` while it is open for longer than ``wait`` seconds, and `Invalid`,
    before anything is deleted, for a folder that holds what no sample has.
    """
    from vault.store.lock import writer_lock

    check_removable(folder)
    try:
        vault = folder / "vault"
        with writer_lock(vault, wait=wait) if vault.is_dir() else nullcontext():
            _empty(folder)
        # What marks it as the sample goes last, so that a removal that was interrupted can be made again.
        for name in (PASSPHRASE_FILE, LABEL_FILE):
            (folder / name).unlink(missing_ok=True)
        folder.rmdir()
    except OSError:
        raise DiskReadOnly(path=folder) from None


def check_removable(folder: Path) -> None:
    """Raise `NoSample` where there is none, and `Invalid` for a folder that holds what no sample has."""
    check_sample(folder)
    other = (
        [folder] if folder.is_symlink() else sorted(path for path in folder.iterdir() if not _is_part(path))
    )
    if other:
        raise Invalid(reason=f"{spelled(str(other[0]))} is no part of the sample, so nothing was removed")


def _is_part(path: Path) -> bool:
    """Whether a sample has this: one of its folders or files, and no link to what lies elsewhere."""
    is_known = path.is_dir() if path.name in FOLDERS else path.name in (LABEL_FILE, PASSPHRASE_FILE)
    return is_known and not path.is_symlink()


def _empty(folder: Path) -> None:
    for name in FOLDERS:
        with suppress(FileNotFoundError):
            shutil.rmtree(folder / name)


def _fill(folder: Path, cost: KdfCost, clock: Clock) -> str:
    """Everything of a sample in a new folder; returns the id of its request."""
    from vault.requester.keys import keygen
    from vault.vault import Vault, generate_passphrase, passphrase_secret
    from vault.views.records import FileChoice

    words = generate_passphrase()
    secret_file = folder / PASSPHRASE_FILE
    secret_file.touch(mode=0o600)
    secret_file.write_text(f"{words}\n", encoding="utf-8")
    practice = folder / "practice"
    practice.mkdir(mode=0o700)
    diary = practice / "sleep-diary.csv"
    write_diary(diary, last=clock().date() - timedelta(days=1))
    paths, secret = sample_paths(folder), passphrase_secret(words)
    Vault.create(paths, secret, cost=cost, clock=clock)
    with Vault.open(paths, secret, clock=clock) as vault:
        plan = vault.plan_import(
            FileChoice(
                path=diary,
                name=COLLECTION,
                unit="day",
                time_field="day",
                types=TYPES,
                sensitivities=SENSITIVITIES,
            )
        )
        vault.import_planned(plan.id)
        keys = keygen(practice / "keys")
        vault.add_requester(
            REQUESTER, keys.public, contact="nobody; it is made up", only_collection=COLLECTION
        )
        request = vault.submit(_practice_job(practice, keys.secret, clock)).line.id
    (folder / LABEL_FILE).write_text(LABEL, encoding="utf-8")
    return request


def _practice_job(practice: Path, key: Path, clock: Clock) -> Path:
    from vault.requester.aim import Aim
    from vault.requester.description import job_from_description
    from vault.requester.jobs import new_job, sign_job

    description, job = practice / "job.toml", practice / "job"
    shutil.copyfile(JOB, description)
    asked = job_from_description(description)
    new_job(asked, aim=Aim(most=EPSILON), folder=job, now=clock())
    sign_job(job, key)
    return job


# the diary --------------------------------------------------------------------------------------------------

TYPES: Final = {"hours": "float", "bedroom_celsius": "float", "slept_well": "category"}
SENSITIVITIES: Final = {"mood": "sensitive", "note": "sensitive"}


def write_diary(path: Path, *, last: date) -> None:
    """Write the made-up diary as somebody's export, one row a day up to its last day."""
    with (
        DIARY.open(newline="", encoding="utf-8") as made_up,
        path.open("w", newline="", encoding="utf-8") as file,
    ):
        head, *rows = csv.reader(made_up)
        writer = csv.writer(file)
        writer.writerow(["day", *head[1:]])
        writer.writerows([(last - timedelta(days=int(before))).isoformat(), *rest] for before, *rest in rows)
