"""What the state of a stack records, read with the `pulumi` command where that is possible."""

from pathlib import Path

from ops.preflight.planned import Owned, owned_by
from ops.pulumi_command import PulumiCommand, PulumiError
from ops.state_file import State

NO_SUCH_STACK = "no stack named"
"""What `pulumi` says of a stack that was never made."""


def read_state(stack: str, project: Path) -> Owned:
    """What the state records; where it cannot be read, the reason.

    Args:
        stack: Name of the stack, short or in full.
        project: Folder of Pulumi.yaml.
    """
    try:
        return owned_by(State(PulumiCommand(stack=stack, project=project).export()))
    except PulumiError as error:
        if NO_SUCH_STACK in str(error):
            return Owned()
        return Owned(is_known=False, reason=str(error))
