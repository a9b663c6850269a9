"""The requests page: what others ask, what it would cost, and what the consents say about it now."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import DataTable

from tui.actions import REFUSE
from tui.app.key_names import key_of
from tui.app.page import Page
from tui.couriers.carrying import Carried, carried_here
from tui.couriers.decided import decided
from tui.couriers.meshes import Meshed, meshes_here
from tui.dialogs.approval import prepare_approval
from tui.dialogs.attack import AttackDialog
from tui.dialogs.campaign import open_campaign
from tui.dialogs.carry import let_go
from tui.dialogs.leave_campaign import leave_campaign
from tui.dialogs.request import RequestDialog, RequestPane
from tui.dialogs.run import RunDialog
from tui.dialogs.submit import take_in
from tui.text import campaign_facts, carrying_facts, mesh_standing, request_facts, times, wording
from tui.text.request_facts import OPEN_STATES
from tui.widgets.plain import Plain
from tui.widgets.price import cost, guess
from tui.widgets.table import Line, ListTable

if TYPE_CHECKING:
    from textual.events import Resize

    from vault.owner.interface.session import OwnerSession
    from vault.views.campaigns import CampaignLine
    from vault.views.requests import RequestLine, RequestView

WIDE = 120
PANE, BORDER = 56, 2
MOST_SQUARES = 7
MOST_OPENED: Final = 60
"""Of how many requests the price and the verdict are asked for the list, those that wait first; the others show them
when chosen."""

NOBODY = "No one has asked."
NEXT = (
    "Somebody who wants to learn from your data sends you a job folder, or asks through their own program. "
    "Press o and give the path of their key file, to let them ask; then o again with the folder."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox:
    """Every request as a line, the first of them in whole; every campaign as a line, with couriers and meshes."""

    lines: list[RequestLine]
    opened: dict[str, RequestView]
    campaigns: dict[str, CampaignLine]
    couriers: dict[str, Carried]
    meshes: dict[str, Meshed] = field(default_factory=dict)


class Requests(Page[Inbox]):
    """What others ask, the newest first."""

    NAME = "requests"
    HELP: ClassVar[str] = """\
# Requests

Who asks to learn from your data, for what, and what it would cost.

* **■ □** are the columns asked for; ■ are those that a consent of yours allows now.
* **?** is a key nobody checked with its owner in person. The name is the one *you* gave.
* **enter** opens a request and decides nothing. **a** opens the dialog in which you can have it run.
* A price is spent when it runs, whether or not you release the result later. The release is a second decision.
* **p** attacks a stand-in of the job on made-up data, to show what an attacker would learn; it reads nothing of yours.
* Refusing tells them nothing but “no”.
* A **campaign** is one line, such as one that **asks to join**: you join or leave all of its rounds at once. Each round
  that comes is a request below it. One that came by an **invitation** has a courier, a process of its own that carries
  rounds in and what you released out: **c** lets it go once, **w** leaves the campaign and destroys its access.
* A campaign that is a **mesh** has peers instead: its line says how many are connected and whose model the last mix
  took and whose not, and opening it says why not, round by round.
