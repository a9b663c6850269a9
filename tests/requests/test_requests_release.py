"""The release manifest, and what a requester checks of a release."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests_samples import KEY, OTHER_KEY, SHAPES, WEIGHTS, exit_code, job_of, manifest

from tui.cli.entry_point import run
from vault.budget.pricing import Price
from vault.errors.families import LockboxError
from vault.errors.keys import KeyOfOtherKind
from vault.errors.records import FileMissing
from vault.errors.release import AnswersOtherOfId, ReleaseInvalid
from vault.requester.releases import ReleaseFacts, apply_update, verify_release
from vault.requests.bundle import signature_line
from vault.requests.canonical import canonical
from vault.requests.manifest import Manifest
from vault.requests.parse import manifest_digest, parse_manifest
from vault.requests.release_manifest import (
    RELEASE_DOMAINS,
    RELEASE_FILE,
    RELEASE_SIGNATURE_FILE,
    UPDATE_FILE,
    build_release_manifest,
    parse_release_manifest,
)
from vault.requests.weights import read_tensors, write_tensors
from vault.sealing.digest import sha256_hex
from vault.sealing.keyfile import key_line

VAULT_KEY = OTHER_KEY
PRICE = Price(
    charge=(1,) * 11,
    delta=Decimal("1e-6"),
    epsilon=Decimal("1.234567"),
    guess_rate=Decimal("0.6"),
    worst_case=Decimal("0.7"),
    numerical_assumption=False,
)
STEPS = {"weight": np.full((2, 4), 3 << 24, np.int64), "bias": np.array([1, -(1 << 23)], np.int64)}
UPDATE = write_tensors(STEPS)


def built(job: Manifest | None = None, **changes: Any) -> bytes:
    facts: dict[str, Any] = {
        "request_id": "a" * 32,
        "job_digest": manifest_digest(job_of().manifest),
        "allowed": frozenset({"good_night", "steps"}),
        "price": PRICE,
        "update": UPDATE,
        "vault_key": VAULT_KEY.public,
    }
    return build_release_manifest(job or manifest(), **facts | changes)


def document(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(built())
    return made | changes


@dataclass(frozen=True)
class Places:
    release: Path
    job: Path
    key: Path

    def verify(self, *, with_job: bool = True) -> ReleaseFacts:
        return verify_release(self.release, self.key, self.job if with_job else None)

    def write(self, content: dict[str, Any] | bytes, *, update: bytes = UPDATE) -> None:
        """A release with any content, rightly signed."""
        data = content if isinstance(content, bytes) else canonical(content)
        (self.release / RELEASE_FILE).write_bytes(data)
        signature = signature_line(VAULT_KEY.sign(RELEASE_DOMAINS[2] + data))
        (self.release / RELEASE_SIGNATURE_FILE).write_bytes(signature)
        (self.release / UPDATE_FILE).write_bytes(update)


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """A good release, the job it answers, and the vault's key file."""
    made = Places(release=tmp_path / "release", job=tmp_path / "job", key=tmp_path / "vault.pub")
    made.release.mkdir()
    made.write(built())
    made.job.mkdir()
    (made.job / "manifest.json").write_bytes(job_of().manifest)
    (made.job / "manifest.sig").write_bytes(signature_line(job_of().signature))
    (made.job / "weights.safetensors").write_bytes(WEIGHTS)
    made.key.write_text(key_line("vault-public", VAULT_KEY.public) + "\n")
    return made


