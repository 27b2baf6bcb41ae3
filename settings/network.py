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
"""A zone gets a quarter of the VPC, used or not: a zone that is added later takes a quarter nobody had."""

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
"""What a Fargate task needs to start, log and take part in ECS Exec where no route leads to the internet:
docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html and
docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html"""


class Nat(StrEnum):
    """How private subnets reach the internet."""

    NONE = "none"
    """Not at all: AWS is reached through interface endpoints, everything else is out of reach."""
    SINGLE = "single"
    """One gateway for all zones: the cheapest way out, and one zone's failure cuts off the others."""
    ONE_PER_ZONE = "one-per-zone"
    """A gateway in each zone: a zone's failure stays its own, and no traffic is paid for between zones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """One subnet of the layout: its zone, its kind (`public`, `private`, `isolated`) and its range."""

    zone: str
    kind: str
    cidr: str


class NetworkSpec(Spec):
    """The VPC: its range, its zones and its way out."""

    cidr: Cidr = "10.0.0.0/16"
    """Range of the VPC, /16 to /24. A quarter of it belongs to each of up to four zones."""
    zones: Annotated[tuple[str, ...], Field(max_length=4)] = ()
    """Two to four availability zones by name; a new one goes to the end. Default: two of the region."""
    public_mask: Annotated[int, Field(ge=16, le=28)] | None = None
    """Prefix length of a public subnet (load balancer, NAT gateway). Default: an eighth of the zone."""
    private_mask: Annotated[int, Field(ge=16, le=28)] | None = None
    """Prefix length of a private subnet (tasks, one address each). Default: half of the zone."""
    isolated_mask: Annotated[int, Field(ge=16, le=28)] | None = None
    """Prefix length of an isolated subnet (data stores). Default: an eighth of the zone."""
    nat: Nat = Field(default=Nat.SINGLE, strict=False)
    """`none`, `single` or `one-per-zone`."""
    interface_endpoints: tuple[Endpoint, ...] = ()
    """AWS services reached inside the VPC. With `nat: none` those that a task needs come by themselves."""
    other_cidrs: tuple[Cidr, ...] = ()
    """Ranges that this VPC must not overlap: offices, VPNs, the other environment."""
    flow_log_retention_days: RetentionDays = 30
    """How long the VPC's flow logs are kept, in days."""

    @property
    def zone_mask(self) -> int:
        """Prefix length of the share that each zone gets."""
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
        """The interface endpoints to make, in alphabetical order."""
        needed = WITHOUT_NAT if self.nat is Nat.NONE else ()
        return tuple(sorted({*needed, *self.interface_endpoints}))

    @property
    def nat_gateways(self) -> int:
        return {Nat.NONE: 0, Nat.SINGLE: 1, Nat.ONE_PER_ZONE: len(self.zones)}[self.nat]

    def subnets(self) -> list[Subnet]:
        """The layout: zone by zone, within a zone the larger subnet first. Adding a zone changes no other one's.

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
                    raise ValueError(f"{self._sizes()} do not fit in a zone's share of it, a /{self.zone_mask}")
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
            yield Problem(key="zones", problem=f"given {given}; allowed are two to four zones, so that one may fail")
        try:
            self.subnets()
        except ValueError as error:
            yield Problem(key="cidr", problem=f"given {self.cidr}; {error}", involves=masks)
        if max(self.masks.values()) > 28:
            yield Problem(
                key="cidr",
                problem=f"given {self.cidr}; its subnets are under /28, AWS's least",
                involves=masks,
            )

    def _sizes(self) -> str:
        return ", ".join(f"{kind} /{mask}" for kind, mask in self.masks.items())
