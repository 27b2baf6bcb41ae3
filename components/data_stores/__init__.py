"""The data stores: Aurora, Valkey and DocumentDB, each if it is switched on."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.base import Component
from components.data_stores.aurora import Aurora, AuroraArgs
from components.data_stores.documentdb import DocumentDb, DocumentDbArgs
from components.data_stores.valkey import Valkey, ValkeyArgs
from components.wiring import StoreAccess
from settings.stores import AuroraSpec, DocumentDbSpec, ValkeySpec


@dataclass(frozen=True, slots=True, kw_only=True)
class DataStoresArgs:
    """What `DataStores` need to know.

    Attributes:
        aurora, valkey, documentdb: The stores; one that is not `enabled` leaves no trace.
        vpc_id: The VPC.
        subnet_ids: Isolated subnets.
        region: AWS region.
        zones: Zones of these subnets.
        key_arn: Key that encrypts everything of the stores.
        protect: The stack's default; each store may have its own.
        boundary_arn: Policy that bounds the rights of their roles; None for none.
    """

    aurora: AuroraSpec
    valkey: ValkeySpec
    documentdb: DocumentDbSpec
    vpc_id: pulumi.Input[str]
    subnet_ids: pulumi.Input[Sequence[str]]
    region: str
    zones: Sequence[str]
    key_arn: pulumi.Input[str]
    protect: bool
    boundary_arn: str | None = None


class DataStores(Component):
    """The stores that are switched on. Whoever needs one to be ready depends on this component.

    Makes: Aurora, Valkey, DocumentDb.
    """

    args: DataStoresArgs
    aurora: Aurora | None
    valkey: Valkey | None
    documentdb: DocumentDb | None

    def __init__(self, name: str, args: DataStoresArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.args = args
        self.aurora = self._aurora(args) if args.aurora.enabled else None
        self.valkey = self._valkey(args) if args.valkey.enabled else None
        self.documentdb = self._documentdb(args) if args.documentdb.enabled else None
        self.register_outputs({"stores": [access.store for access in self.accesses]})

    @property
    def accesses(self) -> Sequence[StoreAccess]:
        """The doors of all stores."""
        return [store.access for store in (self.aurora, self.valkey, self.documentdb) if store]

    def _aurora(self, args: DataStoresArgs) -> Aurora:
        return Aurora(
            "aurora",
            AuroraArgs(
                spec=args.aurora,
                vpc_id=args.vpc_id,
                subnet_ids=args.subnet_ids,
                region=args.region,
                zones=args.zones,
                key_arn=args.key_arn,
                protect=args.aurora.protected(args.protect),
                boundary_arn=args.boundary_arn,
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _valkey(self, args: DataStoresArgs) -> Valkey:
        return Valkey(
            "valkey",
            ValkeyArgs(
                spec=args.valkey,
                vpc_id=args.vpc_id,
                subnet_ids=args.subnet_ids,
                key_arn=args.key_arn,
                protect=args.valkey.protected(args.protect),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _documentdb(self, args: DataStoresArgs) -> DocumentDb:
        return DocumentDb(
            "documentdb",
            DocumentDbArgs(
                spec=args.documentdb,
                vpc_id=args.vpc_id,
                subnet_ids=args.subnet_ids,
                zones=args.zones,
                key_arn=args.key_arn,
                protect=args.documentdb.protected(args.protect),
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )
