"""The resource tree of a plan: its order, the resources inside a VPC, and totals."""

import ipaddress
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from story.plan.recorder import Record, Resource

VPC = "awsx:ec2:Vpc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A resource and its children, ordered by type and name."""

    resource: Resource
    children: Sequence["Node"]

    def walk(self) -> Iterator[Resource]:
        """The resource and all its descendants, from the top down."""
        yield self.resource
        for child in self.children:
            yield from child.walk()

    @property
    def count(self) -> int:
        """Number of resources in the node and below it, without components."""
        return sum(not is_component(resource) for resource in self.walk())


def is_component(resource: Resource) -> bool:
    """Whether it is a component of the program, which groups resources."""
    return not resource.custom and resource.type != VPC


def tree(record: Record) -> list[Node]:
    """All resources by their parents, in an order that depends only on their types and names."""
    below: dict[tuple[str, str], list[Resource]] = {}
    for resource in record.resources:
        below.setdefault((resource.parent_type, resource.parent), []).append(resource)

    def nodes(parent: tuple[str, str]) -> list[Node]:
        children = sorted(below.get(parent, ()), key=lambda child: (child.type, child.name))
        return [Node(resource=child, children=nodes((child.type, child.name))) for child in children]

    return nodes(("", ""))


def ordered(record: Record) -> list[Resource]:
    """The resources in the order of the tree."""
    return [resource for node in tree(record) for resource in node.walk()]


def kinds(record: Record) -> dict[str, int]:
    """How many resources there are of each type, the most frequent first."""
    counter = Counter(resource.type for resource in record.resources if not is_component(resource))
    return dict(sorted(counter.items(), key=lambda item: (-item[1], item[0])))


def below_vpc(inputs: Mapping[str, Any]) -> list[str]:
    """The resources that `awsx:ec2:Vpc` creates, one line each: subnets with their ranges, gateways, endpoints.

    Args:
        inputs: The VPC's inputs, as this project sets them: zones and netmasks are explicit.
    """
    zones: Sequence[str] = inputs["availabilityZoneNames"]
    shares = ipaddress.IPv4Network(inputs["cidrBlock"]).subnets(new_prefix=inputs["availabilityZoneCidrMask"])
    lines: list[str] = []
    for zone, share in zip(zones, shares, strict=False):
        free = int(share.network_address)
        for spec in inputs["subnetSpecs"]:
            subnet = ipaddress.IPv4Network((free, spec["cidrMask"]))
            free += subnet.num_addresses
            lines.append(f"Subnet {spec['name']} {zone} {subnet}")
    lines += [f"NatGateway {zone}" for zone in zones[: _gateways(inputs, len(zones))]]
    lines += [
        f"VpcEndpoint {spec['serviceName']} ({spec['vpcEndpointType']})" for spec in inputs.get("vpcEndpointSpecs", ())
    ]
    return lines


def _gateways(inputs: Mapping[str, Any], zones: int) -> int:
    return {"None": 0, "Single": 1}.get(inputs["natGateways"]["strategy"], zones)
