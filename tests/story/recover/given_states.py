"""States as the engine leaves them when it is killed, and a `pulumi` that works on them."""

import json
import socket
import stat
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from story.recover.match import Match

STACK = "urn:pulumi:dev::story::pulumi:pulumi:Stack::story-dev"
PROVIDER = "urn:pulumi:dev::story::pulumi:providers:aws::default_7_51_1"
COMPONENT = "urn:pulumi:dev::story::story:index:Network::network"
KEY = "urn:pulumi:dev::story::story:index:Encryption$aws:kms/key:Key::encryption"
REGION = "ap-northeast-1"
LOG_GROUP = "aws:cloudwatch/logGroup:LogGroup"

FAKE = """#!{python}
import json, os, pathlib, sys
home = pathlib.Path({home!r})
arguments = sys.argv[1:]
with (home / "calls").open("a") as calls:
    calls.write(" ".join(a for a in arguments if not a.startswith("/")) + "\\n")
answers = json.loads((home / "answers.json").read_text())
command = " ".join(arguments[:2] if arguments[0] == "stack" else arguments[:1])
if "--show-secrets" in arguments:
    command = "show secrets"
if command in answers:
    print(answers[command], file=sys.stderr)
    sys.exit(1)
state = home / "state.json"
if command == "whoami":
    print(json.dumps({{"url": answers["url"]}}))
elif command in ("stack export", "show secrets"):
    print(state.read_text())
elif command == "preview":
    print(json.dumps({{"steps": answers.get("steps", [])}}))
elif command == "cancel":
    for lock in (home / "state").rglob("*.json"):
        lock.unlink()
elif command == "stack import":
    state.write_text(pathlib.Path(arguments[arguments.index("--file") + 1]).read_text())
elif command == "refresh":
    document = json.loads(state.read_text())
    kept = [r for r in document["deployment"]["resources"] if r.get("id") not in answers.get("not read", [])]
    document["deployment"]["resources"] = [{{**r, "outputs": r.get("outputs") or {{"id": r.get("id")}}}} for r in kept]
    state.write_text(json.dumps(document))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class FakePulumi:
    """A command `pulumi` that keeps its state in a file, and writes down how it was called."""

    home: Path

    def holds(self, state: Mapping[str, Any]) -> None:
        """Make this the state."""
        (self.home / "state.json").write_text(json.dumps(state))

    def answers(self, **changes: Any) -> None:
        """Let commands fail (`refresh="error: ..."`, `stack_export=...`), a refresh miss ids (`not_read=[...]`), or a
        preview plan `steps=[...]`."""
        texts = {key.replace("_", " "): value for key, value in changes.items()}
        content = {"url": (self.home / "state").as_uri(), **texts}
        (self.home / "answers.json").write_text(json.dumps(content))

    def lock(self, *, pid: int, host: str | None = None, since: str = "2026-01-02T03:04:05.678901234+09:00") -> Path:
        """Let somebody hold the lock."""
        folder = self.home / "state" / ".pulumi" / "locks" / "organization" / "story" / "dev"
        folder.mkdir(parents=True, exist_ok=True)
        said = {"pid": pid, "username": "ci", "hostname": host or socket.gethostname(), "timestamp": since}
        file = folder / "1f0c.json"
        file.write_text(json.dumps(said))
        return file

    @property
    def state(self) -> dict[str, Any]:
        """The state as it is now."""
        return json.loads((self.home / "state.json").read_text())

    @property
    def writes(self) -> list[str]:
        """The calls so far that change something."""
        calls = (self.home / "calls").read_text().splitlines() if (self.home / "calls").exists() else []
        kinds = ("cancel", "stack import", "refresh")
        return [kind for call in calls for kind in kinds if call.startswith(kind)]


def fake_pulumi(folder: Path) -> FakePulumi:
    """Write the command `pulumi` into `folder`, which belongs on the PATH."""
    script = folder / "pulumi"
    script.write_text(FAKE.format(python=sys.executable, home=str(folder)))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    (folder / "Pulumi.yaml").write_text("name: story\n")
    made = FakePulumi(home=folder)
    made.answers()
    return made


def resource(urn: str, **more: Any) -> dict[str, Any]:
    """A recorded resource."""
    return {"urn": urn, "custom": True, "type": urn.split("::")[2].rsplit("$", 1)[-1], **more}


def creation(kind: str, name: str, inputs: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A creation that was cut off."""
    return {"type": "creating", "resource": pending(kind, name, inputs, **more)}


def pending(kind: str, name: str, inputs: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The resource of an operation that was cut off."""
    return {
        "urn": f"urn:pulumi:dev::story::story:index:Network${kind}::{name}",
        "custom": True,
        "type": kind,
        "inputs": dict(inputs),
        "parent": COMPONENT,
        "provider": f"{PROVIDER}::1b2c",
        "dependencies": [KEY],
        **more,
    }


def state(*operations: Mapping[str, Any], image: str | None = None, resources: Any = ()) -> dict[str, Any]:
    """An export: the stack, its provider, a component, a key, and what was cut off."""
    return {
        "version": 3,
        "deployment": {
            "resources": [
                resource(STACK, custom=False, outputs={"image": image} if image else {}),
                resource(
                    PROVIDER,
                    id="1b2c",
                    inputs={"region": REGION, "defaultTags": json.dumps({"tags": {"Project": "story"}})},
                    outputs={"region": REGION},
                ),
                resource(COMPONENT, custom=False, parent=STACK),
                resource(
                    KEY,
                    id="key-1",
                    inputs={"description": "x"},
                    outputs={"arn": f"arn:aws:kms:{REGION}:123456789012:key/key-1"},
                    provider=f"{PROVIDER}::1b2c",
                ),
                *resources,
            ],
            **({"pending_operations": list(operations)} if operations else {}),
        },
    }


def dead_process() -> int:
    """The id of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


GROUP = creation(LOG_GROUP, "flow", {"name": "/story/dev/flow"})
URN = GROUP["resource"]["urn"]
FOUND = [Match(id="/story/dev/flow", arn="arn:of:it")]
