"""Errors of the date: what a vault takes it for, and what the computer's clock says."""

from __future__ import annotations

from vault.errors.families import Invalid, Unavailable


class DateNotConfirmed(Unavailable):
    """The clock says {clock}, this vault was last used on {vault}: nothing ends, is paid or leaves until you
    say that the clock is right.

    A pause of months is as possible as a wrong clock, and what ends by a wrong clock may be gone for good.
    """

    hint = "lockbox date show says what would end; then: lockbox date confirm YYYY-MM-DD"


class OtherDate(Invalid):
    """The computer's clock says {clock}, not {said}; set the clock first if it is wrong."""

    hint = "lockbox date show has both"


class DateKnown(Invalid):
    """There is no question about the date: the vault and the computer's clock both say {clock}."""
