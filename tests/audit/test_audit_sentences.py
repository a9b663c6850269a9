from __future__ import annotations

import re

import pytest
from audit_samples import CLEAR, HIDDEN, OLD_CHECKPOINT
from hypothesis import given
from hypothesis import strategies as st

from vault.audit.entries import CLEAR_KEYS, REQUIRED_KEYS, Entry, EntryType, Opened
from vault.audit.entry_types import DECISION_REASONS, FAILURE_REASONS, OUTCOMES, PROFILES, STATUSES
from vault.audit.sentences import CODE_WORDS, SENTENCES, sentence

TS = "2026-01-02T03:04:00Z"
SENTENCE = re.compile(r"[A-Z][^{}\[\]|]*[^\s{}\[\]|]\.")

# Without the letter N and the marks of a template, so that neither can come from the text itself.
texts = st.text(st.characters(exclude_characters="N{}[]|"))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
    max_leaves=6,
)


def told(kind: EntryType, hidden: dict[str, object], **clear: object) -> str:
    entry = Entry(seq=3, kind=kind, ts=TS, clear={**CLEAR[kind], **clear}, digests=())
    return sentence(entry, [Opened(name=name, value=value) for name, value in hidden.items()])


def hidden_names(kind: EntryType) -> set[str]:
    return set(re.findall(r"\{([a-z0-9_]+)\}", SENTENCES[kind])) - CLEAR_KEYS[kind]


def test_no_type_lacks_a_sentence():
    assert set(EntryType) == SENTENCES.keys()


@pytest.mark.parametrize("kind", EntryType)
def test_outside_brackets_a_sentence_needs_nothing_but_required_clear_keys(kind):
    bare = re.sub(r"\[[^\[\]]*\]", "", SENTENCES[kind])

    assert set(re.findall(r"\{([a-z0-9_]+)\}", bare)) <= REQUIRED_KEYS[kind]


@pytest.mark.parametrize("kind", EntryType)
def test_a_sentence_is_whole_with_everything_hidden_known_and_with_nothing_known(kind):
    for hidden in ({}, HIDDEN.get(kind, {})):
        text = told(kind, hidden)
        assert SENTENCE.fullmatch(text), text
        assert "None" not in text
        assert "  " not in text


@pytest.mark.parametrize("kind", EntryType)
def test_no_sentence_shows_what_cannot_be_printed(kind):
    """Not even of a code point that Unicode has given to nobody yet."""
    assert told(kind, dict.fromkeys(hidden_names(kind), "\ud7c7\u202e")).isprintable()


@given(st.sampled_from(EntryType), st.data())
def test_no_sentence_shows_a_raw_null_or_a_placeholder_whatever_was_hidden(kind, data):
    names = sorted(hidden_names(kind)) or ["other"]
    hidden = data.draw(st.dictionaries(st.sampled_from(names), values))

    text = told(kind, hidden)
    assert "None" not in text
    assert not set("{}[]|") & set(text)
    assert text.isprintable()
    assert text.endswith(".")


@pytest.mark.parametrize("kind", EntryType)
def test_a_null_reads_like_something_erased(kind):
    assert told(kind, {}) == told(kind, dict.fromkeys(hidden_names(kind)))
    assert told(kind, {}) == told(kind, dict.fromkeys(hidden_names(kind), ""))


@pytest.mark.parametrize("kind", EntryType)
def test_every_hidden_name_a_sentence_knows_is_used(kind):
    """With all names filled in, each of them is in the sentence, or gave way to an earlier alternative."""
    text = told(kind, {name: f"<{name}>" for name in hidden_names(kind)})

    assert hidden_names(kind) == {name for name in hidden_names(kind) if f"<{name}>" in text}


