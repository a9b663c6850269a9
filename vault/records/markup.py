"""Elements of a page: every text and every value of an attribute is escaped, because no other way makes one."""

from __future__ import annotations

from html import escape


class Markup(str):
    """Text of a page that is markup already: what `element` and `joined` make, and what the program itself holds."""

    __slots__ = ()


def element(name: str, /, *inside: str, **attributes: str | float) -> Markup:
    """One element; an underline in the name of an attribute is a hyphen, one at its end nothing."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_escaped(_spelled(value))}"'
        for key, value in attributes.items()
    )
    return Markup(f"<{name}{given}>{joined(*inside)}</{name}>")


def void(name: str, /, **attributes: str) -> Markup:
    """An element that holds nothing, such as `meta`."""
    return Markup(element(name, **attributes).replace(f"></{name}>", "/>"))


def joined(*parts: str) -> Markup:
    """Texts and elements one after the other."""
    return Markup("".join(part if isinstance(part, Markup) else _escaped(part) for part in parts))


def _escaped(text: str) -> str:
    """What cannot be seen is a dot, so that it steers neither the page nor an editor."""
    return escape("".join(sign if sign.isprintable() else "·" for sign in text), quote=True)


def _spelled(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
