"""A moving window: at most so many within so many seconds, for each key by itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from vault.daemon.moving_window import MovingWindow


def test_the_limit_holds_for_each_key_and_passes_with_time() -> None:
    window = MovingWindow(most=2, seconds=10)
    for now in (0.0, 4.0):
        assert window.wait("a", now) == 0
        window.add("a", now)
    assert (window.wait("a", 5.0), window.wait("b", 5.0)) == (5.0, 0)
    assert window.wait("a", 9.9) > 0
    assert window.wait("a", 10.0) == 0  # the first one is over
    window.add("a", 10.0)
    assert window.wait("a", 10.0) == 4.0


def test_what_is_over_is_forgotten() -> None:
    window = MovingWindow(most=1, seconds=1)
    for key in range(1000):
        window.add(key, key / 1000)
    assert window.wait("new", 100.0) == 0
    assert window._seen == {}


def test_what_is_taken_at_once_is_within_the_limit_and_can_be_given_back() -> None:
    window = MovingWindow(most=2, seconds=10)
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: window.take("a", 1.0), range(40)))
    assert (waits.count(0.0), waits.count(10.0)) == (2, 38)
    window.give_back("a", 1.0)
    window.give_back("b", 1.0)
    assert [window.take("a", 2.0), window.take("a", 2.0)] == [0.0, 9.0]
