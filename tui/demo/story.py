"""The steps of the demo on real data: one hospital, one research group, one release, one withdrawal.

Every act is a façade method that has a command, and its command is printed before it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from tui.cli.terminal import write
from tui.demo.card import Outcome
from tui.demo.hospital import (
    OPTIONAL,
    REQUIRED,
    accuracy,
    job_description,
    non_private_accuracy,
    split_patients,
    write_csv,
)
from tui.demo.narrator import AttackSucceeded
from tui.text import wording
from vault.errors.families import Refused
from vault.views.records import FileChoice

if TYPE_CHECKING:
    from tui.demo.hospital import Patients
    from tui.demo.narrator import Narrator
    from vault.settings import Paths
    from vault.vault import Vault
    from vault.views.releases import ReleaseView
    from vault.views.requests import RequestView

EPSILON = Decimal(1)
GROUP = "Tumour group"
SOCKETS = frozenset({"TCP", "UDP", "Unix socket", "abstract Unix socket", "socket pair", "netlink"})


class Declined(Refused):
    """You said no; the story ends here, and nothing left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """The vault, its folder, and the patients on both sides."""

    narrator: Narrator
    paths: Paths
    hospital: Patients
    held_out: Patients

    def file(self, name: str) -> Path:
        """A file of the demo's folder."""
        return self.narrator.folder / name


def prepare(narrator: Narrator, paths: Paths) -> Demo:
    """Choose the held-out patients, and write the hospital's export and the group's job description."""
    hospital, held_out = split_patients()
    write_csv(hospital, narrator.folder / "patients.csv")
    (narrator.folder / "job.toml").write_text(job_description(len(hospital.classes)), encoding="utf-8")
    return Demo(narrator=narrator, paths=paths, hospital=hospital, held_out=held_out)


def make_vault(demo: Demo) -> Vault:
    """Create a vault with a made-up passphrase, and throw its recovery key away."""
    from vault.vault import Vault, generate_passphrase, passphrase_secret

    demo.narrator.chapter("A small hospital makes a vault", "Argon2id and SQLCipher, as for any vault.")
    demo.narrator.command("init")
    words = generate_passphrase()
    passphrase_file = demo.file("passphrase.txt")
    passphrase_file.touch(mode=0o600)
    passphrase_file.write_text(f"{words}\n", encoding="utf-8")
    secret = passphrase_secret(words)
    Vault.create(demo.paths, secret)
    demo.narrator.note(f"the vault is at {demo.paths.vault}")
    return Vault.open(demo.paths, secret)


def import_patients(demo: Demo, vault: Vault) -> int:
    """Seal the hospital's export, one patient as the privacy unit."""
    narrator, file = demo.narrator, demo.file("patients.csv")
    narrator.chapter(
        "It imports its table", f"{len(demo.held_out.classes)} patients were held out and never enter."
    )
    narrator.command("import", file.name, "--unit", "patient_id")
    plan = vault.plan_import(FileChoice(path=file, name="patients", unit="patient_id"))
    report = vault.import_planned(plan.id)
    narrator.note(f"{report.rows} patients × {len(plan.columns)} columns sealed, one key a column")
    return report.rows


def submit_job(demo: Demo, vault: Vault, name: str) -> RequestView:
    """Make, sign and submit a job of the research group."""
    from vault.requester.aim import Aim
    from vault.requester.description import job_from_description
    from vault.requester.jobs import new_job, sign_job
    from vault.requester.keys import keygen

    narrator, job = demo.narrator, demo.file(name)
    if not demo.file("group").exists():
        narrator.command("job", "keygen", "group")
        keygen(demo.file("group"))
        narrator.command("requester", "add", GROUP, "group/requester.pub")
        vault.add_requester(GROUP, demo.file("group") / "requester.pub")
    narrator.command("job", "new", "job.toml", "--epsilon", EPSILON, "--to", name)
    description = job_from_description(demo.file("job.toml"))
    new_job(description, aim=Aim(most=EPSILON), folder=job, now=datetime.now(UTC))
    narrator.command("job", "sign", name, "--key", "group/requester.key")
    sign_job(job, demo.file("group") / "requester.key")
    narrator.command("request", "submit", name)
    request = vault.submit(job)
    narrator.note(f"request {request.line.id[:8]} waits for a person")
    return request


