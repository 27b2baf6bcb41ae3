"""What every data store is given, and what it offers to the rest of the stack."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import pulumi

from components.context import StackContext
from components.data_stores.monitoring import MonitoredStore
from components.data_stores.user_statements import UserSetup
from components.wiring import SecretRef, StoreAccess
from settings.site import ApplicationSpec
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a store answers.

    Attributes:
        host: Host name of the primary or writer.
        port: TCP port.
        database: Name of the database; empty for a store that has none.
        reader_host: Host name of the readers, if there are some.
    """

    host: str
    port: int
    database: str = ""
    reader_host: str | None = None


class Store(Protocol):
    """What a store offers. The rest of the stack goes through the stores that are on, and names none of them."""

    @property
    def access(self) -> StoreAccess:
        """Its name, its security group and its port."""
        ...

    @property
    def state_driver(self) -> str | None:
        """Laravel's name of it as a place for sessions, cache and jobs; None if it is no such place."""
        ...

    def laravel_environment(self, application: ApplicationSpec) -> pulumi.Output[Mapping[str, str]]:
        """The variables by which Laravel connects to it, without secrets.

        Args:
            application: Path of the CA bundle, and when a job is given to another worker.
        """
        ...

    @property
    def laravel_secrets(self) -> Mapping[str, SecretRef]:
        """The secrets by which Laravel connects to it, by the variable that holds them."""
        ...

    @property
    def user_setup(self) -> UserSetup | None:
        """What the task `users` needs to make the application's own user; None for a store without users."""
        ...

    @property
    def stack_output(self) -> Mapping[str, Any]:
        """What the stack shows of it, under its name: addresses, ports and ARNs; never a password."""
        ...

    @property
    def monitored(self) -> MonitoredStore:
        """Its alarms, its events and its part of the dashboard."""
        ...
