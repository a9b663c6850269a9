"""Errors of older copies and of the mark that shows them."""

from __future__ import annotations

from vault.errors.families import Broken, Invalid, Refused, Unavailable


class OlderVault(Unavailable):
    """This vault is an older copy: {reason}."""

    hint = (
        "you can look and export; acting on it would take back withdrawals and spent budget, unless you go on from it "
        "knowingly: lockbox reopen"
    )


class MixedVault(Broken):
    """This vault is not whole as it was last written: {reason}."""

    hint = "you can look and export; put a whole backup back, or see what going on would mean: lockbox reopen"


class MarkDamaged(Broken):
    """This vault cannot be held against what this computer remembers of it: {reason}."""

    hint = "you can look and export; to write a new reminder and go on: lockbox reopen"


class HeaderPutBack(Broken):
    """This vault was opened by a key header that it was not given: {reason}."""

    hint = "you can look and export; if it is you who put that header back: lockbox reopen"


class NothingToReopen(Invalid):
    """This vault can be written to; there is nothing to reopen."""


class ReopenNotConfirmed(Refused):
    """Nothing was reopened: what was shown has to be confirmed by its first letters."""

    hint = "without a terminal: lockbox reopen --confirm LETTERS, with what --dry-run says to give"


class MarkNotWritten(Unavailable):
    """What you did is stored and recorded, but the reminder outside the vault could not be written to {path}."""

    hint = "without it an older copy of the vault would go unnoticed; make that folder writable"


class OtherCopyUsed(MarkNotWritten):
    """What you did is stored and recorded, but another copy of this vault was used on this computer meanwhile."""

    hint = "this one can only be read from now on; to go on from it, with what both spent: lockbox reopen"


class MarkUnwritable(Unavailable):
    """The reminder outside the vault cannot be written to {path}; nothing was spent and nothing left."""

    hint = "without it an older copy would take back what is spent and sent; make that folder writable"
