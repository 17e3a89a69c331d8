"""Manifest of the client's operations, for servers that execute listed operations only.

    python -m tradegraph_client.manifest > tradegraph-client.json

The file goes into the server's setting TRADEGRAPH_DOCUMENTS. It lists all that the client and the command line send.
"""

import hashlib
import json
import sys

from tradegraph_client.credentials import LOGIN, REFRESH
from tradegraph_client.generated import documents


def manifest() -> dict[str, str]:
    """The text of each operation by its id, ``sha256:`` and the hash in hexadecimal digits."""
    texts = [LOGIN, REFRESH, *(getattr(documents, name) for name in documents.__all__)]
    return {f"sha256:{hashlib.sha256(text.encode()).hexdigest()}": text for text in texts}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(manifest(), indent=2) + "\n")
