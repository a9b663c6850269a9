"""The keys of the page of models."""

from __future__ import annotations

from typing import Final

from tui.app.key_action import KeyAction, key_action

MODEL_KEYS: Final[tuple[KeyAction, ...]] = (
    key_action("models", "open", "enter", "Open", "Read all about this model.", "model show"),
    key_action(
        "models",
        "add",
        "a",
        "Keep…",
        "Keep the model of a release folder, once it verifies.",
        "model add",
        shown=True,
    ),
    key_action(
        "models",
        "score",
        "s",
        "Score…",
        "See how this model does on your own rows; the look is recorded.",
        "model score",
        shown=True,
    ),
    key_action(
        "models",
        "fit",
        "f",
        "Fit…",
        "Fit this model to your own rows at home; the copy is not private and stays.",
        "model fit",
        shown=True,
    ),
    key_action(
        "models",
        "predict",
        "p",
        "Predict…",
        "Predict for your own rows, or for those of a file, into a new file.",
        "model predict",
        shown=True,
    ),
    key_action(
        "models", "export", "e", "Export…", "Write this model to a new file, for yourself.", "model export"
    ),
)
