"""No record is shown before the look is on the trail: whatever page is asked for, by whomever."""

from __future__ import annotations

import pytest

from tests.worlds.served import Daemon, token_of


def looks(daemon: Daemon, token: str) -> int:
    lines = daemon.owner("audit_lines", token=token).json()
    return sum(line["type"] == "access.view" for line in lines)


@pytest.mark.parametrize(
    "page",
    [
        {"first": 1, "limit": 500},
        {"first": 99, "limit": 1},
        {"first": 1, "limit": 500, "search": "yes"},
        {"first": 0, "limit": 1, "search": "no row holds this"},
    ],
)
def test_each_page_that_is_asked_for_over_the_socket_is_on_the_trail(
    daemon: Daemon, page: dict[str, object]
) -> None:
    token = token_of(daemon)
    before = looks(daemon, token)
    answer = daemon.owner("browse", token=token, name="nights", **page)

    assert answer.status_code == 200
    assert looks(daemon, token) == before + 1
