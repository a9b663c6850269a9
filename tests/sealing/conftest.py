from __future__ import annotations

from pathlib import Path

import pytest
from sealing_samples import NEW_PASSPHRASE, PASSPHRASE, ROOT, VAULT_ID

from vault.sealing.header import Header, change_passphrase, new_header, write_header
from vault.sealing.secret import Secret
from vault.sealing.slots import TEST_COST


@pytest.fixture
def root() -> Secret:
    return Secret(ROOT)


@pytest.fixture
def passphrase() -> Secret:
    return Secret(PASSPHRASE)


@pytest.fixture(scope="session")
def made() -> tuple[Header, str]:
    """A header at the light cost and its recovery key."""
    return new_header(vault_id=VAULT_ID, root=Secret(ROOT), passphrase=Secret(PASSPHRASE), cost=TEST_COST)


@pytest.fixture
def header(made: tuple[Header, str]) -> Header:
    return made[0]


@pytest.fixture
def recovery_key(made: tuple[Header, str]) -> str:
    return made[1]


@pytest.fixture
def folder(tmp_path: Path, header: Header) -> Path:
    write_header(tmp_path, header)
    return tmp_path


@pytest.fixture
def next_header(header: Header) -> Header:
    return change_passphrase(header, current=Secret(PASSPHRASE), new=Secret(NEW_PASSPHRASE), cost=TEST_COST)
