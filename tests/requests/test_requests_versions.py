"""Both versions of jobs and releases: frozen ones, what they have in common, and what this version does not do yet."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from requests_samples import KEY, SHAPES, WEIGHTS, document, first_version, signed

from vault.budget import pricing
from vault.errors.release import AnswersOtherOfId
from vault.errors.requests import ManifestInvalid, ManifestTampered
from vault.requester.jobs import DELTA, check_job, sign_job
from vault.requester.releases import apply_update, verify_release
from vault.requests.bundle import JOB_DOMAINS, JobFiles, check_signature, signature_line
from vault.requests.canonical import canonical
from vault.requests.manifest import OWNERS_KINDS, second_version
from vault.requests.parse import manifest_bytes, parse_manifest
from vault.requests.release_manifest import SecondRelease, parse_release_manifest, without_time
from vault.requests.shapes import dimension, shapes, update_shapes
from vault.requests.translate import learner_job, mechanism
from vault.requests.weights import read_tensors
from vault.requests.words import job_words
from vault.sealing.keyfile import key_line

VECTORS = Path(__file__).parent / "vectors"
VERSIONS = ["v1", "v2"]


def page(name: str) -> str:
    """A page of docs."""
    return (Path(__file__).parents[2] / "docs" / f"{name}.md").read_text()


def expected(version: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((VECTORS / version / "expected.json").read_text())
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_a_frozen_job_passes_every_check_at_its_frozen_price(version: str) -> None:
    facts = check_job(VECTORS / version / "job")

    assert expected(version)["job_digest"] == facts.digest
    assert expected(version)["epsilon"] == str(facts.price.epsilon)
    assert expected(version)["charge"] == list(facts.price.charge)
    assert f"v{facts.manifest.v}" == version


@pytest.mark.parametrize("version", VERSIONS)
def test_a_frozen_release_verifies_against_its_frozen_job(version: str) -> None:
    place = VECTORS / version
    facts = verify_release(place / "release", place / "vault.pub", place / "job")
    moved = read_tensors(apply_update(WEIGHTS, place / "release"), dtype="F32")

    assert expected(version)["release_digest"] == facts.digest
    assert f"v{facts.manifest.v}" == version
    assert {name: tensor.shape for name, tensor in moved.items()} == SHAPES
    assert moved["weight"].tolist() == [[3.0] * 4] * 2


@pytest.mark.parametrize("other", VERSIONS)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_release_answers_the_job_of_its_own_digest_alone(version: str, other: str) -> None:
    place = VECTORS / version
    if version == other:
        assert verify_release(place / "release", place / "vault.pub", place / "job").answers_job
    else:
        with pytest.raises(AnswersOtherOfId, match="another job"):
            verify_release(place / "release", place / "vault.pub", VECTORS / other / "job")


def test_both_versions_of_a_job_cost_the_same_and_are_the_same_to_the_learner() -> None:
    first = parse_manifest(canonical(first_version(document())))
    second = parse_manifest(canonical(document()))

    assert (first.v, second.v) == (1, 2)
    assert mechanism(first) == mechanism(second)
    assert pricing.price(mechanism(first), DELTA) == pricing.price(mechanism(second), DELTA)
    allowed = first.required
    assert learner_job(first, allowed) == learner_job(second, allowed)
    assert second_version(first) == second == second_version(second)


@pytest.mark.parametrize("version", [1, 2])
def test_a_signature_is_for_one_version_alone(version: int) -> None:
    """A job of one version that is signed as one of the other is not signed."""
    data = canonical(document() if version == 2 else first_version(document()))
    files = [
        JobFiles(manifest=data, signature=KEY.sign(JOB_DOMAINS[other] + data), weights=b"")
        for other in (1, 2)
    ]
    right, wrong = files if version == 1 else reversed(files)

    assert KEY.public == check_signature(right)
    with pytest.raises(ManifestTampered):
        check_signature(wrong)


@pytest.mark.parametrize("version", [0, 3, -1, True, None, "2", 2.5])
def test_a_job_of_no_known_version_is_refused_before_its_signature_is_looked_at(version: object) -> None:
    with pytest.raises(ManifestInvalid, match="v is none of the versions known here, 1 and 2"):
        check_signature(signed(document(v=version)))
    with pytest.raises(ManifestInvalid, match="v is none of the versions known here, 1 and 2"):
        parse_manifest(canonical(document(v=version)))


def test_what_only_an_owner_does_is_refused_by_its_name() -> None:
    for word in OWNERS_KINDS:
        said = f"job.kind is {word}, which is for the owner of a vault alone"
        with pytest.raises(ManifestInvalid, match=said):
            parse_manifest(canonical(document(job__kind=word)))
        assert f"`{word}`" in page("job-manifest")
    with pytest.raises(ManifestInvalid, match=r"job\.kind is not one of the words allowed there"):
        parse_manifest(canonical(document(job__kind="x" * 300)))
    with pytest.raises(ManifestInvalid, match="output is of a kind that is not in the format"):
        parse_manifest(canonical(document(output__encoding="x" * 300)))


def test_a_job_of_a_later_kind_is_refused_for_its_kind_whatever_else_it_has() -> None:
    """A job of the owner's own has no optimizer, and that is not what is wrong with it."""
    with pytest.raises(ManifestInvalid, match=r"job\.kind is own"):
        parse_manifest(canonical(document(job={"kind": "own", "rows": 1}, optimizer=None, steps=0)))


