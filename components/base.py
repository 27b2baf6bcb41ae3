"""The one base class of all components, and the names that people type."""

from collections.abc import Sequence

import pulumi

from settings.project import running_project


def stack_name() -> str:
    """`story-<stack>`: what the names of a stack's things begin with, and the name of what it has one of."""
    return f"{running_project()}-{pulumi.get_stack()}"


def physical_name(suffix: str) -> str:
    """`story-<stack>-<suffix>`: the name of a thing that a person types, or that a role's policy is limited to."""
    return f"{stack_name()}-{suffix}"


def log_group_name(suffix: str) -> str:
    """`/story/<stack>/<suffix>`: what a person gives to `aws logs tail`."""
    return f"/{running_project()}/{pulumi.get_stack()}/{suffix}"


def metric_namespace() -> str:
    """`story/<stack>`: the namespace of what the site and its releases report to CloudWatch themselves."""
    return f"{running_project()}/{pulumi.get_stack()}"


class Component(pulumi.ComponentResource):
    """A component whose token is `story:index:<ClassName>` and whose children are its own."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"story:index:{type(self).__name__}", name, None, opts)

    def child(
        self,
        *,
        protect: bool = False,
        depends_on: Sequence[pulumi.Resource] = (),
        ignore_changes: Sequence[str] = (),
        hooks: pulumi.ResourceHookBinding | None = None,
        never_deleted_first: bool = False,
    ) -> pulumi.ResourceOptions:
        """Options for a resource of this component.

        Args:
            protect: Refuse to delete it until the setting is lifted.
            depends_on: What must exist first, beyond what its inputs name.
            ignore_changes: Properties that AWS moves by itself, in camelCase.
            hooks: What to run around its creation.
            never_deleted_first: Where it has to be replaced, make the new one first, whatever the provider would do. It
                has the same name, so AWS refuses it and the update stops before anything is deleted:
                www.pulumi.com/docs/iac/concepts/resources/options/deletebeforereplace
        """
        return pulumi.ResourceOptions(
            parent=self,
            protect=protect,
            depends_on=list(depends_on),
            ignore_changes=list(ignore_changes),
            hooks=hooks,
            delete_before_replace=False if never_deleted_first else None,
        )
