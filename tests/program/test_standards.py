"""AWS's Foundational Security Best Practices, as far as a program can be held to them.

docs.aws.amazon.com/securityhub/latest/userguide/fsbp-standard.html
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from story.plan.recorder import Record, Resource
from tests.components.data_stores.parameter_defaults import of_documentdb
from tests.program.departures import DEPARTURES
from tests.program.given import PROJECT, program

Check = Callable[[Record], list[str]]
POLICIES = ("RolePolicy", "KeyPolicy", "TopicPolicy", "BucketPolicy")
TLS_POLICIES = {  # ELB.17
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "ELBSecurityPolicy-TLS13-1-3-2021-06",
    "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04",
    "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04",
}


def all_containers(made: Record) -> Iterator[tuple[str, dict[str, Any]]]:
    for task in made.all("TaskDefinition"):
        for container in json.loads(task.inputs["containerDefinitions"]):
            yield f"{task.name}/{container['name']}", container


def those(resources: list[Resource], bad: Callable[[dict[str, Any]], Any]) -> list[str]:
    assert resources, "the check would look at nothing"
    return [resource.name for resource in resources if bad(dict(resource.inputs))]


def of(type_: str, bad: Callable[[dict[str, Any]], Any]) -> Check:
    return lambda made: those(made.all(type_), bad)


def containers_where(bad: Callable[[dict[str, Any]], Any]) -> Check:
    return lambda made: [name for name, container in all_containers(made) if bad(container)]


def exported(inputs: dict[str, Any], *logs: str) -> bool:
    return set(logs) <= set(inputs.get("enabledCloudwatchLogsExports", []))


def parameters(made: Record, group: str) -> dict[str, str]:
    return {found["name"]: found["value"] for found in made.one(group).inputs["parameters"]}


def open_to_the_world(made: Record) -> list[str]:
    rules = made.all("SecurityGroupIngressRule")
    return [
        rule.name
        for rule in rules
        if rule.inputs.get("cidrIpv4") == "0.0.0.0/0" and rule.inputs.get("fromPort") not in (80, 443)
    ]


def buckets_without(made: Record, type_: str) -> list[str]:
    covered = {found.name for found in made.all(type_)}
    return [bucket.name for bucket in made.all("aws:s3/bucket:Bucket") if bucket.name not in covered]


def buckets_without_tls(made: Record) -> list[str]:
    policies = {found.name: found.inputs["policy"] for found in made.all("BucketPolicy")}
    return [
        bucket.name
        for bucket in made.all("aws:s3/bucket:Bucket")
        if '"aws:SecureTransport": "false"' not in policies.get(bucket.name, "")
    ]


def allowed_actions(made: Record) -> Iterator[tuple[str, str, list[str]]]:
    for policy in (
        *made.all("RolePolicy"),
        *made.all("KeyPolicy"),
        *made.all("TopicPolicy"),
        *made.all("BucketPolicy"),
    ):
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            if statement["Effect"] == "Allow":
                given = statement["Action"]
                resources = statement["Resource"]
                resources = resources if isinstance(resources, list) else [resources]
                for action in given if isinstance(given, list) else [given]:
                    yield f"{policy.kind} {policy.name}", action, resources


AURORA, DOCUMENTDB = "aws:rds/cluster:Cluster", "aws:docdb/cluster:Cluster"
AURORA_INSTANCE, DOCUMENTDB_INSTANCE = (
    "aws:rds/clusterInstance:ClusterInstance",
    "aws:docdb/clusterInstance:ClusterInstance",
)

CONTROLS: dict[str, Check] = {
    "EC2.2": of("DefaultSecurityGroup", lambda it: it["ingress"] or it["egress"]),
    "EC2.6": of("FlowLog", lambda it: it["trafficType"] != "ALL"),
    "EC2.13": open_to_the_world,
    "EC2.15": lambda made: [made.one("Vpc").name],
    "EC2.55": lambda made: [] if made.all("VpcEndpoint") else ["no endpoint for ecr.api"],
    "ECS.2": of("Service", lambda it: it["networkConfiguration"]["assignPublicIp"]),
    "ECS.3": of("TaskDefinition", lambda it: it.get("pidMode") == "host"),
    "ECS.4": containers_where(lambda it: it.get("privileged")),
    "ECS.5": containers_where(lambda it: not it["readonlyRootFilesystem"]),
    "ECS.8": containers_where(
        lambda it: [entry for entry in it["environment"] if re.search(r"PASSWORD|SECRET|TOKEN|_KEY", entry["name"])]
    ),
    "ECS.9": containers_where(lambda it: not it["logConfiguration"]["options"]["awslogs-group"]),
    "ECS.10": of("Service", lambda it: it["platformVersion"] != "LATEST"),
    "ECS.12": of("aws:ecs/cluster:Cluster", lambda it: it["settings"][0]["value"] not in ("enabled", "enhanced")),
    "ECS.17": of("TaskDefinition", lambda it: it["networkMode"] == "host"),
    "ECS.20": containers_where(lambda it: it.get("user") in (None, "", "0", "root")),
    "ELB.4": of("LoadBalancer", lambda it: not it["dropInvalidHeaderFields"]),
    "ELB.5": of("LoadBalancer", lambda it: not it["accessLogs"]["enabled"]),
    "ELB.6": of("LoadBalancer", lambda it: not it["enableDeletionProtection"]),
    "ELB.12": of("LoadBalancer", lambda it: it["desyncMitigationMode"] not in ("defensive", "strictest")),
    "ELB.13": of("LoadBalancer", lambda it: len(it["subnets"]) < 2),
    "ELB.16": lambda made: [] if made.all("WebAclAssociation") else [made.one("LoadBalancer").name],
    "RDS.2": of(AURORA_INSTANCE, lambda it: it["publiclyAccessible"]),
    "RDS.6": of(AURORA_INSTANCE, lambda it: not it["monitoringInterval"]),
    "RDS.7": of(AURORA, lambda it: not it["deletionProtection"]),
    "RDS.12": of(AURORA, lambda it: not it["iamDatabaseAuthenticationEnabled"]),
    "RDS.13": of(AURORA_INSTANCE, lambda it: not it["autoMinorVersionUpgrade"]),
    "RDS.14": of(AURORA, lambda it: not it.get("backtrackWindow")),
    "RDS.15": lambda made: [] if len(made.all(AURORA_INSTANCE)) > 1 else ["aurora"],
    "RDS.16": of(AURORA, lambda it: not it["copyTagsToSnapshot"]),
    "RDS.19": lambda made: [] if made.all("EventSubscription") else ["aurora"],
    "RDS.23": of(AURORA, lambda it: it["port"] == 3306),
    "RDS.24": of(AURORA, lambda it: it["masterUsername"] in ("admin", "postgres")),
    "RDS.27": of(AURORA, lambda it: not it["storageEncrypted"]),
    "RDS.34": of(AURORA, lambda it: not exported(it, "audit")),
    "RDS.45": lambda made: (
        []
        if parameters(made, "aws:rds/clusterParameterGroup:ClusterParameterGroup").get("server_audit_logging") == "1"
        else ["aurora"]
    ),
    "ElastiCache.1": of("ReplicationGroup", lambda it: not it["snapshotRetentionLimit"]),
    "ElastiCache.2": of("ReplicationGroup", lambda it: not it["autoMinorVersionUpgrade"]),
    "ElastiCache.3": of("ReplicationGroup", lambda it: not it["automaticFailoverEnabled"]),
    "ElastiCache.4": of("ReplicationGroup", lambda it: not it["atRestEncryptionEnabled"]),
    "ElastiCache.5": of("ReplicationGroup", lambda it: not it["transitEncryptionEnabled"]),
    "ElastiCache.6": of("ReplicationGroup", lambda it: not it["authToken"]),
    "ElastiCache.7": of("ReplicationGroup", lambda it: it["subnetGroupName"] == "default"),
    "DocumentDB.1": of(DOCUMENTDB, lambda it: not it["storageEncrypted"]),
    "DocumentDB.2": of(DOCUMENTDB, lambda it: it["backupRetentionPeriod"] < 7),
    "DocumentDB.4": of(DOCUMENTDB, lambda it: not exported(it, "audit")),
    "DocumentDB.5": of(DOCUMENTDB, lambda it: not it["deletionProtection"]),
    "DocumentDB.6": lambda made: (
        []
        if parameters(made, "aws:docdb/clusterParameterGroup:ClusterParameterGroup").get(
            "tls", of_documentdb("tls").default
        )
        == "enabled"
        else ["documentdb"]
    ),
    "KMS.4": of("aws:kms/key:Key", lambda it: not it["enableKeyRotation"]),
    "S3.1": lambda made: buckets_without(made, "BucketPublicAccessBlock"),
    "S3.5": buckets_without_tls,
    "S3.9": lambda made: buckets_without(made, "BucketLogging"),
    "S3.13": lambda made: buckets_without(made, "BucketLifecycleConfiguration"),
    "S3.17": lambda made: buckets_without(made, "BucketServerSideEncryptionConfiguration"),
    "SecretsManager.1": lambda made: [] if made.all("SecretRotation") else [made.all("Secret")[0].name],
    "SNS.1": of("Topic", lambda it: not it["kmsMasterKeyId"]),
    "IAM.21": lambda made: [f"{policy}: {action}" for policy, action, _ in allowed_actions(made) if "*" in action],
    "CloudWatch.16": of("LogGroup", lambda it: not it.get("retentionInDays")),
    "CloudWatch.encryption": of("LogGroup", lambda it: not it.get("kmsKeyId")),
}


@pytest.mark.parametrize("stack", ["dev", "prod"])
@pytest.mark.parametrize("control", sorted(CONTROLS))
def test_a_control_is_met_or_its_departure_is_registered(control: str, stack: str) -> None:
    offenders = CONTROLS[control](program(stack))
    registered = [found for found in DEPARTURES if found.control == control and stack in found.stacks]
    if registered:
        assert offenders, f"{control} is met by {stack} now: take the departure out of the register"
    else:
        assert offenders == [], f"{control} is not met by {stack}"


def test_every_departure_names_a_control_that_is_checked() -> None:
    assert {found.control for found in DEPARTURES} <= set(CONTROLS)


def test_the_page_for_people_quotes_the_register() -> None:
    page = (PROJECT / "docs" / "standards.md").read_text("utf-8")
    for found in DEPARTURES:
        row = f"| {found.control} | {', '.join(found.stacks)} | {found.reason} | {found.instead} |"
        assert row in page, f"docs/standards.md lacks this row: {row}"


def test_http_is_redirected_and_tls_has_a_policy_of_the_standard() -> None:
    listeners = {found.inputs["port"]: found.inputs for found in program("prod").all("aws:lb/listener:Listener")}
    assert listeners[80]["defaultActions"][0]["redirect"]["protocol"] == "HTTPS"
    assert listeners[443]["sslPolicy"] in TLS_POLICIES


WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "logs:DescribeLogGroups",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}
"""Actions that know no resource:
docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html"""


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_a_star_resource_stands_only_where_aws_knows_no_other(stack: str) -> None:
    # In a key's policy `*` is the key itself: docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
    wide = {
        action
        for policy, action, resources in allowed_actions(program(stack))
        if "*" in resources and not policy.startswith("KeyPolicy")
    }
    assert wide <= WITHOUT_RESOURCE


def test_prod_stands_in_three_zones_and_loses_no_task_in_a_deployment() -> None:
    made = program("prod")
    assert len(made.one("Vpc").inputs["availabilityZoneNames"]) == 3
    for service in made.all("Service"):
        if service.name != "scheduler":
            assert service.inputs["deploymentMinimumHealthyPercent"] >= 100


def test_the_properties_that_the_rehearsals_provider_does_not_know_are_known_to_aws() -> None:
    """The provider of the rehearsals (5.100) leaves a cluster's `autoMinorVersionUpgrade` and a service's
    `deploymentConfiguration` out of its calls."""
    import botocore.session

    models = {name: botocore.session.get_session().get_service_model(name) for name in ("rds", "ecs")}
    for operation in ("CreateDBCluster", "ModifyDBCluster"):
        assert "AutoMinorVersionUpgrade" in models["rds"].operation_model(operation).input_shape.members
    assert "autoMinorVersionUpgrade" in program("prod").one(AURORA).inputs
    for operation in ("CreateService", "UpdateService"):
        configuration = models["ecs"].operation_model(operation).input_shape.members["deploymentConfiguration"]
        assert {"strategy", "bakeTimeInMinutes"} <= set(configuration.members)
    assert program("prod").one("Service", "web").inputs["deploymentConfiguration"] == {"strategy": "ROLLING"}


def test_every_role_is_bounded_by_the_policy_that_the_settings_name() -> None:
    boundary = "arn:aws:iam::123456789012:policy/bootstrap-story-boundary-prod"
    shifting = {"deployment": {"strategy": "blue-green"}, "autoscaling": {"requests_per_target": None}}
    made = program("prod", permissions={"boundary_arn": boundary}, web=shifting)
    roles = made.all("aws:iam/role:Role")
    assert len(roles) > 10
    assert {role.name: role.inputs.get("permissionsBoundary") for role in roles} == {
        role.name: boundary for role in roles
    }


def test_without_such_a_policy_no_role_names_one() -> None:
    assert [role.name for role in program("dev").all("aws:iam/role:Role") if "permissionsBoundary" in role.inputs] == []
