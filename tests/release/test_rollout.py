"""Following a deployment on the emulator: it ends with the deployment, and a rollback is a failure with its reason."""

import re
import threading
import time
from typing import Any

import pytest

from aws import retrying
from release import rollout
from release.contract import StepError
from release.rollout import follow_rollout
from tests.release.steps import CLUSTER, Cloud

pytestmark = pytest.mark.timed

GROUP = {"Protocol": "HTTP", "Port": 8080, "TargetType": "ip"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollout, "POLL_SECONDS", 0.3)
    monkeypatch.setattr(rollout, "APPEARS_WITHIN_SECONDS", 1.0)
    monkeypatch.setattr(retrying, "PAUSE_SECONDS", 0.1)


def follow(cloud: Cloud, task_definition: str, **options: Any) -> None:
    follow_rollout(cloud.rollout(task_definition, **options), output=cloud.said.append)


def failure(cloud: Cloud, task_definition: str, **options: Any) -> str:
    with pytest.raises(StepError) as failed:
        follow(cloud, task_definition, **options)
    assert "\n" not in str(failed.value)
    return str(failed.value)


def running(cloud: Cloud, name: str = "web", **changes: Any) -> str:
    """A service whose first deployment is complete; returns its task definition."""
    made = cloud.service(name, **changes)
    follow(cloud, made["taskDefinition"], service=name)
    cloud.said.clear()
    return made["taskDefinition"]


def balanced(cloud: Cloud) -> dict[str, Any]:
    """What makes a service one behind a load balancer."""
    vpc = cloud.client("ec2").describe_subnets(SubnetIds=[cloud.subnet_id])["Subnets"][0]["VpcId"]
    group = cloud.client("elbv2").create_target_group(Name="web", VpcId=vpc, **GROUP)["TargetGroups"][0]
    return {
        "loadBalancers": [{"targetGroupArn": group["TargetGroupArn"], "containerName": "app", "containerPort": 8080}]
    }


def test_how_long_a_deployment_took_is_told_to_cloudwatch_by_service(cloud: Cloud) -> None:
    running(cloud)
    follow(cloud, cloud.deployed())
    (metric,) = cloud.client("cloudwatch").list_metrics(Namespace="story/prod")["Metrics"]
    assert (metric["MetricName"], metric["Dimensions"]) == ("RolloutSeconds", [{"Name": "Service", "Value": "web"}])


def test_looking_at_a_deployment_tells_no_duration(cloud: Cloud) -> None:
    made = cloud.service("web")
    follow_rollout(cloud.rollout(made["taskDefinition"]), output=cloud.said.append, intervenes=False)
    assert cloud.client("cloudwatch").list_metrics(Namespace="story/prod")["Metrics"] == []


def test_a_good_deployment_is_followed_until_it_is_complete(cloud: Cloud) -> None:
    running(cloud, desiredCount=2)
    brought = cloud.deployed()
    follow(cloud, brought)
    service = cloud.described()
    assert service["taskDefinition"] == brought
    assert [one["rolloutState"] for one in service["deployments"]] == ["COMPLETED"]
    assert re.search(r"^rollout web: +[0-9.]+ s  complete: 2 ", cloud.output, re.MULTILINE)
    assert all(line.startswith("rollout web: ") for line in cloud.said), cloud.output


def test_a_service_that_runs_it_already_ends_the_wait_at_once(cloud: Cloud) -> None:
    definition = running(cloud)
    began = time.monotonic()
    follow(cloud, definition)
    assert time.monotonic() - began < 1
    assert "story-prod-web:1 is already running" in cloud.output


def test_no_desired_tasks_are_complete_at_once(cloud: Cloud) -> None:
    follow(cloud, cloud.service(desiredCount=0)["taskDefinition"])


