"""The colours of the screens: dark, light, high contrast, or as the terminal says; a test measures each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual.theme import Theme

DARK: Final = Theme(
    name="lockbox-dark",
    primary="#5aa9e6",
    secondary="#7f9fbf",
    accent="#ffb84d",
    warning="#ffb84d",
    error="#ff7b85",
    success="#6fd58b",
    foreground="#e6e6e6",
    background="#14161a",
    surface="#1b1e24",
    panel="#262b33",
    variables={
        "text-muted": "#b0b7c0",
        "text-disabled": "#98a0aa",
        "text-warning": "#ffc870",
        "text-error": "#ff9aa2",
        "text-accent": "#ffc870",
        "block-cursor-foreground": "#101216",
        "block-cursor-background": "#7cc0f5",
        "block-cursor-blurred-foreground": "#e6e6e6",
        "block-cursor-blurred-background": "#34404d",
        "footer-key-foreground": "#ffc870",
        "footer-description-foreground": "#e6e6e6",
        "footer-background": "#262b33",
    },
)
LIGHT: Final = Theme(
    name="lockbox-light",
    primary="#004f8a",
    secondary="#44576b",
    accent="#7a3e00",
    warning="#7a3e00",
    error="#a3142e",
    success="#176b32",
    foreground="#1a1a1a",
    background="#fafafa",
    surface="#f0f1f3",
    panel="#e2e5e9",
    dark=False,
    variables={
        "text-muted": "#4a5058",
        "text-disabled": "#555b63",
        "text-warning": "#7a3e00",
        "text-error": "#a3142e",
        "text-accent": "#7a3e00",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-background": "#004f8a",
        "block-cursor-blurred-foreground": "#1a1a1a",
        "block-cursor-blurred-background": "#c9d3de",
        "footer-key-foreground": "#004f8a",
        "footer-description-foreground": "#1a1a1a",
        "footer-background": "#e2e5e9",
    },
)
CONTRAST: Final = Theme(
    name="lockbox-contrast",
    primary="#ffff00",
    secondary="#ffffff",
    accent="#ffff00",
    warning="#ffff00",
    error="#ffb0b0",
    success="#a0ffa0",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#1a1a1a",
    variables={
        "text-muted": "#f0f0f0",
        "text-disabled": "#d0d0d0",
        "text-warning": "#ffff00",
        "text-error": "#ffb0b0",
        "text-accent": "#ffff00",
        "block-cursor-foreground": "#000000",
        "block-cursor-background": "#ffff00",
        "block-cursor-blurred-foreground": "#ffffff",
        "block-cursor-blurred-background": "#444444",
        "footer-key-foreground": "#ffff00",
        "footer-description-foreground": "#ffffff",
        "footer-background": "#1a1a1a",
    },
)
BY_NAME: Final = {"dark": DARK, "light": LIGHT, "contrast": CONTRAST}
LIGHT_BACKGROUNDS: Final = ("7", "15")
"""Of the sixteen colours of a terminal, as the last number of COLORFGBG."""


def theme_of(wanted: str, environ: Mapping[str, str]) -> Theme:
    """The theme of a preference; `system` takes what the terminal says of its background, else the dark one."""
    if wanted in BY_NAME:
        return BY_NAME[wanted]
    background = environ.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT if background in LIGHT_BACKGROUNDS else DARK
