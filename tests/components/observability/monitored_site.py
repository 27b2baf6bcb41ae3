"""A whole site with everything that is monitored, and its alarms as AWS takes them."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pulumi_aws as aws

from components.alarm import Alarm, CompositeAlarm
from components.data_stores.aurora.monitoring import MonitoredAurora
from components.data_stores.documentdb.monitoring import MonitoredDocumentDb
from components.data_stores.monitoring import MonitoredStore
from components.data_stores.valkey.monitoring import MonitoredValkey
from components.observability import Observability, ObservabilityArgs
from components.observability.monitored_stack import MonitoredService, MonitoredStack
from components.observability.site_alarms import site_alarms, site_composites
from settings.observability import ObservabilitySpec
from settings.stores import AuroraSpec
from story.plan.recorder import Record, record
from tests.components.given import context

ZONES = ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d")
CERTIFICATE = "arn:aws:acm:ap-northeast-1:123456789012:certificate/1"


def service(name: str, **changes: Any) -> MonitoredService:
    """A service of the site."""
    given: dict[str, Any] = {
        "log_group": f"/story/test/{name}",
        "fewest_tasks": 1,
        "target_groups": {},
        "runs_php_fpm": False,
    }
    return MonitoredService(name=name, **{**given, **changes})


WEB = service("web", fewest_tasks=3, target_groups={"web": "targetgroup/web/1"}, runs_php_fpm=True)


AURORA = AuroraSpec(readers=1)


def stores(aurora: AuroraSpec = AURORA, *, without: str = "") -> list[MonitoredStore]:
    """The data stores of a stack, as they are monitored.

    Args:
        aurora: Settings of Aurora.
        without: Name of the store that is off.
    """
    every: list[MonitoredStore] = [
        MonitoredAurora(spec=aurora, cluster_identifier="aurora-1"),
        MonitoredValkey(nodes=["valkey-001", "valkey-002"]),
        MonitoredDocumentDb(cluster_identifier="documentdb-1"),
    ]
    return [store for store in every if store.name != without]


def site(**changes: Any) -> MonitoredStack:
    """A stack with every store, a domain and php-fpm."""
    given: dict[str, Any] = {
        "cluster": "story-test",
        "task_metrics": True,
        "task_counts": True,
        "zones": ZONES,
        "load_balancer": "app/ingress/1",
        "certificate_arn": CERTIFICATE,
        "services": {"scheduler": service("scheduler"), "web": WEB, "worker-default": service("worker-default")},
        "exec_log_group": "/story/test/exec",
        "stores": stores(),
    }
    return MonitoredStack(**{**given, **changes})


def spec(**changes: Any) -> ObservabilitySpec:
    """Settings with everything on."""
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in changes.items()}
    return ObservabilitySpec(**{"laravel_metrics": True, **given})


def alarms(monitored: MonitoredStack | None = None, **settings: Any) -> list[Alarm]:
    """The alarms of a site, in the stack `story-test`."""
    found = list[Alarm]()
    record(lambda: found.extend(site_alarms(spec(**settings), monitored or site())))
    return found


def composites(**settings: Any) -> list[CompositeAlarm]:
    """Its composite alarms."""
    return list(site_composites(spec(**settings)))


def observability(
    monitored: MonitoredStack | None = None, *, preview: bool = False, boundary_arn: str | None = None, **settings: Any
) -> Record:
    """What the Observability of a site registers."""

    def build() -> None:
        whole = monitored or site()
        services = {name: aws.cloudwatch.LogGroup(f"of-{name}") for name in whole.services}
        args = ObservabilityArgs(
            spec=spec(**settings), monitored=whole, services=services, context=context(boundary_arn=boundary_arn)
        )
        Observability("observability", args)

    return record(build, preview=preview)


@cache
def made() -> Record:
    """What it registers as it is, once for all who only look."""
    return observability()


@cache
def requests() -> Mapping[str, Mapping[str, Any]]:
    """PutMetricAlarm of each alarm by its name, as the provider asks for it."""
    alarms = made().all("MetricAlarm")
    return {str(one.inputs["name"]).removeprefix("story-test-"): request(one.inputs) for one in alarms}


def request(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """PutMetricAlarm of a registered alarm."""
    words = {
        "AlarmName": "name",
        "Namespace": "namespace",
        "MetricName": "metricName",
        "Statistic": "statistic",
        "ExtendedStatistic": "extendedStatistic",
        "Period": "period",
        "Threshold": "threshold",
        "ComparisonOperator": "comparisonOperator",
        "EvaluationPeriods": "evaluationPeriods",
        "DatapointsToAlarm": "datapointsToAlarm",
        "TreatMissingData": "treatMissingData",
    }
    asked = {word: inputs[key] for word, key in words.items() if inputs.get(key) is not None}
    if "metricQueries" in inputs:
        return {**asked, "Metrics": [_query(query) for query in inputs["metricQueries"]]}
    return {**asked, "Dimensions": _dimensions(inputs.get("dimensions", {}))}


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    if "expression" in query:
        return {"Id": query["id"], "Expression": query["expression"], "ReturnData": True}
    metric = query["metric"]
    return {
        "Id": query["id"],
        "ReturnData": False,
        "MetricStat": {
            "Metric": {
                "Namespace": metric["namespace"],
                "MetricName": metric["metricName"],
                "Dimensions": _dimensions(metric.get("dimensions", {})),
            },
            "Period": metric["period"],
            "Stat": metric["stat"],
        },
    }


def _dimensions(given: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in given.items()]
