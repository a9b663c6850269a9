"""The campaign document and its rounds: every rule, every departure, and what is signed by which key."""

from __future__ import annotations

import copy
import hashlib
import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from requests_samples import KEY, MLP, NUMBER_LABEL, OTHER_KEY, WEIGHTS, changed, document

from learner.federation.aggregate import RULES
from tui.cli.entry_point import run
from vault.budget import pricing
from vault.budget.mechanism import Mechanism
from vault.budget.rounds import rounds_price
from vault.errors.campaigns import CampaignInvalid, CampaignTampered, RoundDeparts, RoundTampered
from vault.errors.families import LockboxError
from vault.errors.requests import ManifestInvalid, WeightsTampered
from vault.requester.campaign_description import parse_campaign_description, template
from vault.requester.campaign_plan import MEASURED, Outlook, planning_number, points_lost
from vault.requests.bundle import JOB_DOMAINS, JobFiles
from vault.requests.campaign import (
    CAMPAIGN_DOMAINS,
    NO_ID,
    NO_WEIGHTS,
    CampaignDocument,
    RobustRule,
    campaign_bytes,
    campaign_digest,
    parse_campaign,
    signed_campaign,
)
from vault.requests.campaign_round import (
    FREE,
    ROUND_DOMAIN,
    SAME,
    check_round,
    departures,
    parse_round,
    round_job_id,
    round_manifest,
)
from vault.requests.canonical import canonical
from vault.requests.manifest import SecondManifest
from vault.sealing.digest import sha256_hex
from vault.sealing.secret import Secret
from vault.sealing.signing import SigningKey

ROUND_KEY = SigningKey.from_seed(Secret(bytes(range(2, 34))))
DEADLINES = ["2026-03-08T00:00:00Z", "2026-03-15T00:00:00Z", "2026-03-22T00:00:00Z"]
JOB = document(
    job_id=NO_ID,
    job={"kind": "gradient_sum"},
    expires=DEADLINES[-1],
    model={"kind": "logistic", "weights": NO_WEIGHTS},
    optimizer={"kind": "none"},
    output={"average": "last", "grid": 14, "encoding": "int64"},
    dp={"sampling_rate": 1, "expected_batch": 1, "clip": 1.0, "noise_multiplier": 13.4, "steps": 1},
)
CAMPAIGN: dict[str, Any] = {
    "v": 1,
    "campaign_id": "00112233445566778899aabbccddeeff",
    "job": JOB,
    "protocol": "gradient_sum",
    "deadlines": DEADLINES,
    "round_key": ROUND_KEY.public.hex(),
    "most_units": 5000,
    "aggregation": {"filtered": True, "rule": "trimmed_mean", "weights": "inverse_noise"},
    "server": {"kind": "gradient_steps", "lr": 1.5, "momentum": 0.5, "units": 500},
    "witness": {"name": "City archive", "key": OTHER_KEY.public.hex()},
    "returns": "final_model",
}


DATA = canonical(CAMPAIGN)
GOOD = parse_campaign(DATA)
DIGEST = campaign_digest(DATA)
ROUND: dict[str, Any] = json.loads(round_manifest(GOOD, DIGEST, 2, sha256_hex(WEIGHTS)))


def round_files(
    content: dict[str, Any], *, key: SigningKey = ROUND_KEY, domain: bytes = ROUND_DOMAIN
) -> JobFiles:
    data = canonical(content)
    return JobFiles(manifest=data, signature=key.sign(domain + data), weights=WEIGHTS)


# the document ---------------------------------------------------------------------------------------------


