"""A data card: its form is fixed, its signature is checked, and a job follows from it."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from vault.errors.families import Invalid
from vault.errors.requests import (
    CardInvalid,
    CardNotSigned,
    CardOfOtherVault,
    CardTampered,
    CardTellsTooLittle,
    NotOnCard,
)
from vault.importers.catalogue.formats import FORMATS
from vault.requester.aim import Aim
from vault.requester.card import Asked, read_card, template, with_card
from vault.requester.description import parse_description, read_document
from vault.requester.draft import draft_job
from vault.requests.canonical import canonical
from vault.requests.card import Card, card_file, parse_card
from vault.requests.catalogue_card import format_card
from vault.requests.parse import parse_manifest
from vault.sealing.keyfile import key_line
from vault.sealing.secret import Secret
from vault.sealing.signing import SigningKey

KEY = SigningKey.from_seed(Secret(bytes(range(32))))
OTHER = SigningKey.from_seed(Secret(bytes(range(1, 33))))
NOTHING: dict[str, object] = dict.fromkeys(("type", "meaning", "measure", "constants", "labels"))
RANGE = {"low": 0.0, "high": 60000.0, "center": 7000.0, "scale": 5000.0}
DOCUMENT: dict[str, Any] = {
    "v": 1,
    "collection": "nights",
    "unit": "day",
    "format": "fitbit/activities",
    "columns": [
        {
            **NOTHING,
            "name": "steps",
            "type": "int",
            "meaning": "steps",
            "measure": "count",
            "constants": RANGE,
        },
        {**NOTHING, "name": "mood", "labels": ["bad", "good"]},
        {**NOTHING, "name": "away", "type": "bool"},
        {**NOTHING, "name": "note"},
    ],
    "to": OTHER.public.hex(),
    "vault_key": KEY.public.hex(),
}
CARD = Card.model_validate_json(canonical(DOCUMENT), strict=True)
FROZEN = Path(__file__).with_name("vectors") / "nights.card"
ABOUT = {
    "label": "mood",
    "features": ["steps", "away"],
    "retention": "a year",
    "requester": {"name": "Lab", "contact": "lab@example.org"},
    "purpose": {"dpv": "AcademicResearch", "text": "Why?"},
    "kind": "gradient_sum",
    "training": {"clip": 1},
}


def test_a_card_is_written_byte_by_byte_as_it_always_was() -> None:
    assert card_file(CARD, KEY) == FROZEN.read_bytes()
    assert parse_card(FROZEN.read_bytes()) == CARD


@pytest.mark.parametrize(
    ("file", "error"),
    [
        (FROZEN.read_bytes().replace(b'"bad"', b'"sad"'), CardTampered),
        (card_file(CARD, OTHER), CardTampered),
        (card_file(CARD, None), CardTampered),
        (card_file(CARD.model_copy(update={"to": None, "vault_key": None}), KEY), CardTampered),
        (FROZEN.read_bytes() + b"\n", CardInvalid),
        (FROZEN.read_bytes().replace(b'"bool"', b'"vector(1)"'), CardInvalid),
        (b"", CardInvalid),
        (b"[]", CardInvalid),
        (FROZEN.read_bytes()[:100], CardInvalid),
        (canonical({"card": DOCUMENT | {"rows": 7}, "signature": None}), CardInvalid),
        (canonical({"card": DOCUMENT | {"vault_key": None}, "signature": None}), CardInvalid),
        (canonical({"card": DOCUMENT | {"columns": []}, "signature": None}), CardInvalid),
        (
            canonical({"card": DOCUMENT | {"columns": DOCUMENT["columns"][:1] * 2}, "signature": None}),
            CardInvalid,
        ),
    ],
)
def test_a_card_that_was_changed_or_is_none_is_refused(file: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_card(file)


def test_with_the_key_of_a_vault_no_other_card_is_taken(tmp_path: Path) -> None:
    for name, key in (("its.pub", KEY), ("other.pub", OTHER)):
        (tmp_path / name).write_text(key_line("vault-public", key.public) + "\n")
    assert read_card(str(FROZEN), tmp_path / "its.pub") == CARD
    with pytest.raises(CardOfOtherVault, match="and not by the key that you named"):
        read_card(str(FROZEN), tmp_path / "other.pub")
    unsigned = CARD.model_copy(update={"to": None, "vault_key": None})
    (tmp_path / "unsigned.card").write_bytes(card_file(unsigned, None))
    with pytest.raises(CardNotSigned):
        read_card(str(tmp_path / "unsigned.card"), tmp_path / "its.pub")


NO_MORE = Asked()


def drafted(document: Any, card: Card = CARD, asked: Asked = NO_MORE) -> Any:
    """The manifest of a job that follows from a card."""
    description = parse_description(with_card(document, card, asked))
    draft = draft_job(description, aim=Aim(most=Decimal(1)), now=datetime(2026, 3, 1, tzinfo=UTC))
    return parse_manifest(draft.manifest)


@pytest.mark.slow
def test_a_job_in_ten_lines_takes_collection_unit_and_constants_from_the_card() -> None:
    job = drafted(ABOUT)
    assert (job.collection, job.unit, job.model.kind, job.loss) == (
        "nights",
        "day",
        "logistic",
        "cross_entropy",
    )
    asked = {each.name: each.transform.model_dump() for each in job.fields}
    assert asked == {
        "mood": {"kind": "classes", "labels": ("bad", "good")},
        "steps": {"kind": "standard", "center": 7000, "scale": 5000, "clip": 3, "fill": 7000},
        "away": {"kind": "onehot", "labels": ("false", "true"), "fill": None},
    }


@pytest.mark.slow
def test_a_number_to_predict_makes_a_regression_and_what_is_said_beside_the_description_wins() -> None:
    job = drafted(ABOUT, asked=Asked(label="steps", features=("mood",)))
    assert (job.label.name, job.model.kind, job.loss) == ("steps", "linear", "squared")
    assert job.label.transform.model_dump() == {"kind": "standard", "center": 7000, "scale": 5000, "clip": 3}


@pytest.mark.slow
def test_a_transform_that_is_written_stands_and_one_that_is_not_comes_from_the_card() -> None:
    written = {"kind": "standard", "center": 1, "scale": 2, "clip": 3, "fill": 1}
    rows = [
        {"name": "mood", "role": "label"},
        {"name": "steps", "role": "feature", "necessity": "optional"},
        {"name": "weight", "role": "feature", "transform": written},
    ]
    fields = {name: value for name, value in ABOUT.items() if name not in ("label", "features")}
    found = {each.name: each for each in drafted(fields | {"fields": rows}).fields}
    assert found["weight"].transform.model_dump() == written
    assert (found["steps"].transform.center, found["steps"].necessity) == (7000, "optional")


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"label": "moood"}, NotOnCard, "no column moood, only steps, mood, away, note"),
        ({"features": ["note"]}, CardTellsTooLittle, "note to make it a feature"),
        ({"features": []}, Invalid, "features, a list"),
        ({"features": "steps"}, Invalid, "features, a list"),
        ({"label": 7}, Invalid, "has a label"),
        ({"label": ""}, Invalid, "has a label"),
        ({"fields": []}, Invalid, "both"),
        ({"collection": "days"}, Invalid, "the card says collection nights, and the description days"),
        ({"unit": "record"}, Invalid, "the card says unit day, and the description record"),
    ],
)
def test_columns_that_the_card_does_not_tell_of_are_named(
    changed: dict[str, Any], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        with_card(ABOUT | changed, CARD, Asked())


def test_a_description_without_any_column_or_without_a_card_says_what_it_lacks() -> None:
    nothing = {name: value for name, value in ABOUT.items() if name not in ("label", "features")}
    with pytest.raises(Invalid, match="names no columns"):
        with_card(nothing, CARD, Asked())
    with pytest.raises(Invalid, match="with --card"):
        parse_description(ABOUT)


@pytest.mark.parametrize(
    "name", [f"{known.name}/{part.name}" for known in FORMATS.values() for part in known.parts[:3]]
)
def test_every_part_of_a_known_export_has_a_card_without_any_vault(name: str) -> None:
    card = format_card(name)
    assert parse_card(card_file(card, None)) == card
    unit = "record" if name == "vcard/contacts" else "day"
    assert (card.collection, card.unit, card.format) == (None, unit, name)


@pytest.mark.slow
def test_the_template_of_a_card_is_a_job_once_its_columns_are_named(tmp_path: Path) -> None:
    text = template(CARD).replace('label = "…"', 'label = "steps"').replace('["…"]', '["mood"]')
    (tmp_path / "JOB.toml").write_text(text)
    assert drafted(read_document(tmp_path / "JOB.toml")).collection == "nights"
    assert "#   steps: int; steps; count" in text
    assert 'collection = "…"' in template(format_card("fitbit/sleep"))
    assert 'unit = "…"' not in text
    assert 'unit = "…"' in template(CARD.model_copy(update={"unit": None}))


def test_the_template_of_a_card_says_how_a_number_is_read_of_which_it_tells_no_range() -> None:
    columns = [*DOCUMENT["columns"], {**NOTHING, "name": 'the "age"', "type": "int"}]
    text = template(Card.model_validate_json(canonical({**DOCUMENT, "columns": columns}), strict=True))
    head, field = text.split("# [[fields]]")
    assert "[[fields]]" not in template(CARD)
    kept = [line for line in head.split("\n") if not line.startswith(("label =", "features ="))]
    stub = [line.removeprefix("# ") for line in ("[[fields]]" + field).split("\n")]
    label = ["[[fields]]", 'name = "mood"', 'role = "label"']
    filled = tomllib.loads("\n".join([*kept, *stub, *label]))
    card = Card.model_validate_json(canonical({**DOCUMENT, "columns": columns}), strict=True)
    found = parse_description(with_card(filled, card, Asked()))
    assert [(one.name, one.transform["kind"]) for one in found.fields] == [
        ('the "age"', "standard"),
        ("mood", "classes"),
    ]


def test_a_text_on_a_card_is_read_by_its_bytes_where_it_stands_alone() -> None:
    """Two hundred of them, by a model of texts; beside another feature it is refused with the reason."""
    columns = [{**each, "type": "text"} if each["name"] == "note" else each for each in DOCUMENT["columns"]]
    card = Card.model_validate_json(canonical({**DOCUMENT, "columns": columns}), strict=True)
    about = {key: value for key, value in ABOUT.items() if key not in ("kind", "training")}
    about |= {"features": ["note"], "training": {"units_guess": 500}}
    description = parse_description(with_card(about, card, Asked()))
    drafted = parse_manifest(
        draft_job(description, aim=Aim(most=Decimal(3)), now=datetime(2026, 1, 1, tzinfo=UTC)).manifest
    )
    assert drafted.features[0].transform.model_dump() == {"kind": "bytes", "length": 200, "fill": None}
    assert drafted.model.model_dump(include={"kind", "length", "embedding", "filters", "kernel"}) == {
        **{"kind": "text", "length": 200, "embedding": 8},
        **{"filters": (16,), "kernel": 5},
    }
    with pytest.raises(CardTellsTooLittle, match="a text is read by itself, with no other feature beside it"):
        with_card(about | {"features": ["note", "steps"]}, card, Asked())
    with pytest.raises(CardTellsTooLittle, match="neither the range of a number"):
        with_card(about | {"label": "note", "features": ["steps"]}, card, Asked())
