"""Who holds the lock of a stack: the lock files of Pulumi's self-managed state stores.

Their place and content: github.com/pulumi/pulumi/blob/master/pkg/backend/diy/lock.go
"""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

import boto3


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock.

    Attributes:
        user: Who started the update.
        host: Where.
        pid: Its process there.
        since: When.
    """

    user: str
    host: str
    pid: int
    since: datetime

    def __str__(self) -> str:
        return f"{self.user} on {self.host}, process {self.pid}, since {self.since:%Y-%m-%d %H:%M:%S} UTC"

    @property
    def is_alive_here(self) -> bool:
        """Whether it is a process of this machine, and that process still runs."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            pass
        return _is_pulumi(self.pid)


def locks_of(backend_url: str, project: str, stack: str) -> list[Lock] | None:
    """The stack's locks; None where the store does not show them (Pulumi Cloud, stores of other clouds)."""
    place = urlsplit(backend_url)
    folder = f".pulumi/locks/organization/{project}/{stack}/"
    if place.scheme == "file":
        contents = _in_files(Path(unquote(f"{place.netloc}{place.path}")).expanduser() / folder)
    elif place.scheme == "s3":
        prefix = place.path.strip("/")
        contents = _in_bucket(place.netloc, f"{prefix}/{folder}" if prefix else folder, place.query)
    else:
        return None
    return sorted((_lock(content) for content in contents), key=lambda lock: lock.since)


def _in_files(folder: Path) -> Iterator[bytes]:
    for file in sorted(folder.glob("*.json")):
        yield file.read_bytes()


def _in_bucket(bucket: str, prefix: str, query: str) -> Iterator[bytes]:
    """The objects under a prefix; region, profile and endpoint may stand in the address:
    www.pulumi.com/docs/iac/concepts/state-and-backends"""
    given = {key: values[-1] for key, values in parse_qs(query).items()}
    session: Any = boto3.Session(profile_name=given.get("profile"), region_name=given.get("region"))
    endpoint = given.get("endpoint")
    if endpoint and "://" not in endpoint:
        endpoint = f"{'http' if given.get('disableSSL') == 'true' else 'https'}://{endpoint}"
    client: Any = session.client("s3", endpoint_url=endpoint)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for item in page.get("Contents", ()):
            if item["Key"].endswith(".json"):
                yield cast(bytes, client.get_object(Bucket=bucket, Key=item["Key"])["Body"].read())


def _lock(content: bytes) -> Lock:
    said = json.loads(content)
    since = datetime.fromisoformat(said["timestamp"]).astimezone(UTC)
    return Lock(user=said["username"], host=said["hostname"], pid=int(said["pid"]), since=since)


def _is_pulumi(pid: int) -> bool:
    """Process ids are used again; and a process that ended stays in the table (Z) until its parent asks for it, which
    in many containers nobody does."""
    finished = subprocess.run(
        ["ps", "-o", "stat=,args=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    status, _, command = finished.stdout.strip().partition(" ")
    return "pulumi" in command and not status.startswith("Z")
