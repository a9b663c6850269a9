"""Chats, mailboxes and address books: every message in each dialect, nothing of others, and hostile files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.importers.catalogue import people_exports as people
from tests.worlds.importing import import_file
from tests.worlds.world import World
from vault.errors.records import AllStored, Unreadable
from vault.importers import read
from vault.importers.catalogue.recognise import format_of
from vault.records.schema import ParsedTable
from vault.requests.catalogue_card import format_card
from vault.views.field_types import UnitKind
from vault.views.records import FileChoice

BRITISH, GERMAN = people.PREFIXES["Android of Britain"], people.PREFIXES["iPhone in German"]
TALK = ((people.YOU, "One"), (people.OTHER, "two"))


def parsed(folder: Path, content: str | bytes, called: str = "file") -> ParsedTable:
    path = folder / called
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read.parse(read.read_file(path))


def rows(folder: Path, content: str | bytes, called: str = "file") -> list[dict[str, Any]]:
    return parsed(folder, content, called).table.to_pylist()


@pytest.mark.parametrize("name", people.PREFIXES)
def test_every_message_of_a_chat_has_its_time_and_kind(tmp_path: Path, name: str) -> None:
    found = rows(tmp_path, people.chat(people.PREFIXES[name]))
    began = people.first_time(name)

    assert [row["at"] for row in found] == [began + timedelta(hours=31 * n) for n in range(len(found))]
    assert tuple(row["kind"] for row in found) == people.KINDS
    assert [row["writer"] for row in found] == [
        "you" if who == people.YOU else "other" for who, _ in people.SAID
    ]


def test_what_the_app_itself_wrote_is_left_out_and_counted(tmp_path: Path) -> None:
    group = f"{GERMAN(people.BEGAN)}A Group: {people.MARK}Made Up created this group of many people.\n"
    found = parsed(tmp_path, group + people.chat(GERMAN))

    assert found.table.num_rows == len(people.SAID)
    assert "2 lines that the app itself wrote are left out." in found.notes


@pytest.mark.parametrize(
    ("called", "writers"),
    [
        ("WhatsApp Chat with A Person.txt", ["you", "other"]),
        ("WhatsApp Chat mit Made Up.txt", ["other", "you"]),
        ("chat.txt", [None, None]),
    ],
)
def test_of_two_writers_you_are_the_one_after_whom_the_file_is_not_called(
    tmp_path: Path, called: str, writers: list[str | None]
) -> None:
    assert [row["writer"] for row in rows(tmp_path, people.chat(GERMAN, TALK), called)] == writers


@pytest.mark.parametrize(
    ("hours", "count", "refused"), [(31, 6, 0), (1, 6, 6), (24, 2, 2), (24 * 9, 2, 0), (24 * 31, 3, 3)]
)
def test_the_order_of_messages_tells_day_and_month_or_the_rows_are_refused(
    tmp_path: Path, hours: float, count: int, refused: int
) -> None:
    said = tuple(TALK[number % 2] for number in range(count))
    found = parsed(tmp_path, people.chat(BRITISH, said, step=hours))

    assert len(found.refused) == refused
    assert {row.reason for row in found.refused} <= {"day and month fit both ways in this file"}
    assert any(note.startswith("Days fit both ways; they are read day first") for note in found.notes) == (
        hours == 31
    )
    assert {str(one.as_py().date()) for one in found.table["day"][:1]} <= {"2021-03-05"}


def test_a_chat_that_was_pasted_into_a_message_belongs_to_it(tmp_path: Path) -> None:
    pasted = people.chat(GERMAN, TALK)
    found = rows(tmp_path, people.chat(BRITISH, ((people.YOU, f"See:\n{pasted}"), *people.SAID)))

    assert len(found) == len(people.SAID) + 1
    assert found[0]["characters"] == len(f"See:\n{pasted}")


@pytest.mark.parametrize(
    "start",
    [
        "2024-01-01, 14:08, note: text\n" * 3,
        "2024-01-01 14:08:15,123 - root - INFO: started\n" * 3,
        "[2024-01-01 14:08:15] INFO: started\n" * 3,
        "from,to\nFrom here, 10:00\n",
        "From the first line on it is a text.\n",
    ],
)
def test_a_table_a_log_and_a_text_are_no_such_export(start: str) -> None:
    assert format_of(start.encode()) is None


def test_a_mail_is_known_by_its_direction_and_what_hangs_on_it(tmp_path: Path) -> None:
    google, thunderbird = rows(tmp_path, people.takeout()), rows(tmp_path, people.thunderbird())
    draft = people.SENT.replace("Gesendet", "Entw=C3=BCrfe")

    for found in (google, thunderbird):
        assert [row["direction"] for row in found] == ["received", "sent", "received"]
        assert [(row["recipients"], row["attachments"], row["bulk"]) for row in found] == [
            (2, 1, "no"),
            (1, 0, "no"),
            (1, 0, "yes"),
        ]
    assert [row["id"] for row in google] == [row["id"] for row in thunderbird]
    assert rows(tmp_path, people.takeout((draft,)))[0]["direction"] == "draft"


@pytest.mark.parametrize(
    ("labels", "direction"),
    [
        ("Inbox,Opened", "received"),
        ("Archived", "received"),
        ("Inbox,Sent", "sent"),
        ("Odeslaná pošta", "sent"),
    ],
)
def test_a_mail_without_a_mark_of_delivery_went_the_way_that_its_labels_say(
    tmp_path: Path, labels: str, direction: str
) -> None:
    kept = people.SENT.replace("=?UTF-8?Q?Gesendet,Ge=C3=B6ffnet?=", labels)

    assert [row["direction"] for row in rows(tmp_path, people.takeout((kept,)))] == [direction]


def test_a_mail_without_a_date_has_that_of_its_arrival_or_is_refused(tmp_path: Path) -> None:
    undated = people.SENT.replace("Date: ", "Dated: ")
    found = parsed(tmp_path, people.takeout((undated,)))
    bare = parsed(tmp_path, people.thunderbird((undated,)).replace(" - Fri Mar  5 00:08:20 2021", " "))

    assert str(found.table.column("at")[0]) == "2021-03-05 00:08:20+00:00"
    assert [(row.line, row.reason) for row in bare.refused] == [(1, "Date: not a time")]


def test_a_large_file_on_a_mail_is_passed_over(tmp_path: Path) -> None:
    found = rows(tmp_path, people.attached(megabytes=6))

    assert [(row["attachments"], row["size"] > 6 * 10**6) for row in found] == [(1, True), (0, False)]


def test_cards_are_counted_one_a_person(tmp_path: Path) -> None:
    found = rows(tmp_path, people.VCARD_3)

    assert (found[1]["phones"], len({row["id"] for row in found})) == (0, 2)
    assert (format_card("vcard").unit, format_card("mbox").unit) == (UnitKind.RECORD, UnitKind.DAY)


AGAIN = {
    "chat": (people.chat(GERMAN, people.SAID[:6]), people.chat(GERMAN), 6, 5),
    "mails": (people.takeout(people.MAILS[:2]), people.takeout(people.MAILS), 2, 1),
    "cards": (people.VCARD_3, people.VCARD_3 + people.VCARD_4, 2, 1),
}


@pytest.mark.parametrize("case", AGAIN)
def test_next_months_export_adds_what_is_new(today: World, case: str) -> None:
    first, later, known, new = AGAIN[case]
    paths = [today.folder / name for name in ("first", "later", "same")]
    for path, content in zip(paths, (first, later, f"{later}\n"), strict=True):
        path.write_text(content, encoding="utf-8")
    with today.vault() as vault:
        import_file(vault, FileChoice(path=paths[0], name="mine"))
        more = import_file(vault, FileChoice(path=paths[1], name="mine"))
        with pytest.raises(AllStored):
            vault.plan_import(FileChoice(path=paths[2], name="mine"))
        unit = vault.collections()[0].unit

    assert (more.known_rows, more.rows) == (known, new)
    assert str(unit) == ("record" if case == "cards" else "day")


BOMB = people.zipped({"_chat.txt": people.chat(GERMAN).encode() + bytes(40 * 2**20)})
HEADER = f"From - Fri Mar  5 00:08:20 2021\n{people.SENT.splitlines()[1]}\n"
HOSTILE: dict[str, tuple[str | bytes, str]] = {
    "a line of 10 MB in a chat": (people.chat(BRITISH) + "x" * 10**7, "line 17 is longer than 4 MiB"),
    "a header that does not end": (
        HEADER + "X: y\n" * 10**6,
        "the header of the mail at line 1 does not end",
    ),
    "a header of 10 MB": (HEADER + "X: " + "y" * 10**7, "the header of the mail at line 1 does not end"),
    "a card cut off": (people.VCARD_3[:-15], "it ends in the middle"),
    "deep cards": ("BEGIN:VCARD\n" * 1000, "it is nested more than 20 deep"),
    "a picture of 10 MB in one line": (people.VCARD_4.replace("AAAA", "A" * 10**7), "is longer than 4 MiB"),
    "a zip bomb": (BOMB, "it is a zip file that unpacks to far more than an export does"),
    "a zip cut off": (people.zipped({"_chat.txt": people.chat(GERMAN).encode()})[:-40], "zip file"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_of_people_is_refused_in_a_sentence(tmp_path: Path, case: str) -> None:
    content, reason = HOSTILE[case]
    with pytest.raises(Unreadable, match=reason):
        parsed(tmp_path, content)


@pytest.mark.parametrize(
    "value", ["(" * 10**5, '"\\' * 10**5, "a" * 10**5, "=?utf-8?q?" * 10**4, "1 " * 10**5, "," * 10**5]
)
@pytest.mark.parametrize("name", ["To", "Date", "X-Gmail-Labels", "Content-Disposition"])
def test_no_header_keeps_the_reader_busy(tmp_path: Path, name: str, value: str) -> None:
    found = parsed(tmp_path, f"{HEADER}{name}: {value}\n\nbody\n")

    assert found.table.num_rows + len(found.refused) == 1


def test_names_in_a_zip_lead_nowhere(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    content = people.zipped(
        {"../_chat.txt": people.chat(GERMAN).encode(), "/x/../../a.vcf": b"BEGIN:VCARD\n"}
    )

    assert len(rows(inside, content)) == len(people.SAID)
    assert [path.name for path in tmp_path.rglob("*")] == ["inside", "file"]


def test_bytes_of_another_encoding_do_not_matter(tmp_path: Path) -> None:
    for text in (people.chat(BRITISH), people.takeout(), people.VCARD_3):
        foreign = text.replace("Somewhere", "Köln").replace("text of", "t\u00e4xt of")

        assert len(rows(tmp_path, foreign.encode("cp1252", "replace"))) == len(rows(tmp_path, foreign))
