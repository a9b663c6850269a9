from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from audit_samples import CLEAR, DECIDED, HIDDEN, LAST, ORIGIN, START
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from vault.audit.bundle import export_bundle
from vault.audit.checkpoint import Checkpoint, sign_checkpoint, vkey
from vault.audit.entries import EntryType
from vault.audit.log import append, log_root, opened
from vault.store.engine import Store


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except InvalidSignature:
        return False
    return True


@dataclass(frozen=True)
class Trail:
    """A stored trail with the key that signs it."""

    store: Store
    sign: Callable[[bytes], bytes]
    public: bytes

    @property
    def vkey(self) -> str:
        return vkey(ORIGIN, self.public)

    def record(self, kind: EntryType, *, minutes: int = 0, clear=None, hidden=None) -> int:
        with self.store.write() as uow:
            seq = append(
                uow,
                kind=kind,
                now=START + timedelta(minutes=minutes),
                clear=CLEAR[kind] if clear is None else clear,
                hidden=HIDDEN.get(kind, {}) if hidden is None else hidden,
            )
            uow.commit()
        return seq

    def checkpoint(self) -> bytes:
        with self.store.read() as uow:
            return sign_checkpoint(ORIGIN, *log_root(uow), self.sign, self.public)

    def export(self, folder: Path, *, disclose=(), **choice) -> Checkpoint:
        """Write a bundle; of the entries in `disclose` every hidden field is opened."""
        with self.store.read() as uow:
            names = {seq: [each.name for each in opened(uow, seq)] for seq in disclose}
            choice["disclose"] = disclose if isinstance(disclose, dict) else names
            return export_bundle(uow, folder, origin=ORIGIN, public=self.public, sign=self.sign, **choice)


def trail_in(folder: Path, *, seed: int = 7) -> Trail:
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    store = Store.create(folder / f"trail-{seed}.db", bytes(32))
    return Trail(store=store, sign=key.sign, public=key.public_key().public_bytes_raw())


@dataclass(frozen=True)
class Exported:
    """A bundle with proofs, earlier checkpoints and disclosures, to be copied before it is spoilt."""

    folder: Path
    trail: Trail
    earlier: tuple[bytes, ...]


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[Trail]:
    """An empty stored trail."""
    made = trail_in(tmp_path)
    yield made
    made.store.close()


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    """A bundle of one entry of every type, with everything a bundle can have but withheld entries."""
    folder = tmp_path_factory.mktemp("exported")
    made = trail_in(folder)
    earlier = []
    for index, kind in enumerate(EntryType):
        made.record(kind, minutes=index)
        if index in {4, 15}:
            earlier.append(made.checkpoint())
    made.export(folder / "bundle", prove=[0, 4, LAST], earlier=earlier, disclose=[2, 4, DECIDED])
    yield Exported(folder / "bundle", made, tuple(earlier))
    made.store.close()
