"""The headings of what commands show of a coordinator; its times are in UTC."""

from __future__ import annotations

ROUND_HEADINGS = ("round", "state", "deadline (UTC)", "answers", "left out", "bytes")
ANSWER_HEADINGS = ("round", "vault", "bytes", "received (UTC)", "in the model")
REFUSED_HEADINGS = ("round", "vault", "times", "why, the last time")
