"""A moving window: at most so many within so many seconds, for each key by itself."""

from __future__ import annotations

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
