"""Saying, in one line, what of couriers and meshes lies here that was to be removed."""

from __future__ import annotations

import typer

from tui.cli.terminal import say
from tui.cli.vault_access import global_options
from tui.couriers.cut_off import left_over
from tui.text import carrying_facts


def say_left_over(context: typer.Context) -> None:
    """Say where it lies and what removes it, if there is any."""
    paths = global_options(context).paths
    if found := left_over(paths.courier, paths.mesh):
        say(carrying_facts.LEFT_OVER.format(paths=", ".join(map(str, found))))
