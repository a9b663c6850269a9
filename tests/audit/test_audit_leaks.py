from __future__ import annotations

import base64
import binascii
import codecs
import gzip
import hashlib
import html
import json
import secrets
import string
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from audit_home import Trail
from audit_samples import CLEAR

from vault.audit.entries import EntryType

LETTERS = string.ascii_letters + string.digits
KINDS = [kind for kind in EntryType if kind is not EntryType.LOG_GENESIS]
ROLES = (
    "field",
    "requester_name",
    "collection_name",
    "file_name",
    "reason_text",
    "record_value",
    "contact",
    "note",
)

ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "clear": lambda text: text.encode(),
    "lower case": lambda text: text.lower().encode(),
    "upper case": lambda text: text.upper().encode(),
    "reversed": lambda text: text[::-1].encode(),
    "hex": lambda text: text.encode().hex().encode(),
    "HEX": lambda text: text.encode().hex().upper().encode(),
    "reversed bytes in hex": lambda text: text.encode()[::-1].hex().encode(),
    "base32": lambda text: base64.b32encode(text.encode()).rstrip(b"="),
    "base85": lambda text: base64.b85encode(text.encode()),
    "ascii85": lambda text: base64.a85encode(text.encode()),
    "rot13": lambda text: codecs.encode(text, "rot13").encode(),
    "utf-16": lambda text: text.encode("utf-16-le"),
    "utf-32": lambda text: text.encode("utf-32-le"),
    "every character in percent": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()).encode(),
    "percent": lambda text: urllib.parse.quote(f"{text} ").encode(),
    "plus": lambda text: urllib.parse.quote_plus(f" {text} x").encode(),
    "JSON escapes": lambda text: "".join(f"\\u{ord(character):04x}" for character in text).encode(),
    "HTML numbers": lambda text: "".join(f"&#{ord(character)};" for character in text).encode(),
    "HTML": lambda text: html.escape(f"<{text}>").encode(),
    "decimal bytes": lambda text: ",".join(str(byte) for byte in text.encode()).encode(),
    "uuencode": lambda text: binascii.b2a_uu(text.encode()[:45]).strip(),
    "gzip": lambda text: gzip.compress(text.encode(), mtime=0)[10:-8],
}
DIGESTS = {
    "md5": hashlib.md5,
    "sha1": hashlib.sha1,
    "sha256": hashlib.sha256,
    "sha512": hashlib.sha512,
    "blake2b": hashlib.blake2b,
    "blake2s": hashlib.blake2s,
    "sha3": hashlib.sha3_256,
    "leaf hash": lambda data: hashlib.sha256(b"\x00" + data),
}


def traces(text: str) -> Iterator[tuple[str, bytes]]:
    """Every way in which a planted text could show, named."""
    for name, encoding in ENCODINGS.items():
        yield name, encoding(text)
    for shift in range(3):
        # Base64 looks different at each of three offsets; the ends depend on the neighbours and are cut.
        inside = base64.b64encode(b"x" * shift + text.encode())[4 if shift else 0 : -4]
        yield f"base64 at {shift}", inside
        yield f"base64url at {shift}", inside.translate(bytes.maketrans(b"+/", b"-_"))
    for form in (text, json.dumps(text), f"{text}\n"):
        for name, digest in DIGESTS.items():
            raw = digest(form.encode()).digest()
            yield f"{name} in hex", raw.hex().encode()[:32]
            yield f"{name} in base64", base64.b64encode(raw)[:20]
            yield f"{name} in base64url", base64.urlsafe_b64encode(raw)[:20]
            yield f"{name} raw", raw[:16]