def test_the_manifest_says_whose_job_it_answers_and_what_it_cost() -> None:
    assert document() == {
        "v": 2,
        "release_id": "a" * 32,
        "request_id": "a" * 32,
        "job_id": manifest().job_id,
        "job_manifest_sha256": sha256_hex(job_of().manifest),
        "requester": KEY.public.hex(),
        "collection": "sleep",
        "unit": "day",
        "fields_used": ["good_night", "steps"],
        "fields_withheld": ["weekday"],
        "purpose": "https://w3id.org/dpv#AcademicResearch",
        "retention": "deleted when the study ends",
        "mechanism": {
            "sampling_rate": 0.1,
            "expected_batch": 20,
            "clip_norm": 1,
            "noise_multiplier": 4,
            "steps": 100,
            "grid": 14,
            "average": "tail",
            "accountant": document()["mechanism"]["accountant"],
            "numerical_assumption": False,
        },
        "epsilon": "1.234567",
        "delta": "0.000001",
        "update": {
            "sha256": sha256_hex(UPDATE),
            "size": len(UPDATE),
            "encoding": "int64",
            "step": 2.0**-24,
        },
        "job": {"kind": "train"},
        "model": {"kind": "logistic", "weights": sha256_hex(WEIGHTS)},
        "optimizer": {"kind": "sgd", "lr": 0.5, "momentum": 0.9},
        "campaign": None,
        "vault_key": VAULT_KEY.public.hex(),
    }
    assert document()["mechanism"]["accountant"].startswith("dp-accounting ")


def test_building_is_deterministic_and_canonical() -> None:
    assert built() == built() == canonical(document())


def test_a_release_verifies_with_and_without_its_job(places: Places) -> None:
    facts = places.verify()

    assert facts.manifest == parse_release_manifest(built())
    assert facts.digest == sha256_hex(built())
    assert facts.answers_job
    assert not places.verify(with_job=False).answers_job