def test_a_rollback_is_a_failure_with_its_reason(cloud: Cloud) -> None:
    first = running(cloud)
    cloud.behaves(family="story-prod-web", container="app", exits=1, lines=["PHP Fatal error: no such class"])
    message = failure(cloud, cloud.deployed())
    assert message.startswith("rollout web: story-prod-web:2 failed: ")
    assert "circuit breaker" in message
    assert re.search(r"[3-9] tasks stopped: Essential container in task exited, app exit code 1", cloud.output)
    assert "last log lines of app:" in cloud.output
    assert "| PHP Fatal error: no such class" in cloud.output
    assert "Next: story rollback --stack prod " in cloud.output
    assert "events of the service:" in cloud.output
    assert "deployment failed: tasks failed to start" in cloud.output
    assert until_complete(cloud) == first


def test_an_image_that_can_not_be_pulled_says_so(cloud: Cloud) -> None:
    running(cloud)
    cloud.behaves(family="story-prod-web", cannot_be_pulled=True)
    failure(cloud, cloud.deployed())
    assert "tasks stopped: CannotPullContainerError" in cloud.output


def test_what_the_load_balancer_says_of_a_task_is_shown(cloud: Cloud) -> None:
    running(cloud, **balanced(cloud))
    cloud.behaves(family="story-prod-web", never_healthy=True)
    failure(cloud, cloud.deployed())
    assert "health check of the load balancer: Target." in cloud.output
    assert "tasks stopped: Task failed ELB health checks in (target-group arn:" in cloud.output


def test_a_first_deployment_that_fails_fails_although_nothing_can_be_rolled_back(cloud: Cloud) -> None:
    cloud.behaves(family="story-prod-web", container="app", exits=1)
    assert "failed: " in failure(cloud, cloud.service()["taskDefinition"])


def test_what_failed_and_was_not_replaced_is_tried_again(cloud: Cloud) -> None:
    cloud.behaves(family="story-prod-web", container="app", exits=1)
    definition = cloud.service()["taskDefinition"]
    failure(cloud, definition)
    failed = cloud.described()["deployments"][0]["id"]
    assert "failed: " in failure(cloud, definition), "as broken as before"
    cloud.ask("DELETE", "/emulator/behaviours")
    follow(cloud, definition)
    assert f"{failed} had failed" in cloud.output
    assert cloud.described()["deployments"][0]["rolloutState"] == "COMPLETED"


def test_the_same_broken_release_fails_twice(cloud: Cloud) -> None:
    first = running(cloud)
    cloud.behaves(family="story-prod-web", container="app", exits=1)
    broken = cloud.deployed()
    failure(cloud, broken)
    assert until_complete(cloud) == first
    cloud.client("ecs").update_service(cluster=CLUSTER, service="web", taskDefinition=broken)
    failure(cloud, broken)
    assert until_complete(cloud) == first


def test_a_good_release_after_a_broken_one_of_the_same_definition_is_not_judged_by_the_old_end(cloud: Cloud) -> None:
    running(cloud)
    cloud.behaves(family="story-prod-web", container="app", exits=1)
    definition = cloud.deployed()
    failure(cloud, definition)
    until_complete(cloud)
    cloud.ask("DELETE", "/emulator/behaviours")
    cloud.client("ecs").update_service(cluster=CLUSTER, service="web", taskDefinition=definition)
    follow(cloud, definition)


def test_a_deployment_that_was_rolled_back_before_anybody_looked_has_failed(cloud: Cloud) -> None:
    first = running(cloud)
    cloud.behaves(family="story-prod-web", container="app", exits=1)
    broken = cloud.deployed()
    assert until_complete(cloud, other_than=broken) == first
    assert "story-prod-web:2 failed: ECS rolled it back" in failure(cloud, broken)
    assert "tasks stopped: Essential container in task exited, app exit code 1" in cloud.output
    assert "deployment failed: tasks failed to start" in cloud.output


def test_a_newer_deployment_displaces_the_older_one(cloud: Cloud) -> None:
    running(cloud)
    cloud.behaves(family="story-prod-web", starts_after_seconds=30)
    older = cloud.deployed()
    threading.Timer(2, cloud.deployed).start()
    assert re.search(r"replaced it: ecs-svc/[0-9]+, which deploys story-prod-web:3", failure(cloud, older))


