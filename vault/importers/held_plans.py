"""The plans of imports that wait to be carried out, in memory, each with the rows it was made from."""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final

from vault.errors.records import PlanUnknown

if TYPE_CHECKING:
    from vault.importers.plan import HeldPlan

MOST: Final = 4


class HeldPlans:
    """The newest plan for each file, for four files at most: whoever plans does not undo what another looked at."""

    def __init__(self) -> None:
        self._plans: dict[Path, HeldPlan] = {}
        self._guard = Lock()

    def get(self, path: Path) -> HeldPlan | None:
        """The newest plan for this file."""
        return self._plans.get(path)

    def keep(self, plan: HeldPlan) -> None:
        """Keep a plan in the place of the one for the same file, and forget the oldest of too many."""
        with self._guard:
            self._plans.pop(plan.path, None)
            self._plans[plan.path] = plan
            while len(self._plans) > MOST:
                del self._plans[next(iter(self._plans))]

    def find(self, plan_id: str) -> HeldPlan:
        """The plan of this id; raises `PlanUnknown` for one that was replaced, carried out or forgotten."""
        with self._guard:
            found = [one for one in self._plans.values() if one.shown.id == plan_id]
        if not found:
            raise PlanUnknown
        return found[0]

    def forget(self, plan: HeldPlan) -> None:
        """Forget a plan that was carried out, unless another one took its place meanwhile."""
        with self._guard:
            if self._plans.get(plan.path) is plan:
                del self._plans[plan.path]

    def forget_all(self) -> None:
        """Forget every plan."""
        with self._guard:
            self._plans.clear()
