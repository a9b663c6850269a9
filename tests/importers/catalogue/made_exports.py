"""Exports of watches, banks, clinics and calendars in their dialects, made up; nobody's real file is among them."""

# ruff: noqa: E501 - the lines of a made-up file are as long as in a real one
from __future__ import annotations

import json
import struct
from typing import Any

# watches ------------------------------------------------------------------------------------------------------

FITBIT = b"""Body
Date,Weight,BMI,Fat
"2024-01-01","80.5","24.1","21"
"2024-01-02","80.3","24.0","0"

Foods
Date,Calories In
"2024-01-01","0"

Activities
Date,Calories Burned,Steps,Distance,Floors,Minutes Sedentary,Minutes Lightly Active,Minutes Fairly Active,Minutes Very Active,Activity Calories
"2024-01-01","2,345","10,012","7.31","12","700","210","20","35","1,101"
"2024-01-02","2,100","6,543","4.9","3","800","150","5","0","640"

Sleep
Start Time,End Time,Minutes Asleep,Minutes Awake,Number of Awakenings,Time in Bed,Minutes REM Sleep,Minutes Light Sleep,Minutes Deep Sleep
"2024-01-01 11:12PM","2024-01-02 7:02AM","410","60","22","470","85","250","75"
"2024-01-02 11:40PM","2024-01-03 06:30AM","380","30","1","410","N/A","N/A","N/A"
"""
GARMIN = """Activity Type,Date,Favorite,Title,Distance,Calories,Time,Avg HR,Max HR,Aerobic TE,Avg Run Cadence,Total Ascent
Running,2024-05-01 07:12:33,false,"Somewhere Running","10.02","1,012","00:55:30","152","171","3.4","168","1,044"
Strength Training,2024-05-02 18:00:01,false,"Strength","0.00","250","00:45:00","--","--","--","--","--"
"""
GARMIN_GERMAN = """Aktivitätstyp,Datum,Favorit,Titel,Distanz,Kalorien,Zeit,Ø Herzfrequenz,Maximale Herzfrequenz,Aerober TE,Gesamtanstieg
Laufen,2024-05-01 07:12:33,false,"Irgendwo Laufen","10,02","1.012","00:55:30","152","171","3,4","1.044"
"""

# banks --------------------------------------------------------------------------------------------------------

