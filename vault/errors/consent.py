"""Errors of consents."""

from __future__ import annotations

from vault.errors.families import Invalid, Refused


class ConsentRefused(Refused):
    """No consent covers this: {reason}."""

    hint = "lockbox consent explain JOB gives every reason"


class ConsentMissing(ConsentRefused):
    """No consent covers this: {reason}."""

    hint = "to write the consent it needs, for one run: lockbox request approve ID --draft-grant"


class SpecialNotConfirmed(Refused):
    """What belongs to a special category needs your explicit yes, --special, and nothing was allowed: {columns}."""

    hint = "special are the categories of GDPR Articles 9 and 10, such as health; read what is asked before you say it"


class UnderConsent(Refused):
    """Somebody may learn from {collection}: rows for it need your passphrase, and nothing was stored."""

    hint = "look at the file again, then import it"


class UnknownGrant(Invalid):
    """There is no consent {grant}."""

    hint = "see: lockbox consent list"


class OtherThanConsent(UnknownGrant):
    """{grant} is the id of {what} and not of a consent."""

    hint = "see: lockbox request show ID, or lockbox campaign show ID"


class NotConfirmed(Refused):
    """You said no; nothing was changed."""


class OtherCountConfirmed(Refused):
    """{count} would be opened, and not {typed} as was confirmed; nothing was changed."""


class OtherNameConfirmed(Refused):
    """The name {typed} is another than {name}; nothing was changed."""
