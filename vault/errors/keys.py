"""Errors of passphrases, recovery keys and key files."""

from __future__ import annotations

from vault.errors.families import Broken, Invalid, Locked, Refused


class WrongPassphrase(Locked):
    """That passphrase does not open this vault."""

    hint = (
        "nobody can reset it; lockbox recover sets a new one with the recovery key, which opens the vault too"
    )


class WrongRecoveryKey(Locked):
    """That recovery key does not open this vault."""

    hint = "it is on the sheet printed when the vault was made"


class RecoveryKeyMistyped(Invalid):
    """The recovery key is mistyped: its check letters do not fit."""


class RecoveryKeyNotConfirmed(Invalid):
    """The vault is made, but the recovery key was not typed back."""

    hint = "if you have no right copy of it, delete the vault and make it again before you put data in"


class SamePassphrase(Invalid):
    """That is the passphrase that the vault has already."""

    hint = "nothing was changed; give another one as the new passphrase"


class PassphraseMissing(Locked):
    """No passphrase was given and there is no terminal to ask on."""

    hint = "give an open file descriptor: --passphrase-fd N"


class DamagedHeader(Broken):
    """The key header of the vault is damaged in both copies: {what}."""

    hint = "restore it from a backup; the passphrase alone cannot open the vault without it"


class KeyOfOtherKind(Invalid):
    """{path} holds the {found}; here the {wanted} is wanted."""


class KeyFileInvalid(Invalid):
    """{path} is not a lockbox key file: {reason}."""


class KeyNotShown(Refused):
    """The campaign is signed by another key, {fingerprint}, than the one whose fingerprint was shown."""

    hint = "nothing was taken in; ask whoever invited you"


class OtherKey(Refused):
    """{path} holds another key than the one whose fingerprint was shown; nobody was added."""

    hint = "compare the fingerprint with them, then add them again"
