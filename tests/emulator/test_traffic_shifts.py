"""Deployments that alarms watch, and those that move visitors: blue/green, linear, canary."""

from typing import Any

import pytest

from tests.emulator.rolling import (
    BREAKER,
    behind,
    messages,
    newest,
    primary,
    states,
    statuses,
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


def alarm(client: Client, state: str) -> None:
    cloudwatch = client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        MetricName="HTTPCode_Target_5XX_Count",
        Namespace="AWS/ApplicationELB",
        Period=60,
        Statistic="Sum",
        Threshold=1,
    )
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue=state, StateReason="a test")


def watched(*, rollback: bool = True) -> dict[str, Any]:
    return {"alarms": {"alarmNames": ["errors"], "enable": True, "rollback": rollback}}


def test_an_alarm_during_a_deployment_rolls_it_back(client: Client, behave: Behave) -> None:
    alarm(client, "OK")
    service(client, deploymentConfiguration=watched())
    old = until_completed(client)
    behave(image="bad", healthy_after_seconds=60)
    update(client, "bad")
    assert newest(client)["alarms"] == {
        "status": "MONITORING",
        "alarmNames": ["errors"],
        "triggeredAlarmNames": [],
    }
    alarm(client, "ALARM")
    deployment = until_status(client, "ROLLBACK_SUCCESSFUL")
    assert deployment["alarms"]["status"] == "TRIGGERED"
    assert deployment["alarms"]["triggeredAlarmNames"] == ["errors"]
    assert "errors" in deployment["statusReason"]
    assert until_completed(client)["taskDefinition"] == old["taskDefinition"]
    assert "(service web) (deployment X) deployment failed: alarm detected." in messages(client)


def test_an_alarm_without_rollback_stops_the_deployment(client: Client, behave: Behave) -> None:
    alarm(client, "OK")
    service(client, deploymentConfiguration=watched(rollback=False))
    until_completed(client)
    behave(image="bad", healthy_after_seconds=60)
    update(client, "bad")
    alarm(client, "ALARM")
    assert "errors" in until_status(client, "STOPPED")["statusReason"]
    assert primary(client)["rolloutState"] == "FAILED"


def test_an_alarm_that_is_on_at_the_start_is_not_watched(client: Client) -> None:
    alarm(client, "ALARM")
    service(client, deploymentConfiguration=watched())
    until_completed(client)
    assert statuses(client) == ["SUCCESSFUL"]


def test_alarms_are_watched_for_a_while_after_the_old_tasks_are_gone(client: Client) -> None:
    alarm(client, "OK")
    service(client, deploymentConfiguration=watched())
    until_completed(client)
    deployment = newest(client)
    assert deployment["alarms"]["status"] == "MONITORING_COMPLETE"
    assert 0.85 < (deployment["finishedAt"] - deployment["startedAt"]).total_seconds() < 1


def rule_and_groups(client: Client) -> tuple[str, list[str]]:
    """A listener rule that sends all to the first of two target groups."""
    elb = client("elbv2")
    balancer = elb.create_load_balancer(Name="site", Subnets=subnets(client))["LoadBalancers"][0]["LoadBalancerArn"]
    groups = [target_group(client, name) for name in ("blue", "green")]
    answer = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
    listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=answer)
    rule = elb.create_rule(
        ListenerArn=listener["Listeners"][0]["ListenerArn"],
        Priority=1,
        Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
        Actions=[{"Type": "forward", "TargetGroupArn": groups[0]}],
    )
    return rule["Rules"][0]["RuleArn"], groups


def weights(client: Client, rule: str) -> dict[str, int]:
    (action,) = client("elbv2").describe_rules(RuleArns=[rule])["Rules"][0]["Actions"]
    return {group["TargetGroupArn"]: group["Weight"] for group in action["ForwardConfig"]["TargetGroups"]}


def in_two_colours(client: Client, **configuration: Any) -> tuple[str, str, str]:
    """A service with two target groups: the rule, and the groups in the order of their use."""
    rule, (blue, green) = rule_and_groups(client)
    balancer = behind(blue)["loadBalancers"][0]
    advanced = {
        "alternateTargetGroupArn": green,
        "productionListenerRule": rule,
        "roleArn": "arn:aws:iam::123456789012:role/ecs",
    }
    service(
        client,
        loadBalancers=[{**balancer, "advancedConfiguration": advanced}],
        deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 2, **configuration},
    )
    until_completed(client)
    return rule, blue, green


