"""The `lockbox` command."""

from __future__ import annotations


def main() -> None:
    """Run the `lockbox` command; what it needs is imported here, so that the package itself loads nothing."""
    from tui.cli.entry_point import main as run_lockbox

    run_lockbox()
