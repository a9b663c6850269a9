"""What verifying a bundle found, as facts and as sentences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vault.audit.checkpoint import Checkpoint
from vault.audit.entries import EntryType


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleReport:
    """What was found in a bundle that verifies.

    ``earlier`` are the sizes of earlier checkpoints in the bundle, ``kept`` those of the checkpoints the
    verifier brought; ``proven`` and ``consistent`` the indexes and sizes with a good proof file; ``redacted``
    the indexes withheld; ``witnesses`` who cosigned and when (seconds since 1970); ``unread`` the files that
    are no evidence.
    """

    checkpoint: Checkpoint
    first_time: str
    last_time: str
    kinds: Mapping[EntryType, int]
    redacted: tuple[int, ...]
    disclosed: int
    earlier: tuple[int, ...]
    kept: tuple[int, ...]
    proven: tuple[int, ...]
    consistent: tuple[int, ...]
    witnesses: Mapping[str, int]
    unread: tuple[str, ...]


def report_lines(report: BundleReport) -> list[str]:
    """Return what was checked, in one sentence each, and what nobody can know from this bundle alone."""
    size = report.checkpoint.size
    lines = [
        f"The checkpoint of {report.checkpoint.origin} is signed by the key you trust.",
        f"All {size} entries are there, each in its one written form, numbered without a gap.",
        "The root recomputed from the entries is the one that was signed.",
        f"Time never runs backwards, from {report.first_time} to {report.last_time}.",
    ]
    if report.redacted:
        lines[1] = (
            f"Of {size} entries {len(report.redacted)} are withheld; the others are whole and in their place."
        )
    if report.earlier:
        lines.append(
            f"{len(report.earlier)} earlier checkpoints in the bundle are earlier states of this trail."
        )
    if report.proven or report.consistent:
        lines.append(f"{len(report.proven)} inclusion and {len(report.consistent)} consistency proofs hold.")
    if report.disclosed:
        lines.append(f"{report.disclosed} hidden fields were opened, and each belongs to its entry.")
    if report.witnesses:
        lines.append(f"{len(report.witnesses)} witnesses cosigned it.")
    return [*lines, _completeness(report)]


def _completeness(report: BundleReport) -> str:
    if report.kept:
        return f"Nothing before entry {max(report.kept)} was rewritten: it was compared with what you kept."
    if report.witnesses:
        return "Whether it ever told another story is for the witnesses to say."
    return "It is consistent; without an older checkpoint or a witness nothing shows that it is complete."
