"""What the tests have in common: the running emulator, and AWS resources in their shortest valid form."""

import json
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Client = Callable[[str], Any]


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


def subnets(client: Client) -> list[str]:
    """A network of its own with two subnets in two zones."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    return [
        ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for cidr, zone in (("10.0.0.0/24", "ap-northeast-1a"), ("10.0.1.0/24", "ap-northeast-1c"))
    ]


def task_definition(client: Client, family: str = "web", **changes: Any) -> str:
    """The ARN of a new revision with the containers `app` and `agent`."""
    containers = [
        {"name": "app", "image": "nginx", "essential": True},
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
