"""Finds objects that an interrupted creation may have created; those of a network are in `lookups_network`.

Most have a unique name, given or automatic, in the inputs of the creation. Each lookup returns the ids by which the AWS
provider imports the type ("Import" in registry.terraform.io/providers/hashicorp/aws/latest/docs). `AGAIN` has the types
that need no lookup.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from aws.client import Client, call_if_found, paginate_if_found
from story.recover.lookups_databases import DATABASES
from story.recover.lookups_network import NETWORK
from story.recover.match import Lookup, Match, PendingInputs

AGAIN: Mapping[str, str] = {
    "aws:acm/certificateValidation:CertificateValidation": "it only waits, and creates nothing",
    "aws:appautoscaling/scheduledAction:ScheduledAction": "AWS overwrites the schedule of that name",
    "aws:appautoscaling/target:Target": "AWS overwrites the range of that service",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": "AWS overwrites the alarm of that name",
    "aws:cloudwatch/dashboard:Dashboard": "AWS overwrites the dashboard of that name",
    "aws:cloudwatch/eventRule:EventRule": "AWS overwrites the rule of that name",
    "aws:cloudwatch/eventTarget:EventTarget": "AWS overwrites the target of that id",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "AWS overwrites the filter of that name",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "AWS overwrites the policy of that name",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "AWS created it together with the VPC",
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": "a setting of the cluster",
    "aws:ecs/taskDefinition:TaskDefinition": "an unused revision costs nothing",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "attaching it again changes nothing",
    "aws:kms/keyPolicy:KeyPolicy": "a setting of the key",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "a setting of the bucket",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "a setting of the bucket",
    "aws:s3/bucketPolicy:BucketPolicy": "a setting of the bucket",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "a setting of the bucket",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "a setting of the bucket",
    "aws:s3/bucketVersioning:BucketVersioning": "a setting of the bucket",
    "aws:secretsmanager/secretVersion:SecretVersion": "the same value becomes the current version again",
    "aws:sns/topicPolicy:TopicPolicy": "a setting of the topic",
    "aws:sns/topicSubscription:TopicSubscription": "subscribing again changes nothing",
    "random:index/randomBytes:RandomBytes": "nothing in AWS",
    "random:index/randomId:RandomId": "nothing in AWS",
    "random:index/randomPassword:RandomPassword": "nothing in AWS",
    "random:index/randomUuid:RandomUuid": "a step of the release that did not end, or was not recorded",
}
"""Types whose creation can be repeated safely, and why."""

BY_TAGS_ALONE = ("aws:acm/certificate:Certificate", "aws:ec2/eip:Eip", "aws:ec2/vpc:Vpc")
"""Types without a unique name, found only by tags and settings, so that another stack's object could match."""


