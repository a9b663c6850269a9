"""The network's side of a mesh: a zenoh peer that tells what is released here and passes on what others released.

Every connection is TLS with a certificate of this mesh's authority on both ends; whose certificate it is decides what
may be put. An answer to a query can carry any key, so only the signature of a vault counts, which is judged here before
anything is kept or passed on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from learner.federation.mesh_access import node_config
from learner.federation.mesh_arrivals import Arrivals, largest_release, missing_models, round_and_key
from learner.federation.mesh_folder import (
    AUTHORITY_FILE,
    CERTIFICATE_FILE,
    KEY_FILE,
    MeshFolder,
    NodeFacts,
    Seen,
)
from learner.federation.mesh_models import released_model
from vault.errors.meshes import MeshFailed, SharedInvalid, ZenohMissing

if TYPE_CHECKING:
    import zenoh

    from vault.requester.coordinating import SignedCampaignFiles

Tell = Callable[[dict[str, object]], None]

ROOT: Final = "lockbox/mesh"
ASK_EVERY: Final = 30.0
"""Seconds between two times that others are asked for what is missing."""
ASK_SOONEST: Final = 2.0
"""Seconds between two such times where somebody came, or there was no room for what did."""
ANSWER_WITHIN: Final = 20.0
TICK: Final = 0.5
ALONE_AFTER: Final = 2.0
"""Seconds after which whoever has a certificate of another authority would still see nobody."""
MOST_IN_A_TURN: Final = 8
"""Models that are judged before what was released here is told again, and others are asked."""
MOST_DROPPED: Final = 20


@dataclass(slots=True, kw_only=True)
class Node:
    """A peer on the network, with its folder beneath ``net``; ``listen`` and ``connect`` are host:port."""

    folder: MeshFolder
    tell: Tell
    listen: Sequence[str] = ()
    connect: Sequence[str] = ()
    missing: tuple[str, ...] = ()
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    once_open: Callable[[], bool] = lambda: True
    """Takes from this process what zenoh needs until it listens and never again; whether it is taken."""
    _came: Arrivals = field(init=False)
    _told: set[tuple[int, str]] = field(default_factory=set)
    _dropped: tuple[str, ...] = ()
    _connected: int = -1
    _asked: float = float("-inf")
    _asks_soon: bool = False

    def run(self, monotonic: Callable[[], float]) -> None:
        """Stay on the network until the process is ended; raises ``ZenohMissing`` or ``MeshFailed``."""
        campaign, facts = self.folder.campaign(), self.folder.facts(NodeFacts)
        place = _place(campaign.digest)
        self._came = arrivals_of(campaign)
        for name in (AUTHORITY_FILE, CERTIFICATE_FILE, KEY_FILE):
            self.folder.read(name)  # zenoh would open without them, and see nobody
        with (
            _opened(self._config(campaign, facts)) as session,
            session.declare_subscriber(f"{place}/*/*", _at_once(self._on_sample)),
            session.declare_queryable(f"{place}/*/*", self._on_query),
        ):
            if not self.once_open():
                self.missing = (*self.missing, "listening")
            begun = monotonic()
            self.tell({"event": "listening" if self.listen else "not listening"})
            while True:
                self._tell_own(session, facts, place)
                self._take_in(campaign)
                if monotonic() - self._asked >= (ASK_SOONEST if self._asks_soon else ASK_EVERY):
                    self._asked, self._asks_soon = monotonic(), False
                    self._ask(session, campaign, place)
                if monotonic() - begun >= ALONE_AFTER:
                    self._look_around(session)

    # what zenoh calls, in threads of its own: nothing is judged there

    def _on_sample(self, sample: Any) -> None:
        name = str(sample.key_expr)
        if self._came.takes(name, len(sample.payload)) and not self._came.put(
            name, sample.payload.to_bytes()
        ):
            self._asks_soon = True

    def _on_reply(self, reply: Any) -> None:
        if reply.ok is None:
            return
        name, payload = str(reply.ok.key_expr), reply.ok.payload
        if not self._came.takes(name, len(payload)):
            return
        if not self._came.answer(name, payload.to_bytes(), str(reply.replier_id)):
            self._asks_soon = True

    def _on_query(self, query: Any) -> None:
        with query:
            wanted = round_and_key(str(query.key_expr))
            data = self.folder.read_shared(*wanted) if wanted else b""
            if data:
                query.reply(query.key_expr, data)

    # what this process does itself

    def _tell_own(self, session: zenoh.Session, facts: NodeFacts, place: str) -> None:
        """Put what was released here since the last time."""
        for number, key in self.folder.shared():
            if key == facts.key and (number, key) not in self._told:
                put_whole(session, f"{place}/{number}/{key}", self.folder.read_shared(number, key))
                self._told.add((number, key))
                self.tell({"event": "told", "round": number})

    def _take_in(self, campaign: SignedCampaignFiles) -> None:
        """Judge some of what came, and keep the first good one of each peer and round; waits a moment for the first.

        However much comes, it ends: what was released here has to be told, and others asked.
        """
        wait = TICK
        for _ in range(MOST_IN_A_TURN):
            found = self._came.next(within=wait)
            if found is None:
                return
            wait = 0.0
            self._judge(campaign, *found)

    def _judge(self, campaign: SignedCampaignFiles, name: str, data: bytes) -> None:
        wanted = round_and_key(name)
        if wanted is None or wanted in self.folder.shared():
            return
        try:
            found = released_model(data, campaign.document, campaign.digest)
        except SharedInvalid as error:
            self._drop(f"round {wanted[0]} of {wanted[1][:8]}: {error}")
            return
        if (found.round, found.key) != wanted:
            self._drop(f"round {wanted[0]} of {wanted[1][:8]}: it is the model of another")
            return
        self.folder.keep_shared(found.round, found.key, data)
        self.tell({"event": "received", "round": found.round, "key": found.key})

    def _drop(self, why: str) -> None:
        if why not in self._dropped:
            self._dropped = (*self._dropped, why)[-MOST_DROPPED:]
            self._keep()
            self.tell({"event": "dropped", "note": why})

    def _ask(self, session: zenoh.Session, campaign: SignedCampaignFiles, place: str) -> None:
        """Ask all others for the models that are not here, of whomever."""
        import zenoh

        for number, key in missing_models(campaign.document, self.folder.shared(), self.clock()):
            session.get(
                f"{place}/{number}/{key}",
                _at_once(self._on_reply),
                target=zenoh.QueryTarget.ALL,
                # with fewer answers than there are, a forged one could hide the right one
                consolidation=zenoh.ConsolidationMode.NONE,
                timeout=ANSWER_WITHIN,
            )

    def _look_around(self, session: zenoh.Session) -> None:
        """Tell how many peers are connected, whenever that changes."""
        found = len(session.info.peers_zid())
        if found != self._connected:
            if found > self._connected:
                self._asks_soon = True
            self._connected = found
            self._keep()
            self.tell({"event": "peers" if found else "alone", "connected": found})

    def _keep(self) -> None:
        connected = max(0, self._connected)
        self.folder.keep(Seen(connected=connected, dropped=self._dropped, missing=self.missing))

    def _config(self, campaign: SignedCampaignFiles, facts: NodeFacts) -> dict[str, Any]:
        keys = [one.key for one in campaign.document.peers]
        others = [one.address for one in facts.places if one.key != facts.key]
        return node_config(
            self.folder,
            place=_place(campaign.digest),
            keys=keys,
            listen=self.listen,
            connect=[*others, *self.connect],
            largest=self._came.largest,
        )


def put_whole(session: zenoh.Session, name: str, data: bytes) -> None:
    """Put a model so that no part of it is dropped where a line is crowded; it waits for whoever is slow.

    From whom takes nothing for ``mesh_access.MOST_STUCK`` seconds zenoh disconnects, and goes on to the others.
    """
    import zenoh

    session.put(name, data, congestion_control=zenoh.CongestionControl.BLOCK)


def arrivals_of(campaign: SignedCampaignFiles) -> Arrivals:
    """Room for what comes of this campaign."""
    document = campaign.document
    return Arrivals(
        largest=largest_release(document),
        rounds=document.rounds,
        keys=frozenset(one.key for one in document.peers),
    )


def _opened(config: dict[str, Any]) -> Any:
    try:
        import zenoh
    except ImportError:
        raise ZenohMissing() from None
    try:
        return zenoh.open(zenoh.Config.from_json5(json.dumps(config)))
    except zenoh.ZError as error:
        raise MeshFailed(reason=f"zenoh does not open: {error}".replace("\n", " ")[:300]) from None


def _at_once(callback: Callable[[Any], None]) -> Any:
    """Called in zenoh's own thread: what one in between queues would be bounded by number alone, not by bytes."""
    from zenoh.handlers import Callback

    return Callback(callback, indirect=False)


def _place(digest: str) -> str:
    return f"{ROOT}/{digest}"
