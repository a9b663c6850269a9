"""What bounds a job bounds the job of a campaign and its rounds, and what is signed by which key is frozen."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from requests_samples import KEY, WEIGHTS, changed
from test_requests_campaign import CAMPAIGN, DATA, DIGEST, GOOD, ROUND, round_files

from vault.budget.filter import MOST_EPSILON
from vault.errors.campaigns import CampaignInvalid, NoVaultCanPayRound
from vault.errors.families import Invalid
from vault.errors.requests import ManifestInvalid, WeightsInvalid
from vault.requester.campaigns import campaign_price, sign_campaign
from vault.requests.bundle import MANIFEST_LIMIT, WEIGHTS_LIMIT, JobFiles
from vault.requests.campaign import parse_campaign, signed_campaign
from vault.requests.campaign_round import check_round
from vault.requests.canonical import canonical
from vault.requests.manifest import UNSIGNED_KEY
from vault.sealing.keyfile import write_secret_key
from vault.sealing.secret import Secret
from vault.sealing.signing import SigningKey

VECTOR = {"kind": "vector", "size": 1000, "center": 0, "scale": 1, "clip": 3, "fill": 0}
COARSE = {"average": "last", "grid": 14, "encoding": "int16", "most_units": 5_000_000}
SIGNED_ROUND = bytes.fromhex(
    "3eae03a348da7e8fcdf703df68735a33ce62b5ab60befc0ebd4bca725e5b7f19"
    "6b64e22ecceeecd1ee2745104b85140938c108e43ec81e1c12e14b2c663db900"
)
SIGNED_CAMPAIGN = bytes.fromhex(
    "901ddc30fcd6652170804f6b19975ea4af671e669862963e059b804493d1ca1e"
    "143ca0ebf01ebdf4f39f0725359bf5e056c890b21971ecb764c09c142ff7060a"
)
"""By the keys of the tests, over the bytes of the tests: another domain before them is another format."""


def vectors(count: int) -> dict[str, Any]:
    """A campaign whose jobs read so many vectors."""
    label = CAMPAIGN["job"]["fields"][0]
    facts = {"role": "feature", "necessity": "required", "transform": VECTOR}
    return {"job__fields": [label, *({"name": f"v{index}", **facts} for index in range(count))]}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"job__output": COARSE, "most_units": 5_000_000},
            "of its job, its update in int16 would have coarser steps than its noise",
        ),
        (vectors(2), "of its job, its features are more than"),
    ],
)
def test_what_bounds_the_job_of_a_request_bounds_that_of_a_campaign(
    changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(CampaignInvalid, match=sentence):
        parse_campaign(canonical(changed(CAMPAIGN, **changes)))


def test_a_round_that_is_too_large_is_refused_before_anything_is_computed_with_it() -> None:
    large = JobFiles(manifest=b"x" * (MANIFEST_LIMIT + 1), signature=bytes(64), weights=WEIGHTS)
    with pytest.raises(ManifestInvalid, match="larger than"):
        check_round(GOOD, DIGEST, large)

    good = round_files(ROUND)
    heavy = JobFiles(manifest=good.manifest, signature=good.signature, weights=bytes(WEIGHTS_LIMIT + 1))
    with pytest.raises(WeightsInvalid, match="the file is larger than"):
        check_round(GOOD, DIGEST, heavy)


def test_a_campaign_of_rounds_that_no_vault_can_pay_has_no_price() -> None:
    loud = parse_campaign(canonical(changed(CAMPAIGN, job__dp__noise_multiplier=0.3)))

    with pytest.raises(NoVaultCanPayRound, match=f"{MOST_EPSILON}"):
        campaign_price(loud, Decimal("1e-6"))


def test_a_campaign_that_names_one_requester_is_signed_by_no_other(tmp_path: Path) -> None:
    other, theirs, own = SigningKey.from_seed(Secret(bytes([9]) * 32)), tmp_path / "other", tmp_path / "own"
    write_secret_key(theirs, other.seed())
    write_secret_key(own, KEY.seed())
    (tmp_path / "campaign.json").write_bytes(DATA)

    with pytest.raises(Invalid, match="names the key of another requester"):
        sign_campaign(tmp_path, theirs)
    assert (tmp_path / "campaign.json").read_bytes() == DATA
    assert not (tmp_path / "campaign.sig").exists()

    assert sign_campaign(tmp_path, own).digest == DIGEST
    unsigned = canonical(changed(CAMPAIGN, job__requester__key=UNSIGNED_KEY))
    (tmp_path / "campaign.json").write_bytes(unsigned)
    sign_campaign(tmp_path, theirs)
    signed = parse_campaign((tmp_path / "campaign.json").read_bytes())
    assert signed.job.requester.key == other.public.hex()


def test_what_is_signed_of_a_campaign_and_of_a_round_is_frozen() -> None:
    assert signed_campaign(DATA, SIGNED_CAMPAIGN) == GOOD
    files = JobFiles(manifest=canonical(ROUND), signature=SIGNED_ROUND, weights=WEIGHTS)
    assert check_round(GOOD, DIGEST, files).campaign.round == 2