"""

    def __init__(self) -> None:
        super().__init__()
        self._facts = Inbox(lines=[], opened={}, campaigns={}, couriers={})
        self._drawn_widths: dict[str, int] = {}

    def body(self) -> ComposeResult:
        """The list, and beside it the request under the cursor."""
        with Horizontal(id="inbox"):
            yield ListTable(id="requests", classes="value")
            yield RequestPane(id="request-pane")
        yield Plain(id="request-preview", classes="value")
        yield Plain("", id="no-requests", classes="empty")

    def fetch(self, vault: OwnerSession) -> Inbox:
        """Every line, and in whole those that still can be decided, and others for their price."""
        lines = vault.requests()
        waiting_first = sorted(lines, key=lambda line: line.state not in OPEN_STATES)[:MOST_OPENED]
        return Inbox(
            lines=lines,
            opened={one.id: vault.request(one.id) for one in waiting_first},
            campaigns={campaign_facts.KEY + one.id: one for one in vault.campaigns()},
            couriers=carried_here(self.program.paths.courier, vault),
            meshes=meshes_here(self.program.paths.mesh, decided(lines)),
        )

    async def draw(self, facts: Inbox) -> None:
        """Fill the list."""
        self._facts = facts
        is_full = bool(facts.lines or facts.campaigns)
        self.query_one("#inbox").display = is_full
        empty = self.query_one("#no-requests", Plain)
        empty.display = not is_full
        empty.set_text(f"{NOBODY}\n\n{NEXT}")
        self.query_one("#request-preview").display = is_full
        self._fill()
        self._show_preview()
        self._show_chosen()

    def _fill(self) -> None:
        table, widths = self.query_one(ListTable), _widths(self.app.size.width)
        if widths != self._drawn_widths:
            table.set_headings(*widths)
            self._drawn_widths = widths
        opened = self._facts.opened
        campaigns = [
            Line(key=key, cells=_cells_of_campaign(one, widths), style=_style(one))
            for key, one in self._facts.campaigns.items()
        ]
        requests = [
            Line(key=line.id, cells=_cells(line, opened.get(line.id), widths), style=_style(line))
            for line in self._facts.lines
        ]
        table.fill([*campaigns, *requests])

    def on_resize(self, event: Resize) -> None:
        """Draw the columns that the new width has room for."""
        if self._drawn_widths and _widths(event.size.width) != self._drawn_widths:
            self._fill()
            self._show_chosen()

    # the request under the cursor

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        """Show what is under the cursor."""
        event.stop()
        self._show_preview()
        self._show_chosen()

    def _show_preview(self) -> None:
        """Under the list, at once, from what is known already."""
        key = self.chosen_key()
        line = next((one for one in self._facts.lines if one.id == key), None)
        words = preview(line, self._facts.opened.get(line.id)) if line else ""
        if (campaign := self._facts.campaigns.get(key or "")) is not None:
            words = self._about_campaign(campaign)
        self.query_one("#request-preview", Plain).set_text(words)

    def _about_campaign(self, line: CampaignLine) -> str:
        progress = f"A campaign: {campaign_facts.progress(line)}. Enter opens it."
        mesh = self._facts.meshes.get(line.id)
        if mesh is not None or (line.is_mesh and line.state == "joined"):
            return f"{progress}\n{mesh_standing.standing(mesh)}"
        if line.state != "joined" and line.id not in self._facts.couriers:
            return progress
        key = key_of("requests.carry", self.program.own_keys)
        stands = carrying_facts.standing(self._facts.couriers.get(line.id))
        goes = f" {key} lets it go." if line.id in self._facts.couriers else ""
        return f"{progress}\n{stands}{goes}"

    @work(exclusive=True, group="chosen")
    async def _show_chosen(self) -> None:
        """Beside the list, where there is room for it."""
        if self.app.size.width < WIDE:
            return
        campaign = self._facts.campaigns.get(self.chosen_key() or "")
        words = "" if campaign is None else self._about_campaign(campaign)
        self.query_one(RequestPane).show_request(await self._chosen(), words)

    async def _chosen(self) -> RequestView | None:
        """The request under the cursor in whole, asked for if it was not yet."""
        name = self.chosen_key()
        if name is None or name in self._facts.campaigns:
            return None
        if name not in self._facts.opened:
            found = await self.ask(lambda vault: vault.request(name))
            if found is None:
                return None
            self._facts.opened[name] = found
        return self._facts.opened[name]

    # actions

    async def subject(self) -> RequestView | None:
        """The request under the cursor."""
        return await self._chosen()

    def on_data_table_row_selected(self, event: DataTable.RowSelected) -> None:
        """Enter and a click open the request; they decide nothing."""
        event.stop()
        self.action_review()

    @work(exclusive=True, group="act")
    async def action_review(self) -> None:
        """Open the request under the cursor: in front of the list, or by moving into the pane beside it."""
        if await self._open_campaign():
            return
        found = await self._chosen()
        if found is None:
            return
        if self.app.size.width >= WIDE:
            self.query_one(RequestPane).focus()
            return
        wanted = await self.app.push_screen_wait(RequestDialog(found))
        if wanted == "run":
            await self._open_run(found.line.id)
        elif wanted == "attack":
            await self._open_attack(found)
        elif wanted == "refuse":
            await self.decide(REFUSE, found)

    @work(exclusive=True, group="act")
    async def action_run(self) -> None:
        """Open the dialog in which a run, or a whole campaign, is decided."""
        if await self._open_campaign():
            return
        found = await self._chosen()
        if found is not None and self._can_be_decided(found):
            await self._open_run(found.line.id)

    @work(exclusive=True, group="act")
    async def action_attack(self) -> None:
        """Open the dialog in which a stand-in of the job is attacked."""
        found = await self._chosen()
        if found is not None:
            await self._open_attack(found)

    async def _open_attack(self, found: RequestView) -> None:
        if await self.app.push_screen_wait(AttackDialog(found)) is not None:
            self._facts.opened.pop(found.line.id, None)  # its price has more to say now
            self.reload()

    async def _open_campaign(self) -> bool:
        """Open the campaign under the cursor, if it is one."""
        found = self._facts.campaigns.get(self.chosen_key() or "")
        if found is not None:
            await open_campaign(self, found.id)
        return found is not None

    async def _open_run(self, request_id: str) -> None:
        offer = await self.ask(lambda vault: prepare_approval(vault, request_id, frozenset()))
        if offer is None:
            return
        done = await self.app.push_screen_wait(RunDialog(offer))
        if done == "runs":
            self.program.action_go("training")

    def _can_be_decided(self, found: RequestView) -> bool:
        if found.line.state in OPEN_STATES:
            return True
        self.program.tell(f"There is nothing left to decide: this request is {_state(found.line)}.")
        return False

    @work(exclusive=True, group="act")
    async def action_submit(self) -> None:
        """Take in a job, a campaign, an invitation or a key."""
        await take_in(self)

    @work(exclusive=True, group="act")
    async def action_carry(self) -> None:
        """Open the dialog in which the courier of a campaign goes once."""
        if (campaign := self._campaign()) is not None:
            await let_go(self, campaign)

    @work(exclusive=True, group="act")
    async def action_leave_campaign(self) -> None:
        """Open the decision to leave a campaign, or to say no to it."""
        if (campaign := self._campaign()) is not None:
            await leave_campaign(self, campaign)

    def _campaign(self) -> str | None:
        """The campaign of the line under the cursor, also of a round of one; else that there is none is said."""
        key = self.chosen_key() or ""
        if (found := self._facts.campaigns.get(key)) is not None:
            return found.id
        rounds = (one.round for one in self._facts.lines if one.id == key)
        if (part := next(rounds, None)) is not None:
            return part.campaign
        self.program.tell("This line is no campaign, and no round of one.")
        return None

    def action_numbers(self) -> None:
        """Show or hide ε, δ and the worst case of the price."""
        self.toggle_class("-numbers")  # of the page: its price is made anew whenever it loads


def preview(line: RequestLine, opened: RequestView | None) -> str:
    """The price and the verdict of a request in a few lines; of one that was decided, what became of it."""
    what = (
        f"{wording.short(line.requester, 30)}: {line.purpose_words}, on {wording.short(line.collection, 30)}"
    )
    if opened is None or line.state not in OPEN_STATES:
        return f"{what}. {_state(line)[:1].upper()}{_state(line)[1:]}. Enter opens it."
    says = "cover it" if opened.decision.permitted else "do not cover it"
    return f"{what}\nYour consents {says} now. {guess(opened.price)}\n{cost(opened.price)}"


# cells ------------------------------------------------------------------------------------------------------

_LEAST: Final = {
    "narrow": {"who": 9, "key": 12, "on": 8, "price": 6, "state": 13},
    "normal": {"who": 13, "key": 12, "on": 13, "columns": 8, "price": 6, "state": 14},
    "wide": {"who": 12, "key": 12, "on": 11, "columns": 8, "price": 6, "ends": 6, "state": 13},
}
_GROW: Final = ("who", "on", "state")


def _widths(width: int) -> dict[str, int]:
    """How many letters each column has at this width of the terminal; what is left over goes to the words."""
    room = width - BORDER - (PANE if width >= WIDE else 0)
    names = ("wide", "normal", "narrow") if width >= WIDE else ("normal", "narrow")
    widths = dict(_LEAST[next((name for name in names if _needs(name) <= room), "narrow")])
    growing = [one for one in _GROW if one in widths]
    over = room - sum(widths.values()) - 2 * len(widths)
    return {
        one: most + (max(0, over) // len(growing) if one in growing else 0) for one, most in widths.items()
    }


def _needs(name: str) -> int:
    """The least room for these columns, with two letters beside each."""
    return sum(_LEAST[name].values()) + 2 * len(_LEAST[name])


def _cells(line: RequestLine, opened: RequestView | None, widths: dict[str, int]) -> tuple[str, ...]:
    facts = {
        "who": line.requester,
        "key": wording.key_warning(line.requester_status).removesuffix(" in person"),
        "on": line.collection,
        "columns": _squares(opened),
        "price": wording.epsilon_up(opened.price.epsilon) if opened else "",
        "ends": f"{times.day_of(line.expires_at):%d %b}",
        "state": _fitting(_state(line), request_facts.short_state(line), widths["state"]),
    }
    return tuple(wording.short(facts[name], most) for name, most in widths.items())


def _cells_of_campaign(line: CampaignLine, widths: dict[str, int]) -> tuple[str, ...]:
    facts = {
        "who": line.requester,
        "key": wording.key_warning(line.requester_status).removesuffix(" in person"),
        "on": line.collection,
        "columns": wording.counted(line.rounds, "round"),
        "price": "",
        "ends": f"{times.day_of(line.ends_at):%d %b}",
        "state": _fitting(_campaign_state(line), campaign_facts.short_state(line), widths["state"]),
    }
    return tuple(wording.short(facts[name], most) for name, most in widths.items())


def _squares(opened: RequestView | None) -> str:
    if opened is None or opened.line.state not in OPEN_STATES:
        return ""
    asked, allowed = request_facts.columns_asked_and_allowed(opened.decision)
    return wording.squares(allowed, asked) if asked <= MOST_SQUARES else f"{allowed} of {asked}"


def _fitting(long: str, short: str, most: int) -> str:
    """The words that fit; where there is no room for all of them, the few that say the same."""
    return long if len(long) <= most else short


def _state(line: RequestLine) -> str:
    return "approved, not run yet" if line.state == "approved" else request_facts.state(line)


def _campaign_state(line: CampaignLine) -> str:
    found = campaign_facts.state(line)
    return f"campaign {found}" if found == line.state else found


def _style(line: RequestLine | CampaignLine) -> str:
    is_open = line.state in (*OPEN_STATES, *campaign_facts.OPEN_STATES)
    return "bold" if is_open else "dim"
