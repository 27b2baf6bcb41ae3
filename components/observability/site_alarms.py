"""Everything that a stack is monitored for: the alarms of its parts, put together."""

from collections.abc import Sequence

from components.alarm import Alarm, CompositeAlarm
from components.base import metric_namespace
from components.observability.alarms.laravel import laravel_alarms
from components.observability.alarms.services import delivery_alarm, php_fpm_alarm, service_alarms, task_alarms
from components.observability.alarms.site import answer_alarms, answer_composites, certificate_alarm, host_alarms
from components.observability.event_patterns import event_kinds, rule_name
from components.observability.monitored_stack import MonitoredStack
from settings.observability import ObservabilitySpec


def site_alarms(spec: ObservabilitySpec, monitored: MonitoredStack) -> list[Alarm]:
    """Alarms of the site, its services, its tasks, its queues and the data stores that exist.

    Args:
        spec: When an alarm goes off, and whether the application reports its queues.
        monitored: The stack.
    """
    stores = [alarm for store in monitored.stores for alarm in store.alarms(spec.thresholds)]
    return [*_site(spec, monitored), *_services(spec, monitored), *stores]


def site_composites(spec: ObservabilitySpec) -> Sequence[CompositeAlarm]:
    """Alarms that are on while several of the others are.

    Args:
        spec: When an alarm goes off.
    """
    return answer_composites(spec.thresholds)


def _site(spec: ObservabilitySpec, monitored: MonitoredStack) -> list[Alarm]:
    thresholds = spec.thresholds
    alarms = answer_alarms(monitored.load_balancer, thresholds)
    for service in monitored.services.values():
        alarms += host_alarms(monitored.load_balancer, service, monitored.zones, thresholds)
    if monitored.certificate_arn is not None:
        alarms.append(certificate_alarm(monitored.certificate_arn, thresholds))
    return alarms


def _services(spec: ObservabilitySpec, monitored: MonitoredStack) -> list[Alarm]:
    thresholds, namespace = spec.thresholds, metric_namespace()
    alarms = list[Alarm]()
    for name, service in monitored.services.items():
        alarms += service_alarms(monitored.cluster, name, thresholds, container_insights=monitored.task_counts)
        if service.runs_php_fpm:
            alarms.append(php_fpm_alarm(service, namespace, thresholds))
    alarms += task_alarms({rule: rule_name(rule) for rule in ("failed-tasks", "out-of-memory")}, thresholds)
    kinds = event_kinds(exec=monitored.exec_log_group is not None, stores=monitored.stores)
    alarms.append(delivery_alarm([rule_name(kind) for kind in kinds]))
    if spec.laravel_metrics:
        alarms += laravel_alarms(namespace, thresholds, scheduler="scheduler" in monitored.services)
    return alarms