def test_a_blue_green_deployment_goes_through_its_stages(client: Client, behave: Behave) -> None:
    rule, blue, green = in_two_colours(client, bakeTimeInMinutes=3)
    behave(image="second", healthy_after_seconds=1)
    definition = update(client, "second")
    seen: list[str] = []

    def look() -> str:
        now = newest(client)
        seen.append(now["lifecycleStage"])
        return now["status"]

    wait_for(look, lambda status: status == "SUCCESSFUL")
    order = [
        "PRE_SCALE_UP",
        "SCALE_UP",
        "POST_SCALE_UP",
        "TEST_TRAFFIC_SHIFT",
        "POST_TEST_TRAFFIC_SHIFT",
        "PRODUCTION_TRAFFIC_SHIFT",
        "POST_PRODUCTION_TRAFFIC_SHIFT",
        "BAKE_TIME",
        "CLEAN_UP",
    ]
    assert [order.index(stage) for stage in seen] == sorted(order.index(stage) for stage in seen)
    assert {"SCALE_UP", "BAKE_TIME"} <= set(seen)
    assert until_completed(client)["taskDefinition"] == definition
    assert (states(client, blue), states(client, green)) == ([], ["healthy"])
    assert weights(client, rule) == {blue: 0, green: 100}
    update(client, "third")
    until_completed(client)
    assert weights(client, rule) == {blue: 100, green: 0}, "the next one goes back to the first group"


def test_the_old_tasks_have_all_traffic_until_all_new_ones_are_healthy(client: Client, behave: Behave) -> None:
    rule, blue, green = in_two_colours(client, bakeTimeInMinutes=0)
    behave(image="slow", healthy_after_seconds=60)
    update(client, "slow", desiredCount=2)
    wait_for(lambda: states(client, green), lambda found: found == ["initial", "initial"])
    deployment = newest(client)
    assert deployment["lifecycleStage"] == "SCALE_UP"
    assert deployment["targetServiceRevision"]["requestedProductionTrafficWeight"] == 0
    assert weights(client, rule) == {blue: 100, green: 0}
    assert states(client, blue) == ["healthy"]


def test_both_sets_of_tasks_run_during_the_bake_time(client: Client) -> None:
    rule, blue, green = in_two_colours(client, bakeTimeInMinutes=0)
    update(client, "second", deploymentConfiguration={"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1000})
    deployment = wait_for(lambda: newest(client), lambda now: now["lifecycleStage"] == "BAKE_TIME")
    assert deployment["targetServiceRevision"]["requestedProductionTrafficWeight"] == 100
    assert weights(client, rule) == {blue: 0, green: 100}
    assert (states(client, blue), states(client, green)) == (["healthy"], ["healthy"])
    assert primary(client)["rolloutState"] == "IN_PROGRESS"


def test_an_alarm_in_the_bake_time_sends_the_traffic_back(client: Client) -> None:
    alarm(client, "OK")
    rule, blue, green = in_two_colours(client, bakeTimeInMinutes=0, **watched())
    old = described(client)
    configuration = {"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1000, **watched()}
    update(client, "bad", deploymentConfiguration=configuration)
    wait_for(lambda: newest(client), lambda now: now["lifecycleStage"] == "BAKE_TIME")
    assert weights(client, rule) == {blue: 0, green: 100}
    alarm(client, "ALARM")
    until_status(client, "ROLLBACK_SUCCESSFUL")
    assert weights(client, rule) == {blue: 100, green: 0}
    assert until_completed(client)["taskDefinition"] == old["taskDefinition"]
    assert (states(client, blue), states(client, green)) == (["healthy"], [])


def test_failing_tasks_of_a_blue_green_deployment_never_get_traffic(client: Client, behave: Behave) -> None:
    rule, blue, green = in_two_colours(client, **BREAKER)
    behave(image="bad", exits=1)
    update(client, "bad")
    wait_for(lambda: newest(client), lambda now: now["status"] == "ROLLBACK_SUCCESSFUL")
    assert newest(client)["lifecycleStage"] == "SCALE_UP"
    assert weights(client, rule) == {blue: 100, green: 0}


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        (
            {"strategy": "CANARY", "canaryConfiguration": {"canaryPercent": 10, "canaryBakeTimeInMinutes": 2}},
            [0, 10, 100],
        ),
        (
            {"strategy": "LINEAR", "linearConfiguration": {"stepPercent": 40, "stepBakeTimeInMinutes": 2}},
            [0, 40, 80, 100],
        ),
    ],
)
def test_the_traffic_shifts_in_steps(client: Client, configuration: dict[str, Any], expected: list[int]) -> None:
    rule, _, green = in_two_colours(client, bakeTimeInMinutes=0)
    update(client, "second", deploymentConfiguration={**configuration, "bakeTimeInMinutes": 2})
    seen: list[int] = []

    def look() -> str:
        seen.append(weights(client, rule)[green])
        return newest(client)["status"]

    wait_for(look, lambda status: status == "SUCCESSFUL")
    assert list(dict.fromkeys([0, *seen])) == expected
