"""Chats, mailboxes and address books in their dialects, made up; nobody's real file is among them."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

# chats --------------------------------------------------------------------------------------------------------

MARK, THIN = "\u200e", "\u202f"
BEGAN: Final = datetime(2021, 3, 5, 0, 8, 15, tzinfo=UTC)
YOU, OTHER = "Made Up", "A Person"
NOTICE = "Messages and calls are end-to-end encrypted. Not even WhatsApp can read them."
_HALVES = {
    "ar": ("ص", "م"),
    "ko": ("오전", "오후"),
    "zh": ("上午", "下午"),
    "es": ("a. m.", "p. m."),
    "el": ("π.μ.", "μ.μ."),
}


def _half(at: datetime, words: tuple[str, str] = ("AM", "PM")) -> tuple[int, str]:
    return at.hour % 12 or 12, words[at.hour >= 12]


def _us(at: datetime) -> str:
    hour, word = _half(at)
    return f"{at.month}/{at.day}/{at:%y}, {hour}:{at:%M}{THIN}{word} - "


def _us_phone(at: datetime) -> str:
    hour, word = _half(at)
    return f"[{at.month}/{at.day}/{at:%y}, {hour}:{at:%M:%S}{THIN}{word}] "


def _india(at: datetime) -> str:
    hour, word = _half(at, ("am", "pm"))
    return f"{at:%d/%m/%y}, {hour}:{at:%M} {word} - "


def _spanish(at: datetime) -> str:
    hour, word = _half(at, _HALVES["es"])
    return f"{at.day}/{at.month}/{at:%y}, {hour}:{at:%M}\u00a0{word} - "


def _greek(at: datetime) -> str:
    hour, word = _half(at, _HALVES["el"])
    return f"{at.day}/{at.month}/{at:%y}, {hour}:{at:%M} {word} - "


def _arabic(at: datetime) -> str:
    hour, word = _half(at, _HALVES["ar"])
    plain = f"[{at.day}\u200f/{at.month}\u200f/{at:%Y}، {hour}:{at:%M:%S} {word}] "
    return plain.translate({48 + digit: 0x660 + digit for digit in range(10)})


def _korean(at: datetime) -> str:
    hour, word = _half(at, _HALVES["ko"])
    return f"{at.year}. {at.month}. {at.day}. {word} {hour}:{at:%M}, "


def _old_korean(at: datetime) -> str:
    hour, word = _half(at, _HALVES["ko"])
    return f"{at.year}년 {at.month}월 {at.day}일 {word} {hour}:{at:%M}, "


def _chinese(at: datetime) -> str:
    hour, word = _half(at, _HALVES["zh"])
    return f"[{at.year}/{at.month}/{at.day} {word}{hour}:{at:%M:%S}] "


def _thai(at: datetime) -> str:
    return f"{at.day}/{at.month}/{at.year + 543} {at:%H:%M} - "


PREFIXES: Final[dict[str, Callable[[datetime], str]]] = {
    "Android of the United States": _us,
    "iPhone of the United States": _us_phone,
    "Android of India": _india,
    "Android in Spanish": _spanish,
    "Android in Greek": _greek,
    "iPhone in Arabic": _arabic,
    "Android in Korean": _korean,
    "an old Android in Korean": _old_korean,
    "iPhone in Chinese": _chinese,
    "Android in Thai": _thai,
    "Android of Britain": lambda at: f"{at:%d/%m/%Y}, {at:%H:%M} - ",
    "iPhone of Britain": lambda at: f"[{at:%d/%m/%Y}, {at:%H:%M:%S}] ",
    "Android in German": lambda at: f"{at:%d.%m.%y}, {at:%H:%M} - ",
    "iPhone in German": lambda at: f"[{at:%d.%m.%y}, {at:%H:%M:%S}] ",
    "an old iPhone in German": lambda at: f"{at:%d.%m.%y} {at:%H:%M:%S}: ",
    "Android in French": lambda at: f"{at:%d/%m/%Y} à {at:%H:%M} - ",
    "Android in Portuguese": lambda at: f"{at:%d/%m/%Y} {at:%H:%M} - ",
    "Android in Dutch": lambda at: f"{at:%d-%m-%y} {at:%H:%M} - ",
    "Android in Swedish": lambda at: f"{at:%Y-%m-%d} {at:%H:%M} - ",
    "iPhone in Swedish": lambda at: f"[{at:%Y-%m-%d}, {at:%H:%M:%S}] ",
    "iPhone in Finnish": lambda at: f"[{at.day}.{at.month}.{at.year} klo {at.hour}.{at:%M.%S}] ",
    "Android in Danish": lambda at: f"{at:%d.%m.%Y} {at:%H.%M} - ",
    "Android in Bulgarian": lambda at: f"{at.day}.{at:%m.%y} г., {at:%H:%M} ч. - ",
    "Android in Hungarian": lambda at: f"{at:%Y. %m. %d.} {at:%H:%M} - ",
    "Android in Japanese": lambda at: f"{at:%Y/%m/%d} {at:%H:%M} - ",
    "iPhone of South Africa": lambda at: f"[{at:%y/%m/%d}, {at:%H:%M:%S}] ",
}
SAID: Final = (
    (YOU, "A text of three\nlines: one of them\n3/4 of the last"),
    (OTHER, f"{MARK}image omitted"),
    (OTHER, "IMG-20210306-WA0001.jpg (file attached)"),
    (YOU, f"{MARK}<attached: 00000012-AUDIO-2021-03-07-10-11-12.opus>"),
    (OTHER, "<Media omitted>"),
    (YOU, f"{MARK}You deleted this message."),
    (OTHER, f"{MARK}This message was deleted."),
    (OTHER, "Location: https://maps.google.com/?q=52.5,13.4"),
    (YOU, f"Something https://example.org/x {MARK}<This message was edited>"),
    (OTHER, f"{MARK}Missed voice call, {MARK}Tap to call back"),
    (OTHER, f"{MARK}POLL:\nWhere?\nOPTION: Somewhere (1 vote)"),
)
KINDS: Final = (
    "text", "picture", "picture", "audio", "media", "deleted", "deleted", "location", "text", "call", "poll",
)  # fmt: skip


def chat(
    prefix: Callable[[datetime], str], said: tuple[tuple[str, str], ...] = SAID, *, step: float = 31
) -> str:
    """A chat in which somebody writes every so many hours, with a line of the app itself at its beginning."""
    lines = [f"{prefix(BEGAN)}{NOTICE}"]
    for number, (writer, text) in enumerate(said):
        lines.append(f"{prefix(BEGAN + timedelta(hours=step * number))}{writer}: {text}")
    return "\n".join(lines) + "\n"


def zipped(members: dict[str, bytes]) -> bytes:
    """A zip file of these members."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return out.getvalue()


