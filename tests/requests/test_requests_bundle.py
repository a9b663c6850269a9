"""The job folder: signed bytes, and nothing else, get in."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests_samples import KEY, OTHER_KEY, WEIGHTS, document, exit_code, job_of, signed, without

from vault.errors.families import Invalid, LockboxError
from vault.errors.records import FileMissing
from vault.errors.requests import HoldsNeither, ManifestInvalid, ManifestTampered, NotSigned, WeightsInvalid
from vault.requester.jobs import check_job
from vault.requests.bundle import (
    JOB_DOMAINS,
    MANIFEST_FILE,
    SIGNATURE_FILE,
    WEIGHTS_FILE,
    WEIGHTS_LIMIT,
    JobFiles,
    check_signature,
    check_sizes,
    parse_signature_line,
    read_job,
    signature_line,
)
from vault.requests.canonical import canonical
from vault.requests.manifest import UNSIGNED_KEY
from vault.requests.parse import MANIFEST_LIMIT

BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
FILES = (MANIFEST_FILE, SIGNATURE_FILE, WEIGHTS_FILE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The good job as a folder."""
    return written(job_of(), tmp_path)


def written(job: JobFiles, folder: Path) -> Path:
    (folder / MANIFEST_FILE).write_bytes(job.manifest)
    (folder / SIGNATURE_FILE).write_bytes(signature_line(job.signature))
    (folder / WEIGHTS_FILE).write_bytes(job.weights)
    return folder


def test_a_folder_reads_back_as_the_job_that_was_written(folder: Path) -> None:
    assert job_of() == read_job(folder)
    assert KEY.public == check_signature(read_job(folder))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(FILES), st.integers(0, 10_000), st.integers(1, 255))
def test_no_byte_of_a_signed_job_can_be_changed(folder: Path, name: str, place: int, flip: int) -> None:
    """Whichever byte is changed, one of our own errors refuses the job, with exit 1 or 6."""
    path = folder / name
    good = path.read_bytes()
    bad = bytearray(good)
    bad[place % len(bad)] ^= flip
    path.write_bytes(bad)
    try:
        with pytest.raises(LockboxError) as refused:
            check_job(folder)
    finally:
        path.write_bytes(good)

    assert exit_code(refused.value) in {1, 6}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"\n", lambda _: b""])
def test_no_file_of_a_signed_job_can_be_cut_or_grow(folder: Path, name: str, change: object) -> None:
    (folder / name).write_bytes(change((folder / name).read_bytes()))  # type: ignore[operator]

    with pytest.raises(LockboxError):
        check_job(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()

    with pytest.raises((FileMissing, HoldsNeither, NotSigned), match=name):
        read_job(folder)


def test_of_a_folder_that_is_not_there_its_own_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match=r"There is no file .*nowhere\.$"):
        read_job(tmp_path / "nowhere")


@pytest.mark.parametrize("name", FILES)
def test_a_pipe_or_folder_in_place_of_a_file_is_refused_at_once(folder: Path, name: str) -> None:
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(Invalid, match=f"{name} is not a file"):
        read_job(folder)

    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(Invalid, match=name):
        read_job(folder)


@pytest.mark.parametrize(("name", "limit"), [(MANIFEST_FILE, MANIFEST_LIMIT), (WEIGHTS_FILE, WEIGHTS_LIMIT)])
def test_an_oversize_file_is_refused_without_being_read_whole(folder: Path, name: str, limit: int) -> None:
    with (folder / name).open("wb") as file:
        file.truncate(10**12)

    with pytest.raises(Invalid, match=f"{name} is larger than {limit} bytes"):
        read_job(folder)


def test_sizes_are_checked_of_a_job_that_came_without_a_folder() -> None:
    with pytest.raises(ManifestInvalid, match="larger"):
        check_sizes(JobFiles(manifest=b"x" * (MANIFEST_LIMIT + 1), signature=b"", weights=b""))
    with pytest.raises(WeightsInvalid, match="larger"):
        check_sizes(JobFiles(manifest=b"", signature=b"", weights=b"x" * (WEIGHTS_LIMIT + 1)))


@pytest.mark.parametrize(
    "job",
    [
        signed(document(), key=OTHER_KEY),
        signed(document(requester__key=UNSIGNED_KEY)),
        JobFiles(manifest=canonical(document()), signature=bytes(64), weights=WEIGHTS),
        JobFiles(manifest=canonical(document()), signature=b"", weights=WEIGHTS),
        JobFiles(manifest=canonical(document()), signature=KEY.sign(canonical(document())), weights=WEIGHTS),
        JobFiles(manifest=canonical(document()), signature=job_of(dp__steps=99).signature, weights=WEIGHTS),
    ],
    ids=["other key", "unsigned", "zeros", "none", "without domain", "of another job"],
)
def test_only_the_named_key_over_these_bytes_is_a_signature(job: JobFiles) -> None:
    with pytest.raises(ManifestTampered) as refused:
        check_signature(job)

    assert exit_code(refused.value) == 6


@pytest.mark.parametrize(
    "content",
    [
        b"not JSON",
        canonical(without("requester")),
        canonical(without("requester", "key")),
        canonical(document(requester=[])),
        canonical(document(requester__key=1)),
        canonical(document(requester__key="zz" * 32)),
        canonical(document(requester__key="ab" * 31)),
        canonical(document(requester__key=" " * 64)),
        canonical(document(requester__key="AB" * 32)),
    ],
    ids=range(9),
)
def test_a_manifest_that_names_no_key_cannot_be_signed(content: bytes) -> None:
    with pytest.raises(ManifestInvalid) as refused:
        check_signature(signed(content))

    assert exit_code(refused.value) == 1


def test_the_signature_is_checked_before_what_the_manifest_says() -> None:
    """A stranger without the key cannot make the vault look at a single constant."""
    bad = document(dp__noise_multiplier=0)

    with pytest.raises(ManifestTampered):
        check_signature(signed(bad, key=OTHER_KEY))
    assert KEY.public == check_signature(signed(bad))


def test_a_signature_line_has_exactly_one_spelling() -> None:
    signature = KEY.sign(JOB_DOMAINS[2])
    line = signature_line(signature)

    assert signature == parse_signature_line(line)
    for bad in [line[:-1], line + b"\n", b" " + line, line.replace(b"\n", b"\r\n"), signature, b"\n", b""]:
        with pytest.raises(ValueError, match="base64"):
            parse_signature_line(bad)


def test_stray_bits_at_the_end_of_the_base64_are_another_spelling() -> None:
    """Four bits of the 86th character decode to nothing; only the spelling with zeros there is taken."""
    line = signature_line(KEY.sign(JOB_DOMAINS[2]))
    spellings = [line[:85] + bytes([letter]) + line[86:] for letter in BASE64]
    same = [other for other in spellings if base64.b64decode(other) == base64.b64decode(line)]

    assert len(same) == 16
    assert [line] == [other for other in same if is_accepted(other)]


def is_accepted(line: bytes) -> bool:
    try:
        return bool(parse_signature_line(line))
    except ValueError:
        return False
