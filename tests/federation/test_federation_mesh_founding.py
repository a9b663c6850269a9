"""Founding a mesh: each refusal is a sentence, and a second introduction undoes nothing."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from learner.federation.mesh_forms import Membership, membership_file, parse_introduction
from learner.federation.mesh_founding import (
    check_certificate,
    found_mesh,
    make_authority,
    make_introduction,
    signed_certificate,
)
from tests.worlds.answering import MadeVault
from tests.worlds.commands import Outcome, run
from tests.worlds.joined_mesh import FEDAVG
from tests.worlds.world import NAME, World
from vault.errors.families import Invalid
from vault.requester.aim import Aim
from vault.requester.campaign_description import campaign_from_description
from vault.requester.keys import fingerprint_of, keygen

Who = tuple[str, str, str]
ANNA, BEN = ("Anna", "a", "lab"), ("Ben", "b", "lab")


@pytest.mark.parametrize(
    ("peers", "protocol", "says"),
    [
        ([], "fedavg", "a mesh has at least 2 peers, each with its introduction, and none was given"),
        ([ANNA], "fedavg", "a mesh has at least 2 peers, each with its introduction, and one was given"),
        ([(f"Peer {n}", str(n), "lab") for n in range(33)], "fedavg", "a mesh has at most 32 peers, and 33 were given"),
        ([ANNA, ("Ben", "a", "lab")], "fedavg", "two of the introductions are of one vault"),
        ([ANNA, ("Anna", "b", "lab")], "fedavg", "two peers are called Anna: one of them introduces their vault under"),
        ([ANNA, ("Ben", "b", "other")], "fedavg", "Ben is introduced to another requester, whose key has"),
        ([ANNA, BEN], "gradient_sum", 'its description says [campaign] protocol = "fedavg"'),
        ([ANNA, BEN], 'fedavg"\nrule = "trimmed_mean', "mixes neither by filter and median or mean nor by the median"),
    ],
)  # fmt: skip
def test_a_mesh_that_cannot_be_founded_is_refused_in_one_sentence(
    peers: list[Who], protocol: str, says: str, tmp_path: Path
) -> None:
    founders = {name: keygen(tmp_path / name) for name in ("lab", "other")}
    keys = {word: MadeVault().key.public for _, word, _ in peers}
    files = []
    for place, (name, word, founder) in enumerate(peers):
        made = make_introduction(
            name=name, key=keys[word], requester=fingerprint_of(founders[founder].public), address=None
        )
        files.append(tmp_path / f"{place}.introduction")
        files[-1].write_bytes(made.introduction)
    description = tmp_path / "mesh.toml"
    description.write_text(FEDAVG.format(unit="day", steps=1).replace("fedavg", protocol))
    with pytest.raises(Invalid) as refused:
        found_mesh(
            campaign_from_description(description), files, founders["lab"].secret, aim=Aim(most=Decimal(1)),
            folder=tmp_path / "mesh", now=datetime.now(UTC), begin=lambda: pytest.fail("noise is computed for it"),
        )  # fmt: skip
    assert says in str(refused.value)
    assert not (tmp_path / "mesh").exists()


def test_a_membership_by_either_of_two_introductions_fits() -> None:
    key, now = MadeVault().key.public, datetime.now(UTC)
    first = make_introduction(name="Anna", key=key, requester="lab", address=None)
    second = make_introduction(
        name="Anna", key=key, requester="lab", address="a.example:7447", kept=first.key
    )
    assert second.key == first.key
    authority = make_authority(now - timedelta(days=1), now + timedelta(days=9))
    for made in (first, second):
        one = parse_introduction(made.introduction)
        membership = Membership.model_construct(
            key=one.key,
            authority=authority.certificate.public_bytes(Encoding.PEM).decode(),
            certificate=signed_certificate(
                authority, one, x509.load_pem_x509_csr(one.request.encode())
            ).decode(),
        )
        check_certificate(membership, second.key, authority.digest)
    assert (
        make_introduction(name="Anna", key=key, requester="lab", address=None, kept=b"no key").key
        != first.key
    )


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Anna", "1-Anna.membership"),
        ("../Dr. Müller & Co", "1-Dr-M-ller-Co.membership"),
        ("日本", "1.membership"),
        ("x" * 80, f"1-{'x' * 40}.membership"),
    ],
)
def test_a_membership_is_named_after_its_peer(name: str, file: str) -> None:
    assert membership_file(1, name) == file


@pytest.mark.slow
def test_founding_says_its_price_as_any_campaign_and_computes_nothing_for_wrong_input(today: World) -> None:
    (today.folder / "mesh.toml").write_text(FEDAVG.format(unit="day", steps=1))
    lab = today.folder / "lab"
    files = []
    for name in ("Anna", "Ben"):
        made = make_introduction(
            name=name,
            key=MadeVault().key.public,
            requester=fingerprint_of(lab / "requester.pub"),
            address=None,
        )
        files.append(today.folder / f"{name}.introduction")
        files[-1].write_bytes(made.introduction)
    words = ("mesh", "new", today.folder / "mesh.toml")
    how = ("--key", lab / "requester.key", "--to", today.folder / "mesh")
    alone = run(today.paths, *words, files[0], *how)
    assert (alone.code, "Computing" in alone.err) == (1, False)
    many = FEDAVG.format(unit="day", steps=1).replace("rounds = 3", "rounds = 20000")
    (today.folder / "odd.toml").write_text(many)
    odd = run(today.paths, "mesh", "new", today.folder / "odd.toml", *files, *how)
    assert (odd.code, "Computing" in odd.err) == (1, False)

    done = run(today.paths, *words, *files, *how)

    assert done.code == 0, done.err
    assert "all rounds together" in " ".join(done.out.split())
    assert "is right at most" in " ".join(done.out.split())
    assert "none before it is signed" not in done.out
    taken = run(today.paths, *words, *files, *how)
    assert (taken.code != 0, "Computing" in taken.err) == (True, False)


@pytest.mark.slow
def test_a_second_introduction_says_that_both_hold(today: World) -> None:
    said = []
    for number in (1, 2):
        words = ("mesh", "introduce", "--requester", NAME, "--name", "Anna")
        done = run(today.paths, *words, "--to", today.folder / f"{number}.introduction")
        assert done.code == 0, done.err
        (folder,) = today.paths.mesh.iterdir()
        said.append(
            ((folder / "key.pem").read_bytes(), "Both introductions hold" in " ".join(done.err.split()))
        )
    assert said == [(said[0][0], False), (said[0][0], True)]


@pytest.mark.slow
def test_a_mesh_by_an_older_introduction_leaves_the_newer_one_good_for_another(today: World) -> None:
    """The key of the older one is found in the folder of the mesh that was joined by it first."""
    secret, ben = today.folder / "lab" / "requester.key", MadeVault().key.public
    (today.folder / "mesh.toml").write_text(FEDAVG.format(unit="day", steps=1))
    lab = fingerprint_of(today.folder / "lab" / "requester.pub")
    theirs = make_introduction(name="Ben", key=ben, requester=lab, address=None)
    (today.folder / "b").write_bytes(theirs.introduction)

    def introduced(file: str) -> None:
        words = ("mesh", "introduce", "--requester", NAME, "--name", "Anna")
        done = run(today.paths, *words, "--to", today.folder / file)
        assert done.code == 0, done.err

    def joined(file: str, mesh: str) -> Outcome:
        found_mesh(
            campaign_from_description(today.folder / "mesh.toml"), [today.folder / file, today.folder / "b"], secret,
            aim=Aim(most=Decimal(1)), folder=today.folder / mesh, now=today.clock.now,
        )  # fmt: skip
        return run(today.paths, "mesh", "join", today.folder / mesh / "1-Anna.membership")

    introduced("a")
    assert joined("a", "first").code == 0
    introduced("a2")
    for file, mesh in (("a", "second"), ("a2", "third")):
        done = joined(file, mesh)
        assert done.code == 0, done.err
    several = run(today.paths, "mesh", "run")
    assert (several.code, "lockbox mesh status" in several.err) == (1, True)

    introduced("a3")
    for folder in today.paths.mesh.glob("*.introduced"):
        shutil.rmtree(folder)
    gone = joined("a3", "fourth")
    assert (gone.code, "secret key is not here any more" in " ".join(gone.err.split())) == (1, True)
    assert "lockbox mesh introduce" in gone.err
