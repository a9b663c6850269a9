"""The simple actions on models that an owner keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tui.text import wording
from tui.text.action import Action, Question, Target

if TYPE_CHECKING:
    from vault.views.models import ModelView

NAME_ROOM: Final = 30
MODEL: Final = Target(metavar="MODEL", help="Its name: lockbox model list")


def _what_deleting_leaves(one: ModelView) -> str:
    if one.is_private:
        return (
            "This copy is deleted from the vault and from nowhere else: files that you exported stay. Nothing brings "
            f"it back; {wording.short(one.began_from, NAME_ROOM)} can be fitted anew while the rows are there."
        )
    again = "" if one.campaign else " It can be kept anew from its release folder."
    return (
        "It is deleted from this vault alone: files that you exported stay, and so do the copies of "
        f"{wording.short(', '.join(one.others), NAME_ROOM)} and others.{again}"
    )


DELETE_MODEL: Final[Action[ModelView]] = Action(
    name="delete-model",
    words="model delete",
    help="Delete a model from the vault for good; copies that others have, or that you made, stay.",
    target=MODEL,
    call=lambda vault, name, _: vault.delete_model(name),
    reply=lambda name, _: [
        f"{name} is deleted from this vault. Copies that were exported, and those of others, stay."
    ],
    foretold=lambda vault, name: [_what_deleting_leaves(vault.model(name))],
    question=Question(
        page="models",
        key="D",
        label="Delete…",
        sentence="Open the decision to delete this model from the vault.",
        target=lambda one: one.name,
        title=lambda one: f"Delete {wording.short(one.name, NAME_ROOM)}?",
        consequence=_what_deleting_leaves,
        verb="Delete",
        word="DELETE",
        safe="Keep it",
        done=lambda one, _: f"{one.name} is deleted from this vault. Copies elsewhere stay.",
    ),
)
