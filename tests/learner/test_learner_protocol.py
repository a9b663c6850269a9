"""What crosses the wall reads back as it was written, and anything else is refused without a word of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from array import array
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learner.protocol import (
    PRIVATE_LIMIT,
    PROGRESS_LINE_LIMIT,
    ColumnFrame,
    FeatureSpec,
    Job,
    LabelSpec,
    ModelSpec,
    ProbeResult,
    ProtocolError,
    SandboxFacts,
    Step,
    decode_envelope,
    encode_envelope,
    envelope_size,
    input_width,
    job_shapes,
    parameter_count,
    parameter_shapes,
    parse_probe,
    parse_progress,
    probe_line,
    read_frame,
    ready_line,
    step_line,
    update_limit,
    write_frame,
)

JOB = Job(
    model=ModelSpec(kind="mlp", hidden=(4,), activation="tanh"),
    loss="cross_entropy",
    features=(
        FeatureSpec(kind="standard", center=1.5, scale=2.0, clip=3.0, fill=1.0),
        FeatureSpec(kind="onehot", labels=3, fill_index=2),
        FeatureSpec(kind="standard", present=False),
    ),
    label=LabelSpec(kind="classes", classes=2),
    unit_reduction="mean",
    max_rows_per_unit=3,
    sampling_rate=0.1,
    expected_batch=10.0,
    clip_norm=1.0,
    noise_multiplier=1.0,
    steps=20,
    lr=0.1,
    momentum=0.0,
    average="last",
    grid=16,
)
FACTS = SandboxFacts(landlock_abi=3, seccomp=True, confined=True, missing=("landlock-network",))

finite = st.floats(-1e6, 1e6)
positive = st.floats(1e-6, 1e6)
numeric = st.builds(
    FeatureSpec,
    kind=st.just("standard"),
    center=finite,
    scale=positive,
    clip=positive,
    fill=finite,
    present=st.booleans(),
)
onehot = st.builds(
    FeatureSpec,
    kind=st.just("onehot"),
    labels=st.integers(3, 20),
    fill_index=st.none() | st.integers(0, 2),
    present=st.booleans(),
)
jobs = st.builds(
    replace,
    st.just(JOB),
    features=st.lists(numeric | onehot, min_size=1, max_size=5).map(tuple),
    unit_reduction=st.sampled_from(["sum", "mean"]),
    sampling_rate=st.floats(1e-6, 1.0),
    clip_norm=positive,
    steps=st.integers(1, 10_000),
    average=st.sampled_from(["last", "tail"]),
)


def columns_of(job: Job, rows: int) -> bytearray:
    """A frame with the numbers 0, 1, 2, … in every column."""
    numbers = {"standard": memoryview(array("d", range(rows))), "onehot": memoryview(array("i", range(rows)))}
    features = [numbers[spec.kind] if spec.present else None for spec in job.features]
    codes = array("i", range(rows))
    return ColumnFrame.encode(job, unit=codes, features=features, label=codes)


def changed(**changes: object) -> bytes:
    """The job's JSON with some members changed."""
    return json.dumps(json.loads(JOB.to_json()) | changes).encode()


# the job


@given(jobs)
def test_a_job_reads_back_as_it_was_written(job: Job) -> None:
    assert Job.from_json(job.to_json()) == job


@given(st.binary(max_size=200) | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(repr))
def test_what_is_not_a_job_is_refused(data: bytes | str) -> None:
    with pytest.raises(ProtocolError):
        Job.from_json(data if isinstance(data, bytes) else data.encode())


@pytest.mark.parametrize(
    "data",
    [
        changed(v=2),
        changed(v=True),
        changed(more=1),
        changed(steps=0),
        changed(steps=20.0),
        changed(steps=True),
        changed(steps=10_001),
        changed(lr=float("nan")),
        changed(lr=float("inf")),
        changed(lr="0.1"),
        changed(lr=0),
        changed(momentum=1),
        changed(sampling_rate=1.01),
        changed(loss="squared"),
        changed(loss="hinge"),
        changed(features=[]),
        changed(features={}),
        changed(features=[None]),
        changed(label=None),
        changed(model={"kind": "mlp", "hidden": [0], "activation": "tanh"}),
        changed(model={"kind": "mlp", "hidden": [4], "activation": "exec"}),
        changed(model={"kind": "mlp", "hidden": 4, "activation": "tanh"}),
        changed(model={"kind": "linear", "hidden": [], "activation": None}),
        changed(model={"kind": "logistic", "hidden": [4], "activation": None}),
        JOB.to_json().replace(b'"steps"', b'"steps":1,"steps"'),
        JOB.to_json().replace(b'"lr":0.1', b'"lr":1e999'),
        b"[" * 100_000,
        b" " * (2 << 20),
    ],
)
def test_a_job_that_breaks_one_rule_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        Job.from_json(data)


