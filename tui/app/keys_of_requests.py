"""The keys of the pages on which others ask and wait: Home and Requests."""

from __future__ import annotations

from typing import Final

from tui.app.key_action import KeyAction, key_action

HOME_KEYS: Final[tuple[KeyAction, ...]] = (
    key_action("home", "open", "enter", "Open", "Go to what waits on this line.", "status", shown=True),
    key_action(
        "home",
        "digest",
        "d",
        "Your week",
        "Read what happened in the last week, and what waits.",
        "digest",
        shown=True,
    ),
    key_action(
        "home", "withdraw", "w", "Withdraw…", "Withdraw the consent of this line.", "consent withdraw"
    ),
    key_action(
        "home",
        "submit",
        "o",
        "Take in…",
        "Take in a job, a campaign or an invitation, or the key file of somebody new.",
        "request submit",
    ),
    key_action(
        "home",
        "carry",
        "c",
        "Carry…",
        "Let the courier go that an update on this line waits for.",
        "courier run",
    ),
)
REQUEST_KEYS: Final[tuple[KeyAction, ...]] = (
    key_action(
        "requests",
        "review",
        "enter",
        "Open",
        "Read a request; this decides nothing.",
        "request show",
        shown=True,
    ),
    key_action(
        "requests",
        "run",
        "a",
        "Run…",
        "Open the decision about a run on this computer.",
        "request approve",
        shown=True,
    ),
    key_action(
        "requests",
        "submit",
        "o",
        "Take in…",
        "Take in a job, a campaign or an invitation, or the key file of somebody new.",
        "request submit",
        shown=True,
    ),
    key_action(
        "requests",
        "carry",
        "c",
        "Carry…",
        "Let the courier of this campaign go once: rounds in, what you released out.",
        "courier run",
    ),
    key_action(
        "requests",
        "leave_campaign",
        "w",
        "Leave…",
        "Open the decision to leave this campaign for good, and to end its courier.",
        "courier leave",
    ),
    key_action(
        "requests",
        "attack",
        "p",
        "Attack…",
        "Attack the job on made-up data, to see what an attacker would learn.",
        "request attack",
    ),
    key_action("requests", "numbers", "e", "ε and δ", "Show the price as numbers.", "request show"),
)