def test_a_job_of_a_campaign_is_refused_with_a_sentence() -> None:
    round_one = {"digest": "ab" * 32, "round": 1}
    with pytest.raises(ManifestInvalid, match="signed by its round key"):
        parse_manifest(canonical(document(campaign=round_one)))
    for wrong in ({**round_one, "round": 0}, {"digest": "AB" * 32, "round": 1}, {"round": 1}, "summer", {}):
        with pytest.raises(ManifestInvalid, match="campaign"):
            parse_manifest(canonical(document(campaign=wrong)))


@pytest.mark.parametrize("key", ["job", "campaign"])
def test_the_first_version_has_no_room_for_what_is_new(key: str) -> None:
    with pytest.raises(ManifestInvalid, match="has a key that is not in the format"):
        parse_manifest(canonical(first_version(document()) | {key: document()[key]}))
    with pytest.raises(ManifestInvalid, match=f"{key} is missing"):
        parse_manifest(canonical({name: value for name, value in document().items() if name != key}))


def test_signing_a_job_of_the_first_version_makes_it_one_of_the_second(tmp_path: Path) -> None:
    job = Path(shutil.copytree(VECTORS / "v1" / "job", tmp_path / "job"))
    (tmp_path / "key").write_text(f"lockbox-requester-secret-v1 {_base64(KEY.seed().reveal())}\n")
    (tmp_path / "key").chmod(0o600)
    sign_job(job, tmp_path / "key")

    assert (job / "manifest.json").read_bytes() == (VECTORS / "v2" / "job" / "manifest.json").read_bytes()
    assert (job / "manifest.sig").read_bytes() == (VECTORS / "v2" / "job" / "manifest.sig").read_bytes()


def test_a_release_without_its_time_says_the_same_and_no_more() -> None:
    first = parse_release_manifest((VECTORS / "v1" / "release" / "release.json").read_bytes())
    job = parse_manifest((VECTORS / "v1" / "job" / "manifest.json").read_bytes())
    second = json.loads(without_time(first, job))
    frozen = json.loads((VECTORS / "v2" / "release" / "release.json").read_bytes())

    assert second == frozen | {"job_manifest_sha256": expected("v1")["job_digest"]}
    assert not re.search("[0-9]{4}-[0-9]{2}-[0-9]{2}", json.dumps(second))


def test_every_key_of_a_release_has_its_row() -> None:
    frozen = json.loads((VECTORS / "v2" / "release" / "release.json").read_bytes())
    names = {
        f"{key}.{inner}" if key in ("mechanism", "update") else key
        for key, value in frozen.items()
        for inner in (value if isinstance(value, dict) else [""])
    }
    rows = re.findall(r"^\| (`.+`) \| .+ \|$", page("release-format"), re.MULTILINE)
    listed = {name for row in rows for name in re.findall("`([^`]+)`", row)}

    assert names == listed - {"update.safetensors", "release.json", "release.sig"}
    assert set(SecondRelease.model_fields) == {name.partition(".")[0] for name in names}


def _base64(data: bytes) -> str:
    return key_line("requester-secret", data).split()[1]


def commands(name: str, first: str) -> str:
    """The indented block of commands that begins with this word."""
    (found,) = [
        block
        for block in re.findall(r"(?:^    .+\n)+", page(name), re.MULTILINE)
        if block.lstrip().startswith(first)
    ]
    return found


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_openssl_verifies_a_release_by_the_commands_of_the_page(tmp_path: Path) -> None:
    place = Path(shutil.copytree(VECTORS / "v2" / "release", tmp_path / "release"))
    shutil.copy(VECTORS / "v2" / "vault.pub", place)
    script = commands("release-format", "{ printf")

    assert "Verified Successfully" in _bash(script, place)
    (place / "release.json").write_bytes((place / "release.json").read_bytes().replace(b"1.13", b"1.12"))
    assert "Verification Failure" in _bash(script, place)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_openssl_signs_a_job_by_the_commands_of_the_page(tmp_path: Path) -> None:
    _bash("openssl genpkey -algorithm ed25519 -out key.pem", tmp_path)
    *_, key = _bash(commands("job-manifest", "{ printf"), _with_job(tmp_path, "0" * 64)).split()
    _bash(commands("job-manifest", "{ printf"), _with_job(tmp_path, key))
    shutil.copy(VECTORS / "v2" / "job" / "weights.safetensors", tmp_path)

    assert check_job(tmp_path).manifest.requester.key == key