def test_a_refusal_does_not_repeat_what_it_refuses() -> None:
    with pytest.raises(ProtocolError) as refusal:
        Job.from_json(changed(loss="secret-7781"))
    assert "secret-7781" not in str(refusal.value)


def test_a_model_with_too_many_parameters_is_refused() -> None:
    """A million, and no more."""
    most, wide = FeatureSpec(kind="onehot", labels=9_999), FeatureSpec(kind="onehot", labels=10_000)
    affine = replace(JOB, model=ModelSpec(kind="logistic"), features=(*(wide,) * 49, most))
    assert parameter_count(job_shapes(affine)) == 1_000_000
    with pytest.raises(ProtocolError, match="too many parameters"):
        replace(affine, features=(wide,) * 50)


@pytest.mark.parametrize(
    ("model", "shapes"),
    [
        (ModelSpec(kind="linear"), {"weight": (2, 5), "bias": (2,)}),
        (ModelSpec(kind="logistic"), {"weight": (2, 5), "bias": (2,)}),
        (
            ModelSpec(kind="mlp", hidden=(4, 3), activation="relu"),
            {
                "layers.0.weight": (4, 5),
                "layers.0.bias": (4,),
                "layers.1.weight": (3, 4),
                "layers.1.bias": (3,),
                "layers.2.weight": (2, 3),
                "layers.2.bias": (2,),
            },
        ),
    ],
)
def test_parameters_have_fixed_names_and_shapes(model: ModelSpec, shapes: dict[str, tuple[int, ...]]) -> None:
    assert list(shapes.items()) == list(parameter_shapes(model, 5, 2).items())


def test_widths_and_counts_follow_from_the_job() -> None:
    assert input_width(JOB.features) == 5
    assert parameter_count(parameter_shapes(JOB.model, 5, 2)) == 4 * 5 + 4 + 2 * 4 + 2


# frames


@given(st.binary(max_size=5000))
def test_a_frame_reads_back_through_a_pipe(data: bytes) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as end, os.fdopen(writing, "wb") as start:
        write_frame(start.fileno(), data)
        assert read_frame(end.fileno(), 5000) == data


@pytest.mark.parametrize(
    "written",
    [b"", b"\x01", (4).to_bytes(8, "little") + b"abc", (11).to_bytes(8, "little"), b"\xff" * 8],
)
def test_a_frame_that_is_cut_off_or_too_long_is_refused_before_it_is_allocated(written: bytes) -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as end:
        os.write(writing, written)
        os.close(writing)
        with pytest.raises(ProtocolError):
            read_frame(end.fileno(), 10)


# columns


@given(jobs, st.integers(0, 40))
def test_columns_read_back_as_they_were_written(job: Job, rows: int) -> None:
    frame = ColumnFrame.decode(job, columns_of(job, rows))
    expected = list(range(rows))
    assert (rows, expected, expected) == (frame.rows, frame.unit.tolist(), frame.label.tolist())
    for spec, column in zip(job.features, frame.features, strict=True):
        assert (expected if spec.present else None) == (None if column is None else column.tolist())


def test_a_frame_shares_the_memory_it_was_read_from() -> None:
    data = columns_of(JOB, 3)
    frame = ColumnFrame.decode(JOB, data)
    frame.unit[0] = 77
    assert ColumnFrame.decode(JOB, data).unit[0] == 77


@given(jobs, st.integers(1, 40), st.integers(-100, 100).filter(bool))
def test_a_frame_that_is_cut_off_or_too_long_is_refused(job: Job, rows: int, by: int) -> None:
    data = columns_of(job, rows)
    with pytest.raises(ProtocolError):
        ColumnFrame.decode(job, data[:by] if by < 0 else data + bytes(by))


@given(st.binary(max_size=300), st.integers(0, 8))
def test_arbitrary_bytes_are_no_frame(noise: bytes, kept: int) -> None:
    with pytest.raises(ProtocolError):
        ColumnFrame.decode(JOB, columns_of(JOB, 0)[:kept] + noise)


def test_a_frame_cannot_claim_more_rows_than_it_has() -> None:
    data = columns_of(JOB, 2)
    data[16:24] = (2**63).to_bytes(8, "little")
    with pytest.raises(ProtocolError):
        ColumnFrame.decode(JOB, data)


def test_a_frame_of_another_job_is_refused() -> None:
    other = replace(JOB, features=(FeatureSpec(kind="standard"),) * 3)
    with pytest.raises(ProtocolError):
        ColumnFrame.decode(other, columns_of(JOB, 2))


def test_columns_that_do_not_fit_the_job_are_refused() -> None:
    codes, numbers = bytes(8), bytes(16)
    right = [numbers, codes, None]
    for features in (right[:2], [*right, None], [codes, codes, None], [numbers, None, None], [numbers] * 3):
        with pytest.raises(ProtocolError):
            ColumnFrame.encode(JOB, unit=codes, features=features, label=codes)
    assert ColumnFrame.decode(JOB, ColumnFrame.encode(JOB, unit=codes, features=right, label=codes)).rows == 2


