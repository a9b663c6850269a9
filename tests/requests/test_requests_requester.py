"""The requester's side: keys, descriptions, jobs made of them, signing and checking."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import tomllib
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from requests_home import Home
from requests_samples import KEY, NOW, OTHER_KEY, exit_code

from tui.cli.entry_point import run
from vault.budget import pricing
from vault.budget.ledger import DELTA as VAULT_DELTA
from vault.errors.families import Invalid
from vault.errors.release import DestinationUnusable
from vault.errors.requests import (
    JobReplayed,
    ManifestInvalid,
    ManifestTampered,
    NoVaultCanPay,
    WeightsTampered,
)
from vault.requester.aim import DELTA, Aim
from vault.requester.description import JobDescription, job_from_description, parse_description, template
from vault.requester.draft import draft_job
from vault.requester.jobs import check_job, new_job, sign_job
from vault.requester.keys import keygen
from vault.requests import inbox
from vault.requests.bundle import read_job
from vault.requests.canonical import canonical
from vault.requests.manifest import UNSIGNED_KEY
from vault.requests.parse import parse_manifest
from vault.requests.weights import read_tensors
from vault.sealing.keyfile import read_key, write_secret_key

# the template with every number of the training written by hand, as the recipe has tests of its own
WRITTEN = template().replace(
    "units_guess = 200 ",
    "sampling_rate = 0.2\nexpected_batch = 20\nsteps = 100\nclip = 1.0\nlr = 0.5\nmomentum = 0.0\n#",
)


def described(tmp_path: Path, text: str = WRITTEN) -> JobDescription:
    path = tmp_path / "JOB.toml"
    path.write_text(text)
    return job_from_description(path)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    write_secret_key(tmp_path / "lab.key", KEY.seed())
    return tmp_path / "lab.key"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unsigned job made of the template at ε 0.05; tests copy it."""
    folder = tmp_path_factory.mktemp("made")
    new_job(described(folder), aim=Aim(most=Decimal("0.05")), folder=folder / "job", now=NOW)
    return folder / "job"


