"""What a stack file may say, as frozen, validated dataclasses: one module per section, and `read`.

Components take them: so a value is named, documented and checked once. A section knows nothing of Pulumi, of AWS's API
or of where its values come from.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from settings.stack import Stack


def read() -> "Stack":
    """The stack that the engine runs the program for. Its warnings are shown as Pulumi's.

    Raises:
        pulumi.RunError: One line for each mistake; Pulumi shows it without a traceback.
    """
    # The command line imports the sections without Pulumi, which takes 0.4 s to import.
    from settings.stack import read_stack

    return read_stack()