# mailboxes ----------------------------------------------------------------------------------------------------

RECEIVED = """Delivered-To: made.up@example.org
Received: by 192.0.2.1 with SMTP id x; Fri, 05 Mar 2021 00:08:20 +0000
Date: Fri, 5 Mar 2021 01:08:15 +0100
From: "A Person" <person@example.org>
To: Made Up <made.up@example.org>,
 "Doe, Made" <doe@example.org>
Subject: =?UTF-8?Q?Some_Reference?=
Message-ID: <1@example.org>
In-Reply-To: <0@example.org>
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain

Hello from Somewhere,
>From here on it is quoted.

--b
Content-Type: application/pdf
Content-Disposition: attachment; filename="Reference.pdf"

JVBERi0=
--b--
"""
SENT = """X-Gmail-Labels: =?UTF-8?Q?Gesendet,Ge=C3=B6ffnet?=
Date: Sat, 6 Mar 2021 10:00:00 +0000 (UTC)
From: Made Up <made.up@example.org>
To: A Person <person@example.org>
Message-ID: <2@example.org>

From me to you at 10:00

"""
BULK = """Return-Path: <news@example.org>
Date: Sun, 07 Mar 2021 10:00:00 GMT
To: made.up@example.org
List-Unsubscribe: <https://example.org/x>
Message-ID: <3@example.org>

News of A Shop
"""
MAILS: Final = (RECEIVED, SENT, BULK)


def takeout(mails: tuple[str, ...] = MAILS) -> str:
    """A mailbox as Google writes it."""
    return "".join(
        f"From 17{number}@xxx Fri Mar 05 00:08:20 +0000 2021\n{one}\n" for number, one in enumerate(mails)
    )


def thunderbird(mails: tuple[str, ...] = MAILS) -> str:
    """A folder of Thunderbird, which knows no labels and keeps marks of its own."""
    marks = "X-Mozilla-Status: 0001\nX-Mozilla-Status2: 00000000\n"
    return "".join(f"From - Fri Mar  5 00:08:20 2021\n{marks}{one}\n" for one in mails)


