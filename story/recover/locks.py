"""Who holds the lock of a stack: the lock files of Pulumi's DIY state backends.

Their path and content: github.com/pulumi/pulumi/blob/master/pkg/backend/diy/lock.go
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
        user: User who started the update.
        host: Host name of the machine.
        pid: Process id on that machine.
        since: Start of the update, in UTC.
    """

    user: str
    host: str
    pid: int
    since: datetime

    def __str__(self) -> str:
        return f"{self.user} on {self.host}, process {self.pid}, since {self.since:%Y-%m-%d %H:%M:%S} UTC"

    @property
    def is_alive_here(self) -> bool:
        """Whether its process still runs on this machine."""
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
    """The stack's locks; None if the backend does not show them (Pulumi Cloud, and backends other than file and S3)."""
    url = urlsplit(backend_url)
    folder = f".pulumi/locks/organization/{project}/{stack}/"
    if url.scheme == "file":
        contents = _in_files(Path(unquote(f"{url.netloc}{url.path}")).expanduser() / folder)
    elif url.scheme == "s3":
        prefix = url.path.strip("/")
        contents = _in_bucket(url.netloc, f"{prefix}/{folder}" if prefix else folder, url.query)
    else:
        return None
    return sorted((_lock(content) for content in contents), key=lambda lock: lock.since)


def _in_files(folder: Path) -> Iterator[bytes]:
    for file in sorted(folder.glob("*.json")):
        yield file.read_bytes()


def _in_bucket(bucket: str, prefix: str, query: str) -> Iterator[bytes]:
    """The objects under a prefix; region, profile and endpoint may be in the URL:
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
    """Whether a process is `pulumi` and not a zombie: process ids are reused, and in many containers no parent waits
    for ended processes."""
    finished = subprocess.run(
        ["ps", "-o", "stat=,args=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    status, _, command = finished.stdout.strip().partition(" ")
    return "pulumi" in command and not status.startswith("Z")
