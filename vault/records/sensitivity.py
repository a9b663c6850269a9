"""How much a column gives away, guessed from its name alone; the owner's own label wins."""

from __future__ import annotations

import re

from vault.views.field_types import Sensitivity

# A guess too high costs a glance, one too low may cost a secret. A word of the name that begins with a stem
# counts; a stem with a dollar sign is a whole word, because it begins harmless ones (agenda, racetrack).
_STEMS: dict[Sensitivity, str] = {
    Sensitivity.IDENTIFYING: """
        address adress street postcode postal zip$ zipcode phone telephone telefon mobile email mail contact
        passport account konto iban$ bic$ card$ licence license birth geburt dob$ latitude longitude lat$ lon$ lng$
        gps$ coordinate location id$ uid$ uuid$ ip$ mac$ imei$ ssn$ nhs$ user patient person customer client
        insurance device serial photo signature counterparty payee payer recipient sender
    """,
    Sensitivity.SPECIAL: """
        health sick illness diagnos disease symptom medic drug dose$ dosage therap treat rx$ icd$ blood bp$ systol
        diastol glucose insulin hba1c cholesterol heart hr$ hrv$ bpm$ pulse ecg$ spo2 oxygen bmi$ weight gewicht
        tumor tumour cancer malignan biopsy lesion diabet asthma allerg pregnan menstr period$ cycle$ ovulat
        fertil contracept mood depress anxi stress pain$ vaccin disabil hiv gene$ genetic genom dna$ biometr
        fingerprint smok alcohol relig church faith ethnic race$ racial politic party$ vote union$ sex$ sexual
        orientation crimin convict offence offense
    """,
    Sensitivity.SENSITIVE: """
        salary income wage amount betrag balance saldo price payment transaction merchant credit debit debt loan
        tax$ spend spent invest place city town$ country region gender age$ nationality note$ message comment
        description text$ subject steps sleep calorie exercise workout distance height marital child employ
        occupation job$ school grade url$ search history memo reference
    """,
}
# Words that end so name somebody or a door to somebody: surname, username, voicemail, smartphone.
_NAMING_ENDS = ("name", "mail", "phone")
_WORD = re.compile(r"[A-Z]?[a-z]+[0-9]*[a-z]?|[A-Z]+(?![a-z])|[0-9]+")


def name_words(name: str) -> frozenset[str]:
    """The words of a column name in lower case: ``heartRate_bpm`` gives heart, rate, bpm."""
    return frozenset(word.lower() for word in _WORD.findall(name))


def guess_sensitivity(name: str) -> Sensitivity:
    """The highest sensitivity that a word of the name suggests."""
    words = name_words(name)
    if any(word.endswith(_NAMING_ENDS) for word in words):
        return Sensitivity.IDENTIFYING
    for sensitivity, stems in _STEMS.items():
        if any(_begins(word, stem) for word in words for stem in stems.split()):
            return sensitivity
    return Sensitivity.ORDINARY


def _begins(word: str, stem: str) -> bool:
    return word.removesuffix("s") == stem[:-1] if stem.endswith("$") else word.startswith(stem)