@pytest.fixture
def job(made: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "job"
    folder.mkdir()
    for file in made.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def test_a_new_key_pair_lies_in_two_files_and_only_one_is_secret(tmp_path: Path) -> None:
    keys = keygen(tmp_path / "keys")

    assert stat.S_IMODE(keys.secret.stat().st_mode) == 0o600
    assert len(read_key(keys.public, "requester-public")) == 32
    assert "secret" not in keys.public.read_text()
    with pytest.raises(Invalid, match="already"):
        keygen(tmp_path / "keys")


def test_a_made_job_costs_at_most_what_was_asked_and_hardly_less(job: Path, key_file: Path) -> None:
    sign_job(job, key_file)
    price = check_job(job).price

    assert Decimal("0.0499") < price.epsilon <= Decimal("0.05")
    assert price.delta == DELTA


def test_a_made_job_is_taken_by_a_vault_once_it_is_signed(home: Home, job: Path, key_file: Path) -> None:
    signed = sign_job(job, key_file)
    with home.act() as act:
        request_id, refusal = inbox.submit(act, read_job(job))
        row = inbox.show(act.uow, request_id)

        assert refusal is None
        assert (row.job_id, row.manifest_digest) == (signed.job_id, signed.digest)
    with pytest.raises(JobReplayed), home.act() as act:
        inbox.submit(act, read_job(job))
    assert home.trail() == ["request.received"]


def test_what_no_vault_can_pay_is_neither_written_nor_passed(
    job: Path,
    key_file: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """That is known of its charge alone: nobody waits for its ε to be computed."""
    monkeypatch.setattr(pricing, "price", None)
    said = "no vault can pay for this job: it costs more than a quarter of ε 64"
    one_step = WRITTEN.replace("sampling_rate = 0.2", "sampling_rate = 1").replace("steps = 100", "steps = 1")
    (tmp_path / "JOB.toml").write_text(one_step)

    assert (
        run(["job", "new", str(tmp_path / "JOB.toml"), "--epsilon", "100", "--to", str(tmp_path / "dear")])
        == 5
    )
    assert said in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "dear").exists()
    document = json.loads((job / "manifest.json").read_bytes())
    for steps in (2, 100):
        document["dp"] |= {"noise_multiplier": 0.3, "sampling_rate": 1, "steps": steps}
        document["output"]["grid"] = 18
        (job / "manifest.json").write_bytes(canonical(document))
        sign_job(job, key_file)
        with pytest.raises(NoVaultCanPay):
            check_job(job)


def test_a_job_that_has_expired_or_holds_too_long_is_neither_written_nor_passed(
    job: Path, key_file: Path, tmp_path: Path
) -> None:
    sign_job(job, key_file)
    assert check_job(job, now=NOW).digest
    with pytest.raises(ManifestInvalid, match="it has expired"):
        check_job(job, now=NOW + timedelta(days=30))
    for year, said in (("2020", "it has expired"), ("2031", "it expires more than")):
        dated = WRITTEN.replace("# expires = 2027-01-31T00:00:00Z ", f"expires = {year}-01-31T00:00:00Z #")
        with pytest.raises(ManifestInvalid, match=said):
            new_job(
                described(tmp_path, dated), aim=Aim(most=Decimal("0.05")), folder=tmp_path / year, now=NOW
            )
        assert not (tmp_path / year).exists()


@pytest.mark.parametrize(
    ("name", "value"), [("unit", "week"), ("unit", "column:"), ("collection", ""), ("collection", "x" * 81)]
)
def test_new_check_and_sign_say_the_same_of_a_wrong_unit_or_collection(
    name: str, value: str, job: Path, key_file: Path, tmp_path: Path
) -> None:
    """With the same error, so that the command ends with the same code; also before it is signed."""
    written = re.sub(rf'^{name} = "[^"]*"', f'{name} = "{value}"', WRITTEN, flags=re.MULTILINE)
    manifest = json.loads((job / "manifest.json").read_bytes())
    (job / "manifest.json").write_bytes(canonical({**manifest, name: value}))
    said = []
    for act in (
        lambda: new_job(
            described(tmp_path, written), aim=Aim(most=Decimal("0.05")), folder=tmp_path / "new", now=NOW
        ),
        lambda: check_job(job),
        lambda: sign_job(job, key_file),
    ):
        with pytest.raises(ManifestInvalid) as refused:
            act()
        said.append(str(refused.value))
    assert len(set(said)) == 1
    assert name in said[0]


def test_an_unsigned_job_verifies_under_no_key(job: Path) -> None:
    (job / "manifest.sig").write_bytes(b"A" * 86 + b"==\n")

    assert parse_manifest((job / "manifest.json").read_bytes()).requester.key == UNSIGNED_KEY
    with pytest.raises(ManifestTampered):
        check_job(job)


def test_signing_puts_in_the_key_and_nothing_else(job: Path, key_file: Path) -> None:
    before = json.loads((job / "manifest.json").read_bytes())
    sign_job(job, key_file)
    after = json.loads((job / "manifest.json").read_bytes())

    assert after["requester"].pop("key") == KEY.public.hex()
    assert before["requester"].pop("key") == UNSIGNED_KEY
    assert before == after
    assert sign_job(job, key_file) == sign_job(job, key_file)


def test_nobody_signs_a_job_that_names_another_key(job: Path, key_file: Path, tmp_path: Path) -> None:
    sign_job(job, key_file)
    write_secret_key(tmp_path / "other.key", OTHER_KEY.seed())

    with pytest.raises(Invalid, match="another requester"):
        sign_job(job, tmp_path / "other.key")
    assert check_job(job).fingerprint


def test_signing_refuses_what_a_vault_would_refuse(job: Path, key_file: Path) -> None:
    manifest = (job / "manifest.json").read_bytes()
    (job / "manifest.json").write_bytes(manifest.replace(b'"steps":100', b'"steps":0'))
    with pytest.raises(ManifestInvalid):
        sign_job(job, key_file)

    (job / "manifest.json").write_bytes(manifest)
    (job / "weights.safetensors").write_bytes(b"other")
    with pytest.raises(WeightsTampered) as refused:
        sign_job(job, key_file)
    assert exit_code(refused.value) == 6


def test_a_second_job_never_overwrites_the_first(job: Path, tmp_path: Path) -> None:
    before = (job / "manifest.json").read_bytes()

    with pytest.raises(DestinationUnusable, match="already"):
        new_job(described(tmp_path), aim=Aim(most=Decimal("0.05")), folder=job, now=NOW)
    assert before == (job / "manifest.json").read_bytes()


def test_a_network_starts_small_and_random_and_a_regression_at_zero(tmp_path: Path) -> None:
    mlp = WRITTEN.replace('kind = "logistic"', 'kind = "mlp"')
    plain = WRITTEN
    weights = [
        read_tensors(
            draft_job(described(tmp_path, text), aim=Aim(most=Decimal("0.05")), now=NOW).weights,
            dtype="F32",
        )
        for text in (mlp, mlp, plain)
    ]

    first, second, zero = weights
    assert np.abs(first["layers.0.weight"]).max() <= 1 / np.sqrt(8)
    assert np.unique(first["layers.0.weight"]).size == 16 * 8
    assert not np.array_equal(first["layers.0.weight"], second["layers.0.weight"])
    assert not first["layers.0.bias"].any()
    assert not zero["weight"].any()


def test_what_a_description_leaves_out_has_its_default(tmp_path: Path) -> None:
    text = WRITTEN
    for line in [
        "max_rows_per_unit",
        "unit_reduction",
        "recipients",
        "slot_minutes",
        "momentum",
        "average",
    ]:
        text = "\n".join(row for row in text.splitlines() if not row.startswith(line))

    assert described(tmp_path, text) == described(tmp_path)


def test_toml_and_json_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "JOB.json").write_text(json.dumps(tomllib.loads(WRITTEN)))

    assert described(tmp_path) == job_from_description(tmp_path / "JOB.json")


