"""The pages say what the code does: facts that can drift are read from the page and asked of the code."""

from __future__ import annotations

import math
import re
import shlex
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import click
import pytest
import typer

from tui.cli.command_line import app
from tui.cli.exit_codes import FAMILIES, MEANING, ExitCode, exit_code
from tui.text import wording
from tui.text.budget_facts import JOBS_ADD_UP
from vault.budget import ledger, pricing
from vault.budget.filter import MOST_EPSILON, ORDERS, Charge, Filter, admits, caps, job_share, part, total
from vault.budget.mechanism import Mechanism
from vault.errors.families import InternalError, Invalid, LockboxError
from vault.errors.keys import DamagedHeader
from vault.errors.rollback import MarkNotWritten, MarkUnwritable, OlderVault
from vault.errors.storage import Damaged, DiskReadOnly, VaultBusy
from vault.errors.training import SandboxMissing
from vault.records import preview
from vault.sealing.random import LIST_LENGTH, WORDS
from vault.sealing.recovery_key import KEY_BYTES
from vault.sealing.slots import DEFAULT_COST, LEAST_MEMORY_KIB, MOST_MEMORY_KIB, MOST_PASSES
from vault.store.schema import HEAD
from vault.store.tables import Row
from vault.views.states import RequesterStatus, RequestState

ROOT = Path(__file__).parents[2]
PAGES = {path.relative_to(ROOT).as_posix(): path for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]}
TEXT = {name: path.read_text(encoding="utf-8") for name, path in PAGES.items()}
README, PRIVACY = TEXT["README.md"], TEXT["docs/privacy.md"]
FORMAT, THREATS = TEXT["docs/file-format.md"], TEXT["docs/threat-model.md"]

# The job of the demo, from which privacy.md takes its numbers.
DEMO = {"sampling_rate": 0.5, "steps": 100, "parameters": 16, "grid_exponent": 12, "clip_norm": 1.0}
NOISE = {"0.5": 40.3895, "1": 21.2286, "2": 11.2627, "3": 7.8331, "4": 6.0841}  # the least for each ε


def rows_under(page: str, *head: str) -> list[list[str]]:
    """The cells of every row of the table with this head."""
    wanted = f"| {' | '.join(head)} |"
    after = page.split(wanted, 1)
    assert len(after) == 2, f"there is no table {wanted}"
    rows = after[1].split("\n\n", 1)[0].strip().splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def flat(page: str) -> str:
    """The page with every run of white space as one space: prose is wrapped anywhere."""
    return " ".join(page.split())


# links, names, commands ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
def test_every_relative_link_leads_to_a_file(name: str) -> None:
    targets = re.findall(r"\]\(([^)\s]+)\)", TEXT[name])
    local = [target.split("#")[0] for target in targets if "://" not in target and not target.startswith("#")]

    assert [target for target in local if not (PAGES[name].parent / target).exists()] == []


@pytest.mark.parametrize("name", PAGES)
def test_every_path_of_the_repository_that_a_page_names_exists(name: str) -> None:
    named = re.findall(r"`((?:vault|learner|tui|tests|docs|benchmarks|\.ci)/[^`\s*<]*)`", TEXT[name])

    assert [path for path in named if not (ROOT / path).exists()] == []


def commands_on(page: str) -> Iterator[list[str]]:
    """Every command line that a page shows in a block, without what stands behind #, and those in prose."""
    for line in re.findall(r"^    lockbox (.+)$", page, re.MULTILINE):
        yield shlex.split(line.split("  ")[0].split(" #")[0], comments=True)
    for line in re.findall(r"`lockbox ([^`]+)`", flat(page)):
        if not re.search(r" v[0-9]$", line):  # what a signature or a MAC begins with
            yield line.split()


@cache
def the_command() -> click.Command:
    return typer.main.get_command(app)


def unknown_part(words: list[str]) -> str:
    """The first word that the command line does not know, or empty."""
    command = the_command()
    options = {name for each in command.params for name in each.opts}
    while words and (isinstance(command, click.Group) or words[0].startswith("-")):
        word, *words = words
        if word.startswith("-"):
            if word != "--help" and word not in options:
                return word
            takes_value = any(
                word in each.opts and not getattr(each, "is_flag", True) for each in command.params
            )
            words = words[1:] if takes_value else words
            continue
        assert isinstance(command, click.Group)
        found = command.commands.get(word)
        if found is None:
            return word
        command = found
        options = {name for each in command.params for name in each.opts}
    return next((word for word in words if word.startswith("--") and word not in {*options, "--help"}), "")


@pytest.mark.parametrize("name", [name for name in PAGES if "commands" not in name])
def test_every_command_that_a_page_shows_exists_with_its_options(name: str) -> None:
    assert [" ".join(words) for words in commands_on(TEXT[name]) if unknown_part(words)] == []