def test_a_campaign_is_read_and_written_as_the_same_bytes() -> None:
    assert campaign_bytes(GOOD) == DATA
    assert hashlib.sha256(DATA).hexdigest() == DIGEST
    assert GOOD.rounds == 3


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"round_key": KEY.public.hex()}, "it has one key for two of requester, rounds and witness"),
        ({"witness__key": KEY.public.hex()}, "it has one key for two of requester, rounds and witness"),
        (
            {"witness__key": ROUND_KEY.public.hex()},
            "it has one key for two of requester, rounds and witness",
        ),
        ({"deadlines": [DEADLINES[0], DEADLINES[0], DEADLINES[2]]}, "it has deadlines that do not rise"),
        ({"deadlines": [DEADLINES[1], DEADLINES[0], DEADLINES[2]]}, "it has deadlines that do not rise"),
        ({"deadlines": []}, "deadlines has fewer than 1 entries"),
        ({"deadlines": ["soon"]}, "deadlines[0] is not a time like 2026-01-02T03:04:05Z"),
        ({"protocol": "fedavg"}, "it has a job that is not of its protocol"),
        ({"protocol": "gossip"}, "protocol is not one of the words allowed there"),
        ({"server": {"kind": "ridge"}}, "it has a server rule that is not of its protocol"),
        ({"server": {"kind": "dice"}}, "server is of a kind that is not in the format"),
        ({"server__lr": 1e300}, "server.gradient_steps.lr is more than 100.0"),
        ({"job__job_id": "1" * 32}, "it has a job that names an id or weights, which only a round does"),
        (
            {"job__model__weights": "1" * 64},
            "it has a job that names an id or weights, which only a round does",
        ),
        ({"job__expires": DEADLINES[0]}, "it has a job that does not expire with its last round"),
        ({"job__campaign": {"digest": "0" * 64, "round": 1}}, "job.campaign is not null"),
        ({"job__output__grid": 2}, "of its job, its noise grid is too coarse"),
        (
            {"job__output": {"average": "last", "grid": 14, "encoding": "int16", "most_units": 4000}},
            "it has another bound of units than its job",
        ),
        ({"most_units": 0}, "most_units is less than 1"),
        ({"most_units": 10**15}, "most_units is more than 16777216"),
        ({"aggregation__rule": "krum"}, "aggregation.rule is not one of the words allowed there"),
        ({"aggregation__weights": "records"}, "aggregation.weights is not one of the words allowed there"),
        ({"aggregation__filtered": 1}, "aggregation.filtered is not true or false"),
        ({"witness": {"name": "X\u202e", "key": "0" * 64}}, "witness.name has a control"),
        ({"v": 3}, "v is none of the versions known here"),
        ({"v": True}, "v is none of the versions known here"),
        ({"more": 1}, "it has a key that is not in the format"),
        ({"job__dp__noise_multiplier": 0.1}, "job.dp.noise_multiplier is less than 0.3"),
    ],
)
def test_each_rule_of_a_campaign_has_its_sentence(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CampaignInvalid) as refused:
        parse_campaign(canonical(changed(CAMPAIGN, **changes)))

    assert sentence.replace("gradient_steps.", "") in str(refused.value).replace("gradient_steps.", "")


def test_moments_are_one_round_and_fedavg_has_bounded_steps() -> None:
    moments = changed(
        CAMPAIGN,
        protocol="moments",
        server={"kind": "ridge"},
        job__job__kind="moments",
        job__model__kind="linear",
        job__loss="squared",
        job__fields__0__transform=NUMBER_LABEL,
    )
    once = changed(moments, deadlines=DEADLINES[2:])
    fedavg = changed(
        CAMPAIGN,
        protocol="fedavg",
        server={"kind": "average", "lr": 1, "momentum": 0},
        job=document(job_id=NO_ID, expires=DEADLINES[-1], model=MLP | {"weights": NO_WEIGHTS}),
    )

    assert parse_campaign(canonical(once)).rounds == 1
    assert parse_campaign(canonical(fedavg)).protocol == "fedavg"
    with pytest.raises(CampaignInvalid, match="is of moments and has more than one round"):
        parse_campaign(canonical(moments))
    with pytest.raises(CampaignInvalid, match="more than 10,000 steps in all rounds"):
        parse_campaign(canonical(changed(fedavg, job__dp__steps=3334)))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"\xff",
        b'{"v":1',
        b'{"v":1e999}',
        b'{"v":' + b"9" * 5000 + b"}",
        b'{"v":' + b"[" * 200_000,
        b'{"v":1,"v":1}',
        b'{"v": 1}',
        b"{}",
        b" " * 600_000,
        DATA + b"\n",
    ],
)
def test_hostile_bytes_end_in_one_sentence(data: bytes) -> None:
    with pytest.raises(CampaignInvalid) as refused:
        parse_campaign(data)

    assert "\n" not in str(refused.value)


