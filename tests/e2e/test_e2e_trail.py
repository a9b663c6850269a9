"""The trail that is handed to others: what it tells of the records, and what the verifying command refuses."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.sweeps import sweep_of_many
from tests.worlds.commands import Outcome, run
from tests.worlds.vaults import new_world
from tests.worlds.world import World

KEY = Ed25519PrivateKey.from_private_bytes(b"an auditor's key is not this one")
ORIGIN = "vault.invalid/" + "ab" * 16
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def in_clear(world: World, rows: int) -> list[dict[str, Any]]:
    """Import so many rows, erase them, export the trail, and read what everybody can read of it."""
    table = world.folder / "table.csv"
    table.write_text("steps\n" + "".join(f"{row}\n" for row in range(rows)))
    for words in (
        ("import", table, "--collection", "walks", "--unit", "record"),
        ("data", "erase", "walks", "--confirm", "walks"),
        ("audit", "export", world.folder / "trail"),
    ):
        outcome = run(world.paths, *words)
        assert outcome.code == 0, outcome.err
    lines = (world.folder / "trail" / "entries.jsonl").read_text().splitlines()
    assert len({len(json.loads(line).get("_sd", [])) for line in lines}) > 1, "some entries hide something"
    return [_without_chance(json.loads(line)) for line in lines]


def _without_chance(entry: dict[str, Any]) -> dict[str, Any]:
    """Commitments by their number, and neither the time nor a random id."""
    told = {key: value for key, value in entry.items() if key not in ("_sd", "ts")}
    return {
        "digests": len(entry.get("_sd", [])),
        **json.loads(re.sub(r"[0-9a-f]{32}", "id", json.dumps(told))),
    }


def test_one_row_more_changes_nothing_that_stands_in_clear(tmp_path: Path) -> None:
    """Nine rows and ten: a decade of rows is a bit of one row."""
    folders = [tmp_path / "nine", tmp_path / "ten"]
    for folder in folders:
        folder.mkdir()
    nine, ten = (in_clear(new_world(folder), rows) for folder, rows in zip(folders, (9, 10), strict=True))

    assert {"record.import", "record.erase"} <= {entry["type"] for entry in nine}
    assert nine == ten


def bundle_of(folder: Path, bodies: list[bytes]) -> str:
    """A bundle of one or two entries that a key of our own signed, as docs/audit-format.md has it; returns its key."""
    leaves = [hashlib.sha256(b"\x00" + body).digest() for body in bodies]
    root = leaves[0] if len(leaves) == 1 else hashlib.sha256(b"\x01" + leaves[0] + leaves[1]).digest()
    public = b"\x01" + KEY.public_key().public_bytes_raw()
    key_id = hashlib.sha256(ORIGIN.encode() + b"\n" + public).digest()[:4]
    head = f"{ORIGIN}\n{len(bodies)}\n{base64.b64encode(root).decode()}\n"
    blob = base64.b64encode(key_id + KEY.sign(head.encode())).decode()
    vkey = f"{ORIGIN}+{key_id.hex()}+{base64.b64encode(public).decode()}"
    folder.mkdir()
    (folder / "checkpoint").write_text(f"{head}\n— {ORIGIN} {blob}\n")
    (folder / "entries.jsonl").write_bytes(b"".join(body + b"\n" for body in bodies))
    (folder / "log.vkey").write_text(vkey + "\n")
    return vkey


def trail_with(digest: str) -> list[bytes]:
    """The shortest trail with a commitment in it."""
    begun = '{"app":"lockbox 1","seq":0,"ts":"2026-01-01T00:00:00Z","type":"log.genesis","v":1}'
    hides = f'"_sd":["{digest}"],"_sd_alg":"sha-256"'
    looked = f'{{{hides},"seq":1,"ts":"2026-01-01T00:00:00Z","type":"access.view","v":1}}'
    return [begun.encode(), looked.encode()]


@pytest.mark.parametrize(("bit", "code"), [(0, 0), (1, 6), (2, 6), (3, 6)])
def test_a_commitment_has_one_spelling(world: World, bit: int, code: int) -> None:
    """43 letters carry 258 bits and a digest has 256: with one of the two others set it reads as the same digest."""
    digest = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
    spelled = digest[:42] + LETTERS[LETTERS.index(digest[42]) + bit]
    assert base64.urlsafe_b64decode(spelled + "=") == bytes(range(32))
    vkey = bundle_of(world.folder / "bundle", trail_with(spelled))

    outcome = run(world.paths, "audit", "verify", "--bundle", world.folder / "bundle", "--key", vkey)
    assert code == outcome.code, outcome.all


# what is asked for -----------------------------------------------------------------------------------------------


def exported(world: World, name: str, *choice: str) -> Outcome:
    """Export the trail into a folder of this name."""
    return run(world.paths, "audit", "export", world.folder / name, *choice)


def granted(world: World) -> int:
    """The number of the entry of a consent."""
    lines = [json.loads(line) for line in run(world.paths, "audit", "show", "--json").out.splitlines()]
    return next(int(line["seq"]) for line in lines if line["type"] == "consent.grant")


def verified(world: World, name: str) -> dict[str, Any]:
    """What the verifying command says of a bundle; it opens no vault."""
    key = run(world.paths, "audit", "key").out.strip()
    words = ("audit", "verify", "--bundle", world.folder / name, "--key", key, "--json")
    outcome = run(world.paths, *words, secret=None)
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = json.loads(outcome.out)
    return found


def test_an_export_proves_that_it_goes_on_from_what_somebody_kept(today: World) -> None:
    """The checkpoint of the earlier size is the very file that was given away then."""
    size = json.loads(exported(today, "first", "--json").out)["size"]
    outcome = exported(today, "second", "--since", f"{size}", "--since", "1")

    assert outcome.code == 0, outcome.err
    assert f"It goes on from the trail of 1, {size} entries." in " ".join(outcome.err.split())
    kept = today.folder / "second" / "checkpoints" / f"{size}"
    assert kept.read_bytes() == (today.folder / "first" / "checkpoint").read_bytes()
    assert verified(today, "second")["goes_on_from"] == [1, size]
    spoilt = today.folder / "second" / "proofs" / f"{size}.consistency"
    spoilt.write_bytes(spoilt.read_bytes().replace(b"old", b"new"))
    key = run(today.paths, "audit", "key").out.strip()
    assert run(today.paths, "audit", "verify", "--bundle", today.folder / "second", "--key", key).code == 6


def test_a_key_that_is_none_says_nothing_about_the_bundle(today: World) -> None:
    exported(today, "out")
    key = run(today.paths, "audit", "key").out.strip()
    for given, why in (
        (key[:-3] + ("AAA" if key[-3:] != "AAA" else "BBB"), "no verifier key: mistyped"),
        (str(today.folder / "out"), "no verifier key: not one of this kind"),
        ("", "'--key': an empty text names nothing"),
    ):
        outcome = run(today.paths, "audit", "verify", "--bundle", today.folder / "out", "--key", given)
        assert (outcome.code, why in outcome.err) == (1, True), outcome.err
    outcome = run(today.paths, "audit", "verify", "--key", key)
    assert (outcome.code, "--key goes with --bundle" in outcome.err) == (2, True)


def test_an_export_proves_single_entries_by_themselves(today: World) -> None:
    outcome = exported(today, "out", "--prove", "0", "--prove", "3")

    assert outcome.code == 0, outcome.err
    assert {"0.tlog-proof", "3.tlog-proof"} <= {
        path.name for path in (today.folder / "out" / "proofs").iterdir()
    }
    assert {0, 3} <= set(verified(today, "out")["proven"])


def test_what_is_opened_is_said_first_asked_for_and_recorded(today: World) -> None:
    """One field of a consent: nothing else of it is readable, and the trail says what was given away."""
    seq = granted(today)
    asked = exported(today, "out", "--disclose", f"{seq}:controller")
    assert (asked.code, (today.folder / "out").exists()) == (1, False)
    said = " ".join(asked.err.split())
    assert f"can prove to anybody: entry {seq}, consent.grant: controller is" in said
    assert "cannot be taken back" in said

    other = exported(today, "out", "--disclose", f"{seq}:controller", "--confirm", "9")
    assert (other.code, (today.folder / "out").exists()) == (4, False)
    assert "1 field would be opened, and not 9 as was confirmed" in " ".join(other.err.split())

    before = len(run(today.paths, "audit", "show").out.splitlines())
    outcome = exported(today, "out", "--disclose", f"{seq}:controller", "--confirm", "1")
    assert outcome.code == 0, outcome.err
    (opened,) = verified(today, "out")["opened"]
    assert (opened["seq"], opened["type"], opened["name"]) == (seq, "consent.grant", "controller")
    assert opened["value"] in said
    (line,) = (today.folder / "out" / "disclosures.jsonl").read_text().splitlines()
    assert json.loads(line)["seq"] == seq
    trail = run(today.paths, "audit", "show").out.splitlines()
    assert len(trail) > before
    assert f"which opens entry {seq}: controller" in " ".join(" ".join(trail[before:]).split())
    last = (today.folder / "out" / "entries.jsonl").read_text().splitlines()[-1]
    assert (json.loads(last)["type"], json.loads(last)["profile"]) == ("export", "audit-disclosed")


def test_a_whole_entry_is_opened_with_its_number_alone_and_shown_by_name(today: World) -> None:
    seq = granted(today)
    shown = [
        json.loads(line)
        for line in run(today.paths, "audit", "show", "--entry", f"{seq}", "--json").out.splitlines()
    ]
    outcome = exported(today, "out", "--disclose", f"{seq}", "--confirm", f"{len(shown)}")

    assert outcome.code == 0, outcome.err
    assert [field["name"] for field in verified(today, "out")["opened"]] == sorted(
        field["name"] for field in shown
    )
    told = run(today.paths, "audit", "show", "--entry", f"{seq}").out
    assert [field["name"] in told for field in shown] == [True] * len(shown)


@pytest.mark.parametrize(
    ("choice", "code", "says"),
    sweep_of_many(
        [
            (("--disclose", "1:source", "--confirm", "2"), 4, "would be opened, and not"),
            (("--since", "0"), 1, "has had the sizes 1 to"),
            (("--prove", "9999"), 1, "has the entries 0 to"),
            (("--disclose", "0"), 1, "entry 0 hides nothing like that"),
            (("--since", "9999"), 1, "has had the sizes 1 to"),
            (("--prove", "-1"), 1, "-1 is not a whole number from 0 on"),
            (("--disclose", "9999"), 1, "has the entries 0 to"),
            (("--disclose", "1:nothing"), 1, "entry 1 hides nothing like that"),
            (("--disclose", "x:y"), 2, "SEQ:NAME"),
            (("--disclose", "9" * 400), 2, "SEQ:NAME"),
        ],
        default=4,
    ),
)
def test_what_is_not_there_is_refused_before_anything_is_written(
    today: World, choice: tuple[str, ...], code: int, says: str
) -> None:
    outcome = exported(today, "out", *choice)

    assert (outcome.code, says in " ".join(outcome.err.split())) == (code, True), outcome.err
    assert not (today.folder / "out").exists()
    assert '"type": "export"' not in run(today.paths, "audit", "show", "--json").out