def allow(demo: Demo, vault: Vault, request: RequestView) -> None:
    """Approve one run after the person has read what is asked and what it costs.

    The diagnosis is health data, so it takes a second, explicit yes; its command has a flag for that.
    """
    from tui.cli.commands.request import show_price
    from tui.cli.show_request import show_draft

    narrator, short = demo.narrator, request.line.id[:8]
    what = vault.preview_approval(request.line.id, draft=True, optional=frozenset())
    assert what.draft is not None  # no consent exists yet in this new vault
    write(
        f"\n    {GROUP} asks for {len(REQUIRED) + len(OPTIONAL) + 1} columns, for {what.draft.purpose_words}."
    )
    write(f"    They keep the result: {wording.quoted(request.retention)}")
    show_draft(what.draft)
    write()
    show_price(request.price)
    narrator.command("request", "approve", short, "--draft-grant", "--special")
    if not narrator.ask_for_word("Type ALLOW to let this job run once, on this computer:", "ALLOW"):
        raise Declined()
    if not narrator.ask_for_word(
        f"{wording.special_question(what.draft.special)} Type EXPLICITLY:", "EXPLICITLY"
    ):
        raise Declined()
    vault.approve(
        request.line.id, manifest_digest=request.manifest_digest, draft=True, special_confirmed=True
    )


def run(demo: Demo, vault: Vault, request: RequestView) -> ReleaseView:
    """Train the approved job and hold its result."""
    narrator, short = demo.narrator, request.line.id[:8]
    narrator.command("train", short)
    held = vault.train(request.line.id, progress=lambda _step, _of: None)
    narrator.note(
        f"{held.steps} steps in a process without network and files; the result is held in the vault"
    )
    narrator.note(
        f"{wording.percent(held.price.used_percent_before)} of the lifetime privacy budget is spent"
    )
    return held


def release_update(demo: Demo, vault: Vault, held: ReleaseView) -> ReleaseView:
    """Release the held update after the person has typed its digest."""
    narrator, short = demo.narrator, held.id[:8]
    narrator.command("release", "show", short)
    narrator.note(
        f"one file of {wording.size(held.size)} would leave, for {held.recipient}; noise {held.noise_multiplier:g}"
    )
    narrator.note(f"digest {held.digest}")
    narrator.note("what leaves cannot be called back")
    narrator.command("release", "send", short, "--confirm-digest", held.digest[:8], "--to", "outbox")
    if not narrator.ask_for_word(
        f"Type the first 8 digits of the digest ({held.digest[:8]}) to let it leave:", held.digest[:8]
    ):
        raise Declined()
    return vault.send(held.id, confirm_digest=held.digest[:8], to=demo.file("outbox"))


def verify(demo: Demo, vault: Vault) -> bytes:
    """Verify the release as the group does, and apply the update to the model."""
    from vault.requester.releases import apply_update, verify_release

    narrator = demo.narrator
    narrator.command("requester", "vault-key", GROUP)
    key = demo.file("vault.pub")
    key.write_text(vault.vault_key(GROUP) + "\n", encoding="utf-8")
    narrator.note("written to vault.pub, handed over in person")
    narrator.command(
        "update",
        "verify",
        "outbox",
        "--vault-key",
        "vault.pub",
        "--job",
        "job-1",
        "--model",
        "model.safetensors",
    )
    verify_release(demo.file("outbox"), key, demo.file("job-1"))
    start = (demo.file("job-1") / "weights.safetensors").read_bytes()
    model = apply_update(start, demo.file("outbox"))
    demo.file("model.safetensors").write_bytes(model)
    narrator.note("signature, digests and form verify")
    return model


def attack_before_release(demo: Demo, vault: Vault, request: RequestView, held: ReleaseView) -> None:
    """Try a changed manifest, a wrong digest, and a socket from inside the learner."""
    narrator = demo.narrator
    narrator.chapter("Somebody tries", "Three attacks, made for real.")
    changed = demo.file("changed")
    shutil.copytree(demo.file("job-1"), changed)
    manifest = changed / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"steps":100', b'"steps":900'))
    narrator.note("changed: a copy of job-1 whose manifest asks for 900 steps instead of 100")
    narrator.command("request", "submit", "changed")
    narrator.refused("changed manifest", lambda: vault.submit(changed))
    wrong = "0" * 8 if not held.digest.startswith("0" * 8) else "1" * 8
    narrator.command("release", "send", held.id[:8], "--confirm-digest", wrong, "--to", "elsewhere")
    narrator.refused(
        "wrong digest", lambda: vault.send(held.id, confirm_digest=wrong, to=demo.file("elsewhere"))
    )
    narrator.command("doctor")
    probes = [one for one in vault.probe_sandbox(demo.paths) if one.name in SOCKETS]
    if not probes or not all(one.refused for one in probes):
        raise AttackSucceeded(attack="learner's socket")
    kinds, errors = ", ".join(one.name for one in probes), " and ".join(sorted({one.how for one in probes}))
    narrator.note_refusal("learner's socket", f"The kernel refused each of {kinds}: {errors}.")


