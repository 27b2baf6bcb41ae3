"""What every data store is given."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import pulumi

from components.context import StackContext
from settings.stores import StoreSpec

Spec = TypeVar("Spec", bound=StoreSpec)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreArgs(Generic[Spec]):
    """What a data store needs to know.

    Attributes:
        spec: Its settings.
        vpc_id: The VPC.
        subnet_ids: Isolated subnets, in two zones or more.
        zones: Zones of these subnets. Instances are made in one after the other; later edits move none.
        stack: Region, boundary of its roles, key of its data, snapshots, secrets and logs.
    """

    spec: Spec
    vpc_id: pulumi.Input[str]
    subnet_ids: pulumi.Input[Sequence[str]]
    zones: Sequence[str]
    stack: StackContext

    @property
    def protect(self) -> bool:
        """Refuse to delete it, by Pulumi and, where AWS can, by AWS."""
        return self.spec.protected(self.stack.protect)
