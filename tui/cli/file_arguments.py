"""Which kinds of files of ours the arguments of commands take: a file of another kind is refused by what it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

KEYS: Final = frozenset(("requester-public", "requester-secret", "vault-public"))
"""A key of another kind is refused where keys are read."""
PUBLIC: Final = ("requester-public",)
SECRET: Final = ("requester-secret",)
VAULT_KEY: Final = ("vault-public",)
CAMPAIGN: Final = ("campaign",)
COORDINATOR: Final = ("coordinator",)
JOB: Final = ("job",)
TAKES: Final[Mapping[str, tuple[str, ...]]] = {
    "import files": (),
    "import plan": ("import plan",),
    "requester add key_file": PUBLIC,
    "consent explain job": JOB,
    "request submit job": JOB,
    "model add release": ("release",),
    "model add job": JOB,
    "model add vault_key": VAULT_KEY,
    "audit verify bundle": ("trail",),
    "job new description": ("job description",),
    "job new vault_key": VAULT_KEY,
    "job sign job": JOB,
    "job sign key": SECRET,
    "job check job": JOB,
    "campaign plan description": ("campaign description",),
    "campaign new description": ("campaign description",),
    "campaign sign folder": CAMPAIGN,
    "campaign sign key": SECRET,
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
    "update verify vault_key": VAULT_KEY,
    "update verify job": JOB,
    "update predict job": JOB,
    "courier join invitation": ("invitation",),
    "mesh new description": ("campaign description",),
    "mesh new introductions": ("introduction",),
    "mesh new key": SECRET,
    "mesh join membership": ("membership",),
}
"""By the words of the command and the name of the argument; what a command writes is not here."""
_OF_OWNERS: Final = frozenset(
    {
        *("import", "requester add", "consent explain", "request submit", "model add", "campaign submit"),
        *("courier join", "mesh join"),
    }
)
"""Commands of owners, who take jobs and campaigns in; the others are of those who ask."""


def check_argument(command: str, argument: str, path: str) -> None:
    """Refuse a file that is of another kind of ours than an argument takes; raises `OtherFile`, `PartOfFolder`."""
    wanted = TAKES.get(f"{command} {argument}")
    if wanted is None:
        return
    from vault.requester.file_kinds import check_kind

    passes = KEYS if KEYS.intersection(wanted) else ()
    check_kind(Path(path), *wanted, passes=passes, commands=_of_who_asks(command, wanted))


def _of_who_asks(command: str, wanted: tuple[str, ...]) -> Mapping[str, str]:
    """What whoever asks does with a job or a campaign that was given to another of their commands."""
    if command in _OF_OWNERS:
        return {}
    if wanted == COORDINATOR:
        return {"job": "lockbox job check FILE", "campaign": "lockbox coordinator init DIR --campaign FILE"}
    how = "sign FILE --key SECRETFILE" if command.endswith(" sign") else "check FILE"
    return {"job": f"lockbox job {how}", "campaign": f"lockbox campaign {how}"}