def found_in(folder: Path, texts: list[str]) -> list[tuple[str, str, str]]:
    """(file, encoding, text) of everything that shows."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    whole = b"\n".join(files.values()) + "\n".join(files).encode()
    hits = [(name, trace, text) for text in texts for name, trace in traces(text) if trace in whole]
    return [
        (file, name, text)
        for name, trace, text in hits
        for file, data in [*files.items(), ("names", whole)]
        if trace in data
    ]


def planted(trail: Trail) -> list[str]:
    """Write entries of every type with fresh random texts in every hidden place, and return the texts."""
    canaries: list[str] = []

    def canary() -> str:
        canaries.append("".join(secrets.choice(LETTERS) for _ in range(16)))
        return canaries[-1]

    trail.record(EntryType.LOG_GENESIS, hidden={"what": canary()})
    for kind in KINDS:
        hidden: dict[str, object] = {role: canary() for role in ROLES[:6]}
        hidden["contact"] = {canary(): [canary(), {"inner": canary()}]}
        trail.record(kind, clear=CLEAR[kind], hidden=hidden)
    return canaries


def test_two_hundred_planted_texts_are_in_no_file_of_a_bundle_in_any_encoding(trail, tmp_path):
    canaries = planted(trail)
    old = trail.checkpoint()
    trail.record(EntryType.ACCESS_VIEW)
    trail.export(tmp_path / "bundle", prove=range(len(EntryType)), earlier=[old], redact=[3])

    assert len(set(canaries)) >= 200
    assert found_in(tmp_path / "bundle", canaries) == []


def test_the_names_of_hidden_fields_are_in_no_file_either(trail, tmp_path):
    planted(trail)
    trail.export(tmp_path / "bundle")

    assert found_in(tmp_path / "bundle", list(ROLES[1:6])) == []


def test_disclosing_one_entry_shows_its_own_texts_and_no_others(trail, tmp_path):
    """The scan itself works: what is opened on purpose is found, and only that."""
    canaries = planted(trail)
    trail.export(tmp_path / "bundle", disclose=[4])
    opened = "".join(
        base64.urlsafe_b64decode(json.loads(line)["d"] + "==").decode()
        for line in (tmp_path / "bundle" / "disclosures.jsonl").read_text().splitlines()
    )
    shown = {text for text in canaries if text in opened}

    assert len(shown) == 9
    found = {text for _, _, text in found_in(tmp_path / "bundle", canaries)}
    assert found <= shown
    assert found != set()


@pytest.mark.parametrize("name", ENCODINGS)
def test_the_scan_finds_every_encoding_it_knows(tmp_path, name):
    (tmp_path / "file").write_bytes(b"before " + ENCODINGS[name]("Xk3PqLm9RtVw2Zc8") + b" after")

    assert found_in(tmp_path, ["Xk3PqLm9RtVw2Zc8"]) != []


def test_small_values_cannot_be_guessed_from_their_digests(trail, tmp_path):
    """A dictionary of every plausible answer opens no commitment: salts are random and not in the bundle."""
    trail.record(EntryType.LOG_GENESIS)
    guesses = ["yes", "no", "weight", "pulse", *map(str, range(300))]
    for guess in guesses[:20]:
        trail.record(EntryType.ACCESS_VIEW, hidden={"what": guess})
    trail.export(tmp_path / "bundle")
    lines = (tmp_path / "bundle" / "entries.jsonl").read_bytes().splitlines()
    digests = {digest for line in lines for digest in json.loads(line).get("_sd", [])}

    for guess in guesses:
        for form in (
            guess,
            json.dumps(guess),
            json.dumps(["what", guess]),
            json.dumps(["", "what", guess]),
            f"what{guess}",
        ):
            for text in (form, base64.urlsafe_b64encode(form.encode()).decode().rstrip("=")):
                digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
                assert digest not in digests
    assert len(digests) == 80


def test_the_same_hidden_value_twice_leaves_nothing_that_links_the_entries(trail, tmp_path):
    trail.record(EntryType.LOG_GENESIS)
    for _ in range(5):
        trail.record(EntryType.ACCESS_VIEW, hidden={"what": "the same"})
    trail.export(tmp_path / "bundle")
    lines = (tmp_path / "bundle" / "entries.jsonl").read_bytes().splitlines()[1:]

    assert len({digest for line in lines for digest in json.loads(line)["_sd"]}) == 20
    assert {len(line) for line in lines} == {len(lines[0])}
