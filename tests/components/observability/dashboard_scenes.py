"""Stacks for the tests of dashboards, as plain known values."""

from collections.abc import Mapping
from typing import Any

from components.alarm import Alarm
from components.observability.dashboard.scene import Scene
from components.observability.monitored_stack import MonitoredService, MonitoredStack
from components.observability.site_alarms import site_alarms, site_composites
from settings.observability import ObservabilitySpec
from settings.stores import AuroraSpec
from story.plan.recorder import record
from tests.components.observability.monitored_site import stores

REGION = "ap-northeast-1"
ACCOUNT = "123456789012"
ZONES = (f"{REGION}a", f"{REGION}c")
BALANCER = "app/story-test/0123456789abcdef"
WEB_GROUP = "targetgroup/web/0123456789abcdef"


def service(name: str, groups: Mapping[str, str] | None = None) -> MonitoredService:
    return MonitoredService(
        name=name,
        log_group=f"/story/test/{name}",
        fewest_tasks=1,
        target_groups=groups or {},
        runs_php_fpm=name == "web",
    )


def monitored_stack(workers: int = 1, **changes: Any) -> MonitoredStack:
    """A stack with every store, web, the scheduler and so many workers."""
    names = ["scheduler", *(f"worker-{number:02}" for number in range(workers))]
    services = {"web": service("web", {"web": WEB_GROUP}), **{name: service(name) for name in names}}
    given: dict[str, Any] = {
        "cluster": "story-test",
        "task_metrics": True,
        "task_counts": True,
        "zones": ZONES,
        "load_balancer": BALANCER,
        "certificate_arn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/1",
        "services": {name: services[name] for name in sorted(services)},
        "exec_log_group": "/story/test/exec",
        "stores": stores(),
    }
    return MonitoredStack(**{**given, **changes})


def alarms_of(spec: ObservabilitySpec, monitored: MonitoredStack) -> list[Alarm]:
    """The alarms of the stack `test`, whose name is known only while a program runs."""
    found: list[Alarm] = []
    record(lambda: found.extend(site_alarms(spec, monitored)))
    return found


def scene(workers: int = 1, *, laravel_metrics: bool = True, **changes: Any) -> Scene:
    """What its dashboard is drawn from; `changes` are those of `monitored`."""
    monitored, spec = monitored_stack(workers, **changes), ObservabilitySpec(laravel_metrics=laravel_metrics)
    return Scene(
        stack="story-test",
        namespace="story/test",
        monitored=monitored,
        alarms=alarms_of(spec, monitored),
        composites=site_composites(spec),
        region=REGION,
        account_id=ACCOUNT,
        load_balancer=BALANCER,
        target_groups={"web": WEB_GROUP} if "web" in monitored.services else {},
        store_identifiers={store.name: [str(one) for one in store.identifiers] for store in monitored.stores},
        laravel_metrics=laravel_metrics,
        runbooks="docs/runbooks",
    )


NO_STORES: dict[str, Any] = {"stores": []}
EVERY_KIND: dict[str, Scene] = {
    "everything": scene(),
    "fifty workers": scene(50),
    "no stores": scene(**NO_STORES),
    "no Laravel metrics": scene(laravel_metrics=False),
    "no single tasks": scene(task_metrics=False),
    "no counts either": scene(task_metrics=False, task_counts=False),
    "no web": scene(services={"scheduler": service("scheduler")}),
    "no service": scene(services={}),
    "provisioned": scene(stores=stores(AuroraSpec(instance_class="db.r6g.large"))),
}
