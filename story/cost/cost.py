"""Estimates what a stack costs a month from its resources' inputs, without a call to AWS.

The estimate contains what runs permanently, and lists each assumption. An unknown price never counts as zero: the item
is shown as unknown, and the sum reads "at least".
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from story.cost.items import GENERAL, Item, Resources, items_of
from story.engine.preview import Preview, StackResource
from story.plan.recorder import Record, Resource
from story.plan.tree import VPC, below_vpc, is_component


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a set of resources costs a month."""

    region: str
    items: Sequence[Item]

    @property
    def usd(self) -> Decimal:
        """Sum of the known prices."""
        return sum((item.usd for item in self.items if item.usd is not None), Decimal(0))

    @property
    def unknown(self) -> Sequence[Item]:
        """Items whose price is unknown."""
        return [item for item in self.items if item.usd is None]

    @property
    def components(self) -> Mapping[str, "Estimate"]:
        """The estimate of each component, in alphabetical order."""
        names = sorted({item.component for item in self.items})
        return {
            name: Estimate(region=self.region, items=[item for item in self.items if item.component == name])
            for name in names
        }

    @property
    def assumptions(self) -> Sequence[str]:
        """The assumptions of the estimate."""
        return [*GENERAL, *dict.fromkeys(text for item in self.items for text in item.assumes)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The costs before and after an update.

    Attributes:
        complete: Whether the estimates cover the whole stack, and not only the resources that change.
    """

    before: Estimate
    after: Estimate
    complete: bool

    @property
    def difference(self) -> Decimal:
        """Additional cost a month, from the known prices."""
        return self.after.usd - self.before.usd

    @property
    def exact(self) -> bool:
        """Whether every item that changes has a known price."""
        return sorted(map(_unpriced, self.before.unknown)) == sorted(map(_unpriced, self.after.unknown))


def compare(preview: Preview) -> Comparison:
    """The costs before and after the update of a preview."""
    return Comparison(
        before=estimate(preview.before, preview.region),
        after=estimate(preview.after, preview.region),
        complete=preview.complete,
    )


def estimate(resources: Iterable[StackResource], region: str) -> Estimate:
    """What these resources cost a month in a region."""
    stack = Resources(region, list(resources))
    items = [item for resource in stack.all for item in items_of(stack, resource)]
    return Estimate(region=region, items=sorted(items, key=lambda item: (item.component, item.resource, item.what)))


def recorded_resources(record: Record) -> list[StackResource]:
    """The resources of a recorded program, with the NAT gateways that a VPC component creates."""
    above = {(resource.type, resource.name): resource for resource in record.resources}
    found: list[StackResource] = []
    for resource in record.resources:
        component = _component(resource, above)
        if resource.type == VPC:
            zones: Sequence[str] = resource.inputs["availabilityZoneNames"]
            gateways = sum(line.startswith("NatGateway ") for line in below_vpc(resource.inputs))
            for number in range(gateways):
                for type_ in ("aws:ec2/natGateway:NatGateway", "aws:ec2/eip:Eip"):
                    found.append(StackResource(type=type_, name=zones[number], component=component, inputs={}))
        elif not is_component(resource):
            found.append(
                StackResource(
                    type=resource.type, name=resource.name, component=component, inputs=resource.masked_inputs
                )
            )
    return found


def _component(resource: Resource, above: Mapping[tuple[str, str], Resource]) -> str:
    names: list[str] = []
    holder = above.get((resource.parent_type, resource.parent))
    while holder is not None:
        names.append(holder.name)
        holder = above.get((holder.parent_type, holder.parent))
    return "/".join(list(dict.fromkeys(reversed(names)))[:2])


def _unpriced(item: Item) -> tuple[str, str, str]:
    return item.component, item.resource, item.what