def test_a_job_expires_after_30_days_unless_it_says_otherwise(tmp_path: Path) -> None:
    dated = WRITTEN.replace("# expires = 2027-01-31T00:00:00Z ", "expires = 2026-03-05T01:00:00+01:00 #")
    expiries = [
        parse_manifest(
            draft_job(
                described(tmp_path, text),
                aim=Aim(most=Decimal("0.05")),
                now=NOW,
            ).manifest
        ).expires
        for text in (WRITTEN, dated)
    ]

    assert expiries == ["2026-03-31T12:00:00Z", "2026-03-05T00:00:00Z"]


@pytest.mark.parametrize(
    ("old", "new", "clause"),
    [
        ("collection =", "colection =", "has a key colection, and the nearest it knows is collection"),
        (
            "sampling_rate = 0.2\nexp",
            "sample_rate = 0.2\nexp",
            "[training] sample_rate, and the nearest it knows is",
        ),
        (
            "center = 7000",
            "centre = 7000",
            "transform of steps has a key centre, and the nearest it knows is center",
        ),
        ('role = "label"', 'roles = "label"', "[[fields]] has a key roles, and the nearest it knows is role"),
        ('unit = "day"', 'unit = "day"\nx = 1', "has a key x, and knows only"),
        ('kind = "logistic"', 'kind = "logistic"\nlayers = 3', "has a key [model] layers, and "),
        (
            'kind = "logistic"',
            'kind = "logistic"\noutlines = 8',
            "outlines is for cnn, and the kind is logistic",
        ),
        ('kind = "logistic"', 'kind = "mlp"\npool = 2', "pool is for cnn and series, and the kind is mlp"),
        ("[model]", "[modell]", "has a key modell, and the nearest it knows is [model]"),
        ("[purpose]", "[[purpose]]", "[purpose] is not a table"),
        ("[[fields]]", "[[felds]]", "has a key felds, and the nearest it knows is fields"),
        ("steps = 100", "steps = ", "JOB.toml is not TOML: it is wrong in line "),
        ('role = "label"', 'role = "label', "JOB.toml is not TOML: it is wrong in line "),
        (
            'role = "label"',
            'role = "lable"',
            "role of good_night is 'lable' and has to be feature or label; did you mean",
        ),
        (
            'kind = "logistic"',
            'kind = "logistik"',
            "[model] kind is 'logistik' and has to be linear, logistic, mlp, cnn, series, text or transformer; did",
        ),
        (
            'necessity = "optional"',
            'necessity = "option"',
            "the necessity of weekday is 'option' and has to be",
        ),
        (
            'kind = "onehot"',
            'kind = "one-hot"',
            "of weekday is 'one-hot' and has to be standard, vector, bytes or onehot; did",
        ),
        ('unit_reduction = "mean"', 'unit_reduction = "average"', "is 'average' and has to be sum or mean"),
        (
            '# average = "tail"',
            'average = "tial" #',
            "is 'tial' and has to be last, tail or ema; did you mean tail?",
        ),
        ('dpv = "AcademicResearch"', 'dpv = "AcademicReserch"', "; did you mean AcademicResearch?"),
        ("# expires = 2027-01-31T00:00:00Z ", "expires = 2027-01-31T00:00:00 #", "needs its zone"),
        ('role = "label"', "", "[[fields]] has no role"),
        ("steps = 100", "steps = 0", "dp.steps is less than 1"),
        ("steps = 100", 'steps = "x"', "[training] steps is not a whole number"),
        ("clip = 1.0", "clip = nan", "[training] clip is not a number"),
        ('dpv = "AcademicResearch"', 'dpv = "Anything"', "the purpose must be one of"),
        (
            'kind = "classes"',
            'kind = "class"',
            "the kind of the transform of good_night is 'class' and has to be",
        ),
        ("center = 7000, ", "", "center is missing"),
        ("expected_batch = 20", "expected_batch = 2027-01-31", "[training] expected_batch is not a whole"),
        ("expected_batch = 20", "", "neither [training] units_guess nor [training] expected_batch"),
    ],
)
def test_a_wrong_description_is_refused_with_the_place(
    tmp_path: Path, old: str, new: str, clause: str
) -> None:
    assert old in WRITTEN
    with pytest.raises(Invalid) as refused:
        draft_job(described(tmp_path, WRITTEN.replace(old, new)), aim=Aim(most=Decimal(1)), now=NOW)

    assert clause in str(refused.value)


@pytest.mark.parametrize(
    "document", [None, [], 1, {"fields": 1}, {"fields": [1]}, {"requester": []}, {"where": 1}]
)
def test_no_document_brings_another_error(document: Any) -> None:
    with pytest.raises(Invalid):
        parse_description(document)


def test_the_requester_prices_at_the_delta_of_every_vault() -> None:
    assert VAULT_DELTA == DELTA


def test_the_requesters_side_opens_no_vault_and_loads_no_database() -> None:
    """A requester's machine needs neither the database nor torch, and the import stays quick."""
    probe = (
        "import sys, vault.requester.jobs, vault.requester.releases\n"
        "heavy = {'torch', 'sqlalchemy', 'sqlmodel', 'sqlcipher3', 'pyarrow', 'textual', 'dp_accounting'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True, env=os.environ
    )

    assert done.stdout.strip() == "[]"