def withdraw(demo: Demo, vault: Vault) -> None:
    """Withdraw the consent and see a second job refused with its reasons."""
    from tui.cli.commands.consent import show_decision

    narrator = demo.narrator
    grant = vault.grants()[0]
    narrator.command("consent", "withdraw", grant.id[:8])
    done = vault.withdraw(grant.id)
    narrator.note(
        f"{len(done.already_left)} update already left and cannot be called back; nothing more is read"
    )
    second = submit_job(demo, vault, "job-2")
    narrator.command("consent", "explain", "job-2")
    show_decision(vault.explain(demo.file("job-2")))
    narrator.command("request", "approve", second.line.id[:8])
    narrator.refused(
        "after withdrawal", lambda: vault.approve(second.line.id, manifest_digest=second.manifest_digest)
    )


def check_trail(demo: Demo, vault: Vault) -> int:
    """Export the trail, verify it from the files alone, then edit one byte and see it refused."""
    from vault.requester.trail import verify_trail

    narrator, bundle = demo.narrator, demo.file("trail")
    narrator.command("audit", "export", "trail")
    size = vault.export_audit(bundle).size
    key = vault.audit_key()
    narrator.command("audit", "verify", "--bundle", "trail", "--key", key)
    verify_trail(bundle, key)
    narrator.note(f"{size} entries verify from the files alone")
    edited = demo.file("edited")
    shutil.copytree(bundle, edited)
    entries = edited / "entries.jsonl"
    entries.write_bytes(entries.read_bytes().replace(b'"outcome":"permit"', b'"outcome":"deny"', 1))
    narrator.note("edited: a copy of trail where one decision says deny instead of permit")
    narrator.command("audit", "verify", "--bundle", "edited", "--key", key)
    narrator.refused("edited log", lambda: verify_trail(edited, key))
    return size


def play(demo: Demo) -> Outcome:
    """Play every step, from the empty folder to the verified trail."""
    narrator = demo.narrator
    with make_vault(demo) as vault:
        stayed = import_patients(demo, vault)
        narrator.chapter("A research group asks", "It signs a job; the job carries no code, only numbers.")
        request = submit_job(demo, vault, "job-1")
        narrator.chapter("A person allows one run")
        allow(demo, vault, request)
        narrator.chapter("The vault learns")
        held = run(demo, vault, request)
        attack_before_release(demo, vault, request, held)
        narrator.chapter("A person lets the result leave")
        sent = release_update(demo, vault, held)
        narrator.chapter("The group checks what it got")
        model = verify(demo, vault)
        narrator.chapter("The hospital withdraws its consent")
        withdraw(demo, vault)
        narrator.chapter("Anybody can check the trail")
        trail = check_trail(demo, vault)
    return _outcome(demo, stayed=stayed, request=request, sent=sent, model=model, trail=trail)


def _outcome(
    demo: Demo, *, stayed: int, request: RequestView, sent: ReleaseView, model: bytes, trail: int
) -> Outcome:
    start = (demo.file("job-1") / "weights.safetensors").read_bytes()
    sizes = sum(
        path.stat().st_size for path in demo.file("outbox").iterdir() if path.suffix == ".safetensors"
    )
    classes = demo.held_out.classes
    return Outcome(
        stayed=stayed,
        held_out=len(classes),
        left_bytes=sizes,
        asked=len(sent.fields_used) + len(sent.fields_withheld),
        allowed=len(sent.fields_used),
        start=accuracy(start, demo.held_out),
        private=accuracy(model, demo.held_out),
        non_private=non_private_accuracy(demo.hospital, demo.held_out),
        majority=max(float(classes.mean()), 1 - float(classes.mean())),
        epsilon=request.price.epsilon,
        delta=request.price.delta,
        guess_rate=request.price.guess_rate,
        refusals=tuple(demo.narrator.refusals),
        trail=trail,
    )
