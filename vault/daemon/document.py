"""The OpenAPI document of the socket, as it lies in docs/: `python -m vault.daemon.document > docs/openapi.json`."""

from __future__ import annotations

import json
import sys

from vault.daemon.routes import application


def document() -> str:
    """The document as JSON, in one spelling."""
    return json.dumps(application().openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
