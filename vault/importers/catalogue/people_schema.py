"""What chats, mailboxes and address books hold, without the words, names and addresses of other people."""

from __future__ import annotations

from typing import Final

from vault.importers.catalogue.schema import PD, KnownColumn, KnownFormat, Part, number, text, time, words
from vault.views.field_types import Sensitivity

_TALK: Final = PD + "Communication"
_CONTACT: Final = PD + "Contact"
_SENSITIVE: Final = Sensitivity.SENSITIVE
YES_NO: Final = ("yes", "no")
CHAT_KINDS: Final = (
    "text", "picture", "video", "audio", "sticker", "gif", "document", "contact", "location", "poll", "call", "media",
    "deleted",
)  # fmt: skip
WAYS: Final = ("sent", "received", "draft")
CARD_KINDS: Final = ("individual", "group", "org", "location", "other")


def _count(
    name: str, meaning: str, high: float, centre: float, *, category: str, measure: str = "count"
) -> KnownColumn:
    constants = (0, high, centre, 2 * centre)
    return number(name, meaning, measure, constants, category=category, sensitivity=_SENSITIVE, whole=True)


def _whether(name: str, meaning: str, *, category: str) -> KnownColumn:
    return words(name, meaning, YES_NO, category=category)


WHATSAPP: Final = KnownFormat(
    name="whatsapp",
    title="a WhatsApp chat",
    needs="the chat as the app shares it: a .txt, or a .zip with media, of any phone and of most languages",
    download="in WhatsApp: open the chat, its menu (More) or its name, Export chat; without media is enough",
    leaves_out="every word, name, number and file of the chat: others wrote them, or they are about others; what the "
    "app itself wrote",
    parts=(
        Part(
            name="messages",
            title="one row a message",
            columns=(
                time("day", "the day by the clock of the phone", category=_TALK),
                time("at", "when, by the clock of the phone", category=_TALK),
                words(
                    "writer", "who wrote it, where the export tells that", ("you", "other"), category=_TALK
                ),
                words("kind", "what it is", CHAT_KINDS, category=_TALK),
                _count("characters", "how long a text is", 65_536, 40, category=_TALK),
                _count("words", "how many words a text has", 10_000, 8, category=_TALK),
            ),
            key=("at", "kind", "characters", "words"),
        ),
    ),
)
MBOX: Final = KnownFormat(
    name="mbox",
    title="a mailbox (mbox)",
    needs="a file of mbox, of Google Takeout (also in its .zip), of Thunderbird or Apple Mail",
    download="on takeout.google.com: only Mail; in Thunderbird: the file without an ending in Mail or ImapMail "
    "of the profile; in Apple Mail: Mailbox, Export Mailbox, the file mbox in it",
    leaves_out="texts, subjects, names and addresses: others wrote them, or they are about others; files; labels",
    parts=(
        Part(
            name="mails",
            title="one row a mail",
            columns=(
                time("day", "the day in UTC on which it was sent", category=_TALK),
                time("at", "when it was sent, as the mail says", category=_TALK),
                words("direction", "which way it went, if it went", WAYS, category=_TALK),
                _count("recipients", "to how many addresses it went", 10_000, 1, category=_TALK),
                _count("attachments", "how many files hang on it", 1000, 1, category=_TALK),
                _count("size", "how large it is with all that hangs on it", 1e8, 50_000, category=_TALK, measure="B"),
                _whether("reply", "whether it answers another one", category=_TALK),
                _whether("bulk", "whether it came to many, as newsletters do", category=_TALK),
                text("id", "a digest of what the mail programs call it, by which it is known again", category=_TALK),
            ),
            key=("id",),
        ),
    ),
)  # fmt: skip
VCARD: Final = KnownFormat(
    name="vcard",
    title="an address book (vCard)",
    needs="a file .vcf of version 2.1, 3.0 or 4.0, with one card or many",
    download="on contacts.google.com: Export, vCard; in Apple Contacts: File, Export vCard; on Android: Contacts, "
    "Manage, Export",
    leaves_out="everything that cards say about people: names, numbers, addresses, birthdays, pictures, notes",
    parts=(
        Part(
            name="contacts",
            title="one row a card, and each card its own unit",
            columns=(
                words("kind", "of what it is a card", CARD_KINDS, category=_CONTACT),
                _count("phones", "how many telephone numbers", 50, 1, category=_CONTACT),
                _count("emails", "how many mail addresses", 50, 1, category=_CONTACT),
                _count("addresses", "how many places to live or work at", 20, 1, category=_CONTACT),
                _count("links", "how many pages in the web", 50, 1, category=_CONTACT),
                _whether("organization", "whether it names where somebody works", category=_CONTACT),
                _whether("birthday", "whether it tells a birthday", category=_CONTACT),
                _whether("picture", "whether it has a picture", category=_CONTACT),
                _whether("note", "whether it has a note", category=_CONTACT),
                text("id", "a digest of what the address book calls it, by which it is known again", category=_CONTACT),
            ),
            key=("id",),
        ),
    ),
)  # fmt: skip
