"""`story doctor`, on the emulator: what it really answers is no reason for an alarm, and its faults are found."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from story.doctor import run
from tests.release.steps import REGION, Cloud
from tests.story.live import Live, story, until

pytestmark = pytest.mark.timed


@pytest.fixture
def live(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    made = Live(home=tmp_path, cloud=cloud).prepared().up("web", "scheduler")
    made.services_run("web", "scheduler")
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    topic = cloud.client("sns").create_topic(Name="alarms")["TopicArn"]
    made.told(**made.outputs, key=key, alarmTopics={"critical": topic, "warning": topic})
    reach_s3(cloud)
    return made


def reach_s3(cloud: Cloud) -> None:
    """The gateway endpoint for S3, with its route in the table of the tasks' subnet."""
    ec2 = cloud.client("ec2")
    [subnet] = ec2.describe_subnets(SubnetIds=[cloud.subnet_id])["Subnets"]
    tables = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [subnet["VpcId"]]}])["RouteTables"]
    ec2.create_vpc_endpoint(
        VpcId=subnet["VpcId"],
        VpcEndpointType="Gateway",
        ServiceName=f"com.amazonaws.{REGION}.s3",
        RouteTableIds=[table["RouteTableId"] for table in tables],
    )


def findings(live: Live, *arguments: str) -> list[dict[str, Any]]:
    assert live.outputs
    return json.loads(story("doctor", "--stack", "prod", "--format", "json", *arguments).stdout)["findings"]


def worse_than_notes(live: Live) -> list[tuple[str, str, str]]:
    found = findings(live)
    return [(one["area"], one["subject"], one["severity"]) for one in found if one["severity"] in ("error", "warning")]


def test_a_healthy_stack_yields_no_warning(live: Live) -> None:
    result = story("doctor", "--stack", "prod")
    assert worse_than_notes(live) == []
    assert result.exit_code == 0, result.stdout
    assert live.updates == []


def test_tasks_that_are_killed_for_want_of_memory_are_named(live: Live) -> None:
    killed = {"family": "story-prod-web", "container": "app", "exits": 137, "after_seconds": 0.1, "times": 1}
    live.cloud.behaves(**killed)
    for task in live.cloud.tasks():
        live.cloud.client("ecs").stop_task(cluster="story-prod", task=task["taskArn"])
    found = _until_found(live, "restarts")
    assert (found["subject"], found["severity"]) == ("web", "warning")
    assert found["what"].startswith("1 task ran out of memory in the last hour")


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("RUNNING", ("ok", "agents are running in 1 task")),
        ("STOPPED", ("warning", "the agent is not running in 1 of 1 tasks: ")),
    ],
)
def test_an_agent_that_stopped_is_found_and_one_that_runs_is_well(
    live: Live, monkeypatch: pytest.MonkeyPatch, status: str, told: tuple[str, str]
) -> None:
    live.cloud.behaves(family="story-prod-shell", exec_agent=status)
    live.cloud.service("shell", enableExecuteCommand=True)
    services = {"shell": {"rolloutTimeoutSeconds": 30}}
    live.told(**{**live.outputs, "services": services, "execLogGroup": "/story/prod/exec"})
    until(lambda: live.cloud.described("shell")["runningCount"] == 1)
    monkeypatch.setattr(run, "_now", lambda: datetime.now(UTC) + timedelta(minutes=10))
    of_shell = [one for one in findings(live) if (one["area"], one["subject"]) == ("exec", "shell")]
    agents = [one for one in of_shell if "agent" in one["what"]]
    assert [(one["severity"], one["what"][: len(told[1])]) for one in agents] == [told]


def test_an_alarm_that_rings_and_a_service_that_is_gone_are_found(live: Live) -> None:
    cloudwatch = live.cloud.client("cloudwatch")
    alarm = {"Namespace": "n", "MetricName": "m", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1}
    cloudwatch.put_metric_alarm(
        AlarmName="story-prod-site-5xx", ComparisonOperator="GreaterThanThreshold", Statistic="Sum", **alarm
    )
    cloudwatch.set_alarm_state(AlarmName="story-prod-site-5xx", StateValue="ALARM", StateReason="over 1")
    live.cloud.client("ecs").delete_service(cluster="story-prod", service="scheduler", force=True)
    assert worse_than_notes(live) == [
        ("drift", "scheduler", "error"),
        ("alarms", "story-prod-site-5xx", "warning"),
    ]


def test_a_subnet_that_lost_its_route_to_s3_is_found(live: Live) -> None:
    ec2 = live.cloud.client("ec2")
    [endpoint] = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert [(one["severity"], one["what"]) for one in findings(live) if one["area"] == "network"] == [
        ("ok", "the tasks' subnets have a route to S3 through the gateway endpoint")
    ]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    assert worse_than_notes(live) == [("network", "", "error")], "and there is no NAT gateway either"


def test_events_that_were_not_delivered_are_found(live: Live) -> None:
    live.cloud.client("cloudwatch").put_metric_data(
        Namespace="AWS/Events",
        MetricData=[
            {
                "MetricName": "FailedInvocations",
                "Dimensions": [{"Name": "RuleName", "Value": rule}],
                "Timestamp": datetime.now(UTC) - timedelta(hours=hours),
                "Value": 1,
            }
            for rule, hours in (("story-prod-exec", 2), ("story-prod-exec", 30), ("story-other-exec", 2))
        ],
    )
    [found] = [one for one in findings(live) if one["area"] == "events"]
    assert (found["subject"], found["severity"]) == ("story-prod-exec", "warning")
    assert found["what"] == "1 event was not delivered in the last 24 hours"


def test_a_database_that_aws_knows_is_looked_at(live: Live) -> None:
    rds = live.cloud.client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="aurora-1", Engine="aurora-mysql", MasterUsername="admin", MasterUserPassword="x" * 12
    )
    live.told(**live.outputs, aurora={"endpoint": f"aurora-1.cluster-1.{REGION}.rds.amazonaws.com"})
    [found] = [one for one in findings(live) if one["area"] == "backups"]
    assert (found["subject"], found["severity"]) == ("aurora", "ok")


@pytest.mark.parametrize("code", ["AccessDeniedException", "InternalFailure"])
def test_what_aws_refuses_is_unknown(live: Live, code: str) -> None:
    live.cloud.fails_at("DescribeTasks", code=code, times=99)
    assert worse_than_notes(live) == []
    found = findings(live)
    told = [one["what"] for one in found if one["severity"] == "unknown" and "DescribeTasks" in one["what"]]
    assert told
    assert all(line.startswith("could not be checked: the age of its secrets: ") for line in told)
    assert {one["area"] for one in found if one["severity"] == "ok"} >= {"drift"}


def _until_found(live: Live, area: str) -> dict[str, Any]:
    for _ in range(40):
        found = [one for one in findings(live) if one["area"] == area and one["severity"] == "warning"]
        if found:
            return found[0]
    raise AssertionError(f"nothing was found of {area}")
