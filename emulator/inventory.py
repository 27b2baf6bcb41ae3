"""What exists in the emulator at this moment, and that somebody made.

Left out is what AWS itself provides or adds by itself: the default network, managed policies, AWS's own keys, a
network's main route table, every table's local route, default groups of all kinds, a zone's NS and SOA records,
automated snapshots, and the tasks that services start, with their network interfaces.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import moto.backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from emulator.services.elasticache import parameter_groups

Item = dict[str, str]


def of_everything() -> dict[str, list[Item]]:
    """All items, by service; a service without any is left out."""
    found: dict[str, list[Item]] = {}
    for service, list_items in LISTS.items():
        # The content of an account is made region by region, when a region is first asked; only these are listed.
        regions = moto.backends.get_backend(service)[DEFAULT_ACCOUNT_ID]
        items = [item for backend in list(regions.values()) for item in list_items(backend)]
        if items:
            found[service] = sorted(items, key=lambda item: (item["type"], item["name"], item["id"]))
    return found


def _item(kind: str, identifier: str, name: str | None = None, state: str | None = None) -> Item:
    item = {"type": kind, "id": identifier, "name": name or identifier}
    return {**item, "state": state} if state else item


def _ec2(backend: Any) -> Iterator[Item]:
    def named(kind: str, resource: Any) -> Item:
        return _item(
            kind, resource.id, next((tag["value"] for tag in resource.get_tags() if tag["key"] == "Name"), None)
        )

    default_vpcs = {vpc.id for vpc in list(backend.vpcs.values()) if vpc.is_default}
    yield from (named("vpc", vpc) for vpc in list(backend.vpcs.values()) if not vpc.is_default)
    for subnets in list(backend.subnets.values()):
        yield from (named("subnet", subnet) for subnet in list(subnets.values()) if not subnet.default_for_az)
    for table in list(backend.route_tables.values()):
        if table.main_association_id is None:
            item = named("route-table", table)
            yield item
            yield from _routes(item, table.routes)
    for gateway in list(backend.internet_gateways.values()):
        if gateway.vpc is None or gateway.vpc.id not in default_vpcs:
            yield named("internet-gateway", gateway)
    yield from (named("nat-gateway", nat) for nat in list(backend.nat_gateways.values()) if nat.state != "deleted")
    yield from (_item("elastic-ip", address.allocation_id, address.public_ip) for address in list(backend.addresses))
    for groups in list(backend.groups.values()):
        yield from (
            _item("security-group", group.id, group.name) for group in list(groups.values()) if group.name != "default"
        )
    yield from (named("flow-log", flow_log) for flow_log in list(backend.flow_logs.values()))
    for endpoint in list(backend.vpc_end_points.values()):
        if endpoint.state != "deleted":
            yield _item("vpc-endpoint", endpoint.id, endpoint.service_name)
    for eni in list(backend.enis.values()):
        if not getattr(eni, "of_a_service", False):
            yield _item("network-interface", eni.id, eni.description)


def _routes(table: Item, routes: Iterable[Any]) -> Iterator[Item]:
    for route in routes:
        listed = route.destination_prefix_list
        where = listed.prefix_list_name if listed else route.destination_cidr_block or route.destination_ipv6_cidr_block
        if not route.local:
            yield _item("route", f"{table['id']}/{where}", f"{table['name']} to {where}")


def _elbv2(backend: Any) -> Iterator[Item]:
    for balancer in list(backend.load_balancers.values()):
        yield _item("load-balancer", balancer.arn, balancer.name)
        for listener in list(balancer.listeners.values()):
            yield _item("listener", listener.arn, f"{balancer.name}:{listener.port}")
            for rule in list(listener.rules.values()):
                if rule.priority != "default":
                    yield _item("listener-rule", rule.arn, f"{balancer.name}:{listener.port}:{rule.priority}")
    yield from (_item("target-group", group.arn, group.name) for group in list(backend.target_groups.values()))


def _ecs(backend: Any) -> Iterator[Item]:
    for cluster in list(backend.clusters.values()):
        if cluster.status != "INACTIVE":
            yield _item("cluster", cluster.arn, cluster.name, cluster.status)
    for service in list(backend.services.values()):
        if service.status != "INACTIVE":
            yield _item("service", service.arn, service.name, service.status)
    for revisions in list(backend.task_definitions.values()):
        for definition in list(revisions.values()):
            yield _item(
                "task-definition", definition.arn, f"{definition.family}:{definition.revision}", definition.status
            )
    for tasks in list(backend.tasks.values()):
        for task in list(tasks.values()):
            if task.life is None or not task.life.service:
                yield _item("task", task.task_arn, task.family, task.last_status)


def _rds(backend: Any) -> Iterator[Item]:
    for cluster in list(backend.clusters.values()):
        yield _item("cluster", cluster.arn, cluster.db_cluster_identifier, cluster.engine)
    for instance in list(backend.databases.values()):
        yield _item("instance", instance.arn, instance.db_instance_identifier, instance.engine)
    for snapshot in list(backend.cluster_snapshots.values()):
        if snapshot.snapshot_type != "automated":
            yield _item("cluster-snapshot", snapshot.arn, snapshot.db_cluster_snapshot_identifier, snapshot.engine)
    for snapshot in list(backend.database_snapshots.values()):
        if snapshot.snapshot_type != "automated":
            yield _item("instance-snapshot", snapshot.arn, snapshot.db_snapshot_identifier)
    yield from (_item("subnet-group", group.arn, group.name) for group in list(backend.subnet_groups.values()))
    yield from (
        _item("cluster-parameter-group", group.arn, group.name)
        for group in list(backend.db_cluster_parameter_groups.values())
    )
    for group in list(backend.db_parameter_groups.values()):
        if not group.name.startswith("default."):
            yield _item("parameter-group", group.arn, group.name)


def _elasticache(backend: Any) -> Iterator[Item]:
    for group in list(backend.replication_groups.values()):
        yield _item("replication-group", group.arn, group.replication_group_id)
    for cluster in list(backend.cache_clusters.values()):
        yield _item("cluster", cluster.arn, cluster.cache_cluster_id)
    for snapshot in list(backend.snapshots.values()):
        yield _item("snapshot", snapshot.arn, snapshot.snapshot_name, snapshot.engine)
    for group in list(backend.cache_subnet_groups.values()):
        yield _item("subnet-group", group.arn, group.cache_subnet_group_name)
    for group in list(parameter_groups.groups(backend).values()):
        yield _item("parameter-group", group["ARN"], group["CacheParameterGroupName"])


def _kms(backend: Any) -> Iterator[Item]:
    for key in list(backend.keys.values()):
        aliases = sorted(key.aliases)
        if not any(alias.startswith("alias/aws/") for alias in aliases):
            yield _item("key", key.arn, key.description, key.key_state)
            yield from (_item("alias", alias) for alias in aliases)


def _secretsmanager(backend: Any) -> Iterator[Item]:
    for secret in list(dict.values(backend.secrets)):
        yield _item("secret", secret.arn, secret.name, "deleted" if secret.is_deleted() else "active")


def _logs(backend: Any) -> Iterator[Item]:
    yield from (_item("log-group", group.arn, group.name) for group in list(backend.groups.values()))
    yield from (_item("resource-policy", name) for name in list(backend.resource_policies))
    for found in list(backend.filters.metric_filters):
        yield _item("metric-filter", f"{found['logGroupName']}/{found['filterName']}", found["filterName"])


def _iam(backend: Any) -> Iterator[Item]:
    yield from (_item("role", role.arn, role.name) for role in list(backend.roles.values()))
    provided = {policy.arn for policy in backend.aws_managed_policies}
    for policy in list(backend.managed_policies.values()):
        if policy.arn not in provided:
            yield _item("policy", policy.arn, policy.name)
    yield from (_item("user", user.arn, user.name) for user in list(backend.users.values()))
    yield from (_item("instance-profile", item.arn, item.name) for item in list(backend.instance_profiles.values()))
    yield from (_item("oidc-provider", item.arn, item.url) for item in list(backend.open_id_providers.values()))


def _s3(backend: Any) -> Iterator[Item]:
    yield from (_item("bucket", name) for name in list(backend.buckets))


def _sns(backend: Any) -> Iterator[Item]:
    yield from (_item("topic", topic.arn, topic.name) for topic in list(backend.topics.values()))
    yield from (_item("subscription", item.arn, item.endpoint) for item in list(backend.subscriptions.values()))


def _acm(backend: Any) -> Iterator[Item]:
    for certificate in list(backend._certificates.values()):
        yield _item("certificate", certificate.arn, certificate.describe()["Certificate"]["DomainName"])


def _route53(backend: Any) -> Iterator[Item]:
    for zone in list(backend.zones.values()):
        yield _item("zone", zone.id, zone.name)
        for record in list(zone.rrsets):
            if record.type not in ("NS", "SOA") or record.name != zone.name:
                yield _item("record", f"{zone.id}/{record.name}/{record.type}", record.name)


def _cloudwatch(backend: Any) -> Iterator[Item]:
    yield from (_item("alarm", alarm.alarm_arn, alarm.name) for alarm in list(backend.alarms.values()))
    yield from (_item("dashboard", board.arn, board.name) for board in list(backend.dashboards.values()))


def _autoscaling(backend: Any) -> Iterator[Item]:
    for targets in list(backend.targets.values()):
        yield from (_item("target", target.arn, target.resource_id) for target in list(targets.values()))
    for policy in list(backend.policies.values()):
        yield _item("policy", policy.policy_arn, f"{policy.resource_id}/{policy.policy_name}")
    for action in list(backend.scheduled_actions):
        yield _item("scheduled-action", action.arn, f"{action.resource_id}/{action.scheduled_action_name}")


def _wafv2(backend: Any) -> Iterator[Item]:
    for kind, items in (
        ("web-acl", backend.wacls),
        ("ip-set", backend.ip_sets),
        ("rule-group", backend.rule_groups),
        ("regex-pattern-set", backend.regex_pattern_sets),
    ):
        yield from (_item(kind, item.arn, item.name) for item in list(items.values()))


def _codebuild(backend: Any) -> Iterator[Item]:
    yield from (_item("project", project.arn, name) for name, project in list(backend.codebuild_projects.items()))


def _codepipeline(backend: Any) -> Iterator[Item]:
    yield from (_item("pipeline", pipeline._arn, name) for name, pipeline in list(backend.pipelines.items()))


def _connections(backend: Any) -> Iterator[Item]:
    for arn, connection in list(backend.connections.items()):
        yield _item("connection", arn, connection["ConnectionName"], connection["ConnectionStatus"])


def _ssm(backend: Any) -> Iterator[Item]:
    for name in list(dict.keys(backend._parameters)):
        if not name.startswith("/aws/"):
            yield _item("parameter", name)


def _ecr(backend: Any) -> Iterator[Item]:
    yield from (_item("repository", repository.arn, name) for name, repository in list(backend.repositories.items()))


def _cloudtrail(backend: Any) -> Iterator[Item]:
    yield from (_item("trail", trail.arn, name) for name, trail in list(backend.trails.items()))


def _events(backend: Any) -> Iterator[Item]:
    for bus in list(backend.event_buses.values()):
        yield from (_item("rule", rule.arn, name) for name, rule in list(bus.rules.items()))


def _budgets(backend: Any) -> Iterator[Item]:
    for budgets in list(backend.budgets.values()):
        yield from (_item("budget", name) for name in list(budgets))


def _chatbot(backend: Any) -> Iterator[Item]:
    for arn, channel in list(backend.channels.items()):
        yield _item("slack-channel", arn, channel["ConfigurationName"], channel["State"])


LISTS: dict[Any, Callable[[Any], Iterator[Item]]] = {
    "ec2": _ec2,
    "elbv2": _elbv2,
    "ecs": _ecs,
    "rds": _rds,
    "elasticache": _elasticache,
    "kms": _kms,
    "secretsmanager": _secretsmanager,
    "logs": _logs,
    "iam": _iam,
    "s3": _s3,
    "sns": _sns,
    "acm": _acm,
    "route53": _route53,
    "cloudwatch": _cloudwatch,
    "application-autoscaling": _autoscaling,
    "wafv2": _wafv2,
    "codebuild": _codebuild,
    "codepipeline": _codepipeline,
    "codestar-connections": _connections,
    "ssm": _ssm,
    "ecr": _ecr,
    "cloudtrail": _cloudtrail,
    "events": _events,
    "budgets": _budgets,
    "chatbot": _chatbot,
}
