"""What a job must pass to be stored, in which order, and the owner's word on it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from requests_home import Home
from requests_samples import (
    KEY,
    NOW,
    NUMBER_LABEL,
    OTHER_KEY,
    WEIGHTS,
    document,
    exit_code,
    job_of,
    manifest,
    signed,
)

from vault.errors.budget import BudgetExhausted
from vault.errors.families import Invalid, LockboxError
from vault.errors.records import UnknownCollection, UnknownField
from vault.errors.requests import (
    JobReplayed,
    ManifestInvalid,
    ManifestTampered,
    RequesterBlocked,
    UnknownRequest,
    UnknownRequester,
    WeightsInvalid,
    WeightsTampered,
    WrongState,
)
from vault.records.collections import find_collection
from vault.requests import evaluate, fit, inbox, requesters
from vault.requests.bundle import WEIGHTS_LIMIT, JobFiles
from vault.requests.parse import manifest_digest
from vault.requests.weights import write_tensors
from vault.sealing.digest import sha256_hex
from vault.sealing.signing import fingerprint
from vault.store.tables import LogEntry, RequestRow
from vault.store.times import stamp
from vault.views.states import RequestState

LATER = datetime(2026, 4, 1, tzinfo=UTC)
"""When the good job expires."""

LINEAR: dict[str, Any] = {
    "model": {
        "kind": "linear",
        "weights": sha256_hex(
            linear := write_tensors({"weight": np.zeros((1, 4), np.float32), "bias": np.zeros(1, np.float32)})
        ),
    },
    "loss": "squared",
    "fields__0__transform": NUMBER_LABEL,
}


def submitted(home: Home, job: JobFiles | None = None, now: datetime = NOW) -> str:
    with home.act(now) as act:
        return inbox.submit(act, job or job_of())[0]


def refused(home: Home, job: JobFiles, now: datetime = NOW) -> LockboxError:
    """The error with which a job is refused; nothing of it is stored."""
    with pytest.raises(LockboxError) as error, home.act(now) as act:
        inbox.submit(act, job)
    with home.store.read() as uow:
        assert uow.count(RequestRow, manifest_digest=manifest_digest(job.manifest)) == 0
    return error.value


def row_of(home: Home, request_id: str) -> dict[str, Any]:
    with home.store.read() as uow:
        return inbox.show(uow, request_id).model_dump()


def test_a_good_job_waits_with_everything_that_was_signed(home: Home) -> None:
    row = row_of(home, submitted(home))

    assert row["state"] == RequestState.WAITING
    assert row["manifest"] == job_of().manifest
    assert row["signature"] == job_of().signature
    assert row["weights"] == WEIGHTS
    assert row["manifest_digest"] == sha256_hex(job_of().manifest)
    assert [stamp(row[name]) for name in ("received_at", "expires_at")] == [
        "2026-03-01T12:00:00Z",
        "2026-04-01T00:00:00Z",
    ]
    assert home.trail() == ["request.received"]


def test_what_a_job_asks_is_hidden_in_the_trail(home: Home) -> None:
    request_id = submitted(home)

    with home.store.read() as uow:
        body = uow.find(LogEntry)[-1].body
    assert request_id.encode() in body
    for word in [
        b"lab",
        b"steps",
        b"sleep",
        b"AcademicResearch",
        manifest_digest(job_of().manifest).encode(),
    ]:
        assert word not in body


BROKEN_WEIGHTS = write_tensors(
    {"weight": np.full((2, 4), np.nan, np.float32), "bias": np.zeros(2, np.float32)}
)
SWAPPED = document(model__weights=sha256_hex(WEIGHTS))

REFUSALS: dict[str, tuple[JobFiles, type[LockboxError], int]] = {
    "oversize manifest": (signed(b" " * 300_000), ManifestInvalid, 1),
    "oversize weights": (signed(document(), weights=bytes(WEIGHTS_LIMIT + 1)), WeightsInvalid, 1),
    "bad signature": (
        JobFiles(manifest=job_of().manifest, signature=bytes(64), weights=WEIGHTS),
        ManifestTampered,
        6,
    ),
    "signed by another key": (signed(document(), key=OTHER_KEY), ManifestTampered, 6),
    "unknown key in the JSON": (job_of(zzz=1), ManifestInvalid, 1),
    "wrong type": (job_of(dp__steps="many"), ManifestInvalid, 1),
    "NaN": (signed(job_of().manifest.replace(b'"steps":100', b'"steps":NaN')), ManifestInvalid, 1),
    "out of bounds": (job_of(dp__noise_multiplier=0.1), ManifestInvalid, 1),
    "control character": (job_of(requester__name="a\x1bb"), ManifestInvalid, 1),
    "bidi character": (job_of(purpose__text="a\u202eb"), ManifestInvalid, 1),
    "other weights": (signed(document(), weights=BROKEN_WEIGHTS), WeightsTampered, 6),
    "unsafe weights": (
        signed(document(model__weights=sha256_hex(BROKEN_WEIGHTS)), weights=BROKEN_WEIGHTS),
        WeightsInvalid,
        1,
    ),
    "unknown requester": (job_of(OTHER_KEY), UnknownRequester, 1),
    "system field": (job_of(fields__1__name="_unit"), ManifestInvalid, 1),
    "more than any vault can pay": (
        job_of(dp__noise_multiplier=0.3, dp__sampling_rate=1, dp__steps=100),
        BudgetExhausted,
        5,
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_each_broken_rule_is_refused_with_one_sentence_and_its_exit_code(
    shared_home: Home, name: str
) -> None:
    job, kind, code = REFUSALS[name]
    error = refused(shared_home, job)

    assert type(error) is kind
    assert exit_code(error) == code
    assert str(error).endswith(".")
    assert str(error).isprintable()
    assert shared_home.trail() == []


def test_a_stranger_is_named_by_the_fingerprint_of_the_key_alone(shared_home: Home) -> None:
    error = refused(shared_home, job_of(OTHER_KEY, requester__name="The tax office"))

    assert str(error) == f"There is no requester {fingerprint(OTHER_KEY.public)}."


def test_a_blocked_requester_is_refused_under_the_owners_name_for_them(home: Home) -> None:
    with home.act() as act:
        requesters.block(act, "lab")
    error = refused(home, job_of())

    assert isinstance(error, RequesterBlocked)
    assert exit_code(error) == 4
    assert "lab" in str(error)


def test_a_job_comes_in_once_whatever_became_of_it(home: Home) -> None:
    request_id = submitted(home)
    with home.act() as act:
        inbox.refuse(act, request_id)
    again = job_of(dp__steps=50)

    for job in (job_of(), again):
        with pytest.raises(JobReplayed) as error, home.act(NOW + timedelta(days=1)) as act:
            inbox.submit(act, job)
        assert exit_code(error.value) == 4
        assert "2026-03-01" in str(error.value)


def test_another_requester_may_use_the_same_job_id(home: Home) -> None:
    with home.act() as act:
        requesters.add(act, name="clinic", key=OTHER_KEY.public)

    assert submitted(home) != submitted(home, job_of(OTHER_KEY))


@pytest.mark.parametrize(
    ("now", "clause"),
    [(LATER, "it has expired"), (LATER - timedelta(days=367), "more than 366 days from now")],
)
def test_a_job_is_taken_only_within_a_year_of_its_end(home: Home, now: datetime, clause: str) -> None:
    made = manifest(expires="2027-09-01T00:00:00Z").expires_at
    home.date_is(now + (made - LATER))
    error = refused(home, job_of(expires="2027-09-01T00:00:00Z"), now=now + (made - LATER))

    assert isinstance(error, ManifestInvalid)
    assert clause in str(error)


LAST_FAULT: dict[str, Any] = {"expires": "2026-01-01T00:00:00Z"}
DEAR: dict[str, Any] = {"dp__noise_multiplier": 0.3, "dp__sampling_rate": 1, "dp__steps": 100}
ORDER: list[tuple[type[LockboxError], Callable[[], JobFiles]]] = [
    (WeightsInvalid, lambda: signed(document(), weights=bytes(WEIGHTS_LIMIT + 1), key=OTHER_KEY)),
    (ManifestTampered, lambda: signed(document(dp__steps=0, **LAST_FAULT), weights=b"", key=OTHER_KEY)),
    (ManifestInvalid, lambda: signed(_stranger(dp__steps=0), weights=b"", key=OTHER_KEY)),
    (WeightsTampered, lambda: signed(_stranger(), weights=b"", key=OTHER_KEY)),
    (UnknownRequester, lambda: signed(_stranger(collection="diary", **LAST_FAULT), key=OTHER_KEY)),
    (JobReplayed, lambda: job_of(**DEAR, **LAST_FAULT)),
    (ManifestInvalid, lambda: job_of(job_id="1" * 32, **DEAR, **LAST_FAULT)),
    (BudgetExhausted, lambda: job_of(job_id="1" * 32, collection="diary", **DEAR)),
]


def _stranger(**changes: Any) -> dict[str, Any]:
    return document(requester__key=OTHER_KEY.public.hex(), **changes)


def test_of_several_faults_the_earliest_check_speaks(home: Home) -> None:
    """Size, signature, manifest, weights, requester, replay, expiry, price: nobody learns more than needed."""
    submitted(home)
    for kind, job in ORDER:
        with pytest.raises(kind) as error, home.act() as act:
            inbox.submit(act, job())
        assert type(error.value) is kind


NOT_HERE: dict[str, dict[str, Any]] = {
    "unknown collection": {"collection": "diary"},
    "unknown field": {"fields__1__name": "pulse"},
    "wrong unit": {"unit": "record"},
    "window without times": {"collection": "walks", "unit": "record"},
}


@pytest.mark.parametrize("name", NOT_HERE)
def test_what_does_not_fit_the_catalogue_waits_and_its_owner_sees_why_before_approving(
    home: Home, name: str
) -> None:
    """Outside it is heard as any other job; here nothing of it can be approved."""
    request_id = submitted(home, job_of(**NOT_HERE[name]))

    assert row_of(home, request_id)["state"] == RequestState.WAITING
    with home.store.read() as uow:
        asked = evaluate.load(uow, request_id)
        why = evaluate.obstacle(uow, asked)
        assert evaluate.misfit(uow, asked) == why
        with pytest.raises(LockboxError) as error:
            evaluate.check_runnable(uow, asked)
        with pytest.raises(type(error.value)):
            inbox.examine(uow, job_of(**NOT_HERE[name]))
    assert why.startswith(str(error.value))
    assert ("lockbox import FILE --collection" in why) == (type(error.value) is UnknownCollection)


def misfits_of(home: Home, **changes: Any) -> tuple[str, ...]:
    with home.store.read() as uow:
        return fit.misfits(manifest(**changes), find_collection(uow, "sleep"))


FITTING: list[dict[str, Any]] = [
    {"fields__1__name": "bedtime"},
    {"fields__1__name": "alone"},
    {"fields__1__name": "mood"},
    {"fields__0__name": "note"},
    {"fields__0__name": "alone", "fields__0__transform__labels": ["false", "true"]},
    {"fields__0__name": "alone", "fields__0__transform__labels": ["no", "yes"]},
    {
        "fields__0__name": "steps",
        "fields__0__transform__labels": ["0", "-4000"],
        "fields__1__name": "mood",
    },
    LINEAR | {"fields__0__name": "mood"},
]


@pytest.mark.parametrize("changes", FITTING)
def test_a_transform_fits_every_field_type_it_is_for(shared_home: Home, changes: dict[str, Any]) -> None:
    assert misfits_of(shared_home, **changes) == ()


MISFITS: list[tuple[dict[str, Any], str]] = [
    ({"fields__1__name": "note"}, "standard does not fit note, which is of type text"),
    ({"fields__2__name": "mood"}, "onehot does not fit mood, which is of type float"),
    ({"fields__0__name": "bedtime"}, "classes does not fit bedtime, which is of type timestamp"),
    (
        {"fields__0__name": "alone", "fields__0__transform__labels": ["red", "blue"]},
        "alone is of type bool, and no label of the job is true, false, yes or no",
    ),
    (
        {
            "fields__0__name": "steps",
            "fields__0__transform__labels": ["4000.5", "many"],
            "fields__1__name": "mood",
        },
        "steps is of type int, and no label of the job is a whole number",
    ),
]


@pytest.mark.parametrize(("changes", "sentence"), MISFITS)
def test_a_type_that_does_not_fit_is_said_and_stands_in_the_way_of_nothing(
    home: Home, changes: dict[str, Any], sentence: str
) -> None:
    """One record can turn the type of a column: its owner is told, and no job is refused by it."""
    (said,) = misfits_of(home, **changes)
    assert said.startswith(sentence)
    request_id = submitted(home, job_of(**changes))
    with home.store.read() as uow:
        assert evaluate.obstacle(uow, evaluate.load(uow, request_id)) == ""


def test_examining_a_job_stores_nothing_and_may_be_repeated(home: Home) -> None:
    submitted(home)
    with home.store.read() as uow:
        examined = inbox.examine(uow, job_of())

        assert examined.manifest == manifest()
        assert examined.requester.name == "lab"
        with pytest.raises(UnknownField):
            inbox.examine(uow, job_of(fields__1__name="pulse"))
    assert home.trail() == ["request.received"]


def test_approving_and_refusing_are_recorded_once(home: Home) -> None:
    first, second = submitted(home), submitted(home, job_of(job_id="1" * 32))
    with home.act() as act:
        inbox.approve(act, first, grant_id="a" * 32)
        inbox.refuse(act, second, reason="not this month")

    assert row_of(home, first)["state"] == RequestState.APPROVED
    assert row_of(home, first)["grant_id"] == "a" * 32
    assert row_of(home, second)["state"] == RequestState.REFUSED_PERSON
    assert row_of(home, second)["reason"] == "not this month"
    assert home.trail() == ["request.received", "request.received", "request.approve", "request.refuse"]
    with pytest.raises(WrongState), home.act() as act:
        inbox.approve(act, second)
    with pytest.raises(WrongState, match="approved"), home.act() as act:
        inbox.approve(act, first)


def test_an_approval_can_be_taken_back_before_the_job_runs(home: Home) -> None:
    request_id = submitted(home)
    with home.act() as act:
        inbox.approve(act, request_id)
        inbox.refuse(act, request_id)

    assert row_of(home, request_id)["state"] == RequestState.REFUSED_PERSON


def test_a_reason_that_cannot_be_shown_is_refused(home: Home) -> None:
    request_id = submitted(home)

    with pytest.raises(Invalid, match="the reason has a control"), home.act() as act:
        inbox.refuse(act, request_id, reason="\x1b[2J")


def test_what_is_past_its_time_expires_and_cannot_be_approved(home: Home) -> None:
    waiting, approved = submitted(home), submitted(home, job_of(job_id="1" * 32))
    fresh = submitted(home, job_of(job_id="2" * 32, expires="2026-04-02T00:00:00Z"))
    with home.act() as act:
        inbox.approve(act, approved)
    with pytest.raises(WrongState, match="expired"), home.act(LATER) as act:
        inbox.approve(act, waiting)
    with home.act(LATER) as act:
        ended = inbox.expire(act)

    assert {waiting, approved} == set(ended)
    assert row_of(home, fresh)["state"] == RequestState.WAITING
    assert row_of(home, waiting)["state"] == RequestState.EXPIRED
    assert home.trail()[-2:] == ["request.expire", "request.expire"]


def test_a_request_that_is_not_there_is_unknown(home: Home) -> None:
    with home.store.read() as uow, pytest.raises(UnknownRequest):
        inbox.show(uow, "f" * 32)


def test_the_key_of_the_sender_is_the_one_that_signed() -> None:
    assert manifest().requester.key == KEY.public.hex()
