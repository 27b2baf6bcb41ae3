"""The name of the project: AWS's names, metrics, log groups and config keys of every stack begin with it."""

import re
from pathlib import Path

DEFAULT_NAME = "story"
NAME_LINE = re.compile(r"""^name:\s*(?P<quote>["']?)(?P<name>[A-Za-z0-9_.-]+)(?P=quote)\s*(?:#.*)?$""", re.MULTILINE)
"""www.pulumi.com/docs/iac/concepts/projects/project-file"""


def project_name(folder: Path) -> str:
    """The name in a folder's Pulumi.yaml; `story` where there is none, as for tools that are installed without it.

    Args:
        folder: Folder of Pulumi.yaml.
    """
    file = folder / "Pulumi.yaml"
    found = NAME_LINE.search(file.read_text("utf-8")) if file.is_file() else None
    return found["name"] if found else DEFAULT_NAME


PROJECT = project_name(Path(__file__).parents[1])
"""The name of the site's project, for what does not run in it: bootstrap's policies, and the tools."""


def running_project() -> str:
    """The name of the project whose program runs."""
    # Pulumi takes 0.4 s to import, and the tools ask for the name without it.
    import pulumi

    return pulumi.get_project()