def test_a_service_that_is_deleted_while_waiting_is_a_failure(cloud: Cloud) -> None:
    running(cloud)
    cloud.behaves(family="story-prod-web", starts_after_seconds=30)
    brought = cloud.deployed()
    delete = {"cluster": CLUSTER, "service": "web", "force": True}
    threading.Timer(0.5, lambda: cloud.client("ecs").delete_service(**delete)).start()
    assert "the service was deleted" in failure(cloud, brought)


def test_a_service_that_does_not_exist_is_a_failure(cloud: Cloud) -> None:
    assert cloud.cluster
    assert "the service was deleted, or was never created" in failure(cloud, cloud.task_definition("story-prod-web"))


def test_at_the_timeout_the_deployment_is_stopped_and_ecs_goes_back(cloud: Cloud) -> None:
    first = running(cloud)
    cloud.behaves(family="story-prod-web", stays="PENDING")
    message = failure(cloud, cloud.deployed(), timeout_seconds=1)
    assert "not complete within 1 s, the timeout in the stack's file; stopped: ROLLBACK_SUCCESSFUL" in message
    service = cloud.described()
    assert service["taskDefinition"] == first
    assert service["deployments"][0]["rolloutState"] == "COMPLETED", "it waits until ECS is back"


def test_a_stop_that_aws_throttles_is_asked_for_again(cloud: Cloud) -> None:
    first = running(cloud)
    cloud.behaves(family="story-prod-web", stays="PENDING")
    brought = cloud.deployed()
    cloud.fails_at("StopServiceDeployment", code="ThrottlingException", times=2)
    assert "stopped: ROLLBACK_SUCCESSFUL" in failure(cloud, brought, timeout_seconds=1)
    assert cloud.described()["taskDefinition"] == first


@pytest.mark.parametrize("action", ["DescribeTargetHealth", "DescribeTaskDefinition", "GetLogEvents"])
def test_what_only_explains_a_failure_does_not_hide_it(cloud: Cloud, action: str) -> None:
    running(cloud, **balanced(cloud))
    cloud.behaves(family="story-prod-web", container="app", exits=1)
    brought = cloud.deployed()
    cloud.fails_at(action, code="AccessDeniedException", times=1000)
    assert "circuit breaker" in failure(cloud, brought)
    assert action == "GetLogEvents" or "AWS did not answer describe_t" in cloud.output


def test_a_first_deployment_at_its_timeout_says_that_nothing_could_be_stopped(cloud: Cloud) -> None:
    cloud.behaves(family="story-prod-web", stays="PENDING")
    message = failure(cloud, cloud.service()["taskDefinition"], timeout_seconds=1)
    assert "not complete within 1 s" in message


def test_an_alarm_that_rolls_back_is_named(cloud: Cloud) -> None:
    alarms = {"alarmNames": ["web-errors"], "enable": True, "rollback": True}
    configuration = {"alarms": alarms, "maximumPercent": 200, "minimumHealthyPercent": 100}
    running(cloud, deploymentConfiguration=configuration)
    alarm(cloud, "OK")
    cloud.behaves(family="story-prod-web", healthy_after_seconds=2)
    brought = cloud.deployed(deploymentConfiguration=configuration)
    threading.Timer(0.5, lambda: alarm(cloud, "ALARM")).start()
    assert "web-errors" in failure(cloud, brought)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param({"status": 400, "code": "ThrottlingException"}, id="throttled"),
        pytest.param({"status": 500, "code": "ServerException"}, id="failing inside"),
        pytest.param({"lost": True}, id="lost"),
    ],
)
@pytest.mark.parametrize(
    "action",
    [
        "DescribeServices",
        "ListServiceDeployments",
        "DescribeServiceRevisions",
        "DescribeServiceDeployments",
        "ListTasks",
        "DescribeTasks",
    ],
)
def test_what_passes_by_itself_is_passed_over(cloud: Cloud, action: str, fault: dict[str, Any]) -> None:
    running(cloud)
    brought = cloud.deployed()
    cloud.fails_at(action, times=2, **fault)
    follow(cloud, brought)


