"""The settings of a stack file as frozen, validated models: one module per section, and `read`.

Components take these models as arguments, so each value is named, documented and checked once. A section depends on
neither Pulumi nor AWS's API, nor on the source of its values.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from settings.stack import Stack


def read() -> "Stack":
    """The stack for which the engine runs the program. Warnings are logged with Pulumi.

    Raises:
        pulumi.RunError: One line for each mistake; Pulumi shows it without a traceback.
    """
    # The command line imports the sections without Pulumi, which takes 0.4 s to import.
    from settings.stack import read_stack

    return read_stack()