REVOLUT = """Type,Product,Started Date,Completed Date,Description,Amount,Fee,Currency,State,Balance
CARD_PAYMENT,Current,2024-02-01 10:00:00,2024-02-02 09:00:00,A Shop,-12.50,0.00,EUR,COMPLETED,87.50
TOPUP,Current,2024-02-03 10:00:00,2024-02-03 10:00:01,From A Person,100.00,0.00,EUR,COMPLETED,187.50
CARD_PAYMENT,Current,2024-02-04 10:00:00,,A Shop,-5.00,0.00,EUR,PENDING,
"""
N26 = """"Booking Date","Value Date","Partner Name","Partner Iban",Type,"Payment Reference","Account Name","Amount (EUR)"
2024-02-02,2024-02-02,"A Shop",,Presentment,,"Main Account",-12.5
"""
MONZO = """Transaction ID,Date,Time,Type,Name,Emoji,Category,Amount,Currency,Local amount,Local currency,Notes and #tags
tx_1,02/02/2024,10:00:00,Card payment,A Shop,,Groceries,-12.50,GBP,-12.50,GBP,
"""
CHASE = """Transaction Date,Post Date,Description,Category,Type,Amount,Memo
02/02/2024,02/03/2024,A SHOP,Groceries,Sale,-12.50,
"""
DKB = """"Girokonto";"DE00000000000000000000"
"Kontostand vom 05.02.2024:";"1.234,56 €"
""
"Buchungsdatum";"Wertstellung";"Status";"Zahlungspflichtige*r";"Zahlungsempfänger*in";"Verwendungszweck";"Umsatztyp";"IBAN";"Betrag (€)"
"02.02.24";"02.02.24";"Gebucht";"Made Up";"A Shop";"Reference";"Ausgang";"DE00";"-1.012,50"
"""
SPARKASSE = """"Auftragskonto";"Buchungstag";"Valutadatum";"Buchungstext";"Verwendungszweck";"Beguenstigter/Zahlungspflichtiger";"Betrag";"Waehrung";"Info"
"DE00";"02.02.24";"02.02.24";"KARTENZAHLUNG";"Einkauf für zwei";"Geschäft";"-12,50";"EUR";"Umsatz gebucht"
""".encode("cp1252")
ING = """Umsatzanzeige;Datei erstellt am: 05.02.2024
IBAN;DE00

Buchung;Wertstellungsdatum;Auftraggeber/Empfänger;Buchungstext;Verwendungszweck;Saldo;Währung;Betrag;Währung
02.02.2024;02.02.2024;A Shop;Lastschrift;Reference;1.234,56;EUR;-12,50;EUR
""".encode("cp1252")
OFX_SGML = """OFXHEADER:100
DATA:OFXSGML
VERSION:102
ENCODING:USASCII

<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>USD
<BANKTRANLIST><DTSTART>20240201
<STMTTRN><TRNTYPE>POS
<DTPOSTED>20240202120000[-5:EST]
<TRNAMT>-12.50
<FITID>1
<NAME>A SHOP
</STMTTRN>
<STMTTRN><TRNTYPE>ODD<DTPOSTED>20240203<TRNAMT>100<FITID>2<NAME>A PERSON</STMTTRN>
</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""
OFX_XML = """<?xml version="1.0" encoding="UTF-8"?>
<?OFX OFXHEADER="200" VERSION="211"?>
<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR</CURDEF><BANKTRANLIST>
<STMTTRN><TRNTYPE>POS</TRNTYPE><DTPOSTED>20240202</DTPOSTED><TRNAMT>-12,50</TRNAMT><FITID>1</FITID></STMTTRN>
</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>
"""
QIF = """!Account
NMade up
TBank
^
!Type:Bank
D02/02/2024
T-12.50
PA Shop
LFood:Groceries
^
D02/13/2024
T1,100.00
L[Savings]
^
"""
QIF_OLD = "!Type:CCard\nD13.2'24\nT-1.012,50\nPEin Geschäft\n^\n".encode("cp1252")

# clinics ------------------------------------------------------------------------------------------------------


def _coded(code: str, display: str, system: str = "http://loinc.org") -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def fhir_resources() -> list[dict[str, Any]]:
    """A made-up record: a weight, a blood pressure, a smoker's answer, a diagnosis, a medicine, a vaccination."""
    about = {"subject": {"reference": "Patient/1", "display": "Made Up"}, "status": "final"}
    pressure = [
        {
            "code": _coded("8480-6", "Systolic"),
            "valueQuantity": {"value": 120, "unit": "mmHg", "code": "mm[Hg]"},
        },
        {
            "code": _coded("8462-4", "Diastolic"),
            "valueQuantity": {"value": 80, "unit": "mmHg", "code": "mm[Hg]"},
        },
    ]
    weight = {"value": 80.5, "unit": "kg", "code": "kg"}
    at = {"effectiveDateTime": "2024-02-02T23:30:00-05:00"}
    return [
        {"resourceType": "Patient", "id": "1", "name": [{"family": "Up", "given": ["Made"]}]},
        {"resourceType": "Observation", **about, **at, "code": _coded("29463-7", "Body Weight"), "valueQuantity": weight},
        {"resourceType": "Observation", **about, **at, "code": _coded("85354-9", "Blood pressure"), "component": pressure},
        {
            "resourceType": "Observation", **about, **at, "code": _coded("72166-2", "Tobacco smoking status"),
            "valueCodeableConcept": _coded("1", "Never smoker"),
        },
        {
            "resourceType": "Condition", "onsetDateTime": "2019-05", "code": _coded("1", "Hay fever", "http://snomed.info/sct"),
            "clinicalStatus": {"coding": [{"code": "active"}]},
        },
        {
            "resourceType": "MedicationRequest", "status": "active", "authoredOn": "2024-02-02",
            "medicationCodeableConcept": _coded("2", "A medicine"),
        },
        {"resourceType": "Immunization", "status": "completed", "occurrenceDateTime": "2021", "vaccineCode": _coded("3", "A vaccine")},
    ]  # fmt: skip


def fhir_bundle() -> bytes:
    """All of it in one bundle."""
    entries = [{"fullUrl": "urn:uuid:1", "resource": one} for one in fhir_resources()]
    return json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}, indent=1).encode()


def fhir_lines() -> bytes:
    """One resource a line."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in fhir_resources())


# ways ---------------------------------------------------------------------------------------------------------

GPX = """<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="made up" xmlns="http://www.topografix.com/GPX/1/1"
  xmlns:ns3="http://www.garmin.com/xmlschemas/TrackPointExtension/v1">
 <metadata><name>Somewhere</name><time>2024-05-01T05:00:00Z</time></metadata>
 <wpt lat="1" lon="1"><name>A place</name></wpt>
 <trk><name>Somewhere</name><trkseg>
  <trkpt lat="52.5" lon="13.4"><ele>34.5</ele><time>2024-05-01T05:12:33.000Z</time>
   <extensions><ns3:TrackPointExtension><ns3:hr>121</ns3:hr><ns3:cad>84</ns3:cad></ns3:TrackPointExtension></extensions></trkpt>
  <trkpt lat="52.51" lon="13.4"><ele>35</ele></trkpt>
 </trkseg></trk>