def attached(megabytes: int) -> bytes:
    """A mailbox of two mails with a large file on the first one."""
    file = base64.encodebytes(bytes(megabytes * 2**20 * 3 // 4)).decode()
    return takeout((RECEIVED.replace("JVBERi0=\n", file), SENT)).encode()


# address books ------------------------------------------------------------------------------------------------

VCARD_2 = """BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=4D=61=64=65;=55=70;;;=
TEL;HOME:not a number
FN:A Person
TEL;CELL:+10000000
TEL;HOME:+10000001
EMAIL;HOME:person@example.org
PHOTO;ENCODING=BASE64;JPEG:/9j/4AAQ
 SkZJRgABAQ==

AGENT:
BEGIN:VCARD
VERSION:2.1
N:Doe;Made
TEL:+10000002
END:VCARD
END:VCARD
"""
VCARD_3 = """BEGIN:VCARD
VERSION:3.0
PRODID:-//made up//EN
N:Doe;Made;;;
FN:Made Doe
ORG:A Shop;
item1.EMAIL;type=INTERNET:doe@example.org
item1.X-ABLabel:_$!<Other>!$_
TEL;type=CELL;type=VOICE;type=pref:+10000000
item2.ADR;type=HOME:;;Somewhere 1;Somewhere;;00000;
NOTE:A long note that is carried
  on:EMAIL:no
BDAY;value=date:1604-01-01
X-ABShowAs:COMPANY
UID:made-up-1
END:VCARD
BEGIN:VCARD
VERSION:3.0
FN:A Person
TEL:
END:VCARD
"""
VCARD_4 = """BEGIN:VCARD
VERSION:4.0
KIND:group
FN;LANGUAGE=de:A Person
TEL;VALUE=uri;TYPE="voice,home":tel:+1-000-000
EMAIL:person@example.org
URL:https://example.org
PHOTO:data:image/jpeg;base64,AAAA
UID:urn:uuid:made-up-2
END:VCARD
"""

FIFTH = datetime(2021, 3, 5, tzinfo=UTC)
_FIRST: Final = {"day": FIFTH, "kind": "text", "characters": 50, "words": 12, "writer": "you"}
_MAIL: Final = {
    "day": FIFTH, "at": BEGAN, "direction": "received", "recipients": 2, "attachments": 1, "reply": "yes", "bulk": "no",
}  # fmt: skip
_OLD_CARD: Final = {
    "kind": "individual", "phones": 2, "emails": 1, "addresses": 0, "picture": "yes", "note": "no",
    "organization": "no",
}  # fmt: skip
_CARD: Final = {
    "kind": "org", "phones": 1, "emails": 1, "addresses": 1, "birthday": "yes", "note": "yes", "organization": "yes",
}  # fmt: skip
Case = tuple[bytes, str, int, dict[str, Any]]


def first_time(name: str) -> datetime:
    """The time of the first message, as precise as the dialect tells it."""
    return BEGAN if "iPhone" in name else BEGAN.replace(second=0)


CHATS: Final[dict[str, Case]] = {
    f"a chat of {name}": (chat(prefix).encode(), "", len(SAID), _FIRST) for name, prefix in PREFIXES.items()
}
CASES: Final[dict[str, Case]] = CHATS | {
    "a chat in a zip with what was sent": (
        zipped({"_chat.txt": chat(PREFIXES["iPhone in German"]).encode(), "00000007-A Person.vcf": VCARD_3.encode()}),
        "", len(SAID), _FIRST,
    ),
    "a chat in UTF-16": (chat(_us).encode("utf-16"), "", len(SAID), _FIRST),
    "mbox of Google": (takeout().encode(), "", 3, _MAIL),
    "mbox of Google in a zip": (
        zipped({"Takeout/Mail/All mail Including Spam and Trash.mbox": takeout().encode()}), "", 3, _MAIL,
    ),
    "mbox of Thunderbird": (thunderbird().encode(), "", 3, _MAIL),
    "mbox with the line ends of Windows": (thunderbird().replace("\n", "\r\n").encode(), "", 3, _MAIL),
    "mbox with bare lines between": (
        thunderbird().replace("From - Fri Mar  5 00:08:20 2021", "From ").encode(), "", 3, _MAIL,
    ),
    "vCard 2.1": (VCARD_2.replace("\n", "\r\n").encode("cp1252"), "", 1, _OLD_CARD),
    "vCard 3.0": (VCARD_3.encode(), "", 2, _CARD),
    "vCard 4.0": (VCARD_4.replace("\n", "\r\n").encode(), "", 1, {
        "kind": "group", "phones": 1, "links": 1, "picture": "yes", "birthday": "no",
    }),
    "vCard in UTF-16": (VCARD_3.encode("utf-16"), "", 2, _CARD),
    "cards of three versions": ((VCARD_3 + VCARD_2 + VCARD_4).encode(), "", 4, _CARD),
}  # fmt: skip
