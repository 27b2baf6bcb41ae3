"""AWS's partitions: groups of regions whose ARNs, domains and services are their own.

Source: docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

import re
from dataclasses import dataclass

REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One partition.

    Attributes:
        name: Second part of its ARNs.
        title: What AWS calls it.
        home_region: Region that every account of it has enabled, and where AWS answers for the account as a whole.
        dns_suffix: What the host names of its services and registries end with.
        missing_services: Services that it does not have, by the first part of their endpoints.
        prefixed_endpoints: Services whose interface endpoints have the prefix `cn.` before their names.
    """

    name: str
    title: str
    home_region: str
    dns_suffix: str
    missing_services: frozenset[str] = frozenset()
    prefixed_endpoints: frozenset[str] = frozenset()


COMMERCIAL = Partition(name="aws", title="the commercial Regions", home_region="us-east-1", dns_suffix="amazonaws.com")
CHINA = Partition(
    name="aws-cn",
    title="the China Regions",
    home_region="cn-north-1",
    dns_suffix="amazonaws.com.cn",
    missing_services=frozenset({"chatbot"}),
    prefixed_endpoints=frozenset({"ecr.api", "ecr.dkr", "monitoring", "sqs", "sts", "xray"}),
)
GOVCLOUD = Partition(
    name="aws-us-gov",
    title="AWS GovCloud (US)",
    home_region="us-gov-west-1",
    dns_suffix="amazonaws.com",
    missing_services=frozenset({"budgets", "chatbot"}),
)
"""Which services a partition has: docs.aws.amazon.com/general/latest/gr/budgets.html, .../chatbot.html and
docs.amazonaws.cn/en_us/aws/latest/userguide/services.html, as of 2026-11-27. The endpoints of the China Regions are as
`aws ec2 describe-vpc-endpoint-services` lists them there: github.com/aws/aws-cdk/pull/25333. A home region is the one
whose name signs requests to IAM, which has one endpoint for the whole partition:
docs.aws.amazon.com/general/latest/gr/iam-service.html, and botocore's endpoints.json for China and GovCloud."""

PREFIXES = {"cn-": CHINA, "us-gov-": GOVCLOUD}
AREAS = {
    "af": "south-1",
    "ap": (
        "east-1 east-2 northeast-1 northeast-2 northeast-3 south-1 south-2 southeast-1 southeast-2 southeast-3 "
        "southeast-4 southeast-5 southeast-6 southeast-7"
    ),
    "ca": "central-1 west-1",
    "cn": "north-1 northwest-1",
    "eu": "central-1 central-2 north-1 south-1 south-2 west-1 west-2 west-3",
    "il": "central-1",
    "me": "central-1 south-1 west-1",
    "mx": "central-1",
    "sa": "east-1 west-1",
    "us": "east-1 east-2 west-1 west-2",
    "us-gov": "east-1 west-1",
}
KNOWN_REGIONS = frozenset(f"{area}-{region}" for area, regions in AREAS.items() for region in regions.split())
"""Regions of the supported partitions, as botocore 1.44.5 has them (2026-11-27):
docs.aws.amazon.com/general/latest/gr/ecs-service.html"""
UNSUPPORTED_PREFIXES = ("eusc-", "us-iso", "eu-iso")
"""Regions of the AWS European Sovereign Cloud and of the isolated partitions: nobody has tried this program there."""


def partition_of(region: str) -> Partition:
    """The partition of a region such as `ap-northeast-1`."""
    return next((partition for prefix, partition in PREFIXES.items() if region.startswith(prefix)), COMMERCIAL)


def is_supported(region: str) -> bool:
    """Whether the program knows the ARNs and services of the region's partition."""
    return not region.startswith(UNSUPPORTED_PREFIXES)


def interface_endpoint_service(region: str, service: str) -> str:
    """The name of the service that an interface endpoint leads to.

    Args:
        region: AWS region.
        service: Last part of the name, such as `ecr.api`.
    """
    prefix = "cn." if service in partition_of(region).prefixed_endpoints else ""
    return f"{prefix}com.amazonaws.{region}.{service}"


def gateway_endpoint_service(region: str, service: str) -> str:
    """The name of the service that a gateway endpoint leads to; it has the same form in every partition:
    docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html"""
    return f"com.amazonaws.{region}.{service}"