def paths_of(value: Any, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value of a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [path for key, one in inner for path in paths_of(one, (*before, key))]
    return [before, *below] if before else below


def planted(of: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    made = copy.deepcopy(of)
    place: Any = made
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return made


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) + 1, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8"), max_size=5),
    st.sampled_from(
        [
            [],
            {},
            [[]],
            "0" * 64,
            "f" * 64,
            "0" * 32,
            DEADLINES[2],
            "median",
            "moments",
            DEADLINES[0],
            2,
            0.5,
            "day",
        ]
    ),
)


@given(st.sampled_from(paths_of(CAMPAIGN)), values)
@settings(max_examples=80)
def test_whatever_stands_in_a_campaign_it_is_read_or_refused_in_a_sentence(path: Any, value: Any) -> None:
    data = canonical(planted(CAMPAIGN, path, value))
    try:
        found = parse_campaign(data)
    except CampaignInvalid:
        return
    assert campaign_bytes(found) == data


def test_a_campaign_holds_by_the_signature_of_its_requester_alone() -> None:
    assert signed_campaign(DATA, KEY.sign(CAMPAIGN_DOMAINS[1] + DATA)) == GOOD
    for forged in (
        ROUND_KEY.sign(CAMPAIGN_DOMAINS[1] + DATA),
        KEY.sign(DATA),
        KEY.sign(JOB_DOMAINS[2] + DATA),
        bytes(64),
    ):
        with pytest.raises(CampaignTampered):
            signed_campaign(DATA, forged)


# its rounds -----------------------------------------------------------------------------------------------


def test_the_id_of_a_round_follows_from_campaign_and_number() -> None:
    said = b"lockbox campaign job id v1\n" + bytes.fromhex("ab" * 32) + bytes([0, 0, 0, 0, 0, 0, 0, 7])

    assert round_job_id("ab" * 32, 7) == hashlib.sha256(said).hexdigest()[:32]
    assert round_job_id("ab" * 32, 7) == "dc4e3fb7ec2d6010a0e6ed80d6fdcf4f"
    assert len({round_job_id(digest, n) for digest in ("ab" * 32, "ac" * 32) for n in range(1, 50)}) == 98


def test_every_key_of_a_job_is_the_campaigns_or_free() -> None:
    keys = {field.alias or name for name, field in SecondManifest.model_fields.items()}

    assert SAME.keys() | set(FREE) == keys
    assert SAME.keys().isdisjoint(FREE)


def test_a_round_is_read_and_passes() -> None:
    assert check_round(GOOD, DIGEST, round_files(ROUND)).campaign.round == 2


OTHERS: dict[str, dict[str, Any]] = {
    "job": {
        "job": {"kind": "moments"},
        "model__kind": "linear",
        "loss": "squared",
        "fields__0__transform": NUMBER_LABEL,
    },
    "requester": {"requester__name": "Sleep lab 2"},
    "purpose": {"purpose__text": "Something else"},
    "recipients": {"recipients": []},
    "retention": {"retention": "for ever"},
    "collection": {"collection": "mail"},
    "unit": {"unit": "record"},
    "max_rows_per_unit": {"max_rows_per_unit": 51},
    "unit_reduction": {"unit_reduction": "sum"},
    "where": {"where__from": None},
    "fields": {"fields__1__transform__clip": 3.5},
    "model": {"model__kind": "linear", "loss": "squared", "fields__0__transform": NUMBER_LABEL},
    "loss": {"loss": "squared", "model__kind": "linear", "fields__0__transform": NUMBER_LABEL},
    "optimizer": {
        "job": {"kind": "train"},
        "optimizer": {"kind": "sgd", "lr": 1, "momentum": 0},
    },
    "output": {"output__grid": 15},
    "dp": {"dp__noise_multiplier": 13.3},
    "slot_minutes": {"slot_minutes": 1441},
}


