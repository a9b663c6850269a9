"""Who may do what on the network of a mesh, as zenoh is told: nothing but what a mesh needs, and nobody without TLS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from learner.federation.mesh_folder import AUTHORITY_FILE, CERTIFICATE_FILE, KEY_FILE, MeshFolder
from learner.federation.mesh_forms import SHARED_LIMIT

MOST_STUCK: Final = 5
"""Seconds for which a peer may take nothing of what is sent to it, as one that is stopped or asleep, before it is
disconnected: so long all others wait with it. It connects again and asks for what it missed."""
_ENVELOPE: Final = 64 << 10
_RETRY: Final = {"period_init_ms": 1000, "period_max_ms": 30_000, "period_increase_factor": 2}


def node_config(
    folder: MeshFolder,
    *,
    place: str,
    keys: Sequence[str],
    listen: Sequence[str],
    connect: Sequence[str],
    largest: int = SHARED_LIMIT,
) -> dict[str, Any]:
    """What zenoh is told: TLS on both ends, nobody looked for, and everything denied but what a mesh needs.

    It puts nothing together that is larger than the ``largest`` model, in bytes.
    """
    tls = {
        "root_ca_certificate": str(folder.path / AUTHORITY_FILE),
        "enable_mtls": True,
        "verify_name_on_connect": True,
        "listen_private_key": str(folder.path / KEY_FILE),
        "listen_certificate": str(folder.path / CERTIFICATE_FILE),
        "connect_private_key": str(folder.path / KEY_FILE),
        "connect_certificate": str(folder.path / CERTIFICATE_FILE),
    }
    return {
        "mode": "peer",
        "listen": _endpoints(listen) | {"timeout_ms": 0},
        # tried again for ever, behind what has begun: whoever is connected to may begin later
        "connect": _endpoints(connect) | {"timeout_ms": -1, "retry": _RETRY},
        "scouting": {"multicast": {"enabled": False}, "gossip": {"enabled": False}},
        "transport": {
            "link": {
                "protocols": ["tls"],
                "tls": tls,
                "tx": {
                    "queue": {"congestion_control": {"block": {"wait_before_close": MOST_STUCK * 1_000_000}}}
                },
                "rx": {"max_message_size": largest + _ENVELOPE},
            },
            "shared_memory": {"enabled": False},
        },
        "access_control": _access(place, keys),
    }


def _endpoints(addresses: Sequence[str]) -> dict[str, Any]:
    found = [f"tls/{one}" for one in addresses]
    return {"endpoints": found, "exit_on_failure": False}


def _access(place: str, keys: Sequence[str]) -> dict[str, Any]:
    """Who may do what: whoever has a certificate may ask and answer, and put under its own key alone."""

    def rule(name: str, messages: list[str], flows: list[str], where: str) -> dict[str, Any]:
        return {
            "id": name,
            "messages": messages,
            "flows": flows,
            "permission": "allow",
            "key_exprs": [where],
        }

    all_of_it, both = f"{place}/**", ["ingress", "egress"]
    shared = [
        rule("ask", ["declare_subscriber", "query", "declare_queryable"], both, all_of_it),
        rule("tell", ["put", "reply"], ["egress"], all_of_it),
        # without this nothing is passed on; that an answer can carry any key is why signatures are judged
        rule("hear", ["reply"], ["ingress"], all_of_it),
    ]
    puts = [rule(f"put-{key}", ["put"], ["ingress"], f"{place}/*/{key}") for key in keys]
    names = [one["id"] for one in shared]
    return {
        "enabled": True,
        "default_permission": "deny",
        "rules": [*shared, *puts],
        "subjects": [{"id": key, "cert_common_names": [key]} for key in keys],
        "policies": [{"rules": [*names, f"put-{key}"], "subjects": [key]} for key in keys],
    }
