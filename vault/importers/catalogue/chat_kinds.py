"""What a message of WhatsApp is, by what the app puts in the place of a picture, a call or a deleted text."""

from __future__ import annotations

import re
from typing import Final

from vault.importers.catalogue.chat_lines import MARKS

_MARK: Final = "\u200e"
_LOOK: Final = 300
_NAMED = re.compile(
    r"<[^<>:]{2,40}: [^<>]{1,200}\.([A-Za-z0-9]{2,5})>|[^<>\n]{1,200}\.([A-Za-z0-9]{2,5}) \([^()]{3,40}\)"
)
_BRACKETS = re.compile(r"<[^<>]{3,60}>")
_EDITED = re.compile(r" ?\u200e?<[^<>:]{3,60}>\Z")
_PLACE = re.compile(
    r"[^\n]{0,200}https://(?:maps\.google\.com/\?q=|www\.google\.com/maps/|maps\.app\.goo\.gl/)\S+", re.DOTALL
)
_ENDINGS: Final = {
    "picture": "jpg jpeg png heic bmp tif",
    "video": "mp4 3gp mov avi mkv webm",
    "audio": "opus ogg m4a aac mp3 amr wav",
    "sticker": "webp was",
    "gif": "gif",
    "contact": "vcf",
}
_BY_ENDING: Final = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings.split()}
# The app says what is left out in the language of the phone; the first or the second word tells what it was.
_THINGS: Final = {
    "picture": "image bild imagen immagine imagem afbeelding изображение obraz resim",
    "video": "video vídeo vidéo видео wideo",
    "audio": "audio áudio аудиофайл ses",
    "sticker": "sticker figurinha стикер naklejka çıkartma",
    "gif": "gif",
    "document": "document dokument documento документ belge",
    "contact": "contact kontaktkarte tarjeta contato fiche scheda cartão contactkaart",
}
_BY_THING: Final = {thing: kind for kind, things in _THINGS.items() for thing in things.split()}
_OMITTED = re.compile(
    r"(?:[^\W\d_]+ ){1,3}"
    r"(?:omitted|weggelassen|ausgelassen|ausgeschlossen|omitid[oa]|omise?|absente?|manquante?|"
    r"retiré|omess[oa]|non inclus[oa]|esclus[oa]|ocultad[oa]|weggelaten|пропущен[оа]?|опущено|"
    r"pominięt[oay]|dahil edilmedi)"
)
_DELETED_BY_YOU: Final = frozenset((
    "you deleted this message", "du hast diese nachricht gelöscht", "eliminaste este mensaje",
    "vous avez supprimé ce message", "hai eliminato questo messaggio", "você apagou esta mensagem",
    "você apagou essa mensagem", "je hebt dit bericht verwijderd", "вы удалили данное сообщение",
))  # fmt: skip
_DELETED: Final = _DELETED_BY_YOU | {
    "this message was deleted", "diese nachricht wurde gelöscht", "se eliminó este mensaje",
    "este mensaje fue eliminado",
    "ce message a été supprimé", "questo messaggio è stato eliminato", "esta mensagem foi apagada", "mensagem apagada",
    "dit bericht is verwijderd", "данное сообщение удалено",
}  # fmt: skip
_CALL = re.compile(
    r"(?:(?:missed )?(?:group )?(?:voice|video) call|verpasster (?:sprach|video)anruf|(?:sprach|video)anruf|"
    r"(?:video)?llamada (?:de voz )?perdida|appel (?:vocal|vidéo) manqué|chiamata vocale persa|videochiamata persa|"
    r"chamada de (?:voz|vídeo) perdida|gemiste (?:spraak|video)oproep)(?:[.,] .{0,60})?"
)
_POLL = re.compile(r"(?:poll|umfrage|encuesta|sondage|sondaggio|enquete|опрос|anket):?", re.IGNORECASE)


def kind_of(first: str) -> str | None:
    """What a message is by its first line; None for what the app itself wrote."""
    body = first[:_LOOK].strip(f"{MARKS} ")
    plain = body.rstrip(".").casefold()
    known = _attached(body) or _replaced(body, plain)
    if known is None and first.startswith(_MARK):
        return "poll" if _POLL.match(body) else _unknown(plain)
    return known or "text"


def _attached(body: str) -> str | None:
    """By the ending of the file that hangs on it, or by the brackets that stand for one."""
    if found := _NAMED.fullmatch(body):
        return _BY_ENDING.get((found[1] or found[2]).lower(), "document")
    return "media" if _BRACKETS.fullmatch(body) else None


def _replaced(body: str, plain: str) -> str | None:
    """By the words that the app puts in its place."""
    if plain in _DELETED:
        return "deleted"
    if _OMITTED.fullmatch(plain):
        return next((_BY_THING[word] for word in plain.split() if word in _BY_THING), "media")
    if _CALL.fullmatch(plain):
        return "call"
    return "location" if _PLACE.fullmatch(body) else None


def deleted_by_you(first: str) -> bool:
    """Whether the app says of this message that it was you who deleted it."""
    return first[:_LOOK].strip(f"{MARKS} .").casefold() in _DELETED_BY_YOU


def typed(line: str) -> str:
    """What somebody typed of a line, without what the app adds to one that was edited."""
    return _EDITED.sub("", line) if line.endswith(">") else line


def _unknown(plain: str) -> str | None:
    """In another language a few words stand for what was left out, and a sentence tells something."""
    return "media" if len(plain.split()) <= 3 else None
