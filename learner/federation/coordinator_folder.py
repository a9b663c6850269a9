"""The folder of a coordinator: what it serves, by which certificate, and the round key; the requester's key never."""

from __future__ import annotations

import re
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import tomli_w

from learner.federation.exchange import Invitation, signed_invitation
from learner.federation.flower import check_flower
from learner.federation.pinned_certificate import certificate_sha256
from learner.federation.state import State
from vault.errors.families import Invalid
from vault.errors.federation import CampaignServed, CoordinatorDamaged, CoordinatorExists, NoCoordinator
from vault.errors.records import FileMissing
from vault.requester.coordinating import (
    CAMPAIGN_FILE,
    CAMPAIGN_SIGNATURE_FILE,
    ROUND_KEY_FILE,
    WEIGHTS_FILE,
    SignedCampaignFiles,
    SigningKey,
    create_file,
    is_free,
    new_folder,
    read_bounded,
    read_campaign,
    round_key,
    write_secret_key,
)
from vault.strict_toml import parse_toml

SETTINGS_FILE: Final = "coordinator.toml"
CERTIFICATE_FILE: Final = "certificate.pem"
CERTIFICATE_KEY_FILE: Final = "certificate.key"
TOKEN_SECRET_FILE: Final = "token.secret"  # noqa: S105 - the name of a file
DATABASE_FILE: Final = "coordinator.sqlite"
CAMPAIGN_FOLDER: Final = "campaign"
MADE_FILE: Final = "coordinator.path"
"""Beside a campaign: where its coordinator was made."""
PEM_LIMIT: Final = 64 * 1024
DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 8443
_POSTGRESQL: Final = re.compile(
    r"postgresql://(?:[^:/@?]*@)?([^:/@?]*|\[[0-9A-Fa-f:]+\])(:[0-9]+)?/[^/@?]+(\?.*)?"
)
_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.:/_\[\]-]{1,200}", re.ASCII)
_LOCAL: Final = ("", "localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Where a coordinator listens and keeps its state.

    A ``quorum`` of 0 is none, an empty ``database`` is SQLite in its folder, ``url`` is where vaults reach it if that
    is not host and port, and ``witness`` is where the campaign's witness answers.
    """

    v: int = 1
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    url: str = ""
    quorum: int = 0
    database: str = ""
    witness: str = ""

    @property
    def address(self) -> str:
        """Where vaults reach it."""
        return self.url or f"https://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinatorFolder:
    """A folder that was read: settings, campaign, round key, and the secret that tokens follow from."""

    path: Path
    settings: Settings
    campaign: SignedCampaignFiles
    round_key: SigningKey
    token_secret: bytes

    @property
    def certificate(self) -> Path:
        """The certificate in PEM, with what else its readers need to trust it."""
        return self.path / CERTIFICATE_FILE

    @property
    def certificate_key(self) -> Path:
        """Its secret key."""
        return self.path / CERTIFICATE_KEY_FILE

    @property
    def pinned(self) -> str:
        """What invitations pin: SHA-256 of the certificate in DER."""
        return certificate_sha256(self.certificate.read_bytes())

    def invitation(self, url: str, pinned: str, tier: str | None) -> Invitation:
        """A new invitation, signed by the round key, to vaults in a noise tier; ``pinned`` is the property of it."""
        requester = self.campaign.document.job.requester.key
        said = {
            "url": url,
            "certificate_sha256": pinned,
            "campaign": self.campaign.digest,
            "requester": requester,
        }
        return signed_invitation(said, tier, self.round_key.sign)

    @property
    def database_url(self) -> str:
        """The database as SQLAlchemy calls it."""
        if not self.settings.database:
            return f"sqlite:///{self.path / DATABASE_FILE}"
        return _engine_url(self.settings.database)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnCertificate:
    """A certificate and its key that somebody has already, in PEM."""

    certificate: Path
    key: Path


def make_coordinator(
    path: Path, campaign: Path, settings: Settings, *, now: datetime, own: OwnCertificate | None = None
) -> CoordinatorFolder:
    """Make the folder of a coordinator for a signed campaign, with the round key beside that.

    Raises ``CoordinatorExists``, ``Invalid``, ``FlowerMissing``, and what reading a campaign and its key does; then
    nothing is written.
    """
    if not is_free(path):
        raise CoordinatorExists(path=path)
    settings = _checked(settings if settings.port else replace(settings, port=free_port(settings.host)))
    files, key = read_campaign(campaign), round_key(campaign)
    if key.public.hex() != files.document.round_key:
        raise Invalid(reason=f"{ROUND_KEY_FILE} beside the campaign is not the key of its rounds")
    if files.document.peers:
        raise Invalid(reason="the campaign is a mesh, whose peers make their rounds by themselves")
    check_is_first(campaign)
    check_flower(files.document.aggregation.rule)
    if bool(settings.witness) != (files.document.witness is not None):
        names = "names a witness: say where it answers, --witness URL"
        raise Invalid(reason=f"the campaign {names if files.document.witness else 'names no witness'}")
    certificate, secret = _certificate(settings.host, own, now)
    certificate_sha256(certificate)
    if settings.database:  # whether it answers is known before anything is made
        State(_engine_url(settings.database), files.digest, lambda _size, _root: b"").close()
    with _marked(campaign, path), new_folder(path) as place:
        (place / CAMPAIGN_FOLDER).mkdir(mode=0o700)
        _write_campaign(place / CAMPAIGN_FOLDER, files, key)
        create_file(place / CERTIFICATE_FILE, certificate)
        create_file(place / CERTIFICATE_KEY_FILE, secret)
        create_file(place / TOKEN_SECRET_FILE, f"{secrets.token_hex(32)}\n".encode())
        create_file(place / SETTINGS_FILE, tomli_w.dumps(asdict(settings)).encode())
    return open_folder(path)


@contextmanager
def _marked(campaign: Path, path: Path) -> Iterator[None]:
    """Say beside a campaign where its coordinator is, before that is made, so that there is no second."""
    create_file(campaign / MADE_FILE, f"{path.absolute()}\n".encode())
    try:
        yield
    except BaseException:
        (campaign / MADE_FILE).unlink(missing_ok=True)
        raise


def check_is_first(campaign: Path) -> None:
    """Refuse a campaign that has a coordinator, as two would show its vaults two logs; raises ``CampaignServed``."""
    marker = campaign / MADE_FILE
    if marker.exists():
        place = read_bounded(marker, 4096).decode("utf-8", "replace").strip()
        raise CampaignServed(path=place)


def open_folder(path: Path) -> CoordinatorFolder:
    """The folder of a coordinator; raises ``NoCoordinator``, ``CoordinatorDamaged``, and what a campaign's files do."""
    settings = _read_settings(path)
    files, key = read_campaign(path / CAMPAIGN_FOLDER), round_key(path / CAMPAIGN_FOLDER)
    if key.public.hex() != files.document.round_key:
        raise CoordinatorDamaged(path=path, reason="its round key is not that of its campaign")
    line = read_bounded(path / TOKEN_SECRET_FILE, 128).decode("ascii", "replace").strip()
    if not re.fullmatch("[0-9a-f]{64}", line):
        raise CoordinatorDamaged(path=path, reason=f"{TOKEN_SECRET_FILE} is not one line of 64 digits")
    return CoordinatorFolder(
        path=path, settings=settings, campaign=files, round_key=key, token_secret=bytes.fromhex(line)
    )


def _engine_url(database: str) -> str:
    return database.replace("postgresql://", "postgresql+psycopg://", 1)


def _read_settings(path: Path) -> Settings:
    try:
        said = parse_toml(read_bounded(path / SETTINGS_FILE, PEM_LIMIT))
    except FileMissing as error:
        raise NoCoordinator(path=path) from error
    except ValueError as error:
        raise CoordinatorDamaged(path=path, reason=f"{SETTINGS_FILE} is not TOML") from error
    known = asdict(Settings())
    if said.keys() - known.keys() or any(
        type(value) is not type(known[name]) for name, value in said.items()
    ):
        raise CoordinatorDamaged(path=path, reason=f"{SETTINGS_FILE} has a key that is not known, or not so")
    return _checked(Settings(**said))


def free_port(host: str) -> int:
    """A port at which nobody listens now; raises ``Invalid`` for a host that is not of this computer."""
    try:
        with socket.create_server((host, 0)) as asked:
            found: int = asked.getsockname()[1]
    except OSError as error:
        raise Invalid(reason=f"nobody can listen at {host}: {error.strerror}") from None
    return found


def _checked(settings: Settings) -> Settings:
    """The settings, a database elsewhere only over a connection that is verified; raises ``Invalid``."""
    faults: dict[str, Any] = {
        "the version of the settings is not 1": settings.v != 1,
        "a port is a whole number from 1 to 65,535": not 1 <= settings.port <= 65535,
        "a host is a name or an address": not re.fullmatch(r"[A-Za-z0-9.:-]{1,200}", settings.host),
        "a quorum is a whole number from 0 on": settings.quorum < 0,
        "a witness answers at http:// or https://": bool(settings.witness)
        and not _ADDRESS.fullmatch(settings.witness),
    }
    for reason, holds in faults.items():
        if holds:
            raise Invalid(reason=reason)
    if not settings.database:
        return settings
    found = _POSTGRESQL.fullmatch(settings.database)
    if found is None:
        raise Invalid(
            reason="a database is postgresql://USER@HOST/NAME, without a password: that goes into a .pgpass file"
        )
    if found[1] not in _LOCAL and "sslmode=verify-full" not in (found[3] or ""):
        raise Invalid(reason="a database on another machine needs ?sslmode=verify-full")
    return settings


def _certificate(host: str, own: OwnCertificate | None, now: datetime) -> tuple[bytes, bytes]:
    if own is not None:
        return read_bounded(own.certificate, PEM_LIMIT), read_bounded(own.key, PEM_LIMIT)
    from learner.federation.certificate import make_certificate  # a library that serving does without

    made = make_certificate(host, now)
    return made.certificate, made.key


def _write_campaign(folder: Path, files: SignedCampaignFiles, key: SigningKey) -> None:
    create_file(folder / CAMPAIGN_FILE, files.data)
    create_file(folder / CAMPAIGN_SIGNATURE_FILE, files.signature)
    create_file(folder / WEIGHTS_FILE, files.weights)
    write_secret_key(folder / ROUND_KEY_FILE, key.seed())