# progress


@given(
    st.builds(
        SandboxFacts,
        landlock_abi=st.integers(0, 99),
        seccomp=st.booleans(),
        confined=st.booleans(),
        missing=st.lists(st.sampled_from(["landlock", "seccomp"]), max_size=2).map(tuple),
    )
)
def test_readiness_reads_back(facts: SandboxFacts) -> None:
    assert parse_progress(ready_line(facts)) == facts


@given(st.integers(1, 10_000))
def test_a_step_reads_back(of: int) -> None:
    assert parse_progress(step_line(of, of)) == Step(step=of, of=of)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"3",
        b"null",
        b"\xff",
        b'{"v":1,"step":1,"of":20,"loss":0.5}',
        b'{"v":1,"step":1,"of":20,"step":2}',
        b'{"v":1,"step":NaN,"of":20}',
        b'{"v":1,"step":Infinity,"of":20}',
        b'{"v":1,"step":1.5,"of":20}',
        b'{"v":1,"step":true,"of":20}',
        b'{"v":1,"step":0,"of":20}',
        b'{"v":1,"step":21,"of":20}',
        b'{"v":1,"step":1,"of":20000}',
        b'{"v":2,"step":1,"of":20}',
        b'{"step":1,"of":20}',
        b'{"v":1,"ready":false,"sandbox":{}}',
        b'{"v":1,"ready":true,"sandbox":{}}',
        ready_line(FACTS).replace(b"landlock-network", b"row 17 is 4.5"),
        ready_line(FACTS).replace(b"3", b"1e9"),
        ready_line(FACTS).replace(b'"seccomp":true', b'"seccomp":"4.5"'),
        step_line(1, 20) + b" " * PROGRESS_LINE_LIMIT,
    ],
)
def test_a_progress_line_has_no_room_for_anything_else(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_progress(line)


def test_a_probe_reads_back_and_anything_else_is_refused() -> None:
    line = probe_line("fork", refused=True, how="EPERM")
    assert ProbeResult(name="fork", refused=True, how="EPERM") == parse_probe(line)
    for other in (b"", b"{}", line.replace(b"true", b"1"), line.replace(b'"fork"', b"[]"), step_line(1, 2)):
        with pytest.raises(ProtocolError):
            parse_probe(other)


# the envelope


@settings(max_examples=30)
@given(st.binary(max_size=300), st.dictionaries(st.text(max_size=9), finite).map(json.dumps).map(str.encode))
def test_an_envelope_has_one_size_and_reads_back(update: bytes, private: bytes) -> None:
    data = encode_envelope(JOB, update, private)
    envelope = decode_envelope(JOB, data)
    assert (envelope_size(JOB), update, private) == (len(data), envelope.update, envelope.private)


def test_an_envelope_shows_nothing_of_its_content() -> None:
    assert repr(decode_envelope(JOB, encode_envelope(JOB, b"noised", b'{"curve":[]}'))) == "Envelope()"


def test_a_part_that_is_too_long_does_not_fit_an_envelope() -> None:
    with pytest.raises(ProtocolError):
        encode_envelope(JOB, bytes(update_limit(JOB) + 1), b"")
    with pytest.raises(ProtocolError):
        encode_envelope(JOB, b"", bytes(PRIVATE_LIMIT + 1))
    assert len(encode_envelope(JOB, bytes(update_limit(JOB)), bytes(PRIVATE_LIMIT))) == envelope_size(JOB)


def test_an_envelope_is_exactly_its_size_its_head_and_zeros() -> None:
    good = encode_envelope(JOB, b"update", b"{}")
    wrong_length = good[:8] + (2**32 - 1).to_bytes(4, "little") + good[12:]
    for bad in (b"", good[:-1], good + b"\0", b"X" + good[1:], good[:-1] + b"\1", wrong_length):
        with pytest.raises(ProtocolError):
            decode_envelope(JOB, bad)


@pytest.mark.parametrize("private", [b"", b"[]", b'{"loss":NaN}', b'{"a":1,"a":2}', b"\xff"])
def test_the_private_part_is_strict_json(private: bytes) -> None:
    with pytest.raises(ProtocolError):
        decode_envelope(JOB, encode_envelope(JOB, b"update", private))


def test_the_protocol_loads_nothing_but_the_standard_library() -> None:
    listing = "print(*{name.partition('.')[0] for name in sys.modules})"
    bare, loaded = (
        subprocess.run(
            [sys.executable, "-I", "-c", f"import sys; {more}; {listing}"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        for more in ("pass", "import learner.protocol")
    )
    assert {"learner"} == set(loaded) - set(bare) - set(sys.stdlib_module_names)
