"""What is typed wrong ends in one sentence with what was meant: an unknown word with 2, an unusable value with 1."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.cli.entry_point import run


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("settings lock_minutes 5", 1, "there is no setting lock_minutes; did you mean lock-minutes?"),
        ("settings them", 1, "there is no setting them; did you mean theme?"),
        ("settings nope 5", 1, "there is no setting nope; there are lock-minutes, calm, theme and drills"),
        ("settings lock-minutes 0", 1, "lock-minutes is a whole number from 1 to 1440"),
        ("settings lock-minutes many", 1, "lock-minutes is a whole number from 1 to 1440"),
        ("settings theme darc", 1, "there is no theme darc; did you mean dark?"),
        ("settings theme", 2, "settings theme needs a value"),
        ("serve --lock-minutes many", 1, "invalid value for '--lock-minutes'"),
        ("date confirm 31.12.2026", 1, "a date is written YYYY-MM-DD"),
        ("shell completion", 2, "missing argument 'SHELL'. Choose from: bash, zsh, fish"),
        ("shell completion csh", 1, "'csh' is not one of 'bash', 'zsh', 'fish'"),
        ("job keygen none/below/file", 1, "something is already there"),
        ("data export sleep -", 1, "an export goes into a file of its own"),
        (
            "data export sleep rows",
            1,
            "rows does not say in which form: name it .csv or .jsonl, or give --as",
        ),
        (
            "model export nightly weights.txt",
            1,
            "weights.txt does not say what of the model is in it: name it .safetensors (its weights alone) or .onnx",
        ),
        ("shel", 2, "no such command 'shel'"),
    ],
)
def test_what_is_typed_wrong_says_what_was_meant(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    typed: str,
    code: int,
    said: str,
) -> None:
    for name in ("LOCKBOX_VAULT", "LOCKBOX_STATE", "LOCKBOX_RUNTIME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("LOCKBOX_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.chdir(tmp_path)
    Path("none").touch()

    assert run(typed.split()) == code
    told = capsys.readouterr().err
    assert said in " ".join(told.split())
    assert "\\n" not in told
