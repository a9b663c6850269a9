"""Each worker reads another part of the tests first: what one has compiled the others find, as in a fresh copy."""

from __future__ import annotations

from contextlib import suppress

import pytest
from _pytest.pathlib import import_path


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Import the files of a whole run before they are collected, each worker from a place of its own on."""
    config = session.config
    turn: dict[str, str | int] | None = getattr(config, "workerinput", None)
    if turn is None or config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        return
    number, workers = int(str(turn["workerid"]).removeprefix("gw")), int(turn["workercount"])
    files = sorted(file for path in config.args for file in (config.rootpath / path).rglob("test_*.py"))
    first = number * len(files) // workers
    # what a file raises collecting meets again, and says whose it is
    with suppress(Exception, pytest.skip.Exception):
        for file in [*files[first:], *files[:first]]:
            import_path(file, root=config.rootpath, consider_namespace_packages=False)
