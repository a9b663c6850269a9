"""TOML of a stranger costs a time that its length bounds, and what is nested deeply is none of ours."""

from __future__ import annotations

from contextlib import suppress
from time import process_time

import pytest

from vault.strict_toml import DEEPEST, MOST_PARTS, TooLarge, parse_toml

LENGTH = 1 << 17
LONG_KEY = ".".join("a" * LENGTH)
SHORT_KEY = ".".join("a" * (MOST_PARTS + 1))
NOT_OURS = {
    "a key": f"{SHORT_KEY}=1",
    "a key of quotations": ".".join(["'\"'", '"."', '""'] * 4) + "=1",
    "a key with spaces": " . ".join("a" * 9) + "=1",
    "a table": f"[{SHORT_KEY}]",
    "a list of tables": f"[[ {SHORT_KEY}]]",
    "a key in a table on one line": f"x={{y=1, {SHORT_KEY}=1}}",
    "behind a text of lines": f'x={{y="""\n" \\""""", {SHORT_KEY}=1}}',
    "behind a text of lines as they are": f"x={{y='''\n'\\''''', {SHORT_KEY}=1}}",
    "behind an escaped quotation mark": f'x="\\""\n{SHORT_KEY}=1',
    "behind a quotation mark in a comment": f'# it"s\n{SHORT_KEY}=1',
}
NESTED = {
    "lists without an end": "a=" + "[" * LENGTH,
    "tables without an end": "a=" + "{a=" * LENGTH,
    "lists": f"a={'[' * DEEPEST}{']' * DEEPEST}",
    "tables": f"a={'{a=' * DEEPEST}1{'}' * DEEPEST}",
}


@pytest.mark.parametrize("text", NOT_OURS.values(), ids=NOT_OURS)
def test_a_key_of_many_parts_is_refused_wherever_it_stands(text: str) -> None:
    with pytest.raises(ValueError, match=r"a key of more than 8 parts \(at line \d\)"):
        parse_toml(text.encode())


def test_the_line_of_a_long_key_is_told() -> None:
    with pytest.raises(ValueError, match="at line 4"):
        parse_toml(f'x = """\n1\n"""\n{SHORT_KEY} = 1'.encode())


@pytest.mark.parametrize("text", NESTED.values(), ids=NESTED)
def test_what_is_nested_deeply_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_toml(text.encode())


@pytest.mark.parametrize(
    "number", [f"0x{'f' * 5000}", f"0o{'7' * 30}", f"0b{'1' * 64}", "9223372036854775808"]
)
@pytest.mark.parametrize("place", ["{}", "[[1, {}]]", "{{b = {}}}"])
def test_a_whole_number_of_more_than_64_bits_is_refused_wherever_it_stands(number: str, place: str) -> None:
    with pytest.raises(TooLarge, match="more than 64 bits"):
        parse_toml(f"a = {place.format(number)}".encode())


def test_the_ends_of_64_bits_are_read() -> None:
    ends = parse_toml(b"a = [0x7fffffffffffffff, -9223372036854775808]")
    assert ends == {"a": [2**63 - 1, -(2**63)]}


def test_what_people_write_is_read() -> None:
    text = f"# {SHORT_KEY}\n[a.b.c.d]\ntext = \"{SHORT_KEY} '\"\n'{SHORT_KEY}' = [1.5, [2.5]]\n"
    assert parse_toml(text.encode()) == {
        "a": {"b": {"c": {"d": {"text": f"{SHORT_KEY} '", SHORT_KEY: [1.5, [2.5]]}}}}
    }


def test_a_long_key_costs_no_time() -> None:
    before = process_time()
    with pytest.raises(ValueError, match="8 parts"):
        parse_toml(f"{LONG_KEY}=1".encode())
    assert process_time() - before < 0.5


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "[[a]]\n" * (LENGTH // 3),
        "".join(f"{number:x}=1\n" for number in range(LENGTH // 4)),
        f"[{'a.' * 7}a]\n" + "".join(f"{'b.' * 7}{number:x}=1\n" for number in range(LENGTH // 10)),
        'x="""' + '\\"""' * (LENGTH // 2),
        '"' * 2 * LENGTH,
        "a" * 2 * LENGTH,
        "a " * LENGTH,
        "." * 2 * LENGTH,
    ],
    ids=["tables", "keys", "long tables", "no end", "marks", "a word", "words", "points"],
)
def test_a_file_of_the_largest_size_costs_little(text: str) -> None:
    before = process_time()
    with suppress(ValueError):
        parse_toml(text.encode())
    assert process_time() - before < 2
