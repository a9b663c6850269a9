"""Which kinds of files of ours the arguments of commands take: a file of another kind is refused by what it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

KEYS: Final = ("requester-public", "requester-secret", "vault-public")
"""A key of another kind is refused where keys are read."""
CAMPAIGN: Final = ("campaign",)
COORDINATOR: Final = ("coordinator",)
JOB: Final = ("job",)
TAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "import files": (),
    "import plan": ("import plan",),
    "requester add key_file": KEYS,
    "consent explain job": JOB,
    "request submit job": JOB,
    "model add release": ("release",),
    "model add job": JOB,
    "model add vault_key": KEYS,
    "audit verify bundle": ("trail",),
    "job new description": ("job description",),
    "job new vault_key": KEYS,
    "job sign job": JOB,
    "job sign key": KEYS,
    "job check job": JOB,
    "campaign plan description": ("campaign description",),
    "campaign new description": ("campaign description",),
    "campaign sign folder": CAMPAIGN,
    "campaign sign key": KEYS,
    "campaign check folder": CAMPAIGN,
    "campaign round folder": CAMPAIGN,
    "campaign split folder": CAMPAIGN,
    "campaign submit folder": CAMPAIGN,
    "campaign invite folder": COORDINATOR,
    "campaign access folder": COORDINATOR,
    "campaign status place": ("coordinator", "access"),
    "campaign report folder": COORDINATOR,
    "campaign model folder": COORDINATOR,
    "coordinator init campaign": CAMPAIGN,
    "coordinator serve folder": COORDINATOR,
    "coordinator status folder": COORDINATOR,
    "coordinator backup folder": COORDINATOR,
    "witness key folder": ("witness",),
    "witness watch folder": ("witness",),
    "witness watch campaign": CAMPAIGN,
    "witness cosign folder": ("witness",),
    "witness serve folder": ("witness",),
    "update verify release": ("release",),
    "update verify vault_key": KEYS,
    "update verify job": JOB,
    "update predict job": JOB,
    "courier join invitation": ("invitation",),
    "mesh new description": ("campaign description",),
    "mesh new introductions": ("introduction",),
    "mesh new key": KEYS,
    "mesh join membership": ("membership",),
}
"""By the words of the command and the name of the argument; what a command writes is not here."""


def check_argument(command: str, argument: str, path: str) -> None:
    """Refuse a file that is of another kind of ours than an argument takes; raises `OtherFile`, `PartOfFolder`."""
    wanted = TAKES.get(f"{command} {argument}")
    if wanted is None:
        return
    from vault.requester.file_kinds import check_kind

    check_kind(Path(path), *wanted)