def _with_job(folder: Path, key: str) -> Path:
    data = parse_manifest(canonical(document(requester__key=key)))
    (folder / "manifest.json").write_bytes(manifest_bytes(data))
    return folder


def _bash(script: str, folder: Path) -> str:
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def test_a_signature_line_is_written_one_way(tmp_path: Path) -> None:
    line = (VECTORS / "v2" / "job" / "manifest.sig").read_bytes()
    data = (VECTORS / "v2" / "job" / "manifest.json").read_bytes()

    assert signature_line(KEY.sign(b"lockbox job manifest v2\n" + data)) == line


SUM: dict[str, Any] = {
    "job": {"kind": "gradient_sum"},
    "optimizer": {"kind": "none"},
    "dp__sampling_rate": 1,
    "dp__expected_batch": 1,
    "dp__steps": 1,
    "output__average": "last",
}


def test_a_sum_of_gradients_is_one_full_step_and_nothing_else() -> None:
    """It is priced as one Gaussian mechanism over all units, and says in words that it is no model."""
    manifest = parse_manifest(canonical(document(**SUM)))
    job = learner_job(manifest, manifest.required | manifest.optional)

    assert (job.kind, job.sampling_rate, job.steps, job.expected_batch) == ("gradient_sum", 1, 1, 1)
    assert (mechanism(manifest).sampling_rate, mechanism(manifest).steps) == (1, 1)
    assert job_words(manifest) == "one noisy sum of gradients of a logistic regression, no model"
    for key, value in (
        ("dp__sampling_rate", 0.5),
        ("dp__expected_batch", 2),
        ("dp__steps", 2),
        ("output__average", "tail"),
        ("optimizer", {"kind": "sgd", "lr": 0.5, "momentum": 0.9}),
        ("job", {"kind": "train"}),
    ):
        with pytest.raises(ManifestInvalid):
            parse_manifest(canonical(document(**{**SUM, key: value})))


@pytest.mark.parametrize(
    ("optimizer", "expected"),
    [
        ({"kind": "sgd_decayed", "lr": 0.5, "momentum": 0.9, "decay": "cosine"}, ("sgd", 0.9, 0.0, "cosine")),
        (
            {"kind": "adam", "lr": 0.5, "beta1": 0.8, "beta2": 0.99, "decay": "none"},
            ("adam", 0.8, 0.99, "none"),
        ),
    ],
)
def test_what_follows_the_noise_is_told_to_the_learner_and_changes_no_price(
    optimizer: dict[str, Any], expected: tuple[object, ...]
) -> None:
    plain = parse_manifest(canonical(document()))
    manifest = parse_manifest(canonical(document(optimizer=optimizer, output__average="ema")))
    job = learner_job(manifest, manifest.required)

    assert (job.optimizer, job.momentum, job.second_momentum, job.decay) == expected
    assert job.average == "ema"
    assert mechanism(manifest) == mechanism(plain)
    with pytest.raises(ManifestInvalid, match="optimizer"):
        parse_manifest(canonical(first_version(document(optimizer=optimizer))))


def test_moments_are_priced_by_how_many_products_get_noise() -> None:
    """Of m inputs and the constant one (m + 1)(m + 2)/2 products and m + 1 with the label; classes have none."""
    number = {"kind": "standard", "center": 0, "scale": 1, "clip": 3}
    changes = {"model": {"kind": "linear", "weights": "0" * 64}, "loss": "squared"}
    moments = {**SUM, **changes, "job": {"kind": "moments"}, "fields__0__transform": number}
    manifest = parse_manifest(canonical(document(**moments)))

    assert update_shapes(manifest) == {"products": (15,), "targets": (5,)}
    assert mechanism(manifest).parameters == dimension(manifest) == 20
    assert shapes(manifest) == {"weight": (1, 4), "bias": (1,)}
    assert "sum of the products" in job_words(manifest)
    assert learner_job(manifest, manifest.required).kind == "moments"
    with pytest.raises(ManifestInvalid, match="has a label that is no number"):
        parse_manifest(canonical(document(**{**SUM, "job": {"kind": "moments"}})))
