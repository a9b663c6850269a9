"""`python -m tui.cli` is the `lockbox` command."""

from tui.cli import main

main()
