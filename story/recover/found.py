"""How things are found that a cut-off creation may have made; those of a network are in `found_network`.

Most have a name, given or automatic, that stands in the creation's inputs and that no two things share. Each finder
answers with the ids by which the AWS provider imports the type ("Import" in
registry.terraform.io/providers/hashicorp/aws/latest/docs), and `AGAIN` names the types that need no finder.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from aws.client import Aws, Candidate, Finder, Wanted
from story.recover.found_databases import DATABASES
from story.recover.found_network import NETWORK

AGAIN: Mapping[str, str] = {
    "aws:acm/certificateValidation:CertificateValidation": "a wait, which makes nothing",
    "aws:appautoscaling/scheduledAction:ScheduledAction": "AWS overwrites the schedule of that name",
    "aws:appautoscaling/target:Target": "AWS overwrites the range of that service",
    "aws:cloudwatch/compositeAlarm:CompositeAlarm": "AWS overwrites the alarm of that name",
    "aws:cloudwatch/dashboard:Dashboard": "AWS overwrites the dashboard of that name",
    "aws:cloudwatch/eventRule:EventRule": "AWS overwrites the rule of that name",
    "aws:cloudwatch/eventTarget:EventTarget": "AWS overwrites the target of that id",
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": "AWS overwrites the filter of that name",
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": "AWS overwrites the policy of that name",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "AWS made it together with the VPC",
    "aws:ecs/clusterCapacityProviders:ClusterCapacityProviders": "a setting of the cluster",
    "aws:ecs/taskDefinition:TaskDefinition": "a revision that nothing uses costs nothing",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "attaching twice is attaching once",
    "aws:kms/keyPolicy:KeyPolicy": "a setting of the key",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": "a setting of the bucket",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": "a setting of the bucket",
    "aws:s3/bucketPolicy:BucketPolicy": "a setting of the bucket",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": "a setting of the bucket",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": "a setting of the bucket",
    "aws:s3/bucketVersioning:BucketVersioning": "a setting of the bucket",
    "aws:secretsmanager/secretVersion:SecretVersion": "the same value becomes the current version again",
    "aws:sns/topicPolicy:TopicPolicy": "a setting of the topic",
    "aws:sns/topicSubscription:TopicSubscription": "subscribing twice is subscribing once",
    "random:index/randomBytes:RandomBytes": "nothing in AWS",
    "random:index/randomId:RandomId": "nothing in AWS",
    "random:index/randomPassword:RandomPassword": "nothing in AWS",
    "random:index/randomUuid:RandomUuid": "a step of the release that did not end, or was not recorded",
}
"""Types whose creation does no harm when it is done again, and why."""

BY_TAGS_ALONE = ("aws:acm/certificate:Certificate", "aws:ec2/eip:Eip", "aws:ec2/vpc:Vpc")
"""Types that nothing but their tags and settings tells apart, so that another stack's could be taken for this one's."""


def certificate(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By domain and tags."""
    listed = aws.every(
        "acm",
        "list_certificates",
        "CertificateSummaryList",
        Includes={"keyTypes": ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1"]},
        CertificateStatuses=["PENDING_VALIDATION", "ISSUED"],
    )
    return [
        Candidate(id=item["CertificateArn"], arn=item["CertificateArn"], created=item.get("CreatedAt"))
        for item in listed
        if item["DomainName"] == wanted.text("domainName")
        and wanted.tagged(
            aws.ask("acm", "list_tags_for_certificate", CertificateArn=item["CertificateArn"]).get("Tags")
        )
    ]


def scaling_policy(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By what is scaled, and name."""
    namespace, resource, dimension, name = (
        wanted.text(key) for key in ("serviceNamespace", "resourceId", "scalableDimension", "name")
    )
    found = aws.ask(
        "application-autoscaling",
        "describe_scaling_policies",
        ServiceNamespace=namespace,
        ResourceId=resource,
        ScalableDimension=dimension,
        PolicyNames=[name],
    )
    return [
        Candidate(
            id=f"{namespace}/{resource}/{dimension}/{name}", arn=item["PolicyARN"], created=item.get("CreationTime")
        )
        for item in found.get("ScalingPolicies", ())
        if item["PolicyName"] == name
    ]


def log_group(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By name."""
    name = wanted.text("name")
    groups = aws.ask("logs", "describe_log_groups", logGroupNamePrefix=name).get("logGroups", ())
    return [
        Candidate(id=name, arn=item["arn"], created=_from_milliseconds(item.get("creationTime")))
        for item in groups
        if item["logGroupName"] == name
    ]


def budget(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By account and name."""
    account, name = str(aws.ask("sts", "get_caller_identity").get("Account", "")), wanted.text("name")
    found = aws.ask("budgets", "describe_budget", AccountId=account, BudgetName=name).get("Budget")
    return [Candidate(id=f"{account}:{name}")] if found else []


def metric_alarm(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By name."""
    alarms = aws.ask("cloudwatch", "describe_alarms", AlarmNames=[wanted.text("name")]).get("MetricAlarms", ())
    return [Candidate(id=item["AlarmName"], arn=item["AlarmArn"]) for item in alarms]


def ecs_cluster(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By name."""
    clusters = aws.ask("ecs", "describe_clusters", clusters=[wanted.text("name")]).get("clusters", ())
    return [
        Candidate(id=item["clusterName"], arn=item["clusterArn"]) for item in clusters if item["status"] == "ACTIVE"
    ]


def ecs_service(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By cluster and name."""
    cluster, name = wanted.text("cluster").rsplit("/", 1)[-1], wanted.text("name")
    found = aws.ask("ecs", "describe_services", cluster=cluster, services=[name]).get("services", ())
    return [
        Candidate(id=f"{cluster}/{name}", arn=item["serviceArn"], created=item.get("createdAt"))
        for item in found
        if item["status"] == "ACTIVE"
    ]


def parameter_group(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By name, in ElastiCache."""
    name = wanted.text("name")
    found = aws.ask("elasticache", "describe_cache_parameter_groups", CacheParameterGroupName=name)
    return [Candidate(id=name, arn=item.get("ARN", "")) for item in found.get("CacheParameterGroups", ())]


def cache_subnet_group(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By name."""
    name = wanted.text("name")
    found = aws.ask("elasticache", "describe_cache_subnet_groups", CacheSubnetGroupName=name)
    return [Candidate(id=name, arn=item.get("ARN", "")) for item in found.get("CacheSubnetGroups", ())]


def replication_group(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By id."""
    name = wanted.text("replicationGroupId")
    found = aws.ask("elasticache", "describe_replication_groups", ReplicationGroupId=name)
    return [
        Candidate(
            id=name,
            arn=item.get("ARN", ""),
            created=item.get("ReplicationGroupCreateTime"),
            ready=item["Status"] != "creating",
        )
        for item in found.get("ReplicationGroups", ())
    ]


def role(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By name."""
    found = aws.ask("iam", "get_role", RoleName=wanted.text("name")).get("Role")
    return [Candidate(id=found["RoleName"], arn=found["Arn"], created=found["CreateDate"])] if found else []


def role_policy(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By role and name."""
    owner, name = wanted.text("role"), wanted.text("name")
    found = aws.ask("iam", "get_role_policy", RoleName=owner, PolicyName=name)
    return [Candidate(id=f"{owner}:{name}")] if found else []


def key_alias(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By name."""
    aliases = aws.every("kms", "list_aliases", "Aliases")
    return [
        Candidate(id=item["AliasName"], arn=item["AliasArn"], created=item.get("CreationDate"))
        for item in aliases
        if item["AliasName"] == wanted.text("name")
    ]


def key(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By description and tags: keys have no name. AWS's own keys and keys that wait for their deletion don't count."""
    found: list[Candidate] = []
    for listed in aws.every("kms", "list_keys", "Keys"):
        item = aws.ask("kms", "describe_key", KeyId=listed["KeyId"]).get("KeyMetadata", {})
        if item.get("Description") != wanted.text("description") or item.get("KeyState") != "Enabled":
            continue
        if item.get("KeyManager") == "CUSTOMER" and wanted.tagged(
            list(aws.every("kms", "list_resource_tags", "Tags", KeyId=listed["KeyId"]))
        ):
            found.append(Candidate(id=item["KeyId"], arn=item["Arn"], created=item.get("CreationDate")))
    return found


def listener(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By load balancer and port."""
    listed = aws.every("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=wanted.text("loadBalancerArn"))
    return [
        Candidate(id=item["ListenerArn"], arn=item["ListenerArn"])
        for item in listed
        if item["Port"] == int(wanted.inputs["port"])
    ]


def listener_rule(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By listener and priority."""
    listed = aws.every("elbv2", "describe_rules", "Rules", ListenerArn=wanted.text("listenerArn"))
    return [
        Candidate(id=item["RuleArn"], arn=item["RuleArn"])
        for item in listed
        if item["Priority"] == str(int(wanted.inputs["priority"]))
    ]


def load_balancer(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By name."""
    found = aws.ask("elbv2", "describe_load_balancers", Names=[wanted.text("name")]).get("LoadBalancers", ())
    return [
        Candidate(
            id=item["LoadBalancerArn"],
            arn=item["LoadBalancerArn"],
            created=item.get("CreatedTime"),
            ready=item.get("State", {}).get("Code") != "provisioning",
        )
        for item in found
    ]


def target_group(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By name."""
    found = aws.ask("elbv2", "describe_target_groups", Names=[wanted.text("name")]).get("TargetGroups", ())
    return [Candidate(id=item["TargetGroupArn"], arn=item["TargetGroupArn"]) for item in found]


def record(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By zone, name and type."""
    zone, name, kind = wanted.text("zoneId"), wanted.text("name"), wanted.text("type")
    listed = aws.ask(
        "route53",
        "list_resource_record_sets",
        HostedZoneId=zone,
        StartRecordName=name,
        StartRecordType=kind,
        MaxItems="1",
    ).get("ResourceRecordSets", ())
    return [
        Candidate(id=f"{zone}_{name}_{kind}")
        for item in listed
        if item["Name"].rstrip(".").lower() == name.rstrip(".").lower() and item["Type"] == kind
    ]


def bucket(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By name; by tags where the provider chose the name and told nobody."""
    named = [wanted.text("bucket")] if wanted.text("bucket") else None
    return [
        Candidate(id=item["Name"], arn=item["Name"], created=item.get("CreationDate"))
        for item in aws.ask("s3", "list_buckets").get("Buckets", ())
        if (item["Name"] in named if named else _bucket_is_tagged(aws, wanted, item["Name"]))
    ]


def _bucket_is_tagged(aws: Aws, wanted: Wanted, name: str) -> bool:
    return wanted.tagged(aws.ask("s3", "get_bucket_tagging", Bucket=name).get("TagSet"))


def secret(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By name; one that waits for its deletion doesn't count."""
    found = aws.ask("secretsmanager", "describe_secret", SecretId=wanted.text("name"))
    if not found or found.get("DeletedDate"):
        return []
    return [Candidate(id=found["ARN"], arn=found["ARN"], created=found.get("CreatedDate"))]


def topic(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By name."""
    topics: Iterator[Mapping[str, Any]] = aws.every("sns", "list_topics", "Topics")
    arns = [item["TopicArn"] for item in topics]
    return [Candidate(id=arn, arn=arn) for arn in arns if arn.rsplit(":", 1)[-1] == wanted.text("name")]


def _from_milliseconds(value: int | None) -> datetime | None:
    return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


FINDERS: Mapping[str, Finder] = {
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
"""How to look for a thing of each type."""
