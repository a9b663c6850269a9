"""Columns of text that are more than text in the code: times, and words of a closed list."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import String, TypeDecorator

from vault.errors.storage import Damaged
from vault.store.failures import DATABASE
from vault.store.times import parse_stamp, stamp, whole_seconds
from vault.views.field_types import ColumnType, FieldType, VectorType, column_type


class TimeColumn(TypeDecorator[datetime]):
    """An aware time in whole seconds; its text sorts as the time does. Any other text is damage."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> str | None:
        """The text of a time; a time that would not read back the same is refused."""
        if value is None:
            return None
        if value.tzinfo is None or value != whole_seconds(value):
            raise ValueError("a stored time has a zone and whole seconds")
        return stamp(value)

    def process_result_value(self, value: Any, dialect: object) -> datetime | None:
        """The time of a text; raises Damaged."""
        try:
            return None if value is None else parse_stamp(value)
        except (TypeError, ValueError):
            raise Damaged(what=DATABASE) from None


class TypeColumn(TypeDecorator[ColumnType]):
    """The type of a column of records, as its word. Any other text is damage."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: ColumnType | None, dialect: object) -> str | None:
        """The word of a type; plain text is refused."""
        if value is None:
            return None
        if not isinstance(value, FieldType | VectorType):
            raise TypeError("a stored type is a FieldType or a VectorType")
        return value.value

    def process_result_value(self, value: Any, dialect: object) -> ColumnType | None:
        """The type of a word; raises Damaged."""
        try:
            return None if value is None else column_type(value)
        except (TypeError, ValueError):
            raise Damaged(what=DATABASE) from None


class WordColumn(TypeDecorator[StrEnum]):
    """A word of a closed list. Any other text is damage."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | None, dialect: object) -> str | None:
        """The text of a word; one of another list, and plain text, are refused."""
        if value is None:
            return None
        if not isinstance(value, self.words):
            raise TypeError(f"a stored word is a {self.words.__name__}")
        return value.value

    def process_result_value(self, value: Any, dialect: object) -> StrEnum | None:
        """The word of a text; raises Damaged."""
        try:
            return None if value is None else self.words(value)
        except ValueError:
            raise Damaged(what=DATABASE) from None
