"""What the tests have in common: the running emulator, and AWS resources in their shortest valid form."""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Behave = Callable[..., Any]
Client = Callable[[str], Any]

DEADLINE_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningEmulator:
    """The emulator that the tests talk to."""

    url: str
    log_file: Path
    control_file: Path
    seconds_to_start: float

    def request(self, method: str, path: str) -> Any:
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}{path}", method=method), timeout=10) as answer:
            return json.loads(answer.read())

    def post(self, path: str, **content: Any) -> Any:
        """The answer to a JSON object."""
        request = urllib.request.Request(f"{self.url}{path}", json.dumps(content).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read())

    def inventory(self, service: str | None = None) -> Any:
        everything = self.request("GET", "/emulator/inventory")
        return everything if service is None else everything.get(service, [])

    def raw(self, service: str, action: str, target: str | None = None) -> str:
        """The body of the answer to a request as it is on the wire; boto3 is more lenient than other clients."""
        credential = f"AWS4-HMAC-SHA256 Credential=test/20260101/ap-northeast-1/{service}/aws4_request"
        headers = {"Authorization": credential}
        if target:
            headers |= {"X-Amz-Target": f"{target}.{action}", "Content-Type": "application/x-amz-json-1.1"}
            body = json.dumps({"name": "site", "pipelineName": "site"})
        else:
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
            body = f"Action={action}"
        request = urllib.request.Request(f"{self.url}/", body.encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def names(self, service: str, kind: str) -> list[str]:
        return [item["name"] for item in self.inventory(service) if item["type"] == kind]

    def decide(self, **sections: Any) -> None:
        """Write the control file, as whole sections."""
        self.control_file.write_text(json.dumps(sections))


def wait_for(look: Callable[[], Any], wanted: Callable[[Any], Any]) -> Any:
    """What `look` finds as soon as it is as wanted."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not wanted(found := look()):
        assert time.monotonic() < deadline, f"this stayed: {found}"
        time.sleep(0.15)
    return found


def subnets(client: Client) -> list[str]:
    """A network of its own with two subnets in two zones."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for cidr, zone in (("10.0.0.0/24", "ap-northeast-1a"), ("10.0.1.0/24", "ap-northeast-1c"))
    ]


def task_definition(
    client: Client, family: str = "web", *, app: Mapping[str, Any] | None = None, **changes: Any
) -> str:
    """The ARN of a new revision with the containers `app`, which `app` adds to, and `agent`."""
    containers = [
        {"name": "app", "image": "nginx", "essential": True, **(app or {})},
        {"name": "agent", "image": "agent", "essential": False},
    ]
    answer = client("ecs").register_task_definition(
        family=family,
        cpu="256",
        memory="512",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        containerDefinitions=containers,
        **changes,
    )
    return answer["taskDefinition"]["taskDefinitionArn"]


def service(client: Client, **changes: Any) -> dict[str, Any]:
    """A service `web` of the cluster `site`, which is made as well."""
    client("ecs").create_cluster(clusterName="site")
    given = {
        "cluster": "site",
        "serviceName": "web",
        "taskDefinition": task_definition(client),
        "desiredCount": 1,
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}],
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": subnets(client), "securityGroups": []}},
    }
    return client("ecs").create_service(**{**given, **changes})["service"]


def described(client: Client) -> dict[str, Any]:
    """The service as ECS describes it now."""
    return client("ecs").describe_services(cluster="site", services=["web"])["services"][0]


def until_completed(client: Client) -> dict[str, Any]:
    """The service as soon as its only deployment is complete."""
    return wait_for(
        lambda: described(client),
        lambda now: [deployment["rolloutState"] for deployment in now["deployments"]] == ["COMPLETED"],
    )


def run_task(client: Client, **changes: Any) -> dict[str, Any]:
    """A task of the family `migration` in the cluster `site`, which is made as well."""
    given = {
        "cluster": "site",
        "taskDefinition": changes.get("taskDefinition") or task_definition(client, "migration"),
        "launchType": "FARGATE",
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": subnets(client)[:1]}},
    }
    client("ecs").create_cluster(clusterName="site")
    return client("ecs").run_task(**{**given, **changes})["tasks"][0]


def described_task(client: Client, arn: str) -> dict[str, Any]:
    """The task as ECS describes it now."""
    return client("ecs").describe_tasks(cluster="site", tasks=[arn])["tasks"][0]


def until_stopped(client: Client, arn: str) -> dict[str, Any]:
    """The task as soon as it is STOPPED."""
    return wait_for(lambda: described_task(client, arn), lambda task: task["lastStatus"] == "STOPPED")


def database_cluster(client: Client, engine: str, **changes: Any) -> dict[str, Any]:
    """A cluster `data` of Aurora MySQL (`aurora-mysql`) or DocumentDB (`docdb`), with a password that RDS manages."""
    versions = {"aurora-mysql": "8.0.mysql_aurora.3.10.0", "docdb": "5.0.0"}
    given = {
        "DBClusterIdentifier": "data",
        "Engine": engine,
        "EngineVersion": versions[engine],
        "MasterUsername": "root",
        "ManageMasterUserPassword": True,
    }
    api = client("docdb" if engine == "docdb" else "rds")
    return api.create_db_cluster(**{**given, **changes})["DBCluster"]
