"""A learner that misbehaves in any way ends as one closed sentence, and no learner outlives its vault."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from array import array
from dataclasses import replace
from pathlib import Path

import pytest
from learner_children import JOB, LONG_JOB, Pretend, columns, ignore, is_alive, weights
from learner_setups import LOGISTIC, cnn, mlp, text, transformer, weights_of

from learner.protocol import ColumnFrame, Job
from tests.sweeps import sweep, sweep_of_many
from vault.errors.training import LearnerFailed, SandboxMissing
from vault.training import channels, process
from vault.training.process import Failure, LearnerProcess, probe_sandbox

pytestmark = pytest.mark.usefixtures("nothing_is_left_open")


def reason_of(job: Job = JOB, **options: float) -> str:
    """Run a learner that fails, and give the reason."""
    with pytest.raises(LearnerFailed) as failure:
        run(job, **options)
    return str(failure.value.facts["reason"])


def run(job: Job = JOB, **options: float) -> bytes:
    """Run a learner to its end and give the update."""
    with LearnerProcess.start(job, weights(), ready_timeout=options.get("ready_timeout", 60.0)) as learner:
        return learner.train(columns(), ignore).update


def dies_within(seconds: float, pid: int) -> bool:
    """Whether the process ends in this time."""
    end = time.monotonic() + seconds
    while is_alive(pid) and time.monotonic() < end:
        time.sleep(0.02)
    return not is_alive(pid)


# the real learner


def test_a_real_learner_locks_in_trains_and_is_gone() -> None:
    given, steps = columns(), []
    with LearnerProcess.start(JOB, weights()) as learner:
        if sys.platform == "linux":
            assert learner.sandbox.confined, f"missing layers: {learner.sandbox.missing}"
            status = Path(f"/proc/{learner.pid}/status").read_text()
            assert {"NoNewPrivs:\t1", "Seccomp:\t2", "Threads:\t1"} <= set(status.splitlines())
        envelope = learner.train(given, lambda step, of: steps.append((step, of)))
    assert [(step, 20) for step in range(1, 21)] == steps
    assert len(envelope.update) > 0
    assert not any(given)
    assert not is_alive(learner.pid)


@pytest.mark.parametrize("instructions", sweep(["SSE4_2", "AVX2"]))
@pytest.mark.parametrize(
    ("kind", "most_rows"),
    sweep_of_many(
        [
            *(("mlp", 8), ("cnn", 1), ("text", 1), ("cnn", 8), ("text", 8), ("mlp", 1)),
            *(("normed", 1), ("transformer", 1), ("normed", 8), ("transformer", 8)),
            *(("few texts at once", 1), ("few texts at once", 8)),
        ],
        default=1,
    ),
)
def test_a_network_is_trained_where_the_processor_has_no_avx_512(
    instructions: str, kind: str, most_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fewer = {**process.ENVIRONMENT, "MKL_ENABLE_INSTRUCTIONS": instructions}
    monkeypatch.setattr(process, "ENVIRONMENT", fewer)
    few = replace(LOGISTIC, grid=20, max_rows_per_unit=most_rows)
    job = {
        "mlp": mlp(few, 100, 20),
        "cnn": cnn(few, (8, 8, 1), 16, 9),
        "text": text(few, 60, 8, 16, kernel=5),
        "normed": cnn(few, (8, 8, 1), 16, 8, groups=4),
        "transformer": transformer(few, 60, 8, 16, 20, heads=2),
        "few texts at once": transformer(few, 128, 64, 256, 40, heads=4),
    }[kind]
    LearnerProcess.start(job, weights_of(job, scale=0.3)).stop()


# a learner that ends with 99 if it has ever loaded torch
WITHOUT_TORCH = """
import os, sys
from learner import __main__ as learner
end = os._exit
os._exit = lambda status: end(99 if "torch" in sys.modules else status)
learner.main()
"""


@pytest.mark.parametrize(
    "job",
    [replace(LOGISTIC, max_rows_per_unit=1), pytest.param(JOB, marks=pytest.mark.slow)],
    ids=["logistic", "linear"],
)
def test_a_model_of_one_layer_is_trained_without_torch(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-I", "-c", WITHOUT_TORCH))
    with LearnerProcess.start(job, weights_of(job)) as learner:
        assert len(learner.train(nine_rows(job), ignore).update) > 0
    layered = mlp(LOGISTIC, 5)
    with (
        LearnerProcess.start(layered, weights_of(layered)) as learner,
        pytest.raises(LearnerFailed) as failure,
    ):
        learner.train(nine_rows(layered), ignore)
    assert failure.value.facts["reason"] == Failure.ENDED


def nine_rows(job: Job) -> bytearray:
    """Columns that fit a job of numbers."""
    numbers = array("d", range(9))
    label = numbers if job.loss == "squared" else array("i", [0, 1, 1] * 3)
    return ColumnFrame.encode(
        job, unit=array("i", range(9)), features=[numbers] * len(job.features), label=label
    )


def test_a_learner_dies_when_its_job_descriptor_ends() -> None:
    with LearnerProcess.start(LONG_JOB, weights()) as learner, pytest.raises(LearnerFailed) as failure:
        learner.train(columns(), lambda _step, _of: learner._channels._close({learner._channels.job}))
    assert str(failure.value.facts["reason"]) == Failure.VAULT_GONE


@pytest.mark.skipif(sys.platform != "linux", reason="a parent's death is not told at once here")
def test_no_learner_outlives_a_vault_that_is_killed(tmp_path: Path) -> None:
    code = f"""
