"""Every command is found where it is, and one that is run loads the file of no other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tui.cli.loaded_commands import HOMES, commands_in

FILES = {file.stem for file in (Path(__file__).parents[2] / "tui" / "cli" / "commands").glob("[a-z]*.py")}


def test_the_table_of_commands_names_what_their_files_hold_and_nothing_else() -> None:
    held = {name: home for home in FILES for name in commands_in(home)}

    assert held == HOMES


def test_a_command_loads_its_own_file_alone() -> None:
    code = "import sys; from tui.cli.entry_point import run; run(['paths', '--help']); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()

    assert {name for name in loaded if name.startswith("tui.cli.commands.")} == {"tui.cli.commands.vault"}
    assert not {"rich", "pydantic", "sqlalchemy", "numpy", "pyarrow", "textual", "torch"} & set(loaded)