def test_the_search_for_unknown_commands_finds_them() -> None:
    assert unknown_part(["data", "fly"]) == "fly"
    assert unknown_part(["release", "send", "ID", "--fast"]) == "--fast"
    assert unknown_part(["--fast"]) == "--fast"
    assert unknown_part(["--vault", "restored", "release", "send", "ID", "--to", "DIR"]) == ""


def test_the_make_targets_of_the_pages_are_there() -> None:
    named = {word for page in TEXT.values() for word in re.findall(r"^    make ([\w-]+)", page, re.MULTILINE)}
    known = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

    assert {"demo", "test", "check", "setup", "test-slow", "format"} <= named
    assert named <= known


def test_the_map_names_every_room_and_no_other() -> None:
    named = {
        path for cell, _ in rows_under(README, "room", "what happens there") for path in cell.split(", ")
    }
    files = {f"vault/{path.name}" for path in ROOT.glob("vault/[a-z]*.py")}
    rooms = {f"vault/{path.parent.name}/" for path in ROOT.glob("vault/*/__init__.py")}

    assert {f"`{name}`" for name in rooms | files | {"learner/", "tui/"}} == named


def test_every_decision_is_listed_and_begins_with_because() -> None:
    pages = sorted((ROOT / "docs/adr").glob("0*.md"))
    listed = re.findall(r"\]\((0\d{3}-[\w-]+\.md)\)", TEXT["docs/adr/README.md"])

    assert [page.name for page in pages] == listed
    assert len({page.name[:4] for page in pages}) == len(pages)
    for page in pages:
        title, _, first, *_ = page.read_text(encoding="utf-8").splitlines()
        assert title.startswith(f"# {page.name[:4]}: ")
        assert "because" in first.lower()


def test_every_page_of_docs_is_reachable_from_the_readme() -> None:
    reached = " ".join(re.findall(r"\]\(([^)]+)\)", README))

    assert [
        name for name in PAGES if name.startswith("docs/") and "/0" not in name and name not in reached
    ] == []


# what the repository never says -------------------------------------------------------------------------

# In two halves each, so that this file does not hold what it looks for.
HOSTS = [
    "py" + "pi",
    "python" + "hosted",
    "download." + "pytorch",
    "ana" + "conda",
    "npm" + "js",
    "proxy." + "golang",
]
FORBIDDEN = re.compile(
    "|".join(re.escape(host) for host in HOSTS)
    + r"|\bfiles\.[\w-]+\.(?:org|com|io)\b"
    + r"|(?<![\w./~>])/(?:home|root|Users|work|workspace|mnt|srv|private)/\w",
    re.IGNORECASE,
)
BINARY = {".png", ".parquet", ".lockbox", ".pyc"}


