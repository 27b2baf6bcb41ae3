"""The data stores: Aurora, Valkey and DocumentDB, each if it is switched on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.context import StackContext
from components.data_stores.aurora import Aurora
from components.data_stores.documentdb import DocumentDb
from components.data_stores.store import Spec, Store, StoreArgs
from components.data_stores.valkey import Valkey
from components.wiring import StoreAccess
from settings.stores import AuroraSpec, DocumentDbSpec, ValkeySpec


@dataclass(frozen=True, slots=True, kw_only=True)
class DataStoresArgs:
    """What `DataStores` need to know.

    Attributes:
        aurora, valkey, documentdb: The stores; one that is not `enabled` leaves no trace.
        vpc_id: The VPC.
        subnet_ids: Isolated subnets.
        zones: Zones of these subnets.
        stack: What all components of the stack share.
    """

    aurora: AuroraSpec
    valkey: ValkeySpec
    documentdb: DocumentDbSpec
    vpc_id: pulumi.Input[str]
    subnet_ids: pulumi.Input[Sequence[str]]
    zones: Sequence[str]
    stack: StackContext

    def of(self, spec: Spec) -> StoreArgs[Spec]:
        """What one of the stores needs to know."""
        return StoreArgs(spec=spec, vpc_id=self.vpc_id, subnet_ids=self.subnet_ids, zones=self.zones, stack=self.stack)


class DataStores(Component):
    """The stores that are switched on. What needs one to be ready depends on this component.

    Makes: Aurora, Valkey, DocumentDb.
    """

    enabled: Sequence[Store]

    def __init__(self, name: str, args: DataStoresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.enabled = list(self._stores(args))
        self.register_outputs({"stores": [access.store for access in self.accesses]})

    @property
    def accesses(self) -> Sequence[StoreAccess]:
        """The doors of all stores."""
        return [store.access for store in self.enabled]

    def _stores(self, args: DataStoresArgs) -> Iterator[Store]:
        child = pulumi.ResourceOptions(parent=self)
        if args.aurora.enabled:
            yield Aurora("aurora", args.of(args.aurora), child)
        if args.valkey.enabled:
            yield Valkey("valkey", args.of(args.valkey), child)
        if args.documentdb.enabled:
            yield DocumentDb("documentdb", args.of(args.documentdb), child)