@pytest.mark.parametrize(
    ("kind", "clear", "expected"),
    [
        (
            EntryType.RECORD_IMPORT,
            {},
            "You imported 412 records from watch.csv into heart; its lifetime budget is one with heart of last year.",
        ),
        (
            EntryType.CONSENT_GRANT,
            {},
            "You gave consent a1b2c3d4 to Acme clinic for academic research, for the fields pulse and day,"
            " until 2026-05-01 00:00 UTC.",
        ),
        (EntryType.DECISION, {}, "Request a1b2c3d4 was denied the field weight: there is no consent."),
        (
            EntryType.DECISION,
            {"outcome": "permit", "reason": "granted"},
            "Request a1b2c3d4 was given the field weight: a consent names it.",
        ),
        (
            EntryType.REQUEST_RECEIVED,
            {},
            "Request a1b2c3d4 came in from Acme clinic for academic research; it asks for the fields pulse,"
            " day and weight.",
        ),
        (
            EntryType.RUN_FAILED,
            {},
            "Run a1b2c3d4 failed: the learner process ended early; its privacy budget is spent.",
        ),
        (
            EntryType.TRAINING_RUN,
            {},
            "Run a1b2c3d4 of request 0f1e2d3c has learned and its update is held: 1,200 steps, ε 0.500000 at"
            " δ 0.000001, on the fields pulse and day of heart.",
        ),
        (
            EntryType.RELEASE_SENT,
            {},
            "The update of run a1b2c3d4 left for Acme clinic: 4,096 bytes, under the digest e3b0c442.",
        ),
        (
            EntryType.RELEASE_APPROVE,
            {},
            "You approved the release of the update of run a1b2c3d4 to Acme clinic, by its digest e3b0c442.",
        ),
        (EntryType.ACCESS_VIEW, {}, "You looked at the collection heart (rows, 1 to 100)."),
        (
            EntryType.LOG_GENESIS,
            {"checkpoint": OLD_CHECKPOINT},
            "This audit trail began, written by lockbox 0.1.0; it follows"
            " vault.invalid/00000000000000000000000000000001 at 41 entries.",
        ),
    ],
)
def test_sentences_read_like_this(kind, clear, expected):
    assert expected == told(kind, HIDDEN.get(kind, {}), **clear)


def test_one_is_not_several():
    assert told(EntryType.RECORD_IMPORT, {"rows": 1}) == "You imported 1 record."
    assert "1 step," in told(EntryType.TRAINING_RUN, {}, steps=1)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (EntryType.RECORD_IMPORT, "You imported records."),
        (EntryType.CONSENT_GRANT, "You gave consent a1b2c3d4, until 2026-05-01 00:00 UTC."),
        (EntryType.DECISION, "Request a1b2c3d4 was denied a field: there is no consent."),
        (EntryType.ACCESS_VIEW, "You looked at something in the vault."),
        (EntryType.REQUESTER_BLOCK, "You blocked a requester."),
        (EntryType.RELEASE_APPROVE, "You approved the release of the update of run a1b2c3d4."),
    ],
)
def test_sentences_after_erasure_read_like_this(kind, expected):
    assert expected == told(kind, {})


@pytest.mark.parametrize(
    ("kind", "key", "codes"),
    [
        (EntryType.DECISION, "outcome", OUTCOMES),
        (EntryType.DECISION, "reason", DECISION_REASONS),
        (EntryType.RUN_FAILED, "reason", FAILURE_REASONS),
        (EntryType.EXPORT, "profile", PROFILES),
        (EntryType.TRAINING_RUN, "status", STATUSES),
    ],
)
def test_every_code_has_words(kind, key, codes):
    assert codes == CODE_WORDS[kind][key].keys()


def test_foreign_text_is_shown_as_one_plain_short_line():
    hostile = "Acme\n\x1b[31m\u202eclinic {run} [bold]" + "x" * 100

    text = told(EntryType.REQUESTER_ADD, {"requester": hostile})
    assert text.isprintable()
    assert "{run} [bold]" in text
    assert len(text) < 120


def test_a_purpose_of_the_data_privacy_vocabulary_reads_as_words():
    text = told(EntryType.CONSENT_WITHDRAW, {"purpose": "https://w3id.org/dpv#AcademicResearch"})

    assert text == "You withdrew consent a1b2c3d4 for academic research."


def test_a_hidden_field_cannot_pass_for_a_clear_one():
    assert "denied" in told(EntryType.DECISION, {"outcome": "permit"})


def test_of_a_long_name_the_middle_is_left_out_so_that_what_became_of_it_is_said():
    said = told(EntryType.SETTINGS_CHANGE, {"what": f"the models you keep: {'y' * 80} is deleted"})

    assert said.startswith("You changed the models you keep: yyy")
    assert said.endswith("yyy is deleted.")
    assert "…" in said
    assert len(said) < 100
