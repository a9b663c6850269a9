"""Who may ask, what is known of them, and how their programs get in."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from vault.owner.interface.kinds import proven
from vault.views.requesters import RequesterView


class Requesters(Protocol):
    """Who may ask, what is known of them, and how their programs get in."""

    @proven
    def add_requester(
        self, name: str, key_file: Path, *, fingerprint: str | None = None, contact: str = "",
        only_collection: str | None = None,
    ) -> RequesterView:  # fmt: skip
        """Let somebody with this public key send requests, under the owner's own name for them.

        `fingerprint` is that of the key that was shown: where another one lies in the file by now it raises
        `OtherKey`. With `only_collection` they may ask about that collection and no other; raises `UnknownCollection`.
        """

    def requesters(self) -> list[RequesterView]:
        """Everybody who may ask, or was blocked."""

    @proven
    def trust_requester(self, name: str) -> None:
        """Note that this key was checked with its owner in person."""

    def block_requester(self, name: str) -> list[str]:
        """Accept nothing more from this requester, stop what runs for them, and send nothing to them.

        Returns the ids of their requests that were approved, have not run and are approved no more.
        """

    @proven
    def unblock_requester(self, name: str) -> None:
        """Let a blocked requester ask again; their key counts as not verified."""

    @proven
    def rename_requester(self, name: str, new_name: str) -> None:
        """Call a requester by another name of the owner's own; raises `RequesterExists` for a name that is taken."""

    def vault_key(self, name: str) -> str:
        """The line of the key that signs releases to this requester; another requester gets another key."""

    @proven
    def issue_token(self, requester: str, *, campaign: str = "") -> str:
        """A token with which this requester can submit and fetch through the socket for 90 days; shown once.

        One that is made for a `campaign`, by its id, ends the one that was made for it before, and ends as it is left.
        Raises `UnknownCampaign`.
        """

    def end_token(self, token: str) -> bool:
        """End this one token, whoever has a copy of it; whether it still worked. Every other one stays."""

    def revoke_tokens(self, requester: str) -> int:
        """End every token of a requester and return how many there were."""
