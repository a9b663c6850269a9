"""A line with who speaks on it: the token of a session, and the proof of who meant an action."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from vault.client.connection import decode
from vault.errors.daemon import ApprovalNotProven
from vault.errors.families import Locked, Unavailable
from vault.sealing.secret import Secret
from vault.wire.addresses import END_SESSION, NONCE, SESSION

if TYPE_CHECKING:
    from pydantic import BaseModel

    from vault.client.connection import Connection
    from vault.wire.encoding import Json

Answer = TypeVar("Answer")
AskSecret = Callable[[], tuple[Secret, bool]]


@dataclass(slots=True, kw_only=True)
class Login:
    """A line with its token and, where the passphrase was typed in this process, its approver.

    `ask` gives the passphrase (or recovery key, and then True) when an act needs it and there is no approver yet.
    `own_token` says that the token was opened here, and so ends with the line. `is_quiet` marks every call as one that
    nobody asked for, such as a screen that draws itself anew: it does not keep the vault unlocked.
    """

    line: Connection
    token: str = field(default="", repr=False)
    own_token: bool = False
    approver: str = ""
    approver_key: Secret | None = None
    ask: AskSecret | None = None
    is_quiet: bool = False

    def log_in(self, secret: Secret, *, recovery: bool, is_owner: bool = False) -> None:
        """Open a session by the passphrase or, with `recovery`, by the recovery key.

        Raises `WrongPassphrase`, `WrongRecoveryKey` and `TooManyTries`.
        """
        from pydantic import SecretStr

        from vault.wire.messages import LoginRequest, Session

        request = LoginRequest(
            passphrase=SecretStr(secret.reveal().decode()),
            scope="owner" if is_owner else "cli",
            recovery=recovery,
        )
        found = decode(Session, self.line.post(SESSION, _body(request)))
        self.log_out()
        self.token, self.own_token = found.token, True
        self.approver, self.approver_key = found.approver, Secret(bytes.fromhex(found.approver_key))

    def log_out(self) -> None:
        """End the session that was opened here; one from elsewhere lives on."""
        if self.own_token:
            with suppress(Unavailable, Locked):  # then it is over already
                self.line.post(END_SESSION, b"{}", token=self.token)
        self.token, self.own_token, self.approver = "", False, ""
        if self.approver_key is not None:
            self.approver_key.wipe()
            self.approver_key = None

    def tell(self, path: str, body: BaseModel | None = None, *, is_background: bool = False) -> bytes:
        """One call with the token."""
        data = b"{}" if body is None else _body(body)
        return self.line.post(path, data, token=self.token, is_background=is_background or self.is_quiet)

    def need_approver(self) -> None:
        """Have an approver, asking for the passphrase if there is none; raises `ApprovalNotProven`."""
        if self.approver_key is None:
            if self.ask is None:
                raise ApprovalNotProven()
            secret, recovery = self.ask()
            self.log_in(secret, recovery=recovery)

    def ask_for(self, path: str, said: Mapping[str, Json]) -> bytes:
        """One action of the owner, with these arguments."""
        return self.line.post(path, json.dumps(said).encode(), token=self.token, is_background=self.is_quiet)

    def proof(self, action: str, said: Mapping[str, Json]) -> Json:
        """Prove that who typed the passphrase means exactly this; raises `ApprovalNotProven` if nobody can be asked."""
        self.need_approver()
        assert self.approver_key is not None
        from vault.wire.messages import Nonce, NonceRequest
        from vault.wire.proofs import proof_mac

        request = NonceRequest(approver=self.approver)
        nonce = decode(Nonce, self.tell(NONCE, request)).nonce
        mac = proof_mac(self.approver_key.reveal(), action=action, nonce=nonce, arguments=said)
        return {"approver": self.approver, "nonce": nonce, "mac": mac}


def _body(message: BaseModel) -> bytes:
    return message.model_dump_json().encode()
