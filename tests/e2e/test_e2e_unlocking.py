"""Unlocking, locking and wrong passphrases are on the trail, and no number of tries fills a disk."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.sweeps import sweep
from tests.worlds.commands import run
from tests.worlds.daemon import facts, leave_session, serving
from tests.worlds.world import NAME, PASSPHRASE, World
from vault.errors.daemon import TooManyTries
from vault.errors.families import InternalError
from vault.errors.keys import WrongPassphrase
from vault.lifecycle import tries
from vault.lifecycle.unlocking import unlocking
from vault.sealing.keytree import Purpose
from vault.sealing.passphrase import passphrase_secret
from vault.wire.served_vault import write_private


def trail(world: World, kind: str) -> list[str]:
    """The sentences of one type on the trail."""
    lines: list[dict[str, Any]] = facts(world, "audit", "show", secret=PASSPHRASE)
    return [line["sentence"] for line in lines if line["type"] == kind]


def try_wrong(world: World, times: int) -> None:
    for _ in range(times):
        with suppress(WrongPassphrase), tries.counted_try(world.paths, datetime.now(UTC)):
            raise WrongPassphrase


def test_wrong_passphrases_are_on_the_trail_at_the_next_opening_to_write(today: World) -> None:
    for secret in ("wrong", "wrong again"):
        assert run(today.paths, "status", secret=secret).code == 3
    assert trail(today, "access.denied") == []
    assert run(today.paths, "requester", "trust", NAME).code == 0

    (sentence,) = trail(today, "access.denied")
    assert re.fullmatch(
        r"Wrong passphrases were tried before this: 2, the first 20.. UTC, the last 20.. UTC\.",
        re.sub(r"20\d\d-\d\d-\d\d \d\d:\d\d", "20..", sentence),
    )
    assert run(today.paths, "requester", "block", NAME).code == 0
    assert len(trail(today, "access.denied")) == 1


def test_after_ten_in_a_minute_none_is_tried_and_a_minute_later_the_right_one_opens(today: World) -> None:
    try_wrong(today, 10)
    outcome = run(today.paths, "status")
    assert (outcome.code, "too many tries: wait" in outcome.err) == (7, True), outcome.err
    long_ago = tries.Tries(count=10, first=1, last=2, since=1, within=10)
    today.paths.tries.write_text(str(long_ago.__repr__()))

    assert run(today.paths, "status").code == 0


def test_moments_that_cannot_be_told_are_no_tries(today: World) -> None:
    """Such as after the year 9999, in a damaged file: nothing is recorded of them, and nothing is kept from opening."""
    late = {"count": 1, "first": 2**39, "last": 2**39, "since": 0, "within": 0}
    today.paths.tries.write_text(json.dumps(late).ljust(160))
    today.paths.tries.chmod(0o600)
    assert run(today.paths, "requester", "trust", NAME).code == 0
    assert trail(today, "access.denied") == []


def test_tries_that_go_on_at_once_count_before_their_end_and_right_ones_no_more_after_it(
    today: World,
) -> None:
    with ExitStack() as going_on:
        for _ in range(10):
            going_on.enter_context(tries.counted_try(today.paths, datetime.now(UTC)))
        with pytest.raises(TooManyTries), tries.counted_try(today.paths, datetime.now(UTC)):
            pytest.fail("an eleventh passphrase was tried")
        assert run(today.paths, "status").code == 7

    assert run(today.paths, "status").code == 0
    assert trail(today, "access.denied") == []
    assert not today.paths.tries.exists()


def test_a_count_that_waits_while_the_file_is_taken_away_is_kept_in_the_one_that_lies_there(
    today: World,
) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: try_wrong(today, 1) or passing(today), range(8)))
    with tries.wrong_tries(today.paths) as counted:
        assert counted.count == 8


def passing(world: World) -> None:
    """Nothing but a right try, which takes the file away where it is the only one."""
    with suppress(TooManyTries), tries.counted_try(world.paths, datetime.now(UTC)):
        pass


def test_a_try_that_a_crash_cuts_short_counts_and_is_not_called_wrong(today: World) -> None:
    for _ in range(10):
        with suppress(MemoryError), tries.counted_try(today.paths, datetime.now(UTC)):
            raise MemoryError
    with pytest.raises(TooManyTries), tries.counted_try(today.paths, datetime.now(UTC)):
        pytest.fail("an eleventh passphrase was tried")
    with tries.wrong_tries(today.paths) as counted:
        assert (counted.count, counted.within) == (0, 10)


def test_keys_that_nobody_took_are_wiped(today: World) -> None:
    secret = passphrase_secret(PASSPHRASE)
    with unlocking(today.paths, secret, recovery=False) as begun:
        pass
    with pytest.raises(InternalError):
        begun.take().keys.subkey(Purpose.DATABASE)
    with suppress(KeyError), unlocking(today.paths, secret, recovery=False) as begun:
        taken = begun.take()
        raise KeyError
    with pytest.raises(InternalError):
        taken.keys.subkey(Purpose.DATABASE)
    with unlocking(today.paths, secret, recovery=False) as begun:
        taken = begun.take()
    taken.keys.subkey(Purpose.DATABASE)
    taken.keys.wipe()


@pytest.mark.parametrize(
    "said", sweep(["x" * 10**6, '{"count": -1}', "", "{}", "[]", "9" * 200, '{"count": true}'], default=2)
)
def test_whatever_stands_in_the_file_keeps_nobody_out_and_grows_nothing(today: World, said: str) -> None:
    today.paths.state.mkdir(exist_ok=True)
    write_private(today.paths.tries, said)
    try_wrong(today, 3)
    assert today.paths.tries.stat().st_size <= max(160, len(said))

    with today.vault() as vault:
        denied = [line for line in vault.audit_lines() if line.type == "access.denied"]
        assert ["before this: 3," in line.sentence for line in denied] == [True]


def test_what_cannot_be_put_in_its_place_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "tries").mkdir()
    with pytest.raises(IsADirectoryError):
        write_private(tmp_path / "tries", "{}")
    assert list(tmp_path.iterdir()) == [tmp_path / "tries"]


def test_a_link_in_its_place_is_not_followed(today: World) -> None:
    target = today.folder / "elsewhere"
    target.write_text("mine")
    today.paths.tries.symlink_to(target)
    try_wrong(today, 3)

    assert target.read_text() == "mine"
    assert run(today.paths, "status").code == 0


@pytest.mark.slow
def test_unlocking_and_locking_by_hand_are_on_the_trail_and_wrong_tries_in_between(today: World) -> None:
    with serving(today) as process:
        assert run(today.paths, "status", secret="wrong").code == 3
        leave_session(today)
        assert trail(today, "vault.unlock") == ["The vault was unlocked with the passphrase."]
        assert len(trail(today, "access.denied")) == 1
        assert run(today.paths, "settings", "lock-minutes", "9", secret=None).code == 0
        assert "without use, to 9 minutes" in trail(today, "settings.change")[-1]
        assert run(today.paths, "lock", secret=None).code == 0
        assert process.wait(30) == 0

    assert trail(today, "vault.lock") == ["You locked the vault."]