@pytest.mark.parametrize("key", sorted(SAME.keys() - {"v"}))
def test_each_departure_of_a_round_has_its_sentence(key: str) -> None:
    other = changed(ROUND, **OTHERS[key])

    assert SAME[key] in departures(GOOD, DIGEST, parse_round(canonical(other)))
    with pytest.raises(RoundDeparts):
        check_round(GOOD, DIGEST, round_files(other))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"job_id": "0" * 32}, "its id is not that of round 2"),
        ({"job_id": round_job_id(DIGEST, 1)}, "its id is not that of round 2"),
        ({"campaign__round": 1}, "its id is not that of round 1"),
        ({"campaign__round": 4, "job_id": round_job_id(DIGEST, 4)}, "it is round 4 of 3"),
        ({"campaign__digest": "0" * 64}, "it names another campaign"),
        ({"expires": DEADLINES[2]}, "it does not expire with round 2"),
    ],
)
def test_what_a_round_has_of_its_own_has_to_be_its_own(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RoundDeparts) as refused:
        check_round(GOOD, DIGEST, round_files(changed(ROUND, **changes)))

    assert str(refused.value) == f"The job is no round of this campaign: {sentence}."


@given(st.sampled_from(paths_of(ROUND)), values)
@settings(max_examples=120)
def test_any_other_change_of_a_round_is_refused(path: tuple[Any, ...], value: Any) -> None:
    data = canonical(planted(ROUND, path, value))
    try:
        found = parse_round(data)
    except ManifestInvalid:
        return
    is_same = data == canonical(ROUND) or path == ("model", "weights")

    assert (departures(GOOD, DIGEST, found) == ()) == is_same


@given(st.sampled_from(paths_of(ROUND)))
@settings(max_examples=60)
def test_a_key_that_is_gone_or_new_makes_it_no_round(path: tuple[Any, ...]) -> None:
    gone = copy.deepcopy(ROUND)
    place: Any = gone
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    try:
        found = parse_round(canonical(gone))
    except ManifestInvalid:
        return
    assert departures(GOOD, DIGEST, found) != ()


def test_a_round_is_signed_by_the_round_key_as_a_round_and_nothing_else() -> None:
    for forged in (
        round_files(ROUND, key=KEY),
        round_files(ROUND, key=OTHER_KEY),
        round_files(ROUND, domain=JOB_DOMAINS[2]),
        round_files(ROUND, domain=CAMPAIGN_DOMAINS[1]),
    ):
        with pytest.raises(RoundTampered):
            check_round(GOOD, DIGEST, forged)


def test_the_weights_of_a_round_are_the_named_ones() -> None:
    with pytest.raises(WeightsTampered):
        check_round(GOOD, DIGEST, round_files(changed(ROUND, model__weights="1" * 64)))


@pytest.mark.parametrize("data", [b"", b"[1]", b'{"v":1e999}', b'{"v":2' + b"[" * 100_000, b'{"v":1}'])
def test_a_hostile_round_ends_in_one_sentence(data: bytes) -> None:
    files = JobFiles(manifest=data, signature=ROUND_KEY.sign(ROUND_DOMAIN + data), weights=b"")

    with pytest.raises(ManifestInvalid) as refused:
        check_round(GOOD, DIGEST, files)
    assert "\n" not in str(refused.value)


# price and plan -------------------------------------------------------------------------------------------


