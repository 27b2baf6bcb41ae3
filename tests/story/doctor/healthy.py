"""A stack in which all is well, as AWS and its outputs tell it. A test changes one answer, and sees what is found."""

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aws.caching import CachingClient
from aws.client import Json
from story.doctor import names
from story.doctor.context import DoctorContext
from story.doctor.examine import checks_of, examine
from story.doctor.finding import Finding, Severity
from story.live_stack import stack_of_outputs
from story.status.services import ServiceStatus
from tests.aws.answers import Said, Told

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
REGION, ACCOUNT, CLUSTER = "ap-northeast-1", "123456789012", "story-prod"
ARN = f"arn:aws:{{}}:{REGION}:{ACCOUNT}:"
ECS, KEY = ARN.format("ecs"), f"{ARN.format('kms')}key/1"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/site@sha256:{'1' * 64}"
GROUP = f"{ARN.format('elasticloadbalancing')}targetgroup/web/1"
BALANCER = "site-1.ap-northeast-1.elb.amazonaws.com"
SECRET = f"{ARN.format('secretsmanager')}secret:story-prod-app-AbCdEf"
TOPIC = f"{ARN.format('sns')}alarms"
CERTIFICATE = f"{ARN.format('acm')}certificate/1"
EXEC_GROUP = "/story/prod/exec"
ZONES = ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d")
SERVICES = ("scheduler", "web")
S3_ENDPOINT = "vpce-1"
NAT_ROUTE = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"}
S3_ROUTE = {"DestinationPrefixListId": "pl-1", "GatewayId": S3_ENDPOINT, "State": "active"}


def definition(name: str) -> str:
    return f"{ECS}task-definition/story-prod-{name}:1"


OUTPUTS: dict[str, Any] = {
    "image": IMAGE,
    "url": "https://www.example.com",
    "loadBalancer": BALANCER,
    "cluster": CLUSTER,
    "region": REGION,
    "services": {
        name: {
            "taskDefinition": definition(name),
            "logGroup": f"/story/prod/{name}",
            "targetGroups": {"web": GROUP} if name == "web" else {},
            "rolloutTimeoutSeconds": 600,
        }
        for name in SERVICES
    },
    "migration": {"taskDefinition": definition("migration")},
    "key": KEY,
    "execLogGroup": EXEC_GROUP,
    "certificate": CERTIFICATE,
    "zone": "Z1",
    "alarmTopics": {"critical": TOPIC, "warning": TOPIC},
    "aurora": {"endpoint": "aurora-1.cluster-x.ap-northeast-1.rds.amazonaws.com"},
    "documentdb": {"endpoint": "docs-1.cluster-x.ap-northeast-1.docdb.amazonaws.com"},
}


LIVE = stack_of_outputs("prod", OUTPUTS, None, project="story")
HEALTHY_SERVICE = ServiceStatus(
    service="web",
    running=3,
    desired=3,
    image=IMAGE,
    revision="story-prod-web:1",
    deployment="COMPLETED",
    reason="",
    is_last_good=True,
)


def service(name: str, tasks: int) -> dict[str, Any]:
    return {
        "serviceName": name,
        "status": "ACTIVE",
        "taskDefinition": definition(name),
        "desiredCount": tasks,
        "runningCount": tasks,
        "enableExecuteCommand": True,
        "capacityProviderStrategy": [{"capacityProvider": "FARGATE", "base": 0, "weight": 1}],
        "deploymentConfiguration": {"maximumPercent": 200, "strategy": "ROLLING"},
        "networkConfiguration": {"awsvpcConfiguration": {"subnets": [f"subnet-{zone[-1]}" for zone in ZONES]}},
        "loadBalancers": [{"targetGroupArn": GROUP}] if name == "web" else [],
        "events": [],
        "deployments": [
            {"id": "ecs-svc/1", "status": "PRIMARY", "rolloutState": "COMPLETED", "taskDefinition": definition(name)}
        ],
    }


