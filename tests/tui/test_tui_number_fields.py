"""A field keeps what is typed, pasted or written into it as it is, and says in one sentence what does not go there."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.events import Paste

from tui.widgets.number_input import DECIMAL, GROUPED, WHOLE, NumberInput
from tui.widgets.secret_input import LONGEST_SECRET, SecretInput
from tui.widgets.text_input import SEVERAL_LINES, TextInput

READS_NUMBERS = ("parse_count", "parse_epsilon", "parse_minutes", "strict_whole")
TOLD = "Only a number goes into this field, such as 0.5."
TUI = Path(__file__).parents[2] / "tui"


class Form(App[None]):
    """One field, and what was said of it."""

    def __init__(self, field: TextInput) -> None:
        super().__init__()
        self.field, self.said = field, list[str]()

    def compose(self) -> ComposeResult:
        yield self.field

    def on_text_input_refused(self, event: TextInput.Refused) -> None:
        self.said.append(event.field.refusal)


def number(form: str) -> NumberInput:
    return NumberInput("", form=form, such_as="0.5", id="number")


def said_of(field: TextInput, *acts: Callable[[Any], Awaitable[None]]) -> list[str]:
    """What was said while these acts were done in the field, one after the other."""
    app = Form(field)

    async def story() -> None:
        async with app.run_test() as pilot:
            for act in acts:
                await act(pilot)
                await pilot.pause()

    asyncio.run(story())
    return app.said


def typing(keys: str) -> Callable[[Any], Awaitable[None]]:
    names = {".": "full_stop", ",": "comma", "-": "minus", "_": "underscore"}

    async def act(pilot: Any) -> None:
        await pilot.press(*(names.get(key, key) for key in keys))

    return act


def pasting(text: str) -> Callable[[Any], Awaitable[None]]:
    async def act(pilot: Any) -> None:
        pilot.app.field.post_message(Paste(text))

    return act


def writing(text: str) -> Callable[[Any], Awaitable[None]]:
    async def act(pilot: Any) -> None:
        pilot.app.field.value = text

    return act


@pytest.mark.parametrize(
    ("form", "keys", "said"),
    [
        (DECIMAL, "0.5", []),
        (DECIMAL, "0,5", [TOLD]),
        (DECIMAL, "0_5", [TOLD]),
        (DECIMAL, "1x.e2.3", [TOLD]),
        (WHOLE, "1.5-6", [TOLD]),
        (GROUPED, "5,000", []),
    ],
)
def test_what_is_typed_stays_and_is_told_of_where_it_is_no_number(
    form: str, keys: str, said: list[str]
) -> None:
    field = number(form)
    assert said_of(field, typing(keys)) == said
    assert field.value == keys


@pytest.mark.parametrize("text", ["0,5", "0_5", "٠٫٥", "0.5 per day", "0." + "0" * 400 + "x"])
def test_what_is_pasted_stays_whole_and_is_told_of(text: str) -> None:
    field = number(DECIMAL)
    assert said_of(field, pasting(text)) == [TOLD]
    assert field.value == text


@pytest.mark.parametrize("text", ["0.0000000000000000123", "12345678901234567890"])
def test_a_long_number_keeps_every_digit(text: str) -> None:
    field = number(DECIMAL)
    assert said_of(field, pasting(text[:12]), pasting(text[12:])) == []
    assert field.value == text


def test_of_several_lines_none_is_taken_and_that_is_told() -> None:
    field = number(DECIMAL)
    assert said_of(field, pasting("0.5\n8"), typing("3"), pasting("1\r\n")) == [SEVERAL_LINES, ""]
    assert field.value == "31"


def test_what_the_program_writes_into_a_field_is_told_of_like_what_is_typed() -> None:
    assert said_of(number(DECIMAL), writing("half"), writing("0.5"), writing("x")) == [TOLD, "", TOLD]


def test_a_text_that_is_too_long_stays_and_is_told_to_be() -> None:
    field = TextInput(id="name", most=3)
    told = "At most 3 letters go into this field, and 4 stand there."
    assert said_of(field, typing("abcd"), pasting("ef"), writing("abc")) == [told, told.replace("4", "6"), ""]
    assert field.value == "abc"


def test_a_passphrase_is_never_cut() -> None:
    field = SecretInput(id="secret")
    assert said_of(field, pasting("x" * LONGEST_SECRET), typing("y")) == [
        f"At most {LONGEST_SECRET:,} letters go into this field, and {LONGEST_SECRET + 1:,} stand there."
    ]
    assert field.value == "x" * LONGEST_SECRET + "y"


def test_every_form_that_reads_a_number_has_such_a_field() -> None:
    files = [file for room in ("dialogs", "screens", "widgets") for file in (TUI / room).glob("*.py")]
    texts = {file.name: file.read_text() for file in files}
    found = {name for name, text in texts.items() if any(word in text for word in READS_NUMBERS)}
    assert {"grant.py", "what_if.py", "browse.py", "settings.py", "file_form.py"} <= found
    assert not [
        name for name in found if "NumberInput" not in texts[name] and "number_field" not in texts[name]
    ]


def test_no_field_is_one_that_drops_what_is_typed() -> None:
    drops = re.compile(r"(?<!\w)Input\(|\(Input\)|max_length|restrict=|type=\"(integer|number)\"")
    looked = {
        file.name: drops.findall(re.sub(r"(query_one|results|query)\([^()]*Input\)", "", file.read_text()))
        for file in TUI.rglob("*.py")
    }
    assert {name for name, found in looked.items() if found} == {"text_input.py"}
