"""A field for a number says of anything else that it is none, where it is typed, and makes no other number of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual.app import App, ComposeResult

from tui.widgets.number_input import DECIMAL, GROUPED, WHOLE, NumberInput

READS_NUMBERS = ("parse_count", "parse_epsilon", "isdigit(")


class Form(App[None]):
    """One field, and what was said of it."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._form, self.said = form, list[str]()

    def compose(self) -> ComposeResult:
        yield NumberInput("", form=self._form, such_as="0.5", id="number")

    def on_number_input_refused(self, event: NumberInput.Refused) -> None:
        self.said.append(event.sentence)


@pytest.mark.parametrize(
    ("form", "keys", "left", "is_told"),
    [
        (DECIMAL, "0.5", "0.5", False),
        (DECIMAL, "0,5", "0,5", True),
        (DECIMAL, "1x.e2.3", "1x.e2.3", True),
        (WHOLE, "1.5-6", "1.5-6", True),
        (GROUPED, "5,000", "5,000", False),
    ],
)
def test_what_is_no_number_stays_as_it_was_typed_and_is_told_of(
    form: str, keys: str, left: str, is_told: bool
) -> None:
    app = Form(form)

    async def story() -> None:
        async with app.run_test() as pilot:
            for key in keys:
                await pilot.press({".": "full_stop", ",": "comma", "-": "minus"}.get(key, key))
            await pilot.pause()
            assert app.query_one(NumberInput).value == left

    asyncio.run(story())
    told = "Only a number goes into this field, such as 0.5."
    assert set(app.said) == ({told} if is_told else set())


def test_every_form_that_reads_a_number_has_such_a_field() -> None:
    root = Path(__file__).parents[2] / "tui"
    files = [file for room in ("dialogs", "screens", "widgets") for file in (root / room).glob("*.py")]
    texts = {file.name: file.read_text() for file in files}
    found = {name for name, text in texts.items() if any(word in text for word in READS_NUMBERS)}
    assert {"grant.py", "what_if.py", "browse.py", "settings.py", "file_form.py"} <= found
    assert not [
        name for name in found if "NumberInput" not in texts[name] and "number_field" not in texts[name]
    ]
