"""What the tests of rollouts ask of a service again and again."""

import re
from typing import Any

from tests.emulator.support import (
    Client,
    described,
    task_definition,
    wait_for,
)

BREAKER = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
BREAKER_WITHOUT_ROLLBACK = {"deploymentCircuitBreaker": {"enable": True, "rollback": False}}
HEALTH_CHECK = {"healthCheck": {"command": ["CMD", "true"]}}


def update(client: Client, image: str = "nginx", **changes: Any) -> str:
    """Let the service run another image, and return its task definition."""
    definition = task_definition(client, app={"image": image, **changes.pop("app", {})})
    client("ecs").update_service(cluster="site", service="web", taskDefinition=definition, **changes)
    return definition


def primary(client: Client) -> dict[str, Any]:
    return described(client)["deployments"][0]


def until_primary(client: Client, **wanted: Any) -> dict[str, Any]:
    return wait_for(lambda: primary(client), lambda now: {name: now[name] for name in wanted} == wanted)


def messages(client: Client) -> list[str]:
    """The texts of the service's events, oldest first, with every id as X."""
    texts = [event["message"] for event in reversed(described(client)["events"])]
    return [re.sub(r"ecs-svc/\d+|(?<=task )[0-9a-f]{32}", "X", text) for text in texts]


def listed(client: Client, **filters: Any) -> list[str]:
    return client("ecs").list_tasks(cluster="site", serviceName="web", **filters)["taskArns"]


def stopped_tasks(client: Client) -> list[dict[str, Any]]:
    arns = listed(client, desiredStatus="STOPPED")
    return client("ecs").describe_tasks(cluster="site", tasks=arns)["tasks"] if arns else []


def briefs(client: Client, **filters: Any) -> list[dict[str, Any]]:
    return client("ecs").list_service_deployments(cluster="site", service="web", **filters)["serviceDeployments"]


def statuses(client: Client) -> list[str]:
    """The statuses of the service's deployments, newest first."""
    return [brief["status"] for brief in briefs(client)]


def newest(client: Client) -> dict[str, Any]:
    arn = briefs(client)[0]["serviceDeploymentArn"]
    return client("ecs").describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"][0]


def until_status(client: Client, status: str) -> dict[str, Any]:
    return wait_for(lambda: newest(client), lambda now: now["status"] == status)


def target_group(client: Client, name: str = "web") -> str:
    vpc = client("ec2").create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    made = client("elbv2").create_target_group(Name=name, Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip")
    return made["TargetGroups"][0]["TargetGroupArn"]


def behind(group: str) -> dict[str, Any]:
    return {"loadBalancers": [{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}]}


def health(client: Client, group: str) -> list[dict[str, Any]]:
    return client("elbv2").describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]


def states(client: Client, group: str) -> list[str]:
    return [target["TargetHealth"]["State"] for target in health(client, group)]