CHANGES: dict[str, Callable[[], dict[str, Any]]] = {
    "unknown key": lambda: document(zz=1),
    "another version": lambda: document(v=3),
    "another vault key": lambda: document(vault_key=KEY.public.hex()),
    "a scientific number": lambda: document(epsilon="1E-3"),
    "a negative number": lambda: document(epsilon="-1"),
    "a time": lambda: document(held_at="2026-03-02T10:11:00Z"),
    "no round of a campaign": lambda: document(campaign={"digest": "0" * 64, "round": 0}),
    "half a campaign": lambda: document(campaign={"digest": "0" * 64}),
    "another kind of job": lambda: document(job={"kind": "own"}),
    "a field used and withheld": lambda: document(fields_withheld=["steps"]),
    "another update digest": lambda: document(update=document()["update"] | {"sha256": "0" * 64}),
    "another update size": lambda: document(update=document()["update"] | {"size": len(UPDATE) - 1}),
    "another step": lambda: document(update=document()["update"] | {"step": 2.0**-23}),
    "another encoding": lambda: document(update=document()["update"] | {"encoding": "int8"}),
    "no encoding": lambda: document(
        update={key: value for key, value in document()["update"].items() if key != "encoding"}
    ),
    "an endless number": lambda: (
        document(mechanism=document()["mechanism"] | {"steps": 2**53 - 1}) | {"v": 4}
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_release_that_breaks_the_format_is_refused_even_when_signed(places: Places, name: str) -> None:
    places.write(CHANGES[name]())

    with pytest.raises(ReleaseInvalid) as refused:
        places.verify(with_job=False)
    assert exit_code(refused.value) == 6


@pytest.mark.parametrize(
    "change",
    [
        {"job_id": "b" * 32},
        {"job_manifest_sha256": "0" * 64},
        {"requester": OTHER_KEY.public.hex()},
        {"collection": "walks"},
        {"unit": "record"},
        {"purpose": "https://w3id.org/dpv#CommercialResearch"},
        {"retention": "for ever"},
        {"fields_withheld": []},
        {"fields_used": ["good_night", "steps", "weekday", "mood"], "fields_withheld": []},
        {"fields_used": ["good_night"], "fields_withheld": ["steps", "weekday"]},
        {"mechanism": document()["mechanism"] | {"noise_multiplier": 3}},
        {"mechanism": document()["mechanism"] | {"steps": 101}},
        {"mechanism": document()["mechanism"] | {"average": "last"}},
        {"model": document()["model"] | {"weights": "0" * 64}},
        {"model": document()["model"] | {"kind": "linear"}},
        {"optimizer": document()["optimizer"] | {"lr": 0.25}},
    ],
)
def test_a_release_must_answer_exactly_the_job(places: Places, change: dict[str, Any]) -> None:
    places.write(document(**change))

    assert places.verify(with_job=False).manifest is not None
    of_other = AnswersOtherOfId if "job_manifest_sha256" in change else ReleaseInvalid
    with pytest.raises(of_other):
        places.verify()


def test_a_release_of_another_step_than_the_job_asks_is_refused(places: Places) -> None:
    """A model that is moved by twice as much is another model, rightly signed as it may be."""
    output = {"average": "tail", "grid": 14, "encoding": "int16", "most_units": 1000}
    job = job_of(output=output)
    (places.job / "manifest.json").write_bytes(job.manifest)
    (places.job / "manifest.sig").write_bytes(signature_line(job.signature))
    update = write_tensors({name: np.full(shape, 5, np.int16) for name, shape in SHAPES.items()})
    said = json.loads(
        built(parse_manifest(job.manifest), update=update, job_digest=manifest_digest(job.manifest))
    )
    places.write(said, update=update)
    step = said["update"]["step"]
    moved = read_tensors(apply_update(WEIGHTS, places.release), dtype="F32")
    assert places.verify().answers_job
    assert moved["weight"] == pytest.approx(5 * step)

    places.write(said | {"update": said["update"] | {"step": 2 * step}}, update=update)
    assert not places.verify(with_job=False).answers_job
    with pytest.raises(ReleaseInvalid, match="not what the job says"):
        places.verify()


@pytest.mark.parametrize(
    "tensors",
    [
        {name: tensor.astype(np.float32) for name, tensor in STEPS.items()},
        STEPS | {"bias": np.array([np.nan, 0])},
        STEPS | {"bias": np.zeros(2, np.int32)},
    ],
)
def test_an_update_of_another_type_is_refused(places: Places, tensors: dict[str, Any]) -> None:
    update = write_tensors(tensors)
    places.write(built(update=update), update=update)

    with pytest.raises(ReleaseInvalid, match="I64"):
        places.verify(with_job=False)


@pytest.mark.parametrize("tensors", [STEPS | {"bias": np.zeros(3, np.int64)}, {"bias": STEPS["bias"]}])
def test_an_update_of_another_shape_is_refused(places: Places, tensors: dict[str, Any]) -> None:
    update = write_tensors(tensors)
    places.write(built(update=update), update=update)

    with pytest.raises(ReleaseInvalid, match="in its update"):
        places.verify()
    with pytest.raises(ReleaseInvalid, match="does not fit these weights"):
        apply_update(WEIGHTS, places.release)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.sampled_from([RELEASE_FILE, RELEASE_SIGNATURE_FILE, UPDATE_FILE]),
    st.integers(0, 10_000),
    st.integers(1, 255),
)
def test_no_byte_of_a_release_can_be_changed(places: Places, name: str, place: int, flip: int) -> None:
    path = places.release / name
    good = path.read_bytes()
    bad = bytearray(good)
    bad[place % len(bad)] ^= flip
    path.write_bytes(bad)
    try:
        with pytest.raises(ReleaseInvalid):
            places.verify(with_job=False)
    finally:
        path.write_bytes(good)


def test_a_release_is_refused_under_another_vaults_key(places: Places) -> None:
    places.key.write_text(key_line("vault-public", KEY.public))

    with pytest.raises(ReleaseInvalid, match="not signed by this vault key"):
        places.verify()


def test_a_requester_key_is_no_vault_key(places: Places) -> None:
    places.key.write_text(key_line("requester-public", VAULT_KEY.public))

    with pytest.raises(KeyOfOtherKind, match="the public key of a requester; here the public key of a vault"):
        places.verify()


@pytest.mark.parametrize("name", [RELEASE_FILE, RELEASE_SIGNATURE_FILE, UPDATE_FILE])
def test_missing_and_oversize_files_are_said(places: Places, name: str) -> None:
    with (places.release / name).open("ab") as file:
        file.truncate(10**12)
    with pytest.raises(ReleaseInvalid, match="allowed size"):
        places.verify()

    (places.release / name).unlink()
    with pytest.raises(FileMissing, match=name):
        places.verify()


def test_applying_an_update_adds_the_integers_on_their_grid(places: Places) -> None:
    start = write_tensors(
        {"weight": np.full(SHAPES["weight"], 0.5, np.float32), "bias": np.zeros(2, np.float32)}
    )
    moved = read_tensors(apply_update(start, places.release), dtype="F32")

    np.testing.assert_array_equal(np.full((2, 4), 3.5, np.float32), moved["weight"])
    np.testing.assert_array_equal(np.array([2.0**-24, -0.5], np.float32), moved["bias"])


def test_a_release_of_another_job_is_whole_and_the_option_is_wrong(
    places: Places, capsys: pytest.CaptureFixture[str]
) -> None:
    places.write(document(job_id="b" * 32, job_manifest_sha256="0" * 64))
    verify = ["update", "verify", str(places.release), "--vault-key", str(places.key), "--job"]

    assert run([*verify, str(places.job)]) == 1
    assert "this release answers another job: bbbb" in " ".join(capsys.readouterr().err.split())
    places.write(document(job_manifest_sha256="0" * 64))
    assert run([*verify, str(places.job)]) == 1
    assert "another job of this id" in " ".join(capsys.readouterr().err.split())


def test_what_is_no_release_or_no_sum_is_not_called_damaged(
    places: Places, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = ["--vault-key", str(places.key)]

    (note := tmp_path / "note.txt").write_text("no release")
    assert run(["update", "verify", str(note), *key]) == 1
    assert "is no folder of a release" in " ".join(capsys.readouterr().err.split())
    wanted = ["--sum", str(tmp_path / "sum"), "--job", str(places.job), "--model", str(tmp_path / "model")]
    assert run(["update", "verify", str(places.release), *key, *wanted]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "this release holds no sum, but how a model's weights change" in told
    assert "--model FILE" in told
    assert not (tmp_path / "model").exists()


def test_a_model_is_made_of_the_starting_weights_of_its_job_alone(places: Places, tmp_path: Path) -> None:
    """Others of the same shapes would make another model, and nothing would look wrong."""
    others = {name: np.ones(shape, np.float32) for name, shape in SHAPES.items()}
    (places.job / "weights.safetensors").write_bytes(write_tensors(others))
    verify = ["update", "verify", str(places.release), "--vault-key", str(places.key), "--job"]

    assert run([*verify, str(places.job), "--model", str(tmp_path / "model")]) == 6
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("wanted", [("--model", "m.onnx"), ("--onnx", "m.safetensors")])
def test_a_file_is_not_named_as_the_other_kind_of_model(
    wanted: tuple[str, str], places: Places, tmp_path: Path
) -> None:
    verify = ["update", "verify", str(places.release), "--vault-key", str(places.key), "--job"]

    assert run([*verify, str(places.job), wanted[0], str(tmp_path / wanted[1])]) == 2
    assert not (tmp_path / wanted[1]).exists()


def test_an_update_is_not_applied_when_it_is_not_the_named_one(places: Places) -> None:
    (places.release / UPDATE_FILE).write_bytes(write_tensors(STEPS | {"bias": np.zeros(2, np.int64)}))

    with pytest.raises(ReleaseInvalid):
        apply_update(WEIGHTS, places.release)


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"\xff", b"{" * 1000, b" " * 300_000, canonical({"v": 1})]
)
def test_anything_else_is_no_release_manifest(data: bytes) -> None:
    with pytest.raises(LockboxError) as refused:
        parse_release_manifest(data)

    assert type(refused.value) is ReleaseInvalid
