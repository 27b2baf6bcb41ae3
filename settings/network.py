"""A network, and the arithmetic of its address ranges."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from settings.base import Problem, Spec
from settings.types import Cidr, RetentionDays

ZONE_BITS = 2
"""Each zone gets a quarter of the VPC, even if fewer zones are used, so that a zone can be added later."""

Endpoint = Literal[
    "ecr.api",
    "ecr.dkr",
    "ecs",
    "kms",
    "logs",
    "monitoring",
    "secretsmanager",
    "sns",
    "sqs",
    "ssm",
    "ssmmessages",
    "sts",
    "xray",
]

WITHOUT_NAT: tuple[Endpoint, ...] = ("ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "ssmmessages")
"""Endpoints that a Fargate task needs to start, log and use ECS Exec without a route to the internet:
docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html and
docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html"""


class Nat(StrEnum):
    """How private subnets reach the internet."""

    NONE = "none"
    """No internet access: AWS is reached through interface endpoints, everything else is unreachable."""
    SINGLE = "single"
    """One NAT gateway for all zones: the cheapest option, but if its zone fails, all zones lose internet access."""
    ONE_PER_ZONE = "one-per-zone"
    """One NAT gateway in each zone: zones fail independently, and there is no charge for traffic between zones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """One subnet of the layout: its zone, its kind (`public`, `private`, `isolated`) and its range."""

    zone: str
    kind: str
    cidr: str


class NetworkSpec(Spec):
    """The VPC: address range, zones and internet access."""

    cidr: Cidr = "10.0.0.0/16"
    """Address range of the VPC, /16 to /24. Each of up to four zones gets a quarter of it."""
    zones: Annotated[tuple[str, ...], Field(max_length=4)] = ()
    """Names of two to four Availability Zones; add a new one at the end. Default: two zones of the region."""
    public_mask: Annotated[int, Field(ge=16, le=28)] | None = None
    """Prefix length of a public subnet (load balancer, NAT gateway). Default: an eighth of the zone."""
    private_mask: Annotated[int, Field(ge=16, le=28)] | None = None
    """Prefix length of a private subnet (tasks, one address each). Default: half of the zone."""
    isolated_mask: Annotated[int, Field(ge=16, le=28)] | None = None
    """Prefix length of an isolated subnet (data stores). Default: an eighth of the zone."""
    nat: Nat = Field(default=Nat.SINGLE, strict=False)
    """`none`, `single` or `one-per-zone`."""
    interface_endpoints: tuple[Endpoint, ...] = ()
    """AWS services that get an interface endpoint in the VPC. With `nat: none`, the required ones are added."""
    other_cidrs: tuple[Cidr, ...] = ()
    """Address ranges that this VPC must not overlap, for example offices, VPNs and other environments."""
    flow_log_retention_days: RetentionDays = 30
    """Days for which the VPC's flow logs are kept."""

    @property
    def zone_mask(self) -> int:
        """Prefix length of each zone's part of the VPC."""
        return ipaddress.ip_network(self.cidr).prefixlen + ZONE_BITS

    @property
    def masks(self) -> dict[str, int]:
        """Prefix length of a subnet by kind, the largest subnet first (they are laid out in this order)."""
        masks = {
            "private": self.private_mask or self.zone_mask + 1,
            "public": self.public_mask or self.zone_mask + 3,
            "isolated": self.isolated_mask or self.zone_mask + 3,
        }
        return dict(sorted(masks.items(), key=lambda item: item[1]))

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The interface endpoints to create, in alphabetical order."""
        needed = WITHOUT_NAT if self.nat is Nat.NONE else ()
        return tuple(sorted({*needed, *self.interface_endpoints}))

    @property
    def nat_gateways(self) -> int:
        return {Nat.NONE: 0, Nat.SINGLE: 1, Nat.ONE_PER_ZONE: len(self.zones)}[self.nat]

    def subnets(self) -> list[Subnet]:
        """The subnets by zone, the largest first. An additional zone does not change the subnets of the others.

        Raises:
            ValueError: The subnets of a zone do not fit in its share of the VPC.
        """
        layout: list[Subnet] = []
        shares = ipaddress.ip_network(self.cidr).subnets(new_prefix=self.zone_mask)
        for zone, share in zip(self.zones, shares, strict=False):
            free = int(share.network_address)
            for kind, mask in self.masks.items():
                subnet = ipaddress.IPv4Network((free, mask))
                if not (mask >= share.prefixlen and subnet.subnet_of(ipaddress.IPv4Network(str(share)))):
                    raise ValueError(f"{self._sizes()} do not fit in a zone's part of it, a /{self.zone_mask}")
                layout.append(Subnet(zone=zone, kind=kind, cidr=str(subnet)))
                free += subnet.num_addresses
        return layout

    def mistakes(self) -> Iterator[Problem]:
        network = ipaddress.ip_network(self.cidr)
        masks = ("public_mask", "private_mask", "isolated_mask")
        if not 16 <= network.prefixlen <= 24:
            yield Problem(key="cidr", problem=f"given {self.cidr}; allowed is a range of /16 to /24")
            return
        if not network.is_private:
            yield Problem(key="cidr", problem=f"given {self.cidr}; allowed is a private range, such as 10.0.0.0/16")
        for other in self.other_cidrs:
            if network.overlaps(ipaddress.ip_network(other)):
                yield Problem(
                    key="cidr",
                    problem=f"given {self.cidr}, which overlaps {other}",
                    involves=("other_cidrs",),
                )
        if len(set(self.zones)) != len(self.zones):
            yield Problem(key="zones", problem=f"given {', '.join(self.zones)}; allowed is each zone once")
        elif len(self.zones) < 2:
            given = self.zones[0] if self.zones else "none"
            yield Problem(
                key="zones",
                problem=f"given {given}; allowed are two to four zones, so that one can fail",
            )
        try:
            self.subnets()
        except ValueError as error:
            yield Problem(key="cidr", problem=f"given {self.cidr}; {error}", involves=masks)
        if max(self.masks.values()) > 28:
            yield Problem(
                key="cidr",
                problem=f"given {self.cidr}; its subnets are smaller than /28, AWS's minimum",
                involves=masks,
            )

    def _sizes(self) -> str:
        return ", ".join(f"{kind} /{mask}" for kind, mask in self.masks.items())
