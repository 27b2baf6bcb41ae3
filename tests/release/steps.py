"""What the tests of a release's steps share: an account in an emulator, and tasks in their shortest valid form."""

import json
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import boto3

from release.contract import OneOffTask, Rollout, StackLocation

REGION, CLUSTER, LOG_GROUP = "ap-northeast-1", "story-prod", "/story/prod/migration"
FAMILY = "story-prod-migration"
DIGEST = "1" * 64
IMAGE = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/site@sha256:{DIGEST}"
STARTED_BY = f"story-prod/migration/{DIGEST}"
LOCATION = StackLocation(project="story", stack="prod", region=REGION, profile=None, cluster=CLUSTER)


@dataclass
class Cloud:
    """An account in an emulator.

    Attributes:
        url: Where the emulator listens.
        said: What the steps said.
    """

    url: str
    said: list[str] = field(default_factory=list)

    def client(self, service: str) -> Any:
        return _client(self.url, service)

    def ask(self, method: str, path: str, **content: Any) -> Any:
        body = json.dumps(content).encode() if content else None
        with urllib.request.urlopen(urllib.request.Request(self.url + path, body, method=method), timeout=30) as answer:
            return json.loads(answer.read())

    def behaves(self, **behaviour: Any) -> None:
        """What containers do from now on; see emulator/README.md."""
        self.ask("POST", "/emulator/behaviours", **behaviour)

    def fails_at(self, action: str, **fault: Any) -> None:
        """Let an action of AWS fail; see emulator/README.md."""
        self.ask("POST", "/emulator/faults", action=action, **fault)

    def works_again(self) -> None:
        """Let no action fail any more."""
        self.ask("DELETE", "/emulator/faults")

    @cached_property
    def subnet_id(self) -> str:
        ec2 = self.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        zone = f"{REGION}a"
        return ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]

    @cached_property
    def cluster(self) -> str:
        self.client("ecs").create_cluster(clusterName=CLUSTER, capacityProviders=["FARGATE"])
        self.client("logs").create_log_group(logGroupName=LOG_GROUP)
        return CLUSTER

    def task_definition(
        self, family: str = FAMILY, *, image: str = IMAGE, log_group: str = LOG_GROUP, essential_agent: bool = False
    ) -> str:
        """ARN of a new revision with the containers `app` and `agent`."""
        options = {"awslogs-group": log_group, "awslogs-region": REGION, "awslogs-stream-prefix": "migration"}
        logs = {"logDriver": "awslogs", "options": options}
        containers = [
            {"name": "app", "image": image, "essential": True, "logConfiguration": logs},
            {"name": "agent", "image": "agent", "essential": essential_agent},
        ]
        answer = self.client("ecs").register_task_definition(
            family=family,
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            containerDefinitions=containers,
        )
        return answer["taskDefinition"]["taskDefinitionArn"]

    def task(self, **changes: Any) -> OneOffTask:
        """The migration."""
        assert self.cluster
        given: dict[str, Any] = {
            "step": "migration",
            "location": LOCATION,
            "started_by": STARTED_BY,
            "task_definition": changes.pop("task_definition", None) or self.task_definition(),
            "container": "app",
            "subnet_ids": [self.subnet_id],
            "security_group_id": "sg-12345678",
            "log_group": LOG_GROUP,
            "log_stream_prefix": "migration",
            "timeout_seconds": 30,
        }
        return OneOffTask(**{**given, **changes})

    def started(self, task: OneOffTask) -> Any:
        """A task that somebody started before."""
        network = {"subnets": list(task.subnet_ids)}
        answer = self.client("ecs").run_task(
            cluster=CLUSTER,
            taskDefinition=task.task_definition,
            launchType="FARGATE",
            startedBy=task.started_by,
            networkConfiguration={"awsvpcConfiguration": network},
        )
        return answer["tasks"][0]

    def tasks(self) -> Sequence[Any]:
        """All tasks that were started, whatever became of them."""
        ecs = self.client("ecs")
        arns = [
            arn
            for status in ("RUNNING", "STOPPED")
            for arn in ecs.list_tasks(cluster=CLUSTER, desiredStatus=status)["taskArns"]
        ]
        return ecs.describe_tasks(cluster=CLUSTER, tasks=list(dict.fromkeys(arns)))["tasks"] if arns else []

    def tasks_without_faults(self) -> Sequence[Any]:
        """The same, once no action fails any more."""
        self.works_again()
        return self.tasks()

    def service(self, name: str = "web", *, task_definition: str | None = None, **changes: Any) -> Any:
        """A service."""
        assert self.cluster
        breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
        given: dict[str, Any] = {
            "cluster": CLUSTER,
            "serviceName": name,
            "taskDefinition": task_definition or self.task_definition(f"story-prod-{name}"),
            "desiredCount": 1,
            "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}],
            "networkConfiguration": {"awsvpcConfiguration": {"subnets": [self.subnet_id], "securityGroups": []}},
            "deploymentConfiguration": {**breaker, "maximumPercent": 200, "minimumHealthyPercent": 100},
        }
        return self.client("ecs").create_service(**{**given, **changes})["service"]

    def described(self, name: str = "web") -> Any:
        return self.client("ecs").describe_services(cluster=CLUSTER, services=[name])["services"][0]

    def deployed(self, name: str = "web", **changes: Any) -> str:
        """Starts a deployment of a new revision; returns its ARN."""
        definition = self.task_definition(f"story-prod-{name}")
        self.client("ecs").update_service(cluster=CLUSTER, service=name, taskDefinition=definition, **changes)
        return definition

    def rollout(self, task_definition: str, *, service: str = "web", timeout_seconds: int = 30) -> Rollout:
        return Rollout(
            location=LOCATION, service=service, task_definition=task_definition, timeout_seconds=timeout_seconds
        )

    @property
    def output(self) -> str:
        """All that the steps said."""
        return "\n".join(self.said)


@cache  # A client takes a good part of a second to make.
def _client(url: str, service: str) -> Any:
    untyped: Any = boto3
    return untyped.client(
        service,
        region_name=REGION,
        endpoint_url=url,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