def texts() -> Iterator[Path]:
    """Every text file of the repository, as git lists them, or as they lie there without git."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = [name for name in listed.stdout.split("\0") if name] if listed.returncode == 0 else []
    found = [ROOT / name for name in names] or [path for path in ROOT.rglob("*") if ".venv" not in path.parts]
    yield from (path for path in found if path.is_file() and path.suffix not in BINARY)


def test_no_file_names_a_registry_host_or_a_place_on_somebodys_computer() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in texts()
        for match in FORBIDDEN.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]

    assert found == []


@pytest.mark.parametrize("text", ["see /" + "home/ann/x", "from files." + "example.org", HOSTS[0] + ".org"])
def test_the_search_for_forbidden_words_finds_them(text: str) -> None:
    assert FORBIDDEN.search(text)


# exit codes and errors ----------------------------------------------------------------------------------


def test_the_exit_codes_stand_in_the_readme_with_their_families_and_sentences() -> None:
    family = {code: kind.__name__ for kind, code in FAMILIES} | {ExitCode.FAILED: "Invalid"}
    expected = [[str(code.value), family.get(code, ""), says] for code, says in MEANING.items()]

    assert expected == rows_under(README, "exit code", "family", "meaning")


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("the learner cannot be confined", SandboxMissing),
        ("the mark cannot be written", MarkUnwritable),
        ("the mark cannot be written", MarkNotWritten),
        ("the mark is damaged", Damaged),
        ("an older copy was put back", OlderVault),
        ("both copies are bad", DamagedHeader),
        ("a page of the database is damaged", Damaged),
        ("a second process wants to write", VaultBusy),
        ("the folder cannot be written to", DiskReadOnly),
        ("the consent is withdrawn while its job runs", VaultBusy),
    ],
)
def test_the_failures_end_with_the_exit_code_that_the_page_names(row: str, error: type[LockboxError]) -> None:
    follows = {first: then for first, then in rows_under(THREATS, "what happens", "what follows")}
    (then,) = [text for first, text in follows.items() if first.startswith(row)]

    code = next((code for family, code in FAMILIES if issubclass(error, family)), ExitCode.FAILED)
    assert f"exit {code.value}" in then


def test_an_unforeseen_family_would_be_noticed() -> None:
    families = {kind for kind in LockboxError.__subclasses__() if kind.__module__.startswith("vault.")}

    assert {*(family for family, _ in FAMILIES), Invalid, InternalError} == families
    assert exit_code(Invalid(reason="it is so")) == ExitCode.FAILED


# defaults and bounds ------------------------------------------------------------------------------------


def test_the_cost_of_a_guess() -> None:
    megabytes = DEFAULT_COST.memory_kib // 1024
    says = f"have {DEFAULT_COST.opslimit} passes and {DEFAULT_COST.memory_kib} KiB ({megabytes} MiB)"
    bounds = (
        f"be 1 to {MOST_PASSES} and the memory {LEAST_MEMORY_KIB // 1024} MiB to {MOST_MEMORY_KIB >> 20} GiB"
    )

    assert says in flat(FORMAT)
    assert bounds in flat(FORMAT)
    assert f"{DEFAULT_COST.opslimit} passes of Argon2id over {megabytes} MiB" in flat(THREATS)


def test_the_strength_of_made_up_secrets() -> None:
    bits = int(WORDS * math.log2(LIST_LENGTH))

    assert f"A made-up one has {bits} random bits (eight words), the recovery key {8 * KEY_BYTES}" in flat(
        THREATS
    )


def test_the_lifetime_budget_and_its_shares() -> None:
    assert f"ε {ledger.LIFETIME} at δ {ledger.DELTA:f} unless you say otherwise" in flat(PRIVACY)
    assert f"at most {MOST_EPSILON}; below 0.22 nothing fits" in flat(PRIVACY)
    assert [Fraction(1, 4), Fraction(1, 2)] == [ledger.JOB_SHARE, ledger.REQUESTER_SHARE]
    assert "One job may take at most a quarter of it, one requester at most half." in flat(PRIVACY)
    assert any(caps(Decimal("0.22"), ledger.DELTA).budgets)
    assert not any(caps(Decimal("0.219"), ledger.DELTA).budgets)


def test_the_orders_are_listed_with_what_their_failures_add_up_to() -> None:
    weight = sum((1 - 1 / order) ** (order - 1) / order for order in ORDERS)
    all_orders = sum((1 - 1 / order) ** (order - 1) / order for order in range(2, 65))
    why = flat(TEXT["docs/adr/0005-the-orders-never-change.md"])

    assert f"orders {', '.join(map(str, ORDERS))} in whole nano-nats" in flat(PRIVACY)
    assert f"{', '.join(map(str, ORDERS[:-1]))} and {ORDERS[-1]}" in why
    assert f"add up to {weight:.2f} δ*" in flat(PRIVACY)
    assert f"adds up to {weight:.2f} δ" in why
    assert f"it would be {all_orders:.2f} δ" in why


def test_the_numerical_assumption() -> None:
    relative = 80 * 2**-52 * 2**16

    assert f"at most {math.ceil(relative * 1e10) / 10:.1f}e-9 at noise of 2^16 cells" in flat(PRIVACY)
    assert f"while it adds at most {pricing.MOST_SLACK}" in flat(PRIVACY)


def test_the_numbers_of_units_below_which_the_preview_warns() -> None:
    few, records = preview._FEW_UNITS, preview._FEW_RECORDS

    assert f"below {few} units ({records} where each record is its own unit)" in flat(PRIVACY)


def test_every_table_of_the_database_and_its_revision_stand_on_the_page() -> None:
    named = {cell.strip("`") for cell, *_ in rows_under(FORMAT, "table", "a row is", "worth knowing")}

    assert set(Row.metadata.tables) == named
    assert f"`alembic_version` is `{HEAD}`" in flat(FORMAT)
    assert all(f"`{status}`" in FORMAT for status in RequesterStatus)


def test_the_drawing_of_the_states_is_linked_and_whole() -> None:
    drawing = (ROOT / "docs/states/request.dot").read_text()

    assert "(docs/states/request.dot)" in README
    assert "(states/request.dot)" in FORMAT
    assert all(re.search(rf"\b{state.value}\b", drawing) for state in RequestState)


def test_the_number_of_planted_bugs() -> None:
    planted = re.findall(
        r'^        \(\w+, "U\d", ', (ROOT / "tests/learner/planted_bugs.py").read_text(), re.MULTILINE
    )

    assert f"{len(planted)} planted bugs" in THREATS


# the numbers for a person -------------------------------------------------------------------------------


def demo_job(noise_multiplier: float) -> Mechanism:
    return Mechanism(noise_multiplier=noise_multiplier, **DEMO)  # type: ignore[arg-type]


def demo_noise() -> float:
    found = re.search(r"noise multiplier ([\d.]+)\)", flat(PRIVACY))
    assert found is not None
    return float(found[1])


def test_the_sentence_is_that_of_the_demos_job() -> None:
    price = pricing.price(demo_job(demo_noise()), ledger.DELTA)
    sentence = wording.guess_sentence("column", "patient_id", price.guess_rate)

    assert NOISE["1"] == demo_noise()
    assert sentence in flat(PRIVACY.replace("\n> ", " "))


def test_the_example_of_the_manifest_page_costs_one() -> None:
    (noise,) = re.findall(r'"noise_multiplier": ([\d.]+)', TEXT["docs/job-manifest.md"])
    mechanism = Mechanism(
        sampling_rate=0.2,
        noise_multiplier=float(noise),
        steps=100,
        parameters=18,
        grid_exponent=13,
        clip_norm=1.0,
    )

    assert Decimal("0.999") < pricing.price(mechanism, ledger.DELTA).epsilon <= 1


def jobs_that_fit(charge: Charge, share: Fraction = Fraction(1)) -> int:
    """How many jobs of this charge a share of the usual lifetime budget pays for."""
    whole = caps(ledger.LIFETIME, ledger.DELTA).budgets
    room = part(whole, share)
    if not admits(Filter(name="job", budgets=part(whole, ledger.JOB_SHARE), spent=ledger.NOTHING), charge):
        return 0
    spent, jobs = ledger.NOTHING, 0
    while admits(Filter(name="all", budgets=room, spent=spent), charge):
        spent, jobs = total([spent, charge]), jobs + 1
    return jobs


def test_the_table_of_prices() -> None:
    whole = caps(ledger.LIFETIME, ledger.DELTA).budgets
    expected = []
    for epsilon, noise in NOISE.items():
        price = pricing.price(demo_job(noise), ledger.DELTA)
        assert Decimal(epsilon) - Decimal("0.0001") <= price.epsilon <= Decimal(epsilon)
        share = math.ceil(job_share(price.charge, whole) * 1000) / 10
        jobs = jobs_that_fit(price.charge)
        said = str(jobs) if jobs else "none: one job may take a quarter at most"
        expected.append([epsilon, str(wording.times_in_hundred(price.guess_rate)), f"{share} %", said])

    head = (
        "a job of ε",
        "right guesses in 100, at most",
        "share of a budget of ε 8",
        "such jobs in that budget",
    )
    assert expected == rows_under(PRIVACY, *head)


@pytest.mark.slow
def test_the_table_of_what_all_jobs_of_a_budget_tell_together() -> None:
    """The steps of all of them are composed as those of one job are."""
    found = {}
    for epsilon, noise in NOISE.items():
        job = demo_job(noise)
        if jobs := jobs_that_fit(pricing.price(job, ledger.DELTA).charge):
            together = replace(job, steps=job.steps * jobs)
            rate = pricing._guess_rate(pricing._losses(together), 0.0)
            found[f"{jobs} of ε {epsilon}"] = str(wording.times_in_hundred(rate))

    assert found == dict(rows_under(PRIVACY, "such jobs", "right guesses in 100 after all of them, at most"))
    each = pricing.price(demo_job(NOISE["1"]), ledger.DELTA).guess_rate
    said = f"32 jobs of ε 1, each {wording.times_in_hundred(each)} in 100, fill a budget of ε 8 and together allow"
    assert f"{said} {found['32 of ε 1']} right guesses in 100" in JOBS_ADD_UP


def test_how_many_jobs_one_requester_may_have() -> None:
    charge = pricing.charge(demo_job(NOISE["1"]))

    assert f"and {jobs_that_fit(charge, ledger.REQUESTER_SHARE)} jobs of ε 1" in flat(PRIVACY)


def test_the_table_of_repeated_rows() -> None:
    """Rows that are sampled each by its own coin: a mixture of Gaussians with a binomial number of them."""
    from dp_accounting import pld
    from dp_accounting.dp_event import MixtureOfGaussiansDpEvent
    from scipy.stats import binom

    head = (
        "rows that tell the same fact",
        "a guess whether they are in it is right, instead of 50 times in 100, at most",
    )
    for rows, said in rows_under(PRIVACY, *head):
        count = int(rows)
        event = MixtureOfGaussiansDpEvent(
            demo_noise(),
            list(range(count + 1)),
            [float(binom.pmf(taken, count, DEMO["sampling_rate"])) for taken in range(count + 1)],
        )
        accountant = pld.PLDAccountant(value_discretization_interval=5e-3)
        accountant.compose(event, int(DEMO["steps"]))
        assert str(math.ceil(50 * (1 + accountant.get_delta(0.0)))) == said
