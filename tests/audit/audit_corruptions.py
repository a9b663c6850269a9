"""Ways to spoil a bundle that nobody but the holder of the key could hide."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

from audit_home import Exported
from audit_samples import COUNT, LAST
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vault.audit.checkpoint import sign_checkpoint, unverified_checkpoint
from vault.audit.merkle import leaf_hash

Spoil = Callable[[Path, Exported], None]


def lines_of(bundle: Path) -> list[bytes]:
    return (bundle / "entries.jsonl").read_bytes().split(b"\n")[:-1]


def put_lines(bundle: Path, lines: list[bytes]) -> None:
    (bundle / "entries.jsonl").write_bytes(b"".join(line + b"\n" for line in lines))


def on_lines(change: Callable[[list[bytes]], list[bytes]]) -> Spoil:
    return lambda bundle, _: put_lines(bundle, change(lines_of(bundle)))


def on_file(name: str, change: Callable[[bytes], bytes]) -> Spoil:
    def spoil(bundle: Path, _: Exported) -> None:
        before = (bundle / name).read_bytes()
        after = change(before)
        assert before != after, "this corruption changes nothing"
        (bundle / name).write_bytes(after)

    return spoil


def without(name: str) -> Spoil:
    return lambda bundle, _: (bundle / name).unlink()


def flipped(index: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:index] + bytes([data[index] ^ 1]) + data[index + 1 :]


def sized(size: str) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(f"\n{COUNT}\n".encode(), f"\n{size}\n".encode())


def foreign_signature(data: bytes) -> bytes:
    head = unverified_checkpoint(data)
    key = Ed25519PrivateKey.from_private_bytes(b"foreign key of somebody else too")
    return sign_checkpoint(head.origin, head.size, head.root, key.sign, key.public_key().public_bytes_raw())


def unsigned(data: bytes) -> bytes:
    return data[: data.rindex(b"\n\n") + 2]


def extended(data: bytes) -> bytes:
    return data.replace(b"\n\n", b"\nextension\n\n")


def withheld_silently(lines: list[bytes]) -> list[bytes]:
    leaf = base64.b64encode(leaf_hash(lines[3])).decode()
    return [*lines[:3], f'{{"redacted":"{leaf}"}}'.encode(), *lines[4:]]


def withheld_wrongly(lines: list[bytes]) -> list[bytes]:
    leaf = base64.b64encode(leaf_hash(b"something else")).decode()
    return [*lines[:3], f'{{"redacted":"{leaf}"}}'.encode(), *lines[4:]]


def other_hash(data: bytes) -> bytes:
    lines = data.split(b"\n")
    lines[3] = base64.b64encode(bytes(32))
    return b"\n".join(lines)


def moved(data: bytes) -> bytes:
    return data.replace(b'"seq":2}', b'"seq":3}')


def swap_proofs(bundle: Path, _: Exported) -> None:
    one, other = bundle / "proofs/0.tlog-proof", bundle / "proofs/4.tlog-proof"
    spare = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(spare)


def old_head(bundle: Path, exported: Exported) -> None:
    (bundle / "checkpoint").write_bytes(exported.earlier[1])


def rename_checkpoint(bundle: Path, _: Exported) -> None:
    (bundle / "checkpoints/5").rename(bundle / "checkpoints/6")
    (bundle / "proofs/5.consistency").unlink()


# Of what every bundle has, so that it must be seen without a proof to help.
OF_THE_TRAIL: dict[str, Spoil] = {
    "a bit of an entry": on_file("entries.jsonl", flipped(40)),
    "a bit of the last entry": on_file("entries.jsonl", flipped(-10)),
    "a digit of a number": on_file("entries.jsonl", lambda data: data.replace(b"1200", b"1201")),
    "the first entry dropped": on_lines(lambda lines: lines[1:]),
    "a middle entry dropped": on_lines(lambda lines: lines[:9] + lines[10:]),
    "the last entry dropped": on_lines(lambda lines: lines[:-1]),
    "all entries dropped": on_lines(lambda lines: []),
    "an entry twice": on_lines(lambda lines: [*lines[:9], *lines[8:]]),
    "the last entry twice": on_lines(lambda lines: [*lines, lines[-1]]),
    "two entries swapped": on_lines(lambda lines: [*lines[:8], lines[9], lines[8], *lines[10:]]),
    "a space after a line": on_lines(lambda lines: [lines[0] + b" ", *lines[1:]]),
    "a space inside an entry": on_lines(lambda lines: [lines[0].replace(b",", b", ", 1), *lines[1:]]),
    "an empty line": on_lines(lambda lines: [*lines[:9], b"", *lines[9:]]),
    "an empty line at the end": on_lines(lambda lines: [*lines, b""]),
    "line ends of Windows": on_file("entries.jsonl", lambda data: data.replace(b"\n", b"\r\n")),
    "a byte order mark": on_file("entries.jsonl", lambda data: b"\xef\xbb\xbf" + data),
    "no end of the last line": on_file("entries.jsonl", lambda data: data[:-1]),
    "another time": on_lines(lambda lines: [*lines[:9], lines[9].replace(b"03:13", b"03:12"), *lines[10:]]),
    "another size": on_file("checkpoint", sized(f"{LAST}")),
    "a size with a zero before": on_file("checkpoint", sized(f"0{COUNT}")),
    "another root": on_file("checkpoint", lambda data: data.replace(data.split(b"\n")[2], b"A" * 43 + b"=")),
    "another origin": on_file("checkpoint", lambda data: data.replace(b"5c5c", b"5c5d", 1)),
    "another origin everywhere": on_file("checkpoint", lambda data: data.replace(b"5c5c", b"5c5d")),
    "a hyphen for the dash": on_file("checkpoint", lambda data: data.replace("—".encode(), b"-")),
    "no signature": on_file("checkpoint", unsigned),
    "a foreign signature": on_file("checkpoint", foreign_signature),
    "a bit of the signature": on_file("checkpoint", flipped(-9)),
    "an extension line": on_file("checkpoint", extended),
    "an older head": old_head,
    "an entry withheld silently": on_lines(withheld_silently),
    "an entry withheld for another": on_lines(withheld_wrongly),
    "no checkpoint": without("checkpoint"),
    "no entries": without("entries.jsonl"),
    "no key": without("log.vkey"),
}
# Of what a bundle has when it was asked for.
OF_THE_PARTS: dict[str, Spoil] = {
    "a hash of an inclusion proof": on_file("proofs/4.tlog-proof", other_hash),
    "the index of an inclusion proof": on_file(
        "proofs/4.tlog-proof", lambda data: data.replace(b"index 4", b"index 3")
    ),
    "a hash of a consistency proof": on_file("proofs/16.consistency", other_hash),
    "the size of a consistency proof": on_file(
        "proofs/16.consistency", lambda data: data.replace(b"old 16", b"old 15")
    ),
    "the checkpoint in a proof": on_file("proofs/0.tlog-proof", sized(f"{COUNT + 1}")),
    "proofs swapped": swap_proofs,
    "an earlier checkpoint changed": on_file("checkpoints/5", flipped(60)),
    "an earlier checkpoint under another size": rename_checkpoint,
    "an earlier checkpoint missing": without("checkpoints/5"),
    "a disclosure moved to another entry": on_file("disclosures.jsonl", moved),
    "a bit of a disclosure": on_file("disclosures.jsonl", flipped(30)),
}
CORRUPTIONS = OF_THE_TRAIL | OF_THE_PARTS


def strip(bundle: Path) -> None:
    """Leave what every bundle has."""
    for path in [*(bundle / "proofs").iterdir(), *(bundle / "checkpoints").iterdir()]:
        path.unlink()
    (bundle / "proofs").rmdir()
    (bundle / "checkpoints").rmdir()
    (bundle / "disclosures.jsonl").unlink()
