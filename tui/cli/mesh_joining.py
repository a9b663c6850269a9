"""Being introduced to a mesh and joining it: all is said first, and nothing is kept unless all of it was done."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tui.cli.terminal import confirm, is_interactive, say
from tui.cli.vault_access import global_options, open_vault
from tui.couriers.cut_off import end_cut_off_meshes
from tui.couriers.door_tokens import end_tokens
from tui.couriers.joining import check_not_left
from tui.text import mesh_facts
from vault.errors.campaigns import CampaignReplayed
from vault.errors.consent import NotConfirmed
from vault.errors.families import Invalid, LockboxError
from vault.errors.meshes import (
    CertificateKeyMissing,
    MembershipInvalid,
    MembershipOfAnother,
    MembershipOfPeer,
    MeshAtWork,
    MeshLeft,
)
from vault.errors.records import FileMissing
from vault.regular_file import read_regular

if TYPE_CHECKING:
    from learner.federation.mesh_folder import Access, MeshFolder
    from learner.federation.mesh_forms import Membership
    from vault.owner.interface.owner import Owner
    from vault.requester.coordinating import CampaignDocument


def introduce_to(context: typer.Context, *, requester: str, name: str, address: str | None, to: Path) -> bool:
    """Write an introduction, and keep the secret key of its certificate request until the mesh is joined.

    Whether there was one to this requester before, that no mesh was joined by; a membership of either then fits both.
    """
    from learner.federation.mesh_folder import KEY_FILE, introduced_folder, made_folder
    from learner.federation.mesh_founding import make_introduction
    from vault.requester.coordinating import create_file, is_free

    if not name.strip():
        raise Invalid(reason="what your peers shall call you is empty: --name NAME")
    if not is_free(to):
        raise Invalid(reason=f"{to} is there already")
    with open_vault(context) as vault:
        key = _own_key(vault, requester)
        founder = next(one.fingerprint for one in vault.requesters() if one.name == requester)
    place = introduced_folder(global_options(context).paths.mesh, key.hex())
    kept = place.read(KEY_FILE) if (place.path / KEY_FILE).exists() else b""
    made = make_introduction(name=name, key=key, requester=founder, address=address, kept=kept)
    made_folder(place).write(KEY_FILE, made.key)
    create_file(to, made.introduction)
    return made.key == kept


def join_by(context: typer.Context, file: Path) -> Access:
    """Check a membership, take its campaign in, and keep what the mesh runs with.

    Raises `MembershipInvalid`, `MembershipOfPeer`, `MembershipOfAnother`, `NotConfirmed`, and what the vault says.
    """
    from learner.federation.mesh_folder import forget_introduction, settled
    from learner.federation.mesh_forms import parse_membership
    from vault.requester.coordinating import campaign_digest

    membership = parse_membership(_read(file))
    home, digest = global_options(context).paths.mesh, campaign_digest(_decoded(membership.campaign))
    with open_vault(context) as vault, drafted(vault, home, digest) as draft:
        check_not_left(vault, digest, MeshLeft)
        _put_campaign(membership, draft)
        requester = _for_this_vault(vault, draft.campaign().document, membership)
        _unpack(membership, draft, home)
        access = _let_in(vault, draft, membership, requester)
        forget_introduction(home, settled(draft))
    return access


@contextmanager
def drafted(vault: Owner, home: Path, digest: str) -> Iterator[MeshFolder]:
    """A new folder for a mesh, which is gone again with its token if what is done within the block fails.

    What a joining left that was cut off ends before. Raises `MeshAtWork`.
    """
    from learner.federation.folder_claim import claimed
    from learner.federation.mesh_folder import draft_folder, draft_path

    end_cut_off_meshes(vault, home)
    with claimed(draft_path(home, digest), MeshAtWork):
        draft = draft_folder(home, digest)
        try:
            yield draft
        except BaseException:
            if draft.path.exists():
                end_tokens(vault, [draft])
                draft.destroy()
            raise


def _read(file: Path) -> bytes:
    """The bytes of a membership; raises `FileMissing`, and `MembershipInvalid` for what is no file of that size."""
    from learner.federation.mesh_forms import MEMBERSHIP_LIMIT

    try:
        return read_regular(file, MEMBERSHIP_LIMIT + 1)
    except FileNotFoundError:
        raise FileMissing(path=file) from None
    except OSError as error:
        raise MembershipInvalid(reason=f"{file} cannot be read ({error.strerror})") from None


def _decoded(text: str) -> bytes:
    from vault.requester.forms import from_base64

    try:
        return from_base64(text)
    except ValueError:
        raise MembershipInvalid(reason="a part of it is not base64 as it is written") from None


def _put_campaign(membership: Membership, draft: MeshFolder) -> None:
    """Put the signed campaign of a membership into a folder."""
    from learner.federation.mesh_folder import CAMPAIGN_FILES

    parts = (membership.campaign, membership.signature, membership.weights)
    for name, text in zip(CAMPAIGN_FILES, parts, strict=True):
        draft.write(name, _decoded(text))
        draft.net.write(name, _decoded(text))


def _for_this_vault(vault: Owner, document: CampaignDocument, membership: Membership) -> str:
    """The owner's name for who founded the mesh, once the membership is for this vault.

    Raises `MembershipInvalid`, `MembershipOfPeer` and `MembershipOfAnother`.
    """
    _authority(document)  # a campaign that is no mesh has no peers
    their = _fingerprint(document.job.requester.key)
    requester = next((one.name for one in vault.requesters() if one.fingerprint == their), None)
    if requester is None:
        raise MembershipInvalid(reason="who signed its campaign is not known here")
    own, listed = _own_key(vault, requester).hex(), {one.key: one.name for one in document.peers}
    if own == membership.key and own in listed:
        return requester
    name = listed.get(membership.key, "somebody who is no peer of it")
    if own in listed:
        raise MembershipOfPeer(name=name, own=listed[own])
    raise MembershipOfAnother(name=name)


def _unpack(membership: Membership, draft: MeshFolder, home: Path) -> None:
    """Put what else a membership holds into a folder, once all of it fits together."""
    from learner.federation.mesh_folder import AUTHORITY_FILE, CERTIFICATE_FILE, KEY_FILE, NodeFacts
    from vault.requester.coordinating import round_key, write_round_key

    document = draft.campaign().document
    write_round_key(draft.path, bytes.fromhex(membership.round_key))
    if round_key(draft.path).public.hex() != document.round_key:
        raise MembershipInvalid(reason="its key of the rounds is not that of the campaign")
    secret = _secret_of(membership, home, _authority(document))
    draft.net.write(KEY_FILE, secret)
    draft.net.write(AUTHORITY_FILE, membership.authority.encode())
    draft.net.write(CERTIFICATE_FILE, membership.certificate.encode())
    known = NodeFacts(key=membership.key, places=membership.places)
    draft.keep(known)
    draft.net.keep(known)


def _secret_of(membership: Membership, home: Path, authority: str) -> bytes:
    """The secret key of its certificate: of the last introduction, or of a mesh that was joined with it before."""
    from learner.federation.mesh_folder import KEY_FILE, Access, introduced_folder, joined
    from learner.federation.mesh_founding import check_certificate

    introduced = introduced_folder(home, membership.key)
    known = [one.net for one in joined(home) if one.facts(Access).key == membership.key]
    refused: LockboxError = CertificateKeyMissing()
    for folder in (*([introduced] if introduced.path.exists() else []), *known):
        secret = folder.read(KEY_FILE)
        try:
            check_certificate(membership, secret, authority)
        except MembershipInvalid as error:
            refused = error
        else:
            return secret
    raise refused


def _authority(document: CampaignDocument) -> str:
    from vault.requester.coordinating import Mesh

    if not isinstance(document.server, Mesh):
        raise MembershipInvalid(reason="its campaign is no mesh")
    return document.server.authority


def _let_in(vault: Owner, draft: MeshFolder, membership: Membership, requester: str) -> Access:
    """Say what joining does, take the campaign in, and make the mesh's access."""
    from learner.federation.mesh_folder import Access
    from vault.requester.keys import write_public_key

    document = draft.campaign().document
    write_public_key(draft.path, bytes.fromhex(document.job.requester.key))
    peers = [(one.name, _fingerprint(one.key)) for one in document.peers]
    for sentence in mesh_facts.before_joining(requester=requester, peers=peers):
        say(f"• {sentence}")
    if is_interactive() and not confirm("Go on?"):
        raise NotConfirmed()
    campaign = _taken_in(vault, draft)
    door = vault.issue_token(requester, campaign=campaign)
    access = Access(campaign=campaign, requester=requester, key=membership.key, door=door)
    try:
        end_tokens(vault, [draft.place])  # one from before vaults knew which token is whose
        draft.keep(access)
    except BaseException:
        vault.end_token(door)
        raise
    return access


def _fingerprint(key: str) -> str:
    from vault.requester.coordinating import fingerprint

    return fingerprint(bytes.fromhex(key))


def _own_key(vault: Owner, requester: str) -> bytes:
    """The key by which this vault signs releases to a requester."""
    return b64decode(vault.vault_key(requester).split()[-1])


def _taken_in(vault: Owner, draft: MeshFolder) -> str:
    """The vault's id of the campaign, which is in the inbox then."""
    try:
        return vault.submit_campaign(draft.path).line.id
    except CampaignReplayed:
        digest = draft.campaign().digest
        ids = (line.id for line in vault.campaigns())
        return next(one for one in ids if vault.campaign(one).digest == digest)
