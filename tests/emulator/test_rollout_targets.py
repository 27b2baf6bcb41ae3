"""Tasks of a rollout behind a load balancer, and the events that tell of it."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from tests.emulator.rolling import (
    BREAKER,
    behind,
    health,
    listed,
    messages,
    primary,
    states,
    stopped_tasks,
    target_group,
    until_status,
    update,
)
from tests.emulator.support import (
    Behave,
    Client,
    described,
    service,
    subnets,
    until_completed,
    wait_for,
)

pytestmark = pytest.mark.timed


def test_tasks_are_registered_with_their_target_group_and_become_healthy(client: Client, behave: Behave) -> None:
    group = target_group(client)
    behave(healthy_after_seconds=1.5)
    service(client, desiredCount=2, **behind(group))
    wait_for(lambda: states(client, group), lambda found: found == ["initial", "initial"])
    assert primary(client)["rolloutState"] == "IN_PROGRESS"
    wait_for(lambda: states(client, group), lambda found: found == ["healthy", "healthy"])
    until_completed(client)
    tasks = client("ecs").describe_tasks(cluster="site", tasks=listed(client))["tasks"]
    addresses = {task["containers"][0]["networkInterfaces"][0]["privateIpv4Address"] for task in tasks}
    assert {(target["Target"]["Id"], target["Target"]["Port"]) for target in health(client, group)} == {
        (address, 8080) for address in addresses
    }
    assert f"(service web) registered 2 targets in (target-group {group})" in messages(client)


def test_tasks_that_stop_are_deregistered(client: Client) -> None:
    group = target_group(client)
    service(client, **behind(group))
    until_completed(client)
    first = health(client, group)[0]["Target"]["Id"]
    update(client)
    until_completed(client)
    assert len(health(client, group)) == 1
    assert health(client, group)[0]["Target"]["Id"] != first
    client("ecs").delete_service(cluster="site", service="web", force=True)
    assert health(client, group) == []


def test_a_task_that_its_target_group_finds_unhealthy_is_stopped_by_the_service(client: Client, behave: Behave) -> None:
    group = target_group(client)
    service(client, deploymentConfiguration=BREAKER, **behind(group))
    until_completed(client)
    behave(image="bad", never_healthy=True)
    update(client, "bad")
    wait_for(lambda: states(client, group), lambda found: "unhealthy" in found)
    deployment = until_status(client, "ROLLBACK_SUCCESSFUL")
    assert deployment["deploymentCircuitBreaker"]["failureCount"] == 3
    failed = [task for task in stopped_tasks(client) if task["containers"][0]["image"] == "bad"]
    assert {task["stoppedReason"] for task in failed} == {f"Task failed ELB health checks in (target-group {group})"}
    text = f"(service web) (port 8080) is unhealthy in (target-group {group}) due to (reason Health checks failed)"
    assert messages(client).count(text) == 3
    wait_for(lambda: states(client, group), lambda found: found == ["healthy"])


def test_an_unhealthy_target_says_why(client: Client, behave: Behave) -> None:
    group = target_group(client)
    behave(never_healthy=True)
    service(client, **behind(group))
    found = wait_for(lambda: health(client, group), lambda now: now and now[0]["TargetHealth"]["State"] == "unhealthy")
    assert found[0]["TargetHealth"] == {
        "State": "unhealthy",
        "Reason": "Target.FailedHealthChecks",
        "Description": "Health checks failed",
    }


def test_the_events_tell_of_a_rollout_newest_first(client: Client) -> None:
    service(client, desiredCount=2)
    until_completed(client)
    wait_for(lambda: messages(client)[-1], lambda text: text.endswith("steady state."))
    assert messages(client) == [
        "(service web) has started 2 tasks: (task X) (task X).",
        "(service web) (deployment X) deployment completed.",
        "(service web) has reached a steady state.",
    ]
    events = described(client)["events"]
    assert len({event["id"] for event in events}) == 3
    assert [event["createdAt"] for event in events] == sorted((event["createdAt"] for event in events), reverse=True)


def test_a_service_keeps_100_events(client: Client) -> None:
    service(client, desiredCount=0)
    first = described(client)["events"][-1]["id"]
    for _ in range(50):
        client("ecs").update_service(cluster="site", service="web", forceNewDeployment=True)
    events = described(client)["events"]
    assert len(events) == 100
    assert first not in {event["id"] for event in events}


def test_the_load_balancer_counts_the_healthy_targets_of_a_group_and_of_each_zone(client: Client) -> None:
    group = target_group(client)
    elb = client("elbv2")
    balancer = elb.create_load_balancer(Name="site", Subnets=subnets(client))["LoadBalancers"][0]["LoadBalancerArn"]
    elb.create_listener(
        LoadBalancerArn=balancer,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
    )

    def healthy(**more: str) -> list[float]:
        dimensions = {
            "LoadBalancer": balancer.partition(":loadbalancer/")[2],
            "TargetGroup": group.rpartition(":")[2],
            **more,
        }
        named = [{"Name": name, "Value": value} for name, value in dimensions.items()]
        first, *others = [counted([*order]) for order in permutations(named)]
        assert all(other == first for other in others), "the order of dimensions counts"
        return first

    def counted(dimensions: list[dict[str, str]]) -> list[float]:
        metric = {"Namespace": "AWS/ApplicationELB", "MetricName": "HealthyHostCount", "Dimensions": dimensions}
        now = datetime.now(UTC)
        [result] = client("cloudwatch").get_metric_data(
            MetricDataQueries=[{"Id": "healthy", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Maximum"}}],
            StartTime=now - timedelta(minutes=3),
            EndTime=now,
        )["MetricDataResults"]
        return result["Values"]

    assert healthy() == [], "a group without targets reports nothing"
    service(client, desiredCount=2, **behind(group))
    wait_for(lambda: states(client, group), lambda found: found == ["healthy", "healthy"])
    assert healthy() == [2]
    tasks = client("ecs").describe_tasks(cluster="site", tasks=listed(client))["tasks"]
    zones = Counter(task["availabilityZone"] for task in tasks)
    assert {zone: healthy(AvailabilityZone=zone) for zone in zones} == {zone: [count] for zone, count in zones.items()}
