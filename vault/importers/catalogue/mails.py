"""What a mail says of itself in its headers: when, which way, to how many; never who, and never a word of it."""

from __future__ import annotations

import re
from datetime import datetime
from email import policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from typing import Final

from vault.importers.catalogue.cell_texts import Unfit
from vault.importers.catalogue.identities import identity
from vault.importers.catalogue.mailbox import Mail, mails
from vault.importers.catalogue.moments import DAY, micros_of
from vault.importers.catalogue.reading import Reading
from vault.importers.catalogue.streams import chunks

_PARSER = BytesParser(policy=policy.compat32)
_MOST_READ: Final = 2**12
# The reader of addresses of the standard library goes as deep as the brackets of a stranger.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_ADDRESS = re.compile(r"(?<=[^\s,;:<>@])@(?=[^\s,;:<>@])")
_BEGAN_AT = re.compile(
    rb"From \S* *((?:\w{3},? )?\w{3} +\d{1,2} \d\d:\d\d(?::\d\d)?)(?: [+-]\d{4}| [A-Z]{3,4})?( \d{4})"
)
_DELIVERED: Final = ("Received", "Delivered-To", "Return-Path", "X-Original-To", "Envelope-To")
_LISTS: Final = ("List-Id", "List-Unsubscribe", "List-Post")
# The names of Gmail's own labels in the languages of its users.
_SENT: Final = frozenset((
    "sent", "gesendet", "messages envoyés", "envoyés", "enviados", "enviadas", "posta inviata", "inviati", "verzonden",
    "wysłane", "skickat", "sendt", "lähetetyt", "отправленные", "gönderilmiş postalar",
    "送信済み", "已发邮件", "보낸편지함",
))  # fmt: skip
_DRAFTS: Final = frozenset((
    "drafts", "draft", "entwürfe", "brouillons", "borradores", "rascunhos", "bozze", "concepten", "wersje robocze",
    "utkast", "kladder", "luonnokset", "черновики", "taslaklar", "下書き", "草稿", "임시보관함",
))  # fmt: skip
# In another language the name of what was sent is unknown too, so its labels alone say nothing.
_TAKEN_IN: Final = frozenset((
    "inbox", "opened", "unread", "archived", "spam", "posteingang", "geöffnet", "ungelesen", "archiviert",
    "boîte de réception", "recibidos", "caixa de entrada", "posta in arrivo", "postvak in", "odebrane", "inkorgen",
    "innboks", "indbakke", "saapuneet", "входящие", "gelen kutusu", "受信トレイ", "收件箱", "받은편지함",
))  # fmt: skip


def read_mbox(reading: Reading) -> None:
    """Read every mail of a mailbox."""
    for mail in mails(reading.file, chunks(reading.file, reading.progress)):
        reading.seen["mails"] += 1
        try:
            reading.rows.add(mail.line, _row(mail))
        except Unfit as error:
            reading.rows.refuse(mail.line, str(error))


def _row(mail: Mail) -> tuple[object, ...]:
    start, _, rest = mail.head.partition(b"\n")
    said = _PARSER.parsebytes(rest, headersonly=True)
    at = _sent_at(said, start)
    facts = (
        _direction(said),
        sum(_addresses(said, name) for name in ("To", "Cc", "Bcc")),
        mail.attachments + _text(said, "Content-Disposition").lower().startswith("attachment"),
        mail.size - len(start) - 1,
        _yes(said, "In-Reply-To", "References"),
        "yes" if _text(said, "Precedence").lower() in ("bulk", "list") else _yes(said, *_LISTS),
    )
    return (at // DAY * DAY, at, *facts, identity(_text(said, "Message-ID"), (at, *facts)))


def _text(said: Message, name: str) -> str:
    """All headers of this name as one text, of which the start is enough; empty where there is none."""
    return ", ".join(str(one) for one in said.get_all(name, []))[:_MOST_READ]


def _addresses(said: Message, name: str) -> int:
    told = " , ".join(str(one) for one in said.get_all(name, []))
    return len(_ADDRESS.findall(_QUOTED.sub("", told)))


def _yes(said: Message, *names: str) -> str:
    return "yes" if any(name in said for name in names) else "no"


def _sent_at(said: Message, start: bytes) -> int:
    """When it was sent; where it does not say so, when it came into the mailbox."""
    began = _BEGAN_AT.match(start)
    told = [_text(said, "Date"), b"".join(began.groups()).decode("ascii", "replace") if began else ""]
    found = next((at for at in map(_time, told) if at), None)
    if found is None:
        raise Unfit("Date: not a time")
    return micros_of(found)


def _time(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _direction(said: Message) -> str:
    """By the labels of Gmail; where these do not tell, what was never delivered was sent from here."""
    labels = {one.strip().casefold() for one in _decoded(_text(said, "X-Gmail-Labels")).split(",")}
    if labels & _SENT:
        return "sent"
    if labels & _DRAFTS:
        return "draft"
    return "received" if labels & _TAKEN_IN or any(name in said for name in _DELIVERED) else "sent"


def _decoded(text: str) -> str:
    try:
        return str(make_header(decode_header(text)))
    except (MessageError, LookupError, ValueError):
        return text