def test_rounds_are_composed_and_never_added_up() -> None:
    """Ten rounds of .29 make 1, as one Gaussian mechanism of √10 times the strength does."""
    one = Mechanism(
        sampling_rate=1, noise_multiplier=13.361, steps=1, parameters=50, grid_exponent=14, clip_norm=1
    )
    found = rounds_price(one, 10, Decimal("1e-6"))
    whole = pricing.price(
        Mechanism(
            sampling_rate=1,
            noise_multiplier=13.361 / 10**0.5,
            steps=1,
            parameters=50,
            grid_exponent=14,
            clip_norm=1,
        ),
        Decimal("1e-6"),
    )

    assert float(found.together.epsilon) == pytest.approx(1, abs=0.002)
    assert float(found.together.epsilon) == pytest.approx(float(whole.epsilon), abs=1e-4)
    assert float(found.of_round.epsilon) == pytest.approx(0.29, abs=0.005)
    assert found.together.charge == tuple(10 * cost for cost in pricing.charge(one))
    assert float(found.share(Decimal(8))) == pytest.approx(0.0308, abs=0.0002)


def test_the_planning_number_is_its_formula() -> None:
    strength = 1 / 4.225

    assert planning_number(units=500, vaults=20, strength=strength, rounds=10, numbers=100) == pytest.approx(
        500 * 20**0.5 / (4.225 * (10 * 100) ** 0.5)
    )


@pytest.mark.parametrize(
    ("number", "lost"),
    [
        (0.1, "3.6 to 15"),
        (5.99, "3.6 to 15"),
        (6, "1.7 to 3.6"),
        (12, "1.7"),
        (20, "1.1"),
        (30, "0.3 to 1.1"),
        (51, "0.3"),
    ],
)
def test_the_measured_table_is_read_at_its_edges(number: float, lost: str) -> None:
    assert points_lost(number) == lost
    assert Outlook(vaults=1, planning_number=number, points_lost=lost).is_useful == (number >= MEASURED[0][0])


def test_the_rules_a_campaign_can_name_are_those_there_are() -> None:
    assert set(get_args(RobustRule)) == RULES.keys()


# the commands ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the example description, a requester's keys and an unsigned campaign."""
    folder = tmp_path_factory.mktemp("campaign")
    text = (
        template().replace("rounds = 10", "rounds = 3").replace('# encoding = "int16"', 'encoding = "int16"')
    )
    (folder / "C.toml").write_text(text)
    assert run(["job", "keygen", str(folder / "keys")]) == 0
    assert run(["campaign", "new", str(folder / "C.toml"), "--to", str(folder / "made")]) == 0
    return folder