def task(name: str, number: int, **changes: Any) -> dict[str, Any]:
    """A task that runs in the zone of its number."""
    zone = ZONES[number % len(ZONES)]
    details = [
        {"name": "subnetId", "value": f"subnet-{zone[-1]}"},
        {"name": "privateIPv4Address", "value": f"10.0.{number // 200}.{number % 200}"},
    ]
    agents = [{"name": "ExecuteCommandAgent", "lastStatus": "RUNNING"}]
    return {
        "taskArn": f"{ECS}task/{CLUSTER}/{name}{number:032x}",
        "taskDefinitionArn": definition(name),
        "lastStatus": "RUNNING",
        "healthStatus": "HEALTHY",
        "availabilityZone": zone,
        "enableExecuteCommand": True,
        "startedAt": NOW - timedelta(hours=5),
        "attachments": [{"details": details}],
        "containers": [{"name": "app", "lastStatus": "RUNNING", "managedAgents": agents}],
        **changes,
    }


def stopped(name: str, number: int, **changes: Any) -> dict[str, Any]:
    """A task that stopped ten minutes ago."""
    given = {"lastStatus": "STOPPED", "stoppedAt": NOW - timedelta(minutes=10), "containers": [], **changes}
    return task(name, number, **given)


def secret_of(_name: str) -> list[dict[str, str]]:
    return [{"name": "APP_KEY", "valueFrom": SECRET}, {"name": "DB_PASSWORD", "valueFrom": f"{SECRET}:password::"}]


def task_definition(name: str) -> dict[str, Any]:
    return {
        "taskDefinitionArn": definition(name),
        "cpu": "1024",
        "taskRoleArn": f"arn:aws:iam::{ACCOUNT}:role/story-prod-{name}-task",
        "runtimePlatform": {"cpuArchitecture": "ARM64"},
        "containerDefinitions": [{"name": "app", "image": IMAGE, "essential": True, "secrets": secret_of(name)}],
    }


PERMISSIONS: dict[str, Any] = {
    "Statement": [
        {"Effect": "Allow", "Action": ["ssmmessages:*", "logs:DescribeLogGroups"], "Resource": ["*"]},
        {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            "Resource": [f"{ARN.format('logs')}log-group:{EXEC_GROUP}:*"],
        },
        {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [KEY]},
    ]
}


class World:
    """What AWS has of the stack; a test changes its parts before it asks.

    Attributes:
        services: By name.
        definitions: Task definitions, by name of the service.
        running: Tasks that run, by name of the service.
        stopped: Tasks that stopped, by name of the service.
        said: All other answers.
        outputs: Of the stack.
    """

    def __init__(self) -> None:
        self.outputs = deepcopy(OUTPUTS)
        self.services = {"scheduler": service("scheduler", 1), "web": service("web", 3)}
        self.definitions = {name: task_definition(name) for name in (*SERVICES, "migration")}
        self.running = {
            "scheduler": [task("scheduler", 100)],
            "web": [task("web", number) for number in range(3)],
        }
        self.stopped: dict[str, list[Json]] = {name: [] for name in SERVICES}
        self.said: Said = {**_of_ecs(self), **_of_iam(), **_of_network(), **_of_site(self), **_of_account()}

    def context(self, names: tuple[str, ...] = SERVICES) -> DoctorContext:
        """The stack, to be examined."""
        return DoctorContext(
            live=stack_of_outputs("prod", self.outputs, None, project="story"),
            outputs=self.outputs,
            names=names,
            aws=CachingClient(Told(self.said).as_aws),
            now=NOW,
        )

    def findings(self) -> list[Finding]:
        """What is found."""
        return examine(checks_of(self.context()), lambda _area, _done, _of: None)

    def wrong(self) -> list[Finding]:
        """What is found that is not well, and no note."""
        return [one for one in self.findings() if one.severity not in (Severity.OK, Severity.NOTE)]

    def one(self) -> Finding:
        """The one thing that is wrong."""
        found = self.wrong()
        assert len(found) == 1, found
        return found[0]


