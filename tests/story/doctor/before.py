"""An account in which nothing stands against an update of the committed stack files. A test changes one answer."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from aws.caching import CachingClient
from aws.client import Json
from story.doctor.examine import examine
from story.doctor.finding import Finding, Severity
from story.doctor.preflight.checks import checks_of
from story.doctor.preflight.planned import Owned, Planned
from story.doctor.preflight.subject import Subject
from story.plan.program import plan_stack
from story.plan.stack_file import read_stack_file
from tests.aws.answers import Said, Told, refusal
from tests.paths import PROJECT
from tests.story.doctor.healthy import ACCOUNT, NOW, REGION, index

ZONES = ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d")
ZONE = "Z0123456789ABCDEFGHIJ"
NAME_SERVERS = ("ns-1.awsdns-01.com", "ns-2.awsdns-02.net")
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/site@sha256:{'1' * 64}"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:mail-AbCdEf"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-1111-4111-8111-111111111111"
DENIED = refusal("AccessDeniedException", status=403)


@cache
def planned(stack: str = "prod", folder: Path = PROJECT, image: str = IMAGE) -> Planned:
    """What the program makes of a stack file; nothing changes it, so it is made once."""
    file = folder / f"Pulumi.{stack}.yaml"
    plan = plan_stack(PROJECT, file, image)
    assert plan.record is not None, plan.mistakes
    config = read_stack_file(file).config
    return Planned(
        project="story", stack=stack, region=config["aws:region"], config=config, record=plan.record, image=image
    )


@cache
def of_settings(text: str, stack: str = "prod") -> Planned:
    """What the program makes of settings, each line as it stands below `config`."""
    lines = "".join(f"  {line}\n" for line in text.strip().splitlines())
    with TemporaryDirectory() as folder:
        file = Path(folder) / f"Pulumi.{stack}.yaml"
        file.write_text(f"config:\n  aws:region: {REGION}\n{lines}")
        return planned(stack, file.parent)


class Before:
    """What AWS and the DNS have; a test changes its parts before it asks.

    Attributes:
        planned: The stack.
        owned: What the state records.
        said: All answers of AWS.
        told: The account that was asked last.
        records: The public DNS, by name and type; an exception is raised.
        limits: Limits of the account, by code.
        used: Latest use of Fargate's vCPU; None for no data.
    """

    def __init__(self, given: Planned | None = None) -> None:
        self.planned = given or planned()
        self.owned = Owned()
        self.told = Told({})
        self.limits: dict[str, float] = {
            "L-3032A538": 100,
            "L-36FBB829": 100,
            "L-DF5E4CA3": 5000,
            "L-0263D0A3": 5,
            "L-F678F1CE": 5,
            "L-A4707A72": 5,
            "L-53DA6B97": 50,
        }
        self.used: float | None = None
        self.records: dict[tuple[str, str], Sequence[str] | Exception] = {
            ("example.com", "NS"): [f"{one}." for one in NAME_SERVERS]
        }
        self.said: Said = {
            **self._of_account(),
            **_of_network(),
            **_of_offers(),
            **_of_names(),
            **_of_domain(),
            **_of_delivery(),
        }

    def subject(self) -> Subject:
        """The stack, to be checked."""
        self.told = Told(self.said)
        return Subject(
            planned=self.planned,
            owned=self.owned,
            account=ACCOUNT,
            aws=CachingClient(self.told.as_aws),
            home=CachingClient(self.told.as_aws),
            lookup=self.lookup,
            now=NOW,
        )

    def lookup(self, name: str, type_: str) -> Sequence[str]:
        """The public DNS."""
        found = self.records.get((name, type_), ())
        if isinstance(found, Exception):
            raise found
        return found

    def findings(self) -> list[Finding]:
        """What is found."""
        return examine(checks_of(self.subject()), lambda _area, _done, _of: None)

    def wrong(self) -> list[Finding]:
        """What is found that is not well, and no note."""
        return [one for one in self.findings() if one.severity not in (Severity.OK, Severity.NOTE)]

    def one(self) -> Finding:
        """The one thing that is wrong."""
        found = self.wrong()
        assert len(found) == 1, found
        return found[0]

    def owns(self, type_: str, **inputs: Any) -> None:
        """Put a resource into the state."""
        resource: Json = {"type": type_, "urn": f"urn:{type_}", "inputs": inputs, "outputs": {}, "id": "1"}
        self.owned = replace(self.owned, resources=[*self.owned.resources, resource])

    def runs(self, name: str, *, tasks: int, cpu_units: int, strategy: Sequence[Json] = ()) -> None:
        """Put a service that runs into the state."""
        family = f"story-prod-{name}"
        self.owns("aws:ecs/taskDefinition:TaskDefinition", family=family, cpu=str(cpu_units))
        self.owns(
            "aws:ecs/service:Service",
            name=name,
            desiredCount=tasks,
            taskDefinition=f"arn:aws:ecs:{REGION}:{ACCOUNT}:task-definition/{family}:7",
            capacityProviderStrategies=list(strategy),
        )

    def runs_all(self) -> None:
        """Put every planned service into the state, as it is planned."""
        for one in self.planned.services():
            self.runs(one.name, tasks=one.tasks, cpu_units=one.cpu_units, strategy=one.strategy)

    def _of_account(self) -> Said:
        def quota(ServiceCode: str, QuotaCode: str) -> Any:  # noqa: N803
            metric = {
                "MetricNamespace": "AWS/Usage",
                "MetricName": "ResourceCount",
                "MetricDimensions": {"Resource": "vCPU"},
                "MetricStatisticRecommendation": "Maximum",
            }
            return {"Quota": {"ServiceCode": ServiceCode, "Value": self.limits[QuotaCode], "UsageMetric": metric}}

        def usage(**_: Any) -> Any:
            return {"Datapoints": [] if self.used is None else [{"Timestamp": NOW, "Maximum": self.used}]}

        return {
            ("freetier", "get_account_plan_state"): {"accountPlanType": "PAID", "accountPlanStatus": "NOT_STARTED"},
            ("service-quotas", "get_service_quota"): quota,
            ("cloudwatch", "get_metric_statistics"): usage,
            ("iam", "get_role"): {"Role": {"RoleName": "it"}},
            ("iam", "get_policy"): {"Policy": {"PolicyName": "it"}},
        }


def _of_network() -> Said:
    zones = [{"ZoneName": one, "State": "available", "OptInStatus": "opt-in-not-required"} for one in ZONES]
    services = ("ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "ssmmessages", "s3")
    endpoints = [
        {
            "ServiceName": f"com.amazonaws.{REGION}.{one}",
            "ServiceType": [{"ServiceType": "Interface"}],
            "AvailabilityZones": list(ZONES),
        }
        for one in services
    ]
    return {
        ("ec2", "describe_regions"): {"Regions": [{"RegionName": REGION, "OptInStatus": "opt-in-not-required"}]},
        ("ec2", "describe_availability_zones"): {"AvailabilityZones": zones},
        ("ec2", "describe_vpc_endpoint_services"): {"ServiceDetails": endpoints},
        ("ec2", "describe_addresses"): {"Addresses": []},
        ("ec2", "describe_vpcs"): {"Vpcs": [{"VpcId": "vpc-default"}]},
        ("ec2", "describe_internet_gateways"): {"InternetGateways": [{"InternetGatewayId": "igw-1"}]},
        ("ec2", "describe_network_interfaces"): {"NetworkInterfaces": []},
        ("elbv2", "describe_load_balancers"): {"LoadBalancers": [{"LoadBalancerArn": "arn:1", "Type": "application"}]},
        ("logs", "describe_resource_policies"): {"resourcePolicies": []},
    }


def _of_offers() -> Said:
    def options(versions: Sequence[str]) -> Any:
        def answer(Engine: str, DBInstanceClass: str) -> Any:  # noqa: N803
            zones = [{"Name": one} for one in ZONES]
            return {
                "OrderableDBInstanceOptions": [
                    {
                        "Engine": Engine,
                        "EngineVersion": one,
                        "DBInstanceClass": DBInstanceClass,
                        "AvailabilityZones": zones,
                    }
                    for one in versions
                ]
            }

        return answer

    return {
        ("rds", "describe_orderable_db_instance_options"): options(["8.0.mysql_aurora.3.10.0"]),
        ("docdb", "describe_orderable_db_instance_options"): options(["4.0.0", "5.0.0"]),
        ("elasticache", "describe_cache_engine_versions"): {
            "CacheEngineVersions": [{"Engine": "valkey", "EngineVersion": one} for one in ("7.2", "8.0")]
        },
        ("elasticache", "describe_reserved_cache_nodes_offerings"): {
            "ReservedCacheNodesOfferings": [{"CacheNodeType": "cache.m7g.large"}]
        },
    }


def _of_names() -> Said:
    return {
        ("logs", "describe_log_groups"): {"logGroups": []},
        ("kms", "list_aliases"): {"Aliases": [{"AliasName": "alias/aws/rds"}]},
        ("ecs", "describe_clusters"): {"clusters": [], "failures": []},
        ("rds", "describe_db_clusters"): refusal("DBClusterNotFoundFault"),
        ("rds", "describe_db_instances"): refusal("DBInstanceNotFound"),
        ("docdb", "describe_db_clusters"): refusal("DBClusterNotFoundFault"),
        ("docdb", "describe_db_instances"): refusal("DBInstanceNotFound"),
        ("budgets", "describe_budget"): refusal("NotFoundException"),
        ("cloudwatch", "get_dashboard"): refusal("ResourceNotFound"),
        ("cloudwatch", "describe_alarms"): {"MetricAlarms": [], "CompositeAlarms": []},
        ("events", "describe_rule"): refusal("ResourceNotFoundException"),
    }


def _of_domain() -> Said:
    return {
        ("route53", "get_hosted_zone"): {
            "HostedZone": {
                "Id": f"/hostedzone/{ZONE}",
                "Name": "example.com.",
                "CallerReference": "1",
                "Config": {"PrivateZone": False},
            },
            "DelegationSet": {"NameServers": list(NAME_SERVERS)},
        },
        ("route53", "list_resource_record_sets"): {
            "ResourceRecordSets": [{"Name": "zzz.example.com.", "Type": "A"}],
            "IsTruncated": False,
            "MaxItems": "10",
        },
    }


def _of_delivery() -> Said:
    project = {
        "name": "bootstrap-story-build",
        "environment": {
            "type": "ARM_CONTAINER",
            "image": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
            "computeType": "BUILD_GENERAL1_SMALL",
        },
    }
    return {
        ("codestar-connections", "list_connections"): {
            "Connections": [{"ConnectionName": "bootstrap-story-github", "ConnectionStatus": "AVAILABLE"}]
        },
        ("codebuild", "list_projects"): {"projects": ["bootstrap-story-build", "other"]},
        ("codebuild", "batch_get_projects"): {"projects": [project]},
        ("service-quotas", "list_service_quotas"): {
            "Quotas": [
                {
                    "QuotaName": "Concurrently running builds for ARM/Small environment",
                    "QuotaCode": "L-1",
                    "Value": 1.0,
                }
            ]
        },
        ("ecr", "batch_get_image"): {"images": [{"imageManifest": index("arm64")}], "failures": []},
        ("secretsmanager", "describe_secret"): {"ARN": SECRET, "VersionIdsToStages": {"1": ["AWSCURRENT"]}},
        ("secretsmanager", "get_secret_value"): {"SecretString": json.dumps({"password": "hidden"})},
        ("kms", "describe_key"): {
            "KeyMetadata": {"KeyId": "1", "Arn": KEY, "KeyManager": "CUSTOMER", "KeyState": "Enabled"}
        },
    }
