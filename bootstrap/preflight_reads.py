"""What `story deploy` reads of the account before the first update of a stack: docs/preflight.md."""

from collections.abc import Sequence

from bootstrap.scope import Scope
from components.iam import Statement, allow

OF_THE_ACCOUNT = (
    "cloudwatch:GetMetricStatistics",
    "codebuild:ListProjects",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeRegions",
    "ec2:DescribeVpcEndpointServices",
    "elasticache:DescribeCacheEngineVersions",
    "elasticache:DescribeReservedCacheNodesOfferings",
    "freetier:GetAccountPlanState",
    "rds:DescribeOrderableDBInstanceOptions",
    "servicequotas:GetAWSDefaultServiceQuota",
    "servicequotas:GetServiceQuota",
    "servicequotas:ListServiceQuotas",
)
"""Reads that need no resource, by the service authorization reference:
docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html.
GetServiceQuota may name a quota there, and knew no resource in earlier versions of the page: `*` is right for both."""
CONNECTION_SERVICES = ("codeconnections", "codestar-connections")
"""Both names of one service: docs.aws.amazon.com/dtconsole/latest/userguide/rename.html"""


def preflight_statements(scope: Scope, boundary_arn: str) -> Sequence[Statement]:
    """The statements of the role that deploys a stack. None of them reads the value of a secret.

    Args:
        scope: The stack.
        boundary_arn: Policy that every role of the stack must be bounded by.
    """
    return [
        allow(OF_THE_ACCOUNT, "*"),
        allow(
            [f"{service}:ListConnections" for service in CONNECTION_SERVICES],
            [scope.arn(service, "connection/*") for service in CONNECTION_SERVICES],
        ),
        allow(["codebuild:BatchGetProjects"], scope.arn("codebuild", "project/bootstrap-*")),
        allow(["iam:GetPolicy"], boundary_arn),
        allow(["iam:GetRole"], scope.iam("role/aws-service-role/*")),
    ]
