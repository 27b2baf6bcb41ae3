"""The image that the stack runs: part of its state, not of its config."""

import pulumi

from settings.project import running_project

OUTPUT = "image"
"""Name of the stack output that remembers the image of the last fully successful update."""


def running_image(given: str | None) -> pulumi.Output[str]:
    """The image given for this update, else that of the last fully successful one.

    The stack reads its own output. It is read also where an image is given, so that the next preview without one
    shows no difference.

    Args:
        given: Image by digest, or None.

    Raises:
        pulumi.RunError: None is given and there was none before; the message says what to give.
    """
    own_name = f"{pulumi.get_organization()}/{running_project()}/{pulumi.get_stack()}"
    last = pulumi.StackReference(own_name).get_output(OUTPUT)

    def choose(last_image: str | None) -> str:
        if image := given or last_image:
            return image
        raise pulumi.RunError(
            f"stack {pulumi.get_stack()} has no image yet; give it one: "
            "STORY_IMAGE=<registry>/<repository>@sha256:<digest> pulumi up"
        )

    return last.apply(choose)


def remembered(image: pulumi.Output[str], after: list[pulumi.Output[str]]) -> pulumi.Output[str]:
    """The image, once everything in `after` is known: an output that a failed update does not move."""
    return pulumi.Output.all(image, *after).apply(lambda known: known[0])
