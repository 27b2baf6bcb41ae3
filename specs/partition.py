"""AWS's partitions: groups of regions whose ARNs, domains and services are their own.

Source: docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """One partition.

    Attributes:
        name: Second part of its ARNs.
        dns_suffix: What the host names of its services and registries end with.
    """

    name: str
    dns_suffix: str


COMMERCIAL = Partition(name="aws", dns_suffix="amazonaws.com")
BY_REGION_PREFIX = {
    "cn-": Partition(name="aws-cn", dns_suffix="amazonaws.com.cn"),
    "us-gov-": Partition(name="aws-us-gov", dns_suffix="amazonaws.com"),
    "eusc-": Partition(name="aws-eusc", dns_suffix="amazonaws.eu"),
}
"""Every other region is in the commercial partition; the isolated ones (`aws-iso` and so on) are not supported."""


def partition_of(region: str) -> Partition:
    """The partition of a region such as `ap-northeast-1`."""
    found = (partition for prefix, partition in BY_REGION_PREFIX.items() if region.startswith(prefix))
    return next(found, COMMERCIAL)
