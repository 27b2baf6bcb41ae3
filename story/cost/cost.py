"""What a stack costs a month: an estimate from its resources' inputs, with nothing asked of AWS.

It counts what runs at all hours and shows each assumption. A price that is not known is never zero: the item is shown
as unknown, and the sum says "at least".
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
        """Sum of what is known."""
        return sum((item.usd for item in self.items if item.usd is not None), Decimal(0))

    @property
    def unknown(self) -> Sequence[Item]:
        """What costs something that nobody here knows."""
        return [item for item in self.items if item.usd is None]

    @property
    def components(self) -> Mapping[str, "Estimate"]:
        """The same by component, in alphabetical order."""
        names = sorted({item.component for item in self.items})
        return {
            name: Estimate(region=self.region, items=[item for item in self.items if item.component == name])
            for name in names
        }

    @property
    def assumptions(self) -> Sequence[str]:
        """What the figures rest on."""
        return [*GENERAL, *dict.fromkeys(text for item in self.items for text in item.assumes)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The costs before and after an update.

    Attributes:
        complete: Whether that is the whole stack, and not only what changes.
    """

    before: Estimate
    after: Estimate
    complete: bool

    @property
    def difference(self) -> Decimal:
        """What it costs more, as far as that is known."""
        return self.after.usd - self.before.usd

    @property
    def exact(self) -> bool:
        """Whether nothing that changes has an unknown price."""
        return sorted(map(_unpriced, self.before.unknown)) == sorted(map(_unpriced, self.after.unknown))


def compare(preview: Preview) -> Comparison:
    """What the update of a preview makes of the costs."""
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
    """A recorded program's resources, with the gateways that a VPC makes below itself."""
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