def healthy(monkeypatch: pytest.MonkeyPatch) -> World:
    """A stack in which all is well, on a machine whose resolver sends the site's name to the load balancer."""
    monkeypatch.setattr(names, "_addresses", lambda _name: ["192.0.2.1"])
    return World()


def _of_ecs(world: World) -> Said:
    def describe_services(services: list[str], **_: Any) -> Any:
        return {"services": [world.services[name] for name in services if name in world.services]}

    def list_tasks(serviceName: str, desiredStatus: str = "RUNNING", **_: Any) -> Any:  # noqa: N803
        tasks = (world.running if desiredStatus == "RUNNING" else world.stopped)[serviceName]
        return {"taskArns": [one["taskArn"] for one in tasks]}

    def describe_tasks(tasks: list[str], **_: Any) -> Any:
        assert len(tasks) <= 100
        known = {
            one["taskArn"]: one for kind in (world.running, world.stopped) for some in kind.values() for one in some
        }
        return {"tasks": [known[arn] for arn in tasks]}

    def describe_task_definition(taskDefinition: str) -> Any:  # noqa: N803
        return {"taskDefinition": world.definitions[taskDefinition.partition("story-prod-")[2].partition(":")[0]]}

    log = {"cloudWatchLogGroupName": EXEC_GROUP, "cloudWatchEncryptionEnabled": True}
    sessions = {"kmsKeyId": KEY, "logging": "OVERRIDE", "logConfiguration": log}
    return {
        ("ecs", "describe_services"): describe_services,
        ("ecs", "list_tasks"): list_tasks,
        ("ecs", "describe_tasks"): describe_tasks,
        ("ecs", "describe_task_definition"): describe_task_definition,
        ("ecs", "describe_clusters"): {"clusters": [{"configuration": {"executeCommandConfiguration": sessions}}]},
        ("logs", "describe_log_groups"): {
            "logGroups": [
                {
                    "logGroupName": EXEC_GROUP,
                    "arn": f"{ARN.format('logs')}log-group:{EXEC_GROUP}:*",
                    "kmsKeyId": KEY,
                    "retentionInDays": 365,
                }
            ]
        },
    }


def _of_iam() -> Said:
    return {
        ("iam", "get_role"): {"Role": {}},
        ("iam", "list_role_policies"): {"PolicyNames": ["task"]},
        ("iam", "get_role_policy"): {"PolicyDocument": PERMISSIONS},
        ("iam", "list_attached_role_policies"): {"AttachedPolicies": []},
        ("kms", "describe_key"): {"KeyMetadata": {"Enabled": True, "KeyState": "Enabled"}},
    }


def _of_network() -> Said:
    def describe_subnets(SubnetIds: list[str]) -> Any:  # noqa: N803
        zones = {f"subnet-{zone[-1]}": zone for zone in ZONES}
        return {"Subnets": [{"SubnetId": one, "AvailabilityZone": zones[one], "VpcId": "vpc-1"} for one in SubnetIds]}

    def describe_vpc_endpoints(Filters: list[dict[str, Any]]) -> Any:  # noqa: N803
        services = [name for one in Filters if one["Name"] == "service-name" for name in one["Values"]]
        s3 = {"VpcEndpointId": S3_ENDPOINT, "VpcEndpointType": "Gateway", "State": "available"}
        return {"VpcEndpoints": [s3] if services == [f"com.amazonaws.{REGION}.s3"] else []}

    routes = [dict(NAT_ROUTE), dict(S3_ROUTE)]
    return {
        ("ec2", "describe_subnets"): describe_subnets,
        ("ec2", "describe_route_tables"): {"RouteTables": [{"Associations": [{"Main": True}], "Routes": routes}]},
        ("ec2", "describe_vpc_endpoints"): describe_vpc_endpoints,
        ("ec2", "describe_network_interfaces"): {"NetworkInterfaces": [{}] * 10},
    }


