"""Found a mesh: one campaign with a closed list of peers, and a certificate for each by an authority that ends here.

The authority's secret key is never written and is gone when this returns: nobody, its founder included, can make a
certificate for one more peer.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from learner.federation.mesh_forms import (
    INTRODUCTION_LIMIT,
    Introduction,
    Membership,
    Place,
    membership_file,
    parse_introduction,
    text_of,
)
from vault.errors.families import Invalid
from vault.errors.meshes import IntroductionInvalid, IntroductionKeyGone, MembershipInvalid
from vault.requester.campaigns import CampaignFacts, new_campaign, sign_campaign
from vault.requester.coordinating import (
    PEERS_LIMIT,
    check_free,
    create_file,
    new_folder,
    read_bounded,
    read_campaign,
    round_key,
)
from vault.requester.forms import canonical, dump
from vault.requester.keys import fingerprint_of_secret

if TYPE_CHECKING:
    from vault.requester.aim import Aim
    from vault.requester.campaign_description import CampaignDescription

EARLIER: Final = timedelta(days=1)
"""A certificate begins to hold so much before now, for clocks that are slow."""
FEWEST: Final = 2
"""Peers of a mesh."""
LATER: Final = timedelta(days=30)
"""And ends so much after the last round, for who was asleep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduced:
    """The file that introduces a peer, and the secret key (PEM) of the certificate that it asks for."""

    introduction: bytes
    key: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """Who signs the certificates of one mesh, for as long as it is being founded."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def digest(self) -> str:
        """SHA-256 of its certificate in DER, as the campaign names it."""
        return self.certificate.fingerprint(SHA256()).hex()


def make_introduction(
    *, name: str, key: bytes, requester: str, address: str | None, kept: bytes = b""
) -> Introduced:
    """Introduce the vault with this key for a requester, by their fingerprint, and ask for a certificate (P-256).

    ``kept`` is the secret key (PEM) of an earlier introduction: what answers either of them then fits both. Raises
    ``IntroductionInvalid`` for a name or an address that is none.
    """
    secret = _kept_key(kept) or ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(_name(key.hex())).sign(secret, SHA256())
    pem = request.public_bytes(Encoding.PEM).decode()
    said = {"v": 1, "kind": "lockbox-mesh-introduction", "name": name, "key": key.hex()}
    data = canonical({**said, "requester": requester, "address": address, "request": pem})
    parse_introduction(data)
    secret_pem = secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Introduced(introduction=data, key=secret_pem)


def _kept_key(pem: bytes) -> ec.EllipticCurvePrivateKey | None:
    """The secret key in these bytes, None where there is none."""
    try:
        found = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        return None
    return found if isinstance(found, ec.EllipticCurvePrivateKey) else None


def check_certificate(membership: Membership, secret: bytes, authority: str) -> None:
    """Refuse a membership whose certificate is not for this secret key, this vault and this authority.

    ``authority`` is the digest that the signed campaign names. Raises ``MembershipInvalid``.
    """
    try:
        issuer = x509.load_pem_x509_certificate(membership.authority.encode())
        found = x509.load_pem_x509_certificate(membership.certificate.encode())
        found.verify_directly_issued_by(issuer)
        key = load_pem_private_key(secret, None)
    except (ValueError, TypeError, InvalidSignature) as error:
        raise MembershipInvalid(reason="its certificate is not of its authority") from error
    if issuer.fingerprint(SHA256()).hex() != authority:
        raise MembershipInvalid(reason="its authority is not that of the campaign")
    if found.public_key() != key.public_key() or found.subject != _name(membership.key):
        raise IntroductionKeyGone()


def found_mesh(
    description: CampaignDescription,
    introduced: list[Path],
    secret_file: Path,
    *,
    aim: Aim,
    folder: Path,
    now: datetime,
    begin: Callable[[], None] = lambda: None,
) -> CampaignFacts:
    """Write the signed campaign of a mesh into a new folder, and a membership for each of these peers beside it.

    ``begin`` is called once all that was given is looked at, before the noise is computed, which takes a while. Raises
    ``IntroductionInvalid``, ``Invalid``, and what ``new_campaign`` and ``sign_campaign`` do.
    """
    peers = [(one, _request_in(one)) for one in map(_introduction, introduced)]
    if description.protocol != "fedavg":
        raise Invalid(
            reason='a mesh mixes models, so that its description says [campaign] protocol = "fedavg"'
        )
    _check_peers([one for one, _ in peers], fingerprint_of_secret(secret_file))
    ends = now + timedelta(days=description.days_a_round * description.rounds) + LATER
    authority = make_authority(now - EARLIER, ends)
    asked = _of_mesh(description, [one for one, _ in peers], authority.digest)
    check_free(folder)
    with new_folder(folder) as place:
        facts = new_campaign(asked, aim=aim, folder=place, now=now, begin=begin)
        signed = sign_campaign(place, secret_file)
        for one, request in peers:
            certificate = signed_certificate(authority, one, request)
            _hand_out(place, one, authority, certificate, [each for each, _ in peers])
    return replace(facts, digest=signed.digest, fingerprint=signed.fingerprint)


def _check_peers(peers: Sequence[Introduction], requester: str) -> None:
    """Refuse peers that make no mesh, before anything is computed; raises ``Invalid``."""
    if len(peers) < FEWEST:
        given = "one was" if peers else "none was"
        raise Invalid(
            reason=f"a mesh has at least {FEWEST} peers, each with its introduction, and {given} given"
        )
    if len(peers) > PEERS_LIMIT:
        raise Invalid(reason=f"a mesh has at most {PEERS_LIMIT} peers, and {len(peers)} were given")
    for one in peers:
        if one.requester != requester:
            raise Invalid(
                reason=f"{one.name} is introduced to another requester, whose key has the fingerprint {one.requester}; "
                f"that of the founder's key is {requester}"
            )
    if len({one.key for one in peers}) < len(peers):
        raise Invalid(reason="two of the introductions are of one vault: each peer is given once")
    names = Counter(one.name for one in peers)
    for name in (name for name, count in names.items() if count > 1):
        raise Invalid(
            reason=f"two peers are called {name}: one of them introduces their vault under another name"
        )


def make_authority(begins: datetime, ends: datetime) -> Authority:
    """A new authority whose certificates hold between these moments."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"lockbox mesh {x509.random_serial_number():x}")
    made = _builder(name, name, key.public_key(), begins, ends)
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return Authority(key=key, certificate=made.sign(key, SHA256()))


