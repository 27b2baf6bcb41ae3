"""What the program's tools asked for: the API actions, which a role that deploys must be allowed, and what was sent.

The provider and the project's own tools say who they are; a test's own requests are left out.
"""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

TOOLS = re.compile(r"Terraform|\bstory\b|Pulumi", re.IGNORECASE)
READING = re.compile(r"[a-z0-9-]+([.](Batch)?(Describe|Get|List)| (GET|HEAD) )")

noted: Counter[str] = Counter()
"""How often each was asked for, as `ecs.RunTask`, or for S3 and Route 53 as `s3 PUT /{}?policy`."""

sent: list[dict[str, str]] = []
"""Each request that writes, in its order: `operation` as above, its `path` and its `body`."""


def note(operation: str, environ: Mapping[str, Any], body: bytes) -> None:
    """Take down one request, if one of the program's tools sent it."""
    if TOOLS.search(environ.get("HTTP_USER_AGENT", "")):
        name = _without_names(operation, environ)
        noted[name] += 1
        if not READING.match(name):
            path = environ.get("PATH_INFO", "/")
            sent.append({"operation": name, "path": path, "body": body.decode("utf-8", "replace")})


def forget() -> None:
    """Begin anew."""
    noted.clear()
    sent.clear()


def _without_names(operation: str, environ: Mapping[str, Any]) -> str:
    service, _, rest = operation.partition(" ")
    if not rest:
        return operation
    method, _, path = rest.partition(" ")
    parts = path.strip("/").split("/")
    # Of a bucket and its objects only the number of parts tells; of Route 53, the words between the ids.
    shape = "/{}/{}" if len(parts) > 1 else "/{}" if parts[0] else "/"
    if service != "s3":
        shape = "/" + "/".join("{}" if index % 2 == 0 and index > 1 else part for index, part in enumerate(parts))
    keys = sorted(key for key, _ in parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True))
    return f"{service} {method} {shape}" + (f"?{'&'.join(keys)}" if keys else "")