def test_an_account_without_service_deployments_is_followed_by_its_services_alone(cloud: Cloud) -> None:
    running(cloud)
    cloud.fails_at("ListServiceDeployments", answer={"serviceDeployments": []}, times=1000)
    follow(cloud, cloud.deployed())
    cloud.behaves(family="story-prod-web", container="app", exits=1)
    # It may see the failure itself, or only that the service has gone back meanwhile.
    assert re.search("circuit breaker|which deploys story-prod-web:2", failure(cloud, cloud.deployed()))


def test_credentials_that_expire_leave_the_deployment_alone(cloud: Cloud) -> None:
    running(cloud)
    cloud.behaves(family="story-prod-web", starts_after_seconds=1)
    brought = cloud.deployed()
    cloud.fails_at("DescribeServices", code="ExpiredTokenException", times=100)
    assert "the AWS credentials are no longer valid" in failure(cloud, brought)
    cloud.works_again()
    follow(cloud, brought)


def test_services_side_by_side_do_not_mix_their_lines(cloud: Cloud) -> None:
    for name in ("web", "worker"):
        running(cloud, name)
    brought = {name: cloud.deployed(name) for name in ("web", "worker")}
    threads = [
        threading.Thread(target=follow, args=(cloud, definition), kwargs={"service": name})
        for name, definition in brought.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {line.partition(":")[0] for line in cloud.said} == {"rollout web", "rollout worker"}


@pytest.mark.parametrize("strategy", ["BLUE_GREEN", "CANARY", "LINEAR"])
def test_a_shift_of_traffic_is_followed_through_its_stages(cloud: Cloud, strategy: str) -> None:
    running(cloud, **shifting(cloud, strategy))
    follow(cloud, cloud.deployed())
    assert "(BAKE_TIME)" in cloud.output


def test_a_shift_of_traffic_whose_tasks_fail_is_rolled_back(cloud: Cloud) -> None:
    first = running(cloud, **shifting(cloud, "BLUE_GREEN"))
    cloud.behaves(family="story-prod-web", container="app", exits=1)
    # There is no circuit breaker for these strategies: it ends at the timeout, or by an alarm.
    assert "stopped: ROLLBACK_SUCCESSFUL" in failure(cloud, cloud.deployed(), timeout_seconds=2)
    assert until_complete(cloud) == first


def shifting(cloud: Cloud, strategy: str) -> dict[str, Any]:
    """What makes a service one whose traffic is shifted."""
    details: dict[str, Any] = {
        "CANARY": {"canaryConfiguration": {"canaryPercent": 10, "canaryBakeTimeInMinutes": 1}},
        "LINEAR": {"linearConfiguration": {"stepPercent": 50, "stepBakeTimeInMinutes": 1}},
    }
    return {
        **balanced(cloud),
        "deploymentConfiguration": {
            "strategy": strategy,
            "bakeTimeInMinutes": 2,
            "maximumPercent": 200,
            "minimumHealthyPercent": 100,
            **details.get(strategy, {}),
        },
    }


def alarm(cloud: Cloud, state: str) -> None:
    """Makes the alarm, and puts it into a state."""
    cloudwatch = cloud.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="web-errors",
        Namespace="site",
        MetricName="errors",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    cloudwatch.set_alarm_state(AlarmName="web-errors", StateValue=state, StateReason="test")


def until_complete(cloud: Cloud, other_than: str = "") -> str:
    """Waits until the service's deployment is complete; returns the task definition that it runs then."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        [leading] = [one for one in cloud.described()["deployments"] if one["status"] == "PRIMARY"]
        if leading["rolloutState"] == "COMPLETED" and leading["taskDefinition"] != other_than:
            return leading["taskDefinition"]
        time.sleep(0.1)
    raise AssertionError(cloud.described()["deployments"])