def signed_certificate(
    authority: Authority, one: Introduction, request: x509.CertificateSigningRequest
) -> bytes:
    """The certificate (PEM) of a peer: its common name is its vault key, and others know it at its address."""
    issuer = authority.certificate
    begins, ends = issuer.not_valid_before_utc, issuer.not_valid_after_utc
    made = _builder(_name(one.key), issuer.subject, _public_key(request), begins, ends)
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    made = made.add_extension(usage, critical=False)
    if one.address is not None:
        made = made.add_extension(x509.SubjectAlternativeName([_host(one.address)]), critical=False)
    return made.sign(authority.key, SHA256()).public_bytes(Encoding.PEM)


def _of_mesh(
    description: CampaignDescription, introduced: list[Introduction], authority: str
) -> CampaignDescription:
    if description.job.recipients:
        raise Invalid(reason="the recipients of a mesh are its peers: leave recipients out")
    peers = [{"name": one.name, "key": one.key} for one in introduced]
    mesh = {"kind": "mesh", "authority": authority, "peers": peers}
    job = replace(description.job, recipients=tuple(one.name for one in introduced))
    return replace(description, job=job, mesh=mesh)


def _hand_out(
    folder: Path, one: Introduction, authority: Authority, certificate: bytes, introduced: list[Introduction]
) -> None:
    files = read_campaign(folder)
    membership = Membership(
        v=1,
        kind="lockbox-mesh-membership",
        key=one.key,
        campaign=text_of(files.data),
        signature=text_of(files.signature),
        weights=text_of(files.weights),
        round_key=round_key(folder).seed().reveal().hex(),
        authority=authority.certificate.public_bytes(Encoding.PEM).decode(),
        certificate=certificate.decode(),
        places=tuple(Place(key=one.key, address=one.address) for one in introduced if one.address),
    )
    number = [each.key for each in introduced].index(one.key) + 1
    create_file(folder / membership_file(number, one.name), dump(membership))


def _introduction(path: Path) -> Introduction:
    return parse_introduction(read_bounded(path, INTRODUCTION_LIMIT))


def _request_in(one: Introduction) -> x509.CertificateSigningRequest:
    """The request of an introduction, once its own key signed it; raises ``IntroductionInvalid``."""
    try:
        found = x509.load_pem_x509_csr(one.request.encode())
        is_signed = found.is_signature_valid
        _public_key(found)
    except (ValueError, TypeError) as error:
        raise IntroductionInvalid(reason="its certificate request cannot be read") from error
    if not is_signed:
        raise IntroductionInvalid(reason="its certificate request is not signed by its own key")
    return found


def _public_key(request: x509.CertificateSigningRequest) -> ec.EllipticCurvePublicKey:
    key = request.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise IntroductionInvalid(reason="its certificate request has a key that is not P-256")
    return key


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _host(address: str) -> x509.GeneralName:
    host = address.rpartition(":")[0].strip("[]")
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
