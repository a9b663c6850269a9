"""A reader of vault folders written from docs/file-format.md alone: general libraries, nothing of the vault.

It opens a vault by its passphrase or its recovery key, reads columns, and checks the high-water mark.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
import unicodedata
from binascii import crc_hqx
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as xchacha_open
from nacl.exceptions import CryptoError
from sqlcipher3 import dbapi2

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
HEADER_KEYS = {"check", "format", "version", "vault", "generation", "passphrase", "recovery"}
SLOT_KEYS = {"function", "salt", "sealed_root", "commitment"}
ARROW = {
    "float": pa.float64(),
    "int": pa.int64(),
    "bool": pa.bool_(),
    "text": pa.utf8(),
    "category": pa.utf8(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


# 2: building blocks


def digest(key: bytes, *parts: bytes, personal: bytes = b"lockbox-digest-1") -> bytes:
    message = b"".join(struct.pack(">Q", len(part)) + part for part in parts)
    return hashlib.blake2b(message, digest_size=32, key=key, person=personal).digest()


def open_blob(key: bytes, blob: bytes, context: bytes) -> bytes:
    assert blob[:2] == b"\x01\x01"
    return xchacha_open(blob[26:], blob[:2] + context, blob[2:26], key)


# 3: the key header


def read_header(folder: Path) -> dict[str, Any]:
    copies = [(folder / name).read_bytes() for name in ("keys.lockbox", "keys.copy.lockbox")]
    assert copies[0] == copies[1]
    facts: dict[str, Any] = json.loads(copies[0])
    assert set(facts) == HEADER_KEYS
    assert set(facts["passphrase"]) == SLOT_KEYS | {"passes", "memory_kib"}
    assert set(facts["recovery"]) == SLOT_KEYS
    without = {key: value for key, value in facts.items() if key != "check"}
    assert facts["check"] == hashlib.sha256(as_written(without)).hexdigest()
    assert as_written(facts) == copies[0]
    assert (facts["format"], facts["version"]) == ("lockbox-keys", 1)
    return facts


def as_written(facts: dict[str, Any]) -> bytes:
    return json.dumps(facts, indent=1, sort_keys=True).encode("ascii") + b"\n"


def root_by_passphrase(facts: dict[str, Any], passphrase: str) -> bytes:
    slot = facts["passphrase"]
    spaced = "".join(" " if unicodedata.category(sign) == "Zs" else sign for sign in passphrase)
    door = Argon2id(
        salt=bytes.fromhex(slot["salt"]),
        length=64,
        iterations=slot["passes"],
        lanes=1,
        memory_cost=slot["memory_kib"],
    ).derive(unicodedata.normalize("NFC", spaced).encode())
    return open_slot(facts, "passphrase", door)


def root_by_recovery_key(facts: dict[str, Any], text: str) -> bytes:
    salt = bytes.fromhex(facts["recovery"]["salt"])
    key = recovery_bytes(text)
    door = hashlib.blake2b(b"", digest_size=64, key=key, salt=salt, person=b"lockbox-recovery").digest()
    return open_slot(facts, "recovery", door)


def recovery_bytes(text: str) -> bytes:
    signs = [SIGNS.index(sign) for sign in text.replace("-", "")]
    assert len(signs) == 29
    number = sum(sign << 5 * place for place, sign in enumerate(reversed(signs)))
    assert number % 2 == 0
    whole = (number >> 1).to_bytes(18, "big")
    assert crc_hqx(whole[:16], 0xFFFF) == int.from_bytes(whole[16:], "big")
    return whole[:16]


def open_slot(facts: dict[str, Any], kind: str, door: bytes) -> bytes:
    slot, vault = facts[kind], bytes.fromhex(facts["vault"])

    def context(vault_id: bytes) -> bytes:
        cost = (slot.get("passes", 0), slot.get("memory_kib", 0))
        salt = bytes.fromhex(slot["salt"])
        return struct.pack(">16s16s16sII16s", b"lockbox-slot-v1", vault_id, kind.encode(), *cost, salt)

    fits = digest(door[32:], b"commitment", context(bytes(16))).hex() == slot["commitment"]
    try:
        root = open_blob(door[:32], bytes.fromhex(slot["sealed_root"]), context(vault))
    except CryptoError:
        raise ValueError("damaged" if fits else "wrong") from None
    if not fits:
        raise ValueError("damaged")
    return root


# 4: keys


def subkey(root: bytes, purpose: str, context: bytes = b"") -> bytes:
    return digest(root, purpose.encode(), context, personal=b"lockbox-keytree1")


# 5: the database


def connect(folder: Path, root: bytes) -> Callable[..., list[Any]]:
    connection = dbapi2.connect(f"{(folder / 'vault.db').absolute().as_uri()}?mode=ro", uri=True)
    connection.execute(f"PRAGMA key = \"x'{subkey(root, 'database').hex()}'\"")
    connection.execute("PRAGMA cipher_compatibility = 4")
    return lambda sql, *values: connection.execute(sql, values).fetchall()


NOT_IN_DIGEST = {"log_entry", "disclosure", "row_digest"}
BY_LENGTH = {("segment", "blob"), ("request", "weights"), ("held", "update")}


def row_digest(ask: Callable[..., list[Any]], root: bytes) -> bytes:
    """The digest over every row, by the page alone."""
    tables = {name for (name,) in ask("SELECT name FROM sqlite_master WHERE type = 'table'")} - NOT_IN_DIGEST
    rows = [("sqlite_schema", ("name", "sql", "tbl_name", "type"))]
    rows += [(name, tuple(sorted(row[1] for row in ask(f"PRAGMA table_info('{name}')")))) for name in tables]
    total = 0
    for table, columns in rows:
        shown = [f'length("{each}")' if (table, each) in BY_LENGTH else f'"{each}"' for each in columns]
        for values in ask(f'SELECT {", ".join(shown)} FROM "{table}"'):
            parts = [table, *(part for pair in zip(columns, values, strict=True) for part in pair)]
            element = b"".join(map(_part, parts))
            keyed = hashlib.blake2b(
                element, key=subkey(root, "row-digest"), digest_size=64, person=b"lockbox-rows-1"
            )
            total += int.from_bytes(keyed.digest(), "big")
    return (total % 2**512).to_bytes(64, "big")


def _part(value: Any) -> bytes:
    if value is None:
        return b"n"
    if isinstance(value, int):
        return f"i{value};".encode()
    data = value.encode() if isinstance(value, str) else value
    return f"{'t' if isinstance(value, str) else 'b'}{len(data)}:".encode() + data


# 6: records


def column(ask: Callable[..., list[Any]], root: bytes, collection: str, name: str) -> list[object]:
    ((field, home, kind, wrapped),) = ask(
        "SELECT field.id, collection_id, field.type, wrapped_key FROM field JOIN collection c"
        " ON c.id = collection_id WHERE c.name = ? AND field.name = ?",
        *(collection, name),
    )
    schema = hashlib.sha256(f"{kind}\n{name}".encode()).digest()[:8]
    place = struct.pack(">8sII8s", b"lbx-key1", home, field, schema)
    key = open_blob(subkey(root, "field-wrap"), wrapped, place)
    values: list[object] = []
    segments = ask(
        "SELECT stripe, generation, row_count, blob FROM segment WHERE field_id = ? ORDER BY stripe", field
    )
    for stripe, generation, rows, blob in segments:
        where = (b"lbx-seg1", home, field, stripe, generation, rows, schema)
        plain = open_blob(key, blob, struct.pack(">8sIIIQI8s", *where))
        batch = pa.ipc.read_record_batch(pa.py_buffer(plain), pa.schema([(name, ARROW[kind])]))
        assert (rows, 1) == (batch.num_rows, batch.num_columns)
        values += batch.column(0).to_pylist()
    return values


# 7: the high-water mark


def read_mark(state: Path, origin: str, root: bytes) -> dict[str, Any]:
    file = state / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.json"
    sealed = json.loads(file.read_bytes())
    assert (set(sealed), sealed["v"]) == ({"v", "mark", "mac"}, 5)
    message = json.dumps(sealed["mark"], sort_keys=True, separators=(",", ":")).encode()
    mac = digest(subkey(root, "state-mark"), b"lockbox high-water mark v5\n" + message)
    assert hmac.compare_digest(mac.hex(), sealed["mac"])
    mark: dict[str, Any] = sealed["mark"]
    assert mark["origin"] == origin
    return mark
