"""Makes a service-linked role of the account where it is missing.

AWS services make these roles themselves with the first resource that needs one. Two resources of one service that are
made side by side, such as two databases of a new account, may both try, and one of them fails.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError

from aws.client import Client, Connect, connect
from aws.errors import in_one_line
from release.contract import StepError
from release.step_output import print_line

ROLE_NAMES: Mapping[str, str] = {
    "ecs.amazonaws.com": "AWSServiceRoleForECS",
    "ecs.application-autoscaling.amazonaws.com": "AWSServiceRoleForApplicationAutoScaling_ECSService",
    "elasticache.amazonaws.com": "AWSServiceRoleForElastiCache",
    "elasticloadbalancing.amazonaws.com": "AWSServiceRoleForElasticLoadBalancing",
    "rds.amazonaws.com": "AWSServiceRoleForRDS",
}
"""The service-linked roles that a stack's resources need, by service; DocumentDB uses that of RDS. Sources:
docs.aws.amazon.com/AmazonECS/latest/developerguide/using-service-linked-roles.html
docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html
docs.aws.amazon.com/AmazonElastiCache/latest/dg/using-service-linked-roles.html
docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-service-linked-roles.html
docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.IAM.ServiceLinkedRoles.html
docs.aws.amazon.com/documentdb/latest/developerguide/service-linked-roles.html"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkedRole:
    """A service-linked role that an account must have.

    Attributes:
        service: The service's principal, a key of `ROLE_NAMES`.
        region: AWS region for the credentials; the role itself is of the whole account.
        profile: Profile of the AWS credentials, as the stack's provider has it; None for the default ones.
    """

    service: str
    region: str
    profile: str | None = None


def make_if_missing(wanted: LinkedRole, *, connect: Connect = connect) -> None:
    """Create the role, unless the account has it, and print which of both it was.

    IAM refuses a second role of the same service with InvalidInput, which it also answers to other mistakes, and those
    who may make none with AccessDenied, whether the role is there or not. So a refusal stands only if the role, asked
    for by its name, is not found: docs.aws.amazon.com/IAM/latest/APIReference/API_CreateServiceLinkedRole.html

    Args:
        wanted: The role.
        connect: Makes the client.

    Raises:
        StepError: AWS refuses; the message names the role and what to do.
    """
    name = ROLE_NAMES[wanted.service]
    try:
        # Made here, so that a profile that does not exist is reported like a refusal.
        made = _made(connect(wanted.region, wanted.profile), wanted.service, name)
    except (BotoCoreError, ClientError) as error:
        raise StepError(
            f"the service-linked role {name} could not be created: {in_one_line(error)}; "
            "allow iam:CreateServiceLinkedRole, or ask an administrator to run: "
            f"aws iam create-service-linked-role --aws-service-name {wanted.service}"
        ) from None
    print_line(f"service-linked role {name}: {'created' if made else 'exists already'}")


def _made(client: Client, service: str, name: str) -> bool:
    """Whether the role was made now; False if it exists already."""
    try:
        client.call("iam", "create_service_linked_role", AWSServiceName=service)
    except ClientError:
        if not _is_found(client, name):
            raise
        return False
    return True


def _is_found(client: Client, name: str) -> bool:
    """Whether the role is there; False also for those who may not ask."""
    try:
        client.call("iam", "get_role", RoleName=name)
    except ClientError:
        return False
    return True
