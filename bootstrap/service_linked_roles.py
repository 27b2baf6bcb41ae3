"""The service-linked roles that stacks need, made before the first stack."""

from dataclasses import dataclass

import pulumi

from components.base import Component
from components.marker import marker
from release.service_linked_roles import ROLE_NAMES, LinkedRole, make_if_missing


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLinkedRolesArgs:
    """What `ServiceLinkedRoles` need to know.

    Attributes:
        region: AWS region.
        profile: Profile of the AWS credentials; None for the default ones.
    """

    region: str
    profile: str | None = None


class ServiceLinkedRoles(Component):
    """The roles with which ECS, its autoscaling, RDS, ElastiCache and Elastic Load Balancing work in the account.

    They are no resources of the stack: an account has each role once, other stacks use it too, and
    `aws.iam.ServiceLinkedRole` fails where it exists. So a marker for each remembers that it was made or found, and a
    destroy leaves the role. A service makes a role again that somebody deleted.

    Makes: a marker `role-<service>` for each role.
    """

    def __init__(self, name: str, args: ServiceLinkedRolesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        for service, role_name in ROLE_NAMES.items():
            wanted = LinkedRole(service=service, region=args.region, profile=args.profile)
            marker(
                self,
                f"role-{service.removesuffix('.amazonaws.com')}",
                keepers={"role": role_name},
                contract=pulumi.Output.from_input(wanted),
                work=make_if_missing,
                depends_on=[],
            )
        self.register_outputs({"roleNames": list(ROLE_NAMES.values())})
