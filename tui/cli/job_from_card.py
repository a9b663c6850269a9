"""What `lockbox job new` takes from a data card, and asks on a terminal where the description leaves it out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
from typer import Option

from tui.cli.terminal import ask_until, is_interactive, say, write, write_table
from tui.text.parse import QUOTED, parse_epsilon, parse_names

if TYPE_CHECKING:
    from vault.requester.card import Asked, Card
    from vault.requester.description import JobDescription

CardOption = Annotated[
    str | None,
    Option(
        "--card",
        metavar="CARD",
        help="The owner's data card, or a part of a known export, such as fitbit/sleep: says what the columns are.",
    ),
]
KeyOption = Annotated[
    Path | None,
    Option(
        "--vault-key",
        metavar="KEY",
        help="A file with the vault's key for you: the card must be signed by it.",
    ),
]
LabelOption = Annotated[
    str | None, Option("--label", metavar="COLUMN", help="With --card: the column to predict.")
]
FeaturesOption = Annotated[
    str | None,
    Option(
        "--features",
        metavar="COLUMNS",
        help=f"With --card: what to predict it from, separated by commas. {QUOTED}",
    ),
]


def check_options(
    card: str | None, *, vault_key: Path | None, label: str | None, features: str | None
) -> None:
    """Refuse what means something only with a card; raises UsageError."""
    given = {"--vault-key": vault_key, "--label": label, "--features": features}
    for name in (name for name, value in given.items() if value and not card):
        raise click.UsageError(f"{name} is for a job from a --card")


def read_card(card: str, vault_key: Path | None) -> Card:
    """The card that was named; who signed it is said, for it is only as good as their word."""
    from vault.requester.card import read_card, signed_by
    from vault.requester.file_kinds import check_kind

    check_kind(Path(card), "card")
    found = read_card(card, vault_key)
    if found.collection is not None:
        say(_whose_word(signed_by(found), is_checked=vault_key is not None))
    return found


def _whose_word(signer: str, *, is_checked: bool) -> str:
    if not signer:
        return "This card is not signed: whoever gave it to you can have written anything."
    how = "the key that you named" if is_checked else "to be compared with the owner: --vault-key does it"
    return f"This card is signed by {signer}, {how}."


def write_template(card: Card | None) -> None:
    """An example description: of any job, or of one from this card."""
    from vault.requester import card as cards
    from vault.requester import description

    write((cards.template(card) if card else description.template()).rstrip())


def job_from_card(
    description: Path, card: Card, *, label: str | None, features: str | None
) -> JobDescription:
    """The description with what the card says; on a terminal its columns are asked where nobody named them."""
    from vault.requester.card import Asked, names_columns, with_card
    from vault.requester.description import parse_description, read_document

    document = read_document(description)
    if not (label or features or names_columns(document)) and is_interactive():
        _show(card)
        asked = _ask_columns(card)
    else:
        asked = Asked(label=label or "", features=tuple(parse_names(features or "")))
    return parse_description(with_card(document, card, asked))


def _ask_columns(card: Card) -> Asked:
    """Both questions, each until its answer can be used."""
    from vault.requester.card import Asked, check_features, check_label

    label = ask_until("Which of them is to be predicted?", lambda text: check_label(card, text))
    features = ask_until(
        "From which, separated by commas?", lambda text: check_features(card, label, parse_names(text))
    )
    return Asked(label=label, features=features)


def ask_epsilon() -> str | None:
    """What the job may cost, where somebody is there to say it."""
    if not is_interactive():
        return None
    return ask_until("What may it cost at most (ε)? Nothing: 1.", _epsilon)


def _epsilon(text: str) -> str | None:
    if text:
        parse_epsilon(text)
    return text or None


def _show(card: Card) -> None:
    rows = [
        (one.name, one.type or "", ", ".join(one.labels or ()), one.meaning or "") for one in card.columns
    ]
    write_table(("column", "type", "words", "meaning"), rows)
