"""What a calendar and a listening history hold, without the words of other people."""

from __future__ import annotations

from typing import Final

from vault.importers.catalogue.schema import PD, KnownFormat, Part, number, text, time, words
from vault.views.field_types import Sensitivity

_CONTACT: Final = PD + "Communication"
_MUSIC: Final = PD + "FavouriteMusic"
_SENSITIVE: Final = Sensitivity.SENSITIVE
_SECONDS: Final = (0, 86_400, 180, 120)

ICALENDAR: Final = KnownFormat(
    name="icalendar",
    title="a calendar (iCalendar)",
    needs="a file .ics",
    download="in Google Calendar: Settings, Import & export, Export; in Apple Calendar: File, Export; in Outlook: Save "
    "calendar",
    leaves_out="titles, places, descriptions and people: others wrote many of them; tasks; the repetitions of an event",
    parts=(
        Part(
            name="events",
            title="one row an event",
            columns=(
                time("day", "the day on which it begins, as the calendar writes it", category=_CONTACT),
                time("start", "when it begins; without a known zone as written", category=_CONTACT),
                number("minutes", "how long", "min", (0, 43_200, 60, 90), category=_CONTACT, sensitivity=_SENSITIVE),
                words("whole_day", "whether it is of whole days", ("yes", "no"), category=_CONTACT),
                words("repeats", "how often", ("DAILY", "WEEKLY", "MONTHLY", "YEARLY", "no"), category=_CONTACT),
                number(
                    "guests", "how many others are invited", "count", (0, 1000, 2, 4), category=_CONTACT,
                    sensitivity=_SENSITIVE, whole=True,
                ),
                words("status", "whether it holds", ("CONFIRMED", "TENTATIVE", "CANCELLED"), category=_CONTACT),
                text("id", "what the calendar calls it, by which it is known again", category=_CONTACT),
            ),
        ),
    ),
)  # fmt: skip
SPOTIFY: Final = KnownFormat(
    name="spotify",
    title="Spotify",
    needs="Streaming_History_Audio_….json of the extended history, or StreamingHistory….json of the account data",
    download="on spotify.com: Account, Privacy settings, Download your data",
    leaves_out="network address, device, and who you are",
    parts=(
        Part(
            name="plays",
            title="one row a play",
            columns=(
                time("day", "the day in UTC", category=_MUSIC),
                time("at", "when it ended", category=_MUSIC),
                number("seconds", "how long it played", "s", _SECONDS, category=_MUSIC, sensitivity=_SENSITIVE),
                text("artist", "by whom", category=_MUSIC, sensitivity=_SENSITIVE),
                text("track", "what", category=_MUSIC, sensitivity=_SENSITIVE),
                text("show", "the podcast, where it is one", category=_MUSIC, sensitivity=_SENSITIVE),
                words("started_by", "why it began", category=_MUSIC),
                words("ended_by", "why it ended", category=_MUSIC),
                words("skipped", "whether it was skipped", ("yes", "no"), category=_MUSIC),
                words("country", "where", category=PD + "Country"),
            ),
        ),
    ),
)  # fmt: skip
