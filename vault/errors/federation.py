"""Errors between many vaults and who asks them: invitations, and what a coordinator answers."""

from __future__ import annotations

from vault.errors.families import Broken, Invalid


class InvitationInvalid(Invalid):
    """This is no invitation: {reason}."""

    hint = "an invitation is a file from whoever asks, as lockbox campaign invite writes it"


class AnswerInvalid(Broken):
    """This answer is refused: {reason}."""


class CertificateUnusable(Invalid):
    """That file holds no certificate in PEM that can be served."""