</gpx>
"""
TCX = """<?xml version="1.0" encoding="UTF-8"?>
<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"><Activities><Activity Sport="Running">
<Id>2024-05-01T05:12:33Z</Id><Lap StartTime="2024-05-01T05:12:33Z"><DistanceMeters>10</DistanceMeters>
<AverageHeartRateBpm><Value>99</Value></AverageHeartRateBpm><Track>
<Trackpoint><Time>2024-05-01T05:12:33Z</Time><Position><LatitudeDegrees>52.5</LatitudeDegrees><LongitudeDegrees>13.4</LongitudeDegrees></Position>
<AltitudeMeters>34.5</AltitudeMeters><DistanceMeters>3.5</DistanceMeters><HeartRateBpm><Value>121</Value></HeartRateBpm><Cadence>84</Cadence></Trackpoint>
</Track></Lap></Activity></Activities></TrainingCenterDatabase>
"""


def _crc(data: bytes) -> int:
    """The check of a FIT file, as its documentation has it."""
    table = (
        0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401, 0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01,
        0x8801, 0x4400,
    )  # fmt: skip
    crc = 0
    for byte in data:
        for half in (byte & 15, byte >> 4):
            crc = (crc >> 4) & 0x0FFF ^ table[crc & 15] ^ table[half]
    return crc


def fit(points: int) -> bytes:
    """A FIT file with so many recorded points."""
    fields = ((253, 4, 0x86), (0, 4, 0x85), (1, 4, 0x85), (2, 2, 0x84), (3, 1, 0x02))
    defined = struct.pack("<BBBHB", 0x40, 0, 0, 20, len(fields)) + b"".join(bytes(one) for one in fields)
    since = 1_714_540_353 - 631_065_600  # 2024-05-01 05:12:33 UTC, counted from the end of 1989
    half = 2**31 / 180
    rows = b"".join(
        struct.pack(
            "<BIiiHB", 0, since + number, round(52.5 * half), round(13.4 * half), round((34.6 + 500) * 5), 121
        )
        for number in range(points)
    )
    body = defined + rows
    head = struct.pack("<BBHI4s", 14, 0x20, 2132, len(body), b".FIT")
    return checked_fit(head + bytes(2) + body + bytes(2))


def checked_fit(data: bytes) -> bytes:
    """A FIT file with both of its checks made right."""
    head, body = data[:12], data[14:-2]
    head += struct.pack("<H", _crc(head))
    return head + body + struct.pack("<H", _crc(head + body))


# calendars, music ---------------------------------------------------------------------------------------------

ICALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//made up//EN
BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:STANDARD
DTSTART:16010101T030000
END:STANDARD
END:VTIMEZONE
BEGIN:VEVENT
UID:1@made-up
DTSTART;TZID=Europe/Berlin:20240702T090000
DTEND;TZID=Europe/Berlin:20240702T103000
RRULE:FREQ=WEEKLY;BYDAY=TU
SUMMARY:Something with some
 body
ATTENDEE;CN="Doe, Made: Up":mailto:one@example.org
ATTENDEE:mailto:two@example.org
STATUS:CONFIRMED
BEGIN:VALARM
TRIGGER:-PT15M
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:2@made-up
DTSTART;VALUE=DATE:20240703
SUMMARY:A day off
END:VEVENT
BEGIN:VEVENT
UID:3@made-up
DTSTART:20240704T120000Z
DURATION:P1DT1H30M
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


def spotify() -> bytes:
    """The extended history."""
    play = {
        "ts": "2024-05-01T05:12:33Z", "ms_played": 187_500, "conn_country": "DE", "ip_addr": "192.0.2.1",
        "master_metadata_track_name": "A song", "master_metadata_album_artist_name": "A band", "reason_start": "clickrow",
        "reason_end": "trackdone", "skipped": False, "offline": False,
    }  # fmt: skip
    podcast = {**play, "master_metadata_track_name": None, "episode_show_name": "A show", "skipped": None}
    return json.dumps([play, podcast]).encode()


def spotify_year() -> bytes:
    """The last year, as the account data has it."""
    plays = [
        {"endTime": "2024-05-01 05:12", "artistName": "A band", "trackName": "A song", "msPlayed": 187_500}
    ]
    return json.dumps(plays, indent=2).encode()
