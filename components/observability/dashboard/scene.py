"""What a dashboard is drawn from, when every value is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pulumi

from components.alarm import Alarm, CompositeAlarm
from components.observability.monitored_stack import MonitoredStack


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A stack as its dashboard shows it.

    Attributes:
        stack: `story-<stack>`: what the names of alarms and of event rules begin with.
        namespace: Where the application and its releases report: `story/<stack>`.
        monitored: The parts of the stack, for what needs no waiting: names, zones, settings.
        alarms: Its alarms, with plain text for dimensions.
        composites: Those that other alarms make go off.
        region: AWS region.
        account_id: AWS account.
        load_balancer: ARN suffix of the load balancer.
        target_groups: ARN suffix of each target group by its name.
        store_identifiers: Identifiers of each data store by its name.
        laravel_metrics: Whether the application reports its queues and its scheduler.
        runbooks: Folder, or beginning of the address, of the pages that say what to do.
    """

    stack: str
    namespace: str
    monitored: MonitoredStack
    alarms: Sequence[Alarm]
    composites: Sequence[CompositeAlarm]
    region: str
    account_id: str
    load_balancer: str
    target_groups: Mapping[str, str]
    store_identifiers: Mapping[str, Sequence[str]]
    laravel_metrics: bool
    runbooks: str


def known(
    monitored: MonitoredStack, alarms: Sequence[Alarm], account_id: pulumi.Input[str], **settings: Any
) -> pulumi.Output[Scene]:
    """The scene, as soon as all that AWS has to say is known.

    Args:
        monitored: The parts of the stack.
        alarms: Its alarms.
        account_id: AWS account.
        settings: Those attributes of `Scene` that are known anyway.
    """
    groups = {name: group for service in monitored.services.values() for name, group in service.target_groups.items()}
    awaited: dict[str, Any] = {
        "account_id": account_id,
        "load_balancer": monitored.load_balancer,
        "target_groups": groups,
        "store_identifiers": {store.name: list(store.identifiers) for store in monitored.stores},
    }
    dimensions = [dict(alarm.dimensions) for alarm in alarms]

    def scene(values: Mapping[str, Any]) -> Scene:
        plain = [replace(alarm, dimensions=known) for alarm, known in zip(alarms, values["dimensions"], strict=True)]
        return Scene(monitored=monitored, alarms=plain, **values["awaited"], **settings)

    return pulumi.Output.from_input({"awaited": awaited, "dimensions": dimensions}).apply(scene)