import sys
from learner.protocol import Job
from vault.training.process import LearnerProcess
job, weights, columns = (open(name, "rb").read() for name in {[str(tmp_path / n) for n in "jwc"]!r})
learner = LearnerProcess.start(Job.from_json(job), weights)
learner.train(columns, lambda step, of: print(learner.pid, flush=True))
"""
    for name, data in (("j", LONG_JOB.to_json()), ("w", weights()), ("c", columns())):
        (tmp_path / name).write_bytes(data)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as vault:
        assert vault.stdout is not None
        pid = int(vault.stdout.readline())
        assert is_alive(pid)
        vault.kill()
        assert dies_within(2.0, pid)


def test_weights_that_are_none_fail_the_rehearsal_before_anything_is_charged() -> None:
    with pytest.raises(LearnerFailed) as failure:
        LearnerProcess.start(JOB, b"not weights")
    assert str(failure.value.facts["reason"]) == Failure.REHEARSAL


# what a learner is given


def test_a_learner_gets_four_descriptors_and_a_bare_environment(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOCKBOX_TEST_SECRET", "swordfish")
    pretend(f"""
        fds = [fd for fd in range(3, 200) if os.path.exists(f"/dev/fd/{{fd}}")]
        seen = [sorted(map(int, THEIRS.split(","))), fds, dict(os.environ), os.getcwd(), sys.stdin.read()]
        open({str(tmp_path / "seen")!r}, "w").write(json.dumps(seen))
    """)
    reading, secret = os.pipe()
    os.set_inheritable(secret, True)
    try:
        assert reason_of() == Failure.BROKE_PROTOCOL
    finally:
        os.close(reading)
        os.close(secret)
    theirs, open_ones, environment, folder, typed = json.loads((tmp_path / "seen").read_text())
    assert (theirs, "/", "") == (open_ones, folder, typed)
    assert {"LOCKBOX_TEST_SECRET", "PATH", "USER"}.isdisjoint(environment)
    assert environment["HOME"] == "/"


def test_a_folder_with_a_learner_in_it_takes_nothing_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "learner").mkdir()
    for name in ("__init__.py", "__main__.py"):
        (tmp_path / "learner" / name).write_text("raise SystemExit(99)")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert process._examine(()) == process._examine(())
    hijacked = subprocess.run([*process.COMMAND, "--probe"], capture_output=True, check=False)
    assert hijacked.returncode == 0
    assert subprocess.run([sys.executable, "-m", "learner"], check=False).returncode == 99


@pytest.mark.skipif(sys.platform != "linux", reason="there are no sealed memory files here")
def test_columns_come_after_the_word_to_go_and_cannot_be_changed(pretend: Pretend) -> None:
    pretend("""
        assert os.fstat(COLUMNS).st_size == 0
        ready()
        frame = ColumnFrame.decode(job, os.pread(COLUMNS, 1 << 20, 0))
        assert frame.rows == 300
        again = os.open(f"/proc/self/fd/{COLUMNS}", os.O_RDWR)
        for change in (lambda: os.write(COLUMNS, b"x"), lambda: os.write(again, b"x"),
                       lambda: os.ftruncate(again, 0), lambda: os.ftruncate(again, 1 << 20)):
            try:
                change()
            except OSError:
                continue
            sys.exit(1)
        hand_in()
    """)
    assert run() == b"noised"


@pytest.mark.parametrize("has_memory_files", [True, False])
def test_columns_of_any_size_arrive_with_and_without_memory_files(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch, has_memory_files: bool
) -> None:
    if not has_memory_files:
        monkeypatch.setattr(channels, "_column_ends", os.pipe)
    pretend("""
        from learner import __main__ as main
        main._take_descriptors()
        JOB, COLUMNS, PROGRESS, ENVELOPE = 3, 4, 5, 6
        ready()
        frame = ColumnFrame.decode(job, main._columns())
        assert frame.unit.tolist() == list(range(20_000))
        frame.unit[0] = 1
        hand_in()
    """)
    with LearnerProcess.start(JOB, weights()) as learner:
        assert learner.train(columns(20_000), ignore).update == b"noised"


def test_a_line_may_arrive_in_pieces(pretend: Pretend) -> None:
    pretend("""
        ready()
        for byte in step_line(1, 20) + step_line(2, 20):
            say(bytes([byte]))
            time.sleep(0.001)
        hand_in()
    """)
    steps = []
    with LearnerProcess.start(JOB, weights()) as learner:
        learner.train(columns(), lambda step, of: steps.append((step, of)))
    assert steps == [(1, 20), (2, 20)]


# learners that misbehave


@pytest.mark.parametrize(
    "body",
    [
        "say(b'hello\\n'); wait()",
        "say(b'x' * 100_000); wait()",
        "say(ready_line(FACTS) * 2); wait()",
        "say(step_line(1, 20)); wait()",
        'say(b\'{"v":1,"ready":true,"sandbox":{},"mean":4.5}\\n\'); wait()',
        "pass",
        'ready(); say(b\'{"v":1,"step":NaN,"of":20}\\n\'); wait()',
        'ready(); say(b\'{"v":1,"step":1,"of":20,"loss":0.25}\\n\'); wait()',
        "ready(); say(b'\\xff\\n'); wait()",
        "ready(); say(ready_line(FACTS)); wait()",
        "ready(); say(step_line(1, 19)); wait()",
        "ready(); say(step_line(2, 20) + step_line(2, 20)); wait()",
        "ready(); say(step_line(2, 20) + step_line(1, 20)); wait()",
        "ready(); say(b' ' * 1000); wait()",
        "ready(); say(step_line(1, 20)[:-1]); hand_in()",
        "ready(); hand_in(); write_all(ENVELOPE, b'more'); wait()",
        "ready(); write_all(ENVELOPE, b'short')",
        "ready(); write_all(ENVELOPE, encode_envelope(job, b'noised', b'{\"loss\":NaN}'))",
        "ready(); write_all(ENVELOPE, bytes(envelope_size(job)))",
        "ready()",
    ],
)
def test_a_learner_that_breaks_the_protocol_is_stopped(pretend: Pretend, body: str) -> None:
    pretend(body)
    assert reason_of() == Failure.BROKE_PROTOCOL


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("sys.exit(66)", Failure.JOB),
        ("sys.exit(67)", Failure.REHEARSAL),
        ("sys.exit(1)", Failure.ENDED),
        ("raise ValueError('the first record is 4.5')", Failure.ENDED),
        ("ready(); sys.exit(68)", Failure.COLUMNS),
        ("ready(); hand_in(); sys.exit(69)", Failure.TRAINING),
        ("ready(); hand_in(); os.kill(os.getpid(), signal.SIGSEGV)", Failure.KILLED),
    ],
)
def test_a_learner_that_ends_badly_tells_by_its_status_alone(
    pretend: Pretend, body: str, reason: Failure
) -> None:
    pretend(body)
    assert reason_of() == reason


def test_a_learner_killed_while_training_fails_the_job(pretend: Pretend) -> None:
    pretend("ready(); say(step_line(1, 20)); wait()")
    with LearnerProcess.start(JOB, weights()) as learner, pytest.raises(LearnerFailed) as failure:
        learner.train(columns(), lambda _step, _of: os.kill(learner.pid, signal.SIGKILL))
    assert str(failure.value.facts["reason"]) == Failure.KILLED


def test_a_learner_that_is_never_ready_is_given_up(pretend: Pretend) -> None:
    pretend("wait()")
    assert reason_of(ready_timeout=0.3) == Failure.NOT_READY


def test_a_learner_that_reads_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    sleeping = (sys.executable, "-I", "-c", "import time; time.sleep(5)")
    monkeypatch.setattr(process, "COMMAND", sleeping)
    with pytest.raises(LearnerFailed) as failure:
        LearnerProcess.start(JOB, bytes(4 << 20), ready_timeout=0.3)
    assert str(failure.value.facts["reason"]) == Failure.NOT_READY


def test_a_learner_that_does_not_end_is_ended(pretend: Pretend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "END_TIMEOUT", 0.2)
    pretend("ready(); hand_in(); os.close(ENVELOPE); os.close(PROGRESS); wait()")
    assert reason_of() == Failure.NOT_ENDED


def test_a_learner_that_cannot_be_started_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(process, "COMMAND", (str(tmp_path / "missing"),))
    assert reason_of() == Failure.NOT_STARTED
    with pytest.raises(LearnerFailed):
        probe_sandbox([])


def test_a_prober_that_talks_nonsense_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    for code in ("", "print('{}')", "raise SystemExit(1)"):
        monkeypatch.setattr(process, "COMMAND", (sys.executable, "-I", "-c", code))
        with pytest.raises(LearnerFailed):
            probe_sandbox([])


def test_nothing_a_learner_prints_reaches_anyone(pretend: Pretend, capfd: pytest.CaptureFixture[str]) -> None:
    pretend("""
        print("the first record is 4.5", flush=True)
        print("the first record is 4.5", file=sys.stderr, flush=True)
        ready()
        hand_in()
    """)
    assert run() == b"noised"
    assert tuple(capfd.readouterr()) == ("", "")


def test_a_learner_that_is_not_confined_is_refused_before_it_can_train(pretend: Pretend) -> None:
    pretend("""
        FACTS = SandboxFacts(landlock_abi=0, seccomp=True, confined=False, missing=("landlock",))
        ready()
        hand_in()
    """)
    with pytest.raises(SandboxMissing) as refusal:
        LearnerProcess.start(JOB, weights())
    assert str(refusal.value.facts["reason"]) == "missing: landlock"
    with LearnerProcess.start(JOB, weights(), allow_unconfined=True) as learner:
        assert not learner.sandbox.confined
        assert learner.train(columns(), ignore).update == b"noised"
