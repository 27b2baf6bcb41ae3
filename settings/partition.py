"""AWS's partitions: groups of regions with their own ARNs, domains and services.

Source: docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

import re
from dataclasses import dataclass

REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-[0-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One partition.

    Attributes:
        name: Second part of the partition's ARNs.
        title: AWS's name of the partition.
        home_region: Region that is enabled in every account, and that AWS uses for account-wide services.
        dns_suffix: Suffix of the host names of services and registries.
        database_certificates: Host that has the certificates of RDS and DocumentDB.
        missing_services: Services that the partition lacks, by the first part of their endpoints.
        prefixed_endpoints: Services whose interface endpoints have the prefix `cn.` before their names.
    """

    name: str
    title: str
    home_region: str
    dns_suffix: str
    database_certificates: str
    missing_services: frozenset[str] = frozenset()
    prefixed_endpoints: frozenset[str] = frozenset()


COMMERCIAL = Partition(
    name="aws",
    title="the commercial Regions",
    home_region="us-east-1",
    dns_suffix="amazonaws.com",
    database_certificates="truststore.pki.rds.amazonaws.com",
)
CHINA = Partition(
    name="aws-cn",
    title="the China Regions",
    home_region="cn-north-1",
    dns_suffix="amazonaws.com.cn",
    database_certificates="rds-truststore.s3.cn-north-1.amazonaws.com.cn",
    missing_services=frozenset({"chatbot"}),
    prefixed_endpoints=frozenset({"ecr.api", "ecr.dkr", "monitoring", "sqs", "sts", "xray"}),
)
GOVCLOUD = Partition(
    name="aws-us-gov",
    title="AWS GovCloud (US)",
    home_region="us-gov-west-1",
    dns_suffix="amazonaws.com",
    database_certificates="truststore.pki.us-gov-west-1.rds.amazonaws.com",
    missing_services=frozenset({"budgets", "chatbot"}),
)
"""Which services a partition has: docs.aws.amazon.com/general/latest/gr/budgets.html, .../chatbot.html and
docs.amazonaws.cn/en_us/aws/latest/userguide/services.html, as of 2026-11-27. The endpoints of the China Regions are as
`aws ec2 describe-vpc-endpoint-services` lists them there: github.com/aws/aws-cdk/pull/25333. A home region is the one
whose name signs requests to IAM, which has one endpoint for the whole partition:
docs.aws.amazon.com/general/latest/gr/iam-service.html, and botocore's endpoints.json for China and GovCloud. The hosts
of the certificates: docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.SSL.html, for the China Regions
docs.amazonaws.cn/en_us/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html, as of 2026-11-27."""

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
"""Prefixes of regions of the AWS European Sovereign Cloud and the isolated partitions, which are not supported."""


def partition_of(region: str) -> Partition:
    """The partition of a region such as `ap-northeast-1`."""
    return next((partition for prefix, partition in PREFIXES.items() if region.startswith(prefix)), COMMERCIAL)


def is_supported(region: str) -> bool:
    """Whether the program knows the ARNs and services of the region's partition."""
    return not region.startswith(UNSUPPORTED_PREFIXES)


def regional_host(region: str, service: str) -> str:
    """The host name of a service in a region, such as `logs.cn-north-1.amazonaws.com.cn`.

    Args:
        region: AWS region.
        service: First part of the name, such as `logs`.
    """
    return f"{service}.{region}.{partition_of(region).dns_suffix}"


def via_service_values(region: str, service: str) -> list[str]:
    """The values of the condition key `kms:ViaService` for a service of AWS in a region, sorted.

    AWS's page has one form, `<service>.<region>.amazonaws.com`, and the pages of the China Regions have no example for
    Secrets Manager, whose host name ends with `amazonaws.com.cn` there. So both forms are allowed in the China Regions;
    AWS sets the key, and the form that it does not use matches no request:
    docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service

    Args:
        region: AWS region of the key.
        service: First part of the service's host name, such as `secretsmanager`.
    """
    return sorted({f"{service}.{region}.{COMMERCIAL.dns_suffix}", regional_host(region, service)})


def ca_bundle_url(region: str) -> str:
    """The address of the CA bundle of RDS and DocumentDB, with the certificates of all regions of the partition.

    Args:
        region: AWS region.
    """
    return f"https://{partition_of(region).database_certificates}/global/global-bundle.pem"


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
