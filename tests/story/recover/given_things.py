"""Things in AWS in their shortest valid form, made under a name, in the emulator."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from aws.client import AwsClient
from story.recover.lookups import LOOKUPS
from story.recover.match import PendingInputs

TRUST = '{"Version": "2012-10-17", "Statement": []}'
POLICY = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::a"},
}
SCALED = {
    "serviceNamespace": "ecs",
    "resourceId": "service/site/web",
    "scalableDimension": "ecs:service:DesiredCount",
}


def found(aws: AwsClient, kind: str, inputs: Mapping[str, Any], tags: Mapping[str, str] | None = None) -> list[str]:
    return [match.id for match in LOOKUPS[kind](aws, PendingInputs(inputs=inputs, tags=tags or {}))]


@cache
def vpc_id(aws: AwsClient) -> str:
    return aws.service("ec2").create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]


@cache
def subnet_ids(aws: AwsClient) -> tuple[str, ...]:
    vpc = vpc_id(aws)
    return tuple(
        aws.service("ec2").create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for cidr, zone in (("10.7.0.0/24", "ap-northeast-1a"), ("10.7.1.0/24", "ap-northeast-1c"))
    )


@cache
def load_balancer(aws: AwsClient) -> str:
    balancers = aws.service("elbv2").create_load_balancer(Name="site", Subnets=list(subnet_ids(aws)))
    return balancers["LoadBalancers"][0]["LoadBalancerArn"]


FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}]


@cache
def listener(aws: AwsClient, port: int = 8443) -> str:
    made = aws.service("elbv2").create_listener(
        LoadBalancerArn=load_balancer(aws), Port=port, Protocol="HTTP", DefaultActions=FIXED
    )
    return made["Listeners"][0]["ListenerArn"]


def make_budget(aws: AwsClient, name: str) -> str:
    amount = {"BudgetLimit": {"Amount": "10", "Unit": "USD"}, "TimeUnit": "MONTHLY", "BudgetType": "COST"}
    aws.service("budgets").create_budget(AccountId="123456789012", Budget={"BudgetName": name, **amount})
    return f"123456789012:{name}"


def make_alarm(aws: AwsClient, name: str) -> str:
    aws.service("cloudwatch").put_metric_alarm(
        AlarmName=name,
        ComparisonOperator="GreaterThanThreshold",
        EvaluationPeriods=1,
        Threshold=1,
        MetricName="m",
        Namespace="n",
        Period=60,
        Statistic="Sum",
    )
    return name


def make_certificate(aws: AwsClient, name: str) -> str:
    tags = [{"Key": "Name", "Value": "site"}]
    return aws.service("acm").request_certificate(DomainName=f"{name}.example.com", Tags=tags)["CertificateArn"]


def make_policy(aws: AwsClient, name: str) -> str:
    api, place = (
        aws.service("application-autoscaling"),
        {key[0].upper() + key[1:]: value for key, value in SCALED.items()},
    )
    make_service(aws, "web")
    api.register_scalable_target(**place, MinCapacity=1, MaxCapacity=2)
    metric = {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"}
    api.put_scaling_policy(
        **place,
        PolicyName=name,
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 50, "PredefinedMetricSpecification": metric},
    )
    return "/".join([*SCALED.values(), name])


def make_cluster(aws: AwsClient, name: str) -> str:
    aws.service("ecs").create_cluster(clusterName=name)
    return name


def make_service(aws: AwsClient, name: str) -> str:
    make_cluster(aws, "site")
    ecs = aws.service("ecs")
    containers = [{"name": "app", "image": "nginx", "essential": True}]
    ecs.register_task_definition(family="web", containerDefinitions=containers, cpu="256", memory="512")
    if not ecs.describe_services(cluster="site", services=[name])["services"]:
        ecs.create_service(cluster="site", serviceName=name, taskDefinition="web", desiredCount=0)
    return f"site/{name}"


def make_log_group(aws: AwsClient, name: str) -> str:
    aws.service("logs").create_log_group(logGroupName=name)
    return name


def make_cache_parameters(aws: AwsClient, name: str) -> str:
    aws.service("elasticache").create_cache_parameter_group(
        CacheParameterGroupName=name, CacheParameterGroupFamily="valkey8", Description="d"
    )
    return name


def make_cache_subnets(aws: AwsClient, name: str) -> str:
    aws.service("elasticache").create_cache_subnet_group(
        CacheSubnetGroupName=name, CacheSubnetGroupDescription="d", SubnetIds=list(subnet_ids(aws))
    )
    return name


def make_cache(aws: AwsClient, name: str) -> str:
    aws.service("elasticache").create_replication_group(
        ReplicationGroupId=name, ReplicationGroupDescription="d", Engine="valkey", CacheNodeType="cache.t4g.micro"
    )
    return name


def make_role(aws: AwsClient, name: str) -> str:
    aws.service("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    return name


def make_role_policy(aws: AwsClient, name: str) -> str:
    make_role(aws, f"of-{name}")
    aws.service("iam").put_role_policy(RoleName=f"of-{name}", PolicyName=name, PolicyDocument=json.dumps(POLICY))
    return f"of-{name}:{name}"


def make_key(aws: AwsClient, name: str) -> str:
    tags = [{"TagKey": "Name", "TagValue": "site"}]
    return aws.service("kms").create_key(Description=name, Tags=tags)["KeyMetadata"]["KeyId"]


def make_alias(aws: AwsClient, name: str) -> str:
    aws.service("kms").create_alias(AliasName=f"alias/{name}", TargetKeyId=make_key(aws, "of an alias"))
    return f"alias/{name}"


def make_load_balancer(aws: AwsClient, name: str) -> str:
    made = aws.service("elbv2").create_load_balancer(Name=name, Subnets=list(subnet_ids(aws)))
    return made["LoadBalancers"][0]["LoadBalancerArn"]


def make_target_group(aws: AwsClient, name: str) -> str:
    made = aws.service("elbv2").create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=vpc_id(aws))
    return made["TargetGroups"][0]["TargetGroupArn"]


def make_rule(aws: AwsClient, priority: str) -> str:
    made = aws.service("elbv2").create_rule(
        ListenerArn=listener(aws),
        Priority=int(priority),
        Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
        Actions=FIXED,
    )
    return made["Rules"][0]["RuleArn"]


@cache
def zone(aws: AwsClient) -> str:
    made = aws.service("route53").create_hosted_zone(Name="example.com", CallerReference="1")
    return made["HostedZone"]["Id"].rpartition("/")[2]


def make_record(aws: AwsClient, name: str) -> str:
    record = {"Name": f"{name}.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    aws.service("route53").change_resource_record_sets(HostedZoneId=zone(aws), ChangeBatch=batch)
    return f"{zone(aws)}_{name}.example.com_A"


def make_bucket(aws: AwsClient, name: str) -> str:
    place = {"LocationConstraint": "ap-northeast-1"}
    aws.service("s3").create_bucket(Bucket=name, CreateBucketConfiguration=place)
    aws.service("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "Name", "Value": name}]})
    return name


def make_secret(aws: AwsClient, name: str) -> str:
    return aws.service("secretsmanager").create_secret(Name=name, SecretString="x")["ARN"]


def make_topic(aws: AwsClient, name: str) -> str:
    return aws.service("sns").create_topic(Name=name)["TopicArn"]


def make_database(service: str) -> Callable[[AwsClient, str], str]:
    engine = {"rds": "aurora-mysql", "docdb": "docdb"}[service]

    def make(aws: AwsClient, name: str) -> str:
        aws.service(service).create_db_cluster(
            DBClusterIdentifier=name, Engine=engine, MasterUsername="root", ManageMasterUserPassword=True
        )
        return name

    return make


def make_instance(service: str) -> Callable[[AwsClient, str], str]:
    def make(aws: AwsClient, name: str) -> str:
        engine = {"rds": "aurora-mysql", "docdb": "docdb"}[service]
        make_database(service)(aws, f"of-{name}")
        aws.service(service).create_db_instance(
            DBInstanceIdentifier=name,
            DBClusterIdentifier=f"of-{name}",
            DBInstanceClass="db.r6g.large",
            Engine=engine,
        )
        return name

    return make


def make_database_subnets(service: str) -> Callable[[AwsClient, str], str]:
    def make(aws: AwsClient, name: str) -> str:
        aws.service(service).create_db_subnet_group(
            DBSubnetGroupName=name, DBSubnetGroupDescription="d", SubnetIds=list(subnet_ids(aws))
        )
        return name

    return make


def make_database_parameters(service: str) -> Callable[[AwsClient, str], str]:
    def make(aws: AwsClient, name: str) -> str:
        family = {"rds": "aurora-mysql8.0", "docdb": "docdb5.0"}[service]
        aws.service(service).create_db_cluster_parameter_group(
            DBClusterParameterGroupName=name, DBParameterGroupFamily=family, Description="d"
        )
        return name

    return make


NAMED: Mapping[str, tuple[Callable[[AwsClient, str], str], Callable[[AwsClient, str], Mapping[str, Any]]]] = {
    "aws:acm/certificate:Certificate": (make_certificate, lambda _, name: {"domainName": f"{name}.example.com"}),
    "aws:appautoscaling/policy:Policy": (make_policy, lambda _, name: {**SCALED, "name": name}),
    "aws:budgets/budget:Budget": (make_budget, lambda _, name: {"name": name}),
    "aws:cloudwatch/logGroup:LogGroup": (make_log_group, lambda _, name: {"name": name}),
    "aws:cloudwatch/metricAlarm:MetricAlarm": (make_alarm, lambda _, name: {"name": name}),
    "aws:ecs/cluster:Cluster": (make_cluster, lambda _, name: {"name": name}),
    "aws:ecs/service:Service": (
        make_service,
        lambda _, name: {"cluster": "arn:aws:ecs:ap-northeast-1:123456789012:cluster/site", "name": name},
    ),
    "aws:elasticache/parameterGroup:ParameterGroup": (make_cache_parameters, lambda _, name: {"name": name}),
    "aws:elasticache/replicationGroup:ReplicationGroup": (make_cache, lambda _, name: {"replicationGroupId": name}),
    "aws:elasticache/subnetGroup:SubnetGroup": (make_cache_subnets, lambda _, name: {"name": name}),
    "aws:iam/role:Role": (make_role, lambda _, name: {"name": name}),
    "aws:iam/rolePolicy:RolePolicy": (make_role_policy, lambda _, name: {"role": f"of-{name}", "name": name}),
    "aws:kms/alias:Alias": (make_alias, lambda _, name: {"name": f"alias/{name}"}),
    "aws:kms/key:Key": (make_key, lambda _, name: {"description": name}),
    "aws:lb/listener:Listener": (
        lambda aws, port: listener(aws, int(port)),
        lambda aws, port: {"loadBalancerArn": load_balancer(aws), "port": float(port)},
    ),
    "aws:lb/listenerRule:ListenerRule": (
        make_rule,
        lambda aws, priority: {"listenerArn": listener(aws), "priority": float(priority)},
    ),
    "aws:lb/loadBalancer:LoadBalancer": (make_load_balancer, lambda _, name: {"name": name}),
    "aws:lb/targetGroup:TargetGroup": (make_target_group, lambda _, name: {"name": name}),
    "aws:route53/record:Record": (
        make_record,
        lambda aws, name: {"zoneId": zone(aws), "name": f"{name}.example.com", "type": "A"},
    ),
    "aws:s3/bucket:Bucket": (make_bucket, lambda _, name: {"bucket": name}),
    "aws:secretsmanager/secret:Secret": (make_secret, lambda _, name: {"name": name}),
    "aws:sns/topic:Topic": (make_topic, lambda _, name: {"name": name}),
    **{
        f"aws:{service}/{kind}": (make(service), lambda _, name, key=key: {key: name})
        for service in ("rds", "docdb")
        for kind, make, key in (
            ("cluster:Cluster", make_database, "clusterIdentifier"),
            ("clusterInstance:ClusterInstance", make_instance, "identifier"),
            ("clusterParameterGroup:ClusterParameterGroup", make_database_parameters, "name"),
            ("subnetGroup:SubnetGroup", make_database_subnets, "name"),
        )
    },
}
"""How a thing of a type is made under a name, and what the engine asks for when it makes one."""
