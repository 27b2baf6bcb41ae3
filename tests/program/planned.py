"""Stack files through `story plan`, and what it says of them."""

import json
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from story import cli

REGION = "config:\n  aws:region: ap-northeast-1\n"
SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:agent-AbCdEf"
SECRET_FORM = (
    "the ARN of a Secrets Manager secret, if need be with :<key of its JSON> behind it, or in ECS's form "
    "<arn>:<key>:<stage>:<version id>"
)


def planned(folder: Path, text: str | bytes, *, stack: str = "dev", image: str | None = None) -> tuple[int, Any]:
    """Exit code of `story plan`, and what its JSON says of the stack."""
    path = folder / f"Pulumi.{stack}.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    arguments = ["plan", "--format", "json", "--file", str(path), *(["--image", image] if image else [])]
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.stderr == ""
    assert "Traceback" not in result.output
    return result.exit_code, json.loads(result.stdout)["stacks"][stack]


def refused(*lines: str) -> tuple[int, Any]:
    return 1, {"resources": [], "outputs": {}, "warnings": [], "mistakes": list(lines)}