def test_a_campaign_is_made_signed_and_checked(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made, key = str(written / "made"), str(written / "keys" / "requester.key")
    assert run(["campaign", "check", made]) == 7  # not signed yet
    assert run(["campaign", "sign", made, "--key", str(written / "made" / "round.key")]) == 1
    assert "one key for two of requester, rounds and witness" in capsys.readouterr().err
    assert run(["campaign", "sign", made, "--key", key]) == 0
    capsys.readouterr()
    assert run(["campaign", "check", made, "--json"]) == 0

    said = json.loads(capsys.readouterr().out)
    data = (written / "made" / "campaign.json").read_bytes()
    found: CampaignDocument = parse_campaign(data)
    assert said["digest"] == hashlib.sha256(data).hexdigest()
    assert (said["rounds"], said["protocol"]) == (3, "gradient_sum")
    assert 0.99 < float(said["epsilon"]) <= 1
    assert float(said["epsilon_of_round"]) < 0.6
    assert (written / "made" / "round.key").stat().st_mode & 0o077 == 0
    weights = (written / "made" / "weights.safetensors").read_bytes()
    first = round_manifest(found, said["digest"], 1, sha256_hex(weights))
    assert departures(found, said["digest"], parse_round(first)) == ()
    assert run(["campaign", "round", made, "1", "--to", str(written / "round")]) == 0
    assert run(["job", "check", str(written / "round")]) == 1
    assert "a round of a campaign is signed by its round key" in " ".join(capsys.readouterr().err.split())


def test_a_changed_campaign_is_refused(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["campaign", "sign", str(written / "made"), "--key", str(written / "keys" / "requester.key")])
    for name in ("campaign.json", "campaign.sig"):
        (tmp_path / name).write_bytes((written / "made" / name).read_bytes())
    data = (tmp_path / "campaign.json").read_bytes()
    (tmp_path / "campaign.json").write_bytes(data.replace(b'"most_units":5000', b'"most_units":5001'))

    assert run(["campaign", "check", str(tmp_path)]) in {1, 6}
    (tmp_path / "campaign.json").write_bytes(data.replace(b"Heart lab", b"Heart Lab"))
    assert run(["campaign", "check", str(tmp_path)]) == 6
    (tmp_path / "campaign.json").write_bytes(b'{"v":' + b"[" * 9999)
    assert run(["campaign", "check", str(tmp_path)]) == 1
    assert "nested too deeply" in capsys.readouterr().err


def test_a_plan_says_what_it_is_worth_and_refuses_what_is_not(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = ["campaign", "plan", str(written / "C.toml"), "--json", "--vaults"]
    assert run([*told, "20"]) == 0
    good = json.loads(capsys.readouterr().out)
    assert run([*told, "5", "--units-guess", "20"]) == 1
    said = capsys.readouterr()

    bad = json.loads(said.out)
    assert (good["useful"], bad["useful"]) == (True, False)
    assert (good["approvals"], good["numbers"], good["bytes_up"], good["bytes_down"]) == (4, 6, 12, 24)
    assert good["planning_number"] == pytest.approx(500 * 20**0.5 / (4.225 * (3 * 6) ** 0.5), rel=0.01)
    assert "such a campaign is not useful" in said.err
    assert "more vaults" in said.err


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ([], "no table [campaign]"),
        ({"campaign": 3}, "no table [campaign]"),
        ({"campaign": {"rounds": 3}}, "no [campaign] protocol"),
        ({"campaign": {"protocol": "fedavg"}}, "no [campaign] rounds"),
        ({"campaign": {"protocol": ["fedavg"], "rounds": 3}}, "[campaign] protocol is not text"),
        ({"campaign": {"protocol": "fedavgg", "rounds": 3}}, "did you mean fedavg"),
        ({"campaign": {"protocol": "fedavg", "rounds": 1e9}}, "rounds is a whole number from 1 to 1,000"),
        ({"campaign": {"protocol": "fedavg", "rounds": 10**30}}, "rounds is a whole number from 1 to 1,000"),
        ({"campaign": {"protocol": "fedavg", "rounds": True}}, "rounds is a whole number from 1 to 1,000"),
        (
            {"campaign": {"protocol": "fedavg", "rounds": 3, "days_a_round": -1}},
            "days_a_round is a whole number",
        ),
        (
            {"campaign": {"protocol": "fedavg", "rounds": 3, "momentun": 1}},
            "the nearest it knows is momentum",
        ),
        ({"campaign": {"protocol": "fedavg", "rounds": 3}, "kind": "train"}, "leave kind out"),
    ],
)
def test_a_description_that_is_wrong_names_what_is(document: Any, sentence: str) -> None:
    with pytest.raises(LockboxError) as refused:
        parse_campaign_description(document)

    assert sentence in str(refused.value)


def test_a_bound_of_units_is_no_less_than_their_guess() -> None:
    given = tomllib.loads(template())
    least = changed(given, campaign__most_units=500)
    less = changed(given, campaign__most_units=499)

    assert parse_campaign_description(given).bound == 5000
    assert parse_campaign_description(least).bound == 500
    with pytest.raises(LockboxError, match="most_units is less than the guess"):
        _ = parse_campaign_description(less).bound
