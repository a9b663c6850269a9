"""Errors of a mesh: introductions, memberships, what peers pass on, and the network between them."""

from __future__ import annotations

from vault.errors.families import Broken, Invalid, Unavailable


class IntroductionInvalid(Invalid):
    """This is no introduction of a peer: {reason}."""

    hint = "an introduction is a file that lockbox mesh introduce writes"


class MembershipInvalid(Invalid):
    """This is no membership of a mesh: {reason}."""

    hint = "a membership is a file that lockbox mesh new writes, one for each peer"


class IntroductionKeyGone(MembershipInvalid):
    """This membership is for an introduction of this vault whose secret key is not here any more."""

    hint = "to take part, be introduced anew, and let the founder make another mesh: lockbox mesh introduce"


class MembershipOfAnother(Invalid):
    """This membership is for the vault of {name}, and yours is no peer of this mesh."""

    hint = "give whoever founds a mesh an introduction of this vault: lockbox mesh introduce"


class MembershipOfPeer(Invalid):
    """This membership is for the vault of {name}, and yours was introduced to this mesh as {own}."""

    hint = "each peer gets one of its own from whoever founded the mesh, in a file that is named after it"


class CertificateKeyMissing(Invalid):
    """The secret key for this membership's certificate is not here: being introduced makes it, leaving destroys it."""

    hint = "to take part, be introduced anew, and let the founder make another mesh: lockbox mesh introduce"


class MeshLeft(Invalid):
    """This mesh cannot be joined again: {what}."""

    hint = "to learn with these peers again, be introduced anew to another mesh: lockbox mesh introduce"


class SharedInvalid(Broken):
    """This is no released model of this mesh: {reason}."""


class NoMeshJoined(Invalid):
    """No mesh is joined here; one that was left is gone from here for good."""

    hint = "by the membership that whoever founded one gave you: lockbox mesh join MEMBERSHIP"


class SeveralMeshes(Invalid):
    """Several meshes were joined here: name the campaign of one."""

    hint = "lockbox mesh status lists them"


class MeshNotOver(Unavailable):
    """There is no model of this mesh yet: {reason}."""


class NoSuchMesh(Invalid):
    """There is no {campaign} that is joined here."""

    hint = "lockbox mesh status lists those there are"


class MeshFolderDamaged(Broken):
    """What the mesh keeps at {path} cannot be read: {reason}."""

    hint = "join again with the membership; what the vault released is still there"


class MeshAtWork(Unavailable):
    """Another process is at work for this mesh."""


class MeshFailed(Unavailable):
    """The mesh's process failed: {reason}."""

    hint = "nothing is lost; lockbox mesh run goes on where it was"


class ZenohMissing(Unavailable):
    """The program that peers speak through, zenoh, is not installed."""

    hint = "it comes with: pip install 'lockbox-vault[mesh]'"
