from __future__ import annotations

import traceback
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sealing_samples import PASSPHRASE, ROOT, VAULT_ID

from vault.errors.families import LockboxError
from vault.sealing.aead import open_sealed, seal
from vault.sealing.digest import keyed_digest
from vault.sealing.header import Header, change_passphrase, new_header, unlock, unlock_with_recovery_key
from vault.sealing.keyfile import key_line, read_key, write_secret_key
from vault.sealing.keytree import KeyTree, Purpose
from vault.sealing.recovery_key import parse_recovery_key
from vault.sealing.secret import Secret
from vault.sealing.signing import SigningKey
from vault.sealing.slots import TEST_COST, passphrase_keys

WRONG = b"a wrong pass phrase"
NEARLY_RECOVERY_KEY = "7ZQ4K-0M9TD-7ZQ4K-0M9TD-7ZQ4K-0M9T"


def forms(secret: bytes) -> set[str]:
    """How a secret could stand in a text."""
    return {repr(secret)[2:-1], secret.hex(), secret.hex().upper(), b64encode(secret).decode()}


def is_shown(secret: bytes, text: str) -> bool:
    return any(form in text for form in forms(secret))


def attempts(header: Header, folder: Path) -> list[Callable[[], object]]:
    secret_file, short = folder / "secret", Secret(ROOT[:20])
    secret_file.write_text(key_line("requester-secret", ROOT))
    broken = replace(header, passphrase=replace(header.passphrase, commitment=bytes(32)))
    return [
        lambda: unlock(header, Secret(WRONG)),
        lambda: unlock(broken, Secret(PASSPHRASE)),
        lambda: change_passphrase(header, current=Secret(WRONG), new=Secret(PASSPHRASE), cost=TEST_COST),
        lambda: unlock_with_recovery_key(header, NEARLY_RECOVERY_KEY),
        lambda: parse_recovery_key(NEARLY_RECOVERY_KEY),
        lambda: new_header(vault_id=VAULT_ID, root=short, passphrase=Secret(PASSPHRASE), cost=TEST_COST),
        lambda: seal(short, PASSPHRASE, b""),
        lambda: open_sealed(Secret(ROOT), seal(Secret(bytes(32)), PASSPHRASE, b""), b"", what="it"),
        lambda: keyed_digest(short, PASSPHRASE),
        lambda: KeyTree(short),
        lambda: SigningKey.from_seed(short),
        lambda: read_key(secret_file, "vault-public"),
        lambda: write_secret_key(folder / "secret", Secret(ROOT)),
        lambda: write_secret_key(folder / "other", short),
    ]


def test_no_refusal_shows_a_secret(header: Header, tmp_path: Path) -> None:
    """Message, facts and the whole traceback with every error behind it."""
    for attempt in attempts(header, tmp_path):
        with pytest.raises(LockboxError) as caught:
            attempt()
        shown = (
            "".join(traceback.format_exception(caught.value)) + repr(caught.value.facts) + repr(caught.value)
        )

        assert not any(is_shown(secret, shown) for secret in (PASSPHRASE, WRONG, ROOT, ROOT[:20]))
        assert NEARLY_RECOVERY_KEY not in shown


def test_no_object_shows_a_secret(header: Header) -> None:
    keys = passphrase_keys(Secret(PASSPHRASE), bytes(16), TEST_COST)
    tree = KeyTree(Secret(ROOT))
    signing = SigningKey.from_seed(Secret(ROOT))
    shown = "".join(f"{thing!r}{thing}" for thing in (header, keys, tree, signing, Secret(ROOT)))
    secrets = [
        PASSPHRASE,
        ROOT,
        keys.sealing.reveal(),
        keys.commitment.reveal(),
        tree.subkey(Purpose.DATABASE).reveal(),
    ]

    assert not any(is_shown(secret, shown) for secret in secrets)


def test_the_search_for_secrets_finds_one() -> None:
    """The two tests above can fail."""
    assert all(is_shown(ROOT, f"x{form}y") for form in forms(ROOT))
    assert is_shown(PASSPHRASE, repr({"key": PASSPHRASE}))
    assert is_shown(ROOT, repr([ROOT]))