def certificate(aws: Client, pending: PendingInputs) -> list[Match]:
    """By domain and tags."""
    listed = paginate_if_found(
        aws,
        "acm",
        "list_certificates",
        "CertificateSummaryList",
        Includes={"keyTypes": ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1"]},
        CertificateStatuses=["PENDING_VALIDATION", "ISSUED"],
    )
    return [
        Match(id=item["CertificateArn"], arn=item["CertificateArn"], created=item.get("CreatedAt"))
        for item in listed
        if item["DomainName"] == pending.text("domainName")
        and pending.tagged(
            call_if_found(aws, "acm", "list_tags_for_certificate", CertificateArn=item["CertificateArn"]).get("Tags")
        )
    ]


def scaling_policy(aws: Client, pending: PendingInputs) -> list[Match]:
    """By scalable target and name."""
    namespace, resource, dimension, name = (
        pending.text(key) for key in ("serviceNamespace", "resourceId", "scalableDimension", "name")
    )
    found = call_if_found(
        aws,
        "application-autoscaling",
        "describe_scaling_policies",
        ServiceNamespace=namespace,
        ResourceId=resource,
        ScalableDimension=dimension,
        PolicyNames=[name],
    )
    return [
        Match(id=f"{namespace}/{resource}/{dimension}/{name}", arn=item["PolicyARN"], created=item.get("CreationTime"))
        for item in found.get("ScalingPolicies", ())
        if item["PolicyName"] == name
    ]


def log_group(aws: Client, pending: PendingInputs) -> list[Match]:
    """By name."""
    name = pending.text("name")
    groups = call_if_found(aws, "logs", "describe_log_groups", logGroupNamePrefix=name).get("logGroups", ())
    return [
        Match(id=name, arn=item["arn"], created=_from_milliseconds(item.get("creationTime")))
        for item in groups
        if item["logGroupName"] == name
    ]


def budget(aws: Client, pending: PendingInputs) -> list[Match]:
    """By account and name."""
    account, name = str(call_if_found(aws, "sts", "get_caller_identity").get("Account", "")), pending.text("name")
    found = call_if_found(aws, "budgets", "describe_budget", AccountId=account, BudgetName=name).get("Budget")
    return [Match(id=f"{account}:{name}")] if found else []


def metric_alarm(aws: Client, pending: PendingInputs) -> list[Match]:
    """By name."""
    alarms = call_if_found(aws, "cloudwatch", "describe_alarms", AlarmNames=[pending.text("name")]).get(
        "MetricAlarms", ()
    )
    return [Match(id=item["AlarmName"], arn=item["AlarmArn"]) for item in alarms]


def ecs_cluster(aws: Client, pending: PendingInputs) -> list[Match]:
    """By name."""
    clusters = call_if_found(aws, "ecs", "describe_clusters", clusters=[pending.text("name")]).get("clusters", ())
    return [Match(id=item["clusterName"], arn=item["clusterArn"]) for item in clusters if item["status"] == "ACTIVE"]


def ecs_service(aws: Client, pending: PendingInputs) -> list[Match]:
    """By cluster and name."""
    cluster, name = pending.text("cluster").rsplit("/", 1)[-1], pending.text("name")
    found = call_if_found(aws, "ecs", "describe_services", cluster=cluster, services=[name]).get("services", ())
    return [
        Match(id=f"{cluster}/{name}", arn=item["serviceArn"], created=item.get("createdAt"))
        for item in found
        if item["status"] == "ACTIVE"
    ]


def parameter_group(aws: Client, pending: PendingInputs) -> list[Match]:
    """By name, in ElastiCache."""
    name = pending.text("name")
    found = call_if_found(aws, "elasticache", "describe_cache_parameter_groups", CacheParameterGroupName=name)
    return [Match(id=name, arn=item.get("ARN", "")) for item in found.get("CacheParameterGroups", ())]


def cache_subnet_group(aws: Client, pending: PendingInputs) -> list[Match]:
    """By name."""
    name = pending.text("name")
    found = call_if_found(aws, "elasticache", "describe_cache_subnet_groups", CacheSubnetGroupName=name)
    return [Match(id=name, arn=item.get("ARN", "")) for item in found.get("CacheSubnetGroups", ())]


def replication_group(aws: Client, pending: PendingInputs) -> list[Match]:
    """By id."""
    name = pending.text("replicationGroupId")
    found = call_if_found(aws, "elasticache", "describe_replication_groups", ReplicationGroupId=name)
    return [
        Match(
            id=name,
            arn=item.get("ARN", ""),
            created=item.get("ReplicationGroupCreateTime"),
            ready=item["Status"] != "creating",
        )
        for item in found.get("ReplicationGroups", ())
    ]


def role(aws: Client, pending: PendingInputs) -> list[Match]:
    """By name."""
    found = call_if_found(aws, "iam", "get_role", RoleName=pending.text("name")).get("Role")
    return [Match(id=found["RoleName"], arn=found["Arn"], created=found["CreateDate"])] if found else []


def role_policy(aws: Client, pending: PendingInputs) -> list[Match]:
    """By role and name."""
    owner, name = pending.text("role"), pending.text("name")
    found = call_if_found(aws, "iam", "get_role_policy", RoleName=owner, PolicyName=name)
    return [Match(id=f"{owner}:{name}")] if found else []


def key_alias(aws: Client, pending: PendingInputs) -> list[Match]:
    """By name."""
    aliases = paginate_if_found(aws, "kms", "list_aliases", "Aliases")
    return [
        Match(id=item["AliasName"], arn=item["AliasArn"], created=item.get("CreationDate"))
        for item in aliases
        if item["AliasName"] == pending.text("name")
    ]


def key(aws: Client, pending: PendingInputs) -> list[Match]:
    """By description and tags: keys have no name. AWS managed keys and keys pending deletion do not count."""
    found: list[Match] = []
    for listed in paginate_if_found(aws, "kms", "list_keys", "Keys"):
        item = call_if_found(aws, "kms", "describe_key", KeyId=listed["KeyId"]).get("KeyMetadata", {})
        if item.get("Description") != pending.text("description") or item.get("KeyState") != "Enabled":
            continue
        if item.get("KeyManager") == "CUSTOMER" and pending.tagged(
            list(paginate_if_found(aws, "kms", "list_resource_tags", "Tags", KeyId=listed["KeyId"]))
        ):
            found.append(Match(id=item["KeyId"], arn=item["Arn"], created=item.get("CreationDate")))
    return found


def listener(aws: Client, pending: PendingInputs) -> list[Match]:
    """By load balancer and port."""
    listed = paginate_if_found(
        aws, "elbv2", "describe_listeners", "Listeners", LoadBalancerArn=pending.text("loadBalancerArn")
    )
    return [
        Match(id=item["ListenerArn"], arn=item["ListenerArn"])
        for item in listed
        if item["Port"] == int(pending.inputs["port"])
    ]


def listener_rule(aws: Client, pending: PendingInputs) -> list[Match]:
    """By listener and priority."""
    listed = paginate_if_found(aws, "elbv2", "describe_rules", "Rules", ListenerArn=pending.text("listenerArn"))
    return [
        Match(id=item["RuleArn"], arn=item["RuleArn"])
        for item in listed
        if item["Priority"] == str(int(pending.inputs["priority"]))
    ]


def load_balancer(aws: Client, pending: PendingInputs) -> list[Match]:
    """By name."""
    found = call_if_found(aws, "elbv2", "describe_load_balancers", Names=[pending.text("name")]).get(
        "LoadBalancers", ()
    )
    return [
        Match(
            id=item["LoadBalancerArn"],
            arn=item["LoadBalancerArn"],
            created=item.get("CreatedTime"),
            ready=item.get("State", {}).get("Code") != "provisioning",
        )
        for item in found
    ]


def target_group(aws: Client, pending: PendingInputs) -> list[Match]:
    """By name."""
    found = call_if_found(aws, "elbv2", "describe_target_groups", Names=[pending.text("name")]).get("TargetGroups", ())
    return [Match(id=item["TargetGroupArn"], arn=item["TargetGroupArn"]) for item in found]


def record(aws: Client, pending: PendingInputs) -> list[Match]:
    """By zone, name and type."""
    zone, name, kind = pending.text("zoneId"), pending.text("name"), pending.text("type")
    listed = call_if_found(
        aws,
        "route53",
        "list_resource_record_sets",
        HostedZoneId=zone,
        StartRecordName=name,
        StartRecordType=kind,
        MaxItems="1",
    ).get("ResourceRecordSets", ())
    return [
        Match(id=f"{zone}_{name}_{kind}")
        for item in listed
        if item["Name"].rstrip(".").lower() == name.rstrip(".").lower() and item["Type"] == kind
    ]


def bucket(aws: Client, pending: PendingInputs) -> list[Match]:
    """By name; by tags if the provider generates the name and the inputs do not have it."""
    named = [pending.text("bucket")] if pending.text("bucket") else None
    return [
        Match(id=item["Name"], arn=item["Name"], created=item.get("CreationDate"))
        for item in call_if_found(aws, "s3", "list_buckets").get("Buckets", ())
        if (item["Name"] in named if named else _bucket_is_tagged(aws, pending, item["Name"]))
    ]


def _bucket_is_tagged(aws: Client, pending: PendingInputs, name: str) -> bool:
    return pending.tagged(call_if_found(aws, "s3", "get_bucket_tagging", Bucket=name).get("TagSet"))


def secret(aws: Client, pending: PendingInputs) -> list[Match]:
    """By name; a secret that is scheduled for deletion does not count."""
    found = call_if_found(aws, "secretsmanager", "describe_secret", SecretId=pending.text("name"))
    if not found or found.get("DeletedDate"):
        return []
    return [Match(id=found["ARN"], arn=found["ARN"], created=found.get("CreatedDate"))]


def topic(aws: Client, pending: PendingInputs) -> list[Match]:
    """By name."""
    topics: Sequence[Mapping[str, Any]] = paginate_if_found(aws, "sns", "list_topics", "Topics")
    arns = [item["TopicArn"] for item in topics]
    return [Match(id=arn, arn=arn) for arn in arns if arn.rsplit(":", 1)[-1] == pending.text("name")]


def _from_milliseconds(value: int | None) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


LOOKUPS: Mapping[str, Lookup] = {
    **NETWORK,
    **DATABASES,
    "aws:acm/certificate:Certificate": certificate,
    "aws:appautoscaling/policy:Policy": scaling_policy,
    "aws:budgets/budget:Budget": budget,
    "aws:cloudwatch/logGroup:LogGroup": log_group,
    "aws:cloudwatch/metricAlarm:MetricAlarm": metric_alarm,
    "aws:ecs/cluster:Cluster": ecs_cluster,
    "aws:ecs/service:Service": ecs_service,
    "aws:elasticache/parameterGroup:ParameterGroup": parameter_group,
    "aws:elasticache/replicationGroup:ReplicationGroup": replication_group,
    "aws:elasticache/subnetGroup:SubnetGroup": cache_subnet_group,
    "aws:iam/role:Role": role,
    "aws:iam/rolePolicy:RolePolicy": role_policy,
    "aws:kms/alias:Alias": key_alias,
    "aws:kms/key:Key": key,
    "aws:lb/listener:Listener": listener,
    "aws:lb/listenerRule:ListenerRule": listener_rule,
    "aws:lb/loadBalancer:LoadBalancer": load_balancer,
    "aws:lb/targetGroup:TargetGroup": target_group,
    "aws:route53/record:Record": record,
    "aws:s3/bucket:Bucket": bucket,
    "aws:secretsmanager/secret:Secret": secret,
    "aws:sns/topic:Topic": topic,
}
"""The lookup of each type."""
