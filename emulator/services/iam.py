"""IAM: service-linked roles as AWS names and refuses them, and AWS's own managed policies, read once.

moto makes more than a thousand policies from JSON whenever an account's IAM begins anew, for several partitions, which
takes most of a second: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
"""

from typing import Any

from moto.iam.exceptions import EntityAlreadyExists, InvalidInput
from moto.iam.models import IAMBackend

from emulator.serving.patching import replace

LINKED_ROLES = {
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "ecs.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_ECSService",
    "elasticache.amazonaws.com": "AWSServiceRoleForElastiCache",
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
    "rds.amazonaws.com": "AWSServiceRoleForRDS",
}
"""moto derives names of its own, such as AWSServiceRoleForrds. The real ones are in each service's guide, for instance
https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-service-linked-roles.html"""


def install() -> None:
    _managed_policies()
    _service_linked_roles()


def _service_linked_roles() -> None:
    """An account has each role once: a second request is refused with InvalidInput, worded as in
    https://github.com/DataDog/pathfinding-labs/issues/23, and not with EntityAlreadyExists as for other roles:
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html"""
    original_role: Any = IAMBackend.create_role
    original_linked: Any = IAMBackend.create_service_linked_role

    def create_role(self: Any, role_name: str, *args: Any, **more: Any) -> Any:
        service = more.get("linked_service")
        name = LINKED_ROLES.get(service or "", role_name)
        try:
            return original_role(self, name, *args, **more)
        except EntityAlreadyExists:
            if not service:
                raise
            raise InvalidInput(
                f"Service role name {name} has been taken in this account, please try a different suffix."
            ) from None

    def create_service_linked_role(self: Any, service_name: str, description: str, suffix: str) -> Any:
        if suffix and service_name in LINKED_ROLES:
            raise InvalidInput(f"Custom suffix is not allowed for {service_name}")
        return original_linked(self, service_name, description, suffix)

    replace(IAMBackend, "create_role", create_role)
    replace(IAMBackend, "create_service_linked_role", create_service_linked_role)


def _managed_policies() -> None:
    original_read: Any = IAMBackend._init_aws_policies
    read_before: dict[tuple[str, str], list[Any]] = {}

    def init_aws_policies(self: Any) -> list[Any]:
        key = (self.account_id, self.partition)
        if key not in read_before:
            read_before[key] = original_read(self)
        for policy in read_before[key]:
            policy.attachment_count = 0
        return read_before[key]

    replace(IAMBackend, "_init_aws_policies", init_aws_policies)