def _of_site(world: World) -> Said:
    def health(**_: Any) -> Any:
        addresses = [one["attachments"][0]["details"][1]["value"] for one in world.running["web"]]
        return {
            "TargetHealthDescriptions": [
                {"Target": {"Id": one, "Port": 80}, "TargetHealth": {"State": "healthy"}} for one in addresses
            ]
        }

    def rules(**_: Any) -> Any:
        return {"Rules": [{"IsDefault": True}, {"IsDefault": False}]}

    alias = {"DNSName": f"dualstack.{BALANCER}."}
    alarm = {"AlarmName": "story-prod-site-5xx", "StateValue": "OK", "ActionsEnabled": True, "AlarmActions": [TOPIC]}
    return {
        ("elbv2", "describe_target_health"): health,
        ("elbv2", "describe_load_balancers"): {"LoadBalancers": [{"DNSName": BALANCER, "LoadBalancerArn": "arn:lb"}]},
        ("elbv2", "describe_listeners"): {"Listeners": [{"ListenerArn": "arn:listener"}]},
        ("elbv2", "describe_rules"): rules,
        ("acm", "describe_certificate"): {
            "Certificate": {
                "Status": "ISSUED",
                "DomainName": "www.example.com",
                "SubjectAlternativeNames": ["www.example.com"],
                "NotAfter": NOW + timedelta(days=200),
                "RenewalEligibility": "ELIGIBLE",
                "InUseBy": ["arn:lb"],
            }
        },
        ("route53", "list_resource_record_sets"): {
            "ResourceRecordSets": [{"Name": "www.example.com.", "Type": "A", "AliasTarget": alias}]
        },
        ("cloudwatch", "describe_alarms"): {"MetricAlarms": [alarm], "CompositeAlarms": []},
        ("sns", "list_subscriptions_by_topic"): {"Subscriptions": [{"SubscriptionArn": f"{TOPIC}:1"}]},
        ("ecr", "batch_get_image"): {"images": [{"imageManifest": index("arm64")}], "failures": []},
        ("secretsmanager", "describe_secret"): {
            "VersionIdsToStages": {"1": ["AWSCURRENT"]},
            "LastChangedDate": NOW - timedelta(days=9),
        },
        ("secretsmanager", "get_secret_value"): {"SecretString": json.dumps({"password": "hidden", "username": "app"})},
    }


def index(*architectures: str) -> str:
    """An image index that lists images for processors."""
    return json.dumps({"manifests": [{"platform": {"architecture": one, "os": "linux"}} for one in architectures]})


def _of_account() -> Said:
    limits: Mapping[str, float] = {"L-3032A538": 100, "L-36FBB829": 100, "L-DF5E4CA3": 5000, "L-7EED9B64": 100}
    metric = {
        "MetricNamespace": "AWS/Usage",
        "MetricName": "ResourceCount",
        "MetricDimensions": {
            "Service": "Fargate",
            "Type": "Resource",
            "Resource": "vCPU",
            "Class": "Standard/OnDemand",
        },
        "MetricStatisticRecommendation": "Maximum",
    }
    quota: Callable[..., Any] = lambda ServiceCode, QuotaCode: {  # noqa: E731, N803, ARG005
        "Quota": {"Value": limits[QuotaCode], "UsageMetric": metric}
    }
    backup = {
        "DBClusterIdentifier": "aurora-1",
        "LatestRestorableTime": NOW - timedelta(minutes=4),
        "ClusterCreateTime": NOW - timedelta(days=90),
        "BackupRetentionPeriod": 14,
    }
    return {
        ("service-quotas", "get_service_quota"): quota,
        ("cloudwatch", "get_metric_data"): lambda MetricDataQueries, **_: {  # noqa: N803
            "MetricDataResults": [{"Id": query["Id"], "Values": []} for query in MetricDataQueries]
        },
        ("cloudwatch", "get_metric_statistics"): {"Datapoints": [{"Timestamp": NOW, "Maximum": 4.0}]},
        ("rds", "describe_db_clusters"): {"DBClusters": [backup]},
        ("docdb", "describe_db_clusters"): {"DBClusters": [backup]},
    }
