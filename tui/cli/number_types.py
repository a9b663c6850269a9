"""The numbers of options: whole, in ASCII digits, and nothing else that Python would read as one."""

from __future__ import annotations

from typing import Final

import click

from tui.text.parse import parse_count
from vault.errors.families import Invalid


class WholeNumber(click.types.IntParamType):
    """A whole number from 0 on, with commas between groups of three digits or none."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number; click's own takes 1_000, a sign and the digits of every script as well."""
        return typed_whole(self, value, param, ctx)


class WholeNumberIn(click.IntRange):
    """The same, from one bound to another."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number, if it is in the range."""
        return super().convert(typed_whole(self, value, param, ctx), param, ctx)


def typed_whole(
    kind: click.ParamType[int], value: object, param: click.Parameter | None, ctx: click.Context | None
) -> int:
    """What was typed as a number; a default is one already. Fails as click's own types do."""
    if isinstance(value, int):
        return value
    try:
        return parse_count(str(value))
    except Invalid as error:
        kind.fail(str(error.facts["reason"]), param, ctx)


WHOLE: Final = WholeNumber()
PORT: Final = WholeNumberIn(0, 65_535)
