"""What is found in AWS: asked of the emulator, which has the things, their siblings, and what looks like them."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from emulator import process
from ops.aws_account import Aws, Candidate, Wanted, is_absence
from ops.found import AGAIN, FINDERS
from ops.locks import locks_of
from plan.program import plan_stack

ROOT = Path(__file__).parent.parent.parent
OF_AWSX = ("eip:Eip", "internetGateway:InternetGateway", "natGateway:NatGateway", "route:Route", "subnet:Subnet")
OF_AWSX += (
    "routeTable:RouteTable",
    "routeTableAssociation:RouteTableAssociation",
    "vpc:Vpc",
    "vpcEndpoint:VpcEndpoint",
)
TRUST = '{"Version": "2012-10-17", "Statement": []}'
SCALED = {
    "serviceNamespace": "ecs",
    "resourceId": "service/site/web",
    "scalableDimension": "ecs:service:DesiredCount",
}
Make = Callable[[Any], Mapping[str, Any]]


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    running = process.start(process.free_port(), tmp_path_factory.mktemp("emulator") / "emulator.log")
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="ap-northeast-1")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ENDPOINT_URL", running.url)
        environment.delenv("AWS_CA_BUNDLE", raising=False)
        try:
            process.wait_until_ready(running.url)
            yield Aws(session)
        finally:
            process.stop(running.pid)


def found(aws: Aws, kind: str, inputs: Mapping[str, Any], tags: Mapping[str, str] | None = None) -> list[str]:
    return [candidate.id for candidate in FINDERS[kind](aws, Wanted(inputs=inputs, tags=tags or {}))]


def tagged(kind: str, **tags: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_nothing_that_a_stack_makes_is_unknown(stack: str) -> None:
    record = plan_stack(ROOT, ROOT / f"Pulumi.{stack}.yaml").record
    assert record
    types = {one.type for one in record.resources if not one.type.startswith(("pulumi:", "story:", "awsx:"))}
    types |= {f"aws:ec2/{kind}" for kind in OF_AWSX}
    assert types - {*FINDERS, *AGAIN} == set()


def test_nothing_is_both_looked_for_and_made_again() -> None:
    assert not FINDERS.keys() & AGAIN.keys()


def test_the_things_of_a_network_are_told_from_their_siblings(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    tags = {"Name": "network", "Environment": "dev"}
    vpc, other = (
        ec2.create_vpc(
            CidrBlock="10.9.0.0/16", TagSpecifications=tagged("vpc", Name="network", Environment=stack, More="x")
        )["Vpc"]["VpcId"]
        for stack in ("dev", "prod")
    )
    assert found(aws, "aws:ec2/vpc:Vpc", {"cidrBlock": "10.9.0.0/16"}, tags) == [vpc]
    assert found(aws, "aws:ec2/vpc:Vpc", {"cidrBlock": "10.9.0.0/17"}, tags) == []
    assert found(aws, "aws:ec2/vpc:Vpc", {"cidrBlock": "10.9.0.0/16"}) == [], "without a tag anything would fit"

    subnet, second = (
        ec2.create_subnet(VpcId=owner, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"] for owner in (vpc, other)
    )
    assert found(aws, "aws:ec2/subnet:Subnet", {"vpcId": vpc, "cidrBlock": "10.9.1.0/24"}) == [subnet]

    gateway = ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway", **tags))
    gateway_id = gateway["InternetGateway"]["InternetGatewayId"]
    wanted = {"vpcId": vpc}
    assert found(aws, "aws:ec2/internetGateway:InternetGateway", wanted, tags) == [gateway_id], "not attached yet"
    ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc)
    assert found(aws, "aws:ec2/internetGateway:InternetGateway", wanted, tags) == [gateway_id]
    assert found(aws, "aws:ec2/internetGateway:InternetGateway", {"vpcId": other}, tags) == []

    table = ec2.create_route_table(VpcId=vpc, TagSpecifications=tagged("route-table", **tags))["RouteTable"]
    table_id = table["RouteTableId"]
    assert found(aws, "aws:ec2/routeTable:RouteTable", wanted, tags) == [table_id]
    route = {"routeTableId": table_id, "destinationCidrBlock": "0.0.0.0/0"}
    assert found(aws, "aws:ec2/route:Route", route) == []
    ec2.create_route(RouteTableId=table_id, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway_id)
    assert found(aws, "aws:ec2/route:Route", route) == [f"{table_id}_0.0.0.0/0"]
    assert found(aws, "aws:ec2/route:Route", {**route, "routeTableId": "rtb-00000000000000000"}) == []
    association = {"routeTableId": table_id, "subnetId": subnet}
    assert found(aws, "aws:ec2/routeTableAssociation:RouteTableAssociation", association) == []
    ec2.associate_route_table(RouteTableId=table_id, SubnetId=subnet)
    assert found(aws, "aws:ec2/routeTableAssociation:RouteTableAssociation", association) == [f"{subnet}/{table_id}"]

    address, spare = (
        ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip", Name=name))["AllocationId"]
        for name in ("network", "spare")
    )
    assert found(aws, "aws:ec2/eip:Eip", {}, {"Name": "network"}) == [address]
    nat = {"subnetId": subnet, "allocationId": address}
    assert found(aws, "aws:ec2/natGateway:NatGateway", nat) == []
    gone, nat_id = (
        ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"] for _ in range(2)
    )
    ec2.delete_nat_gateway(NatGatewayId=gone)
    ec2.create_nat_gateway(SubnetId=second, AllocationId=spare)
    assert found(aws, "aws:ec2/natGateway:NatGateway", nat) == [nat_id]

    service = "com.amazonaws.ap-northeast-1.s3"
    endpoint, removed = (
        ec2.create_vpc_endpoint(
            VpcId=vpc, ServiceName=service, RouteTableIds=[table_id], TagSpecifications=tagged("vpc-endpoint", **tags)
        )["VpcEndpoint"]["VpcEndpointId"]
        for _ in range(2)
    )
    ec2.delete_vpc_endpoints(VpcEndpointIds=[removed])
    assert found(aws, "aws:ec2/vpcEndpoint:VpcEndpoint", {"vpcId": vpc, "serviceName": service}, tags) == [endpoint]

    role = aws.client("iam").create_role(RoleName="flow", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    aws.client("logs").create_log_group(logGroupName="/flow")
    destination = "arn:aws:logs:ap-northeast-1:123456789012:log-group:/flow"
    log = ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogDestination=destination,
        DeliverLogsPermissionArn=role,
    )["FlowLogIds"]
    assert found(aws, "aws:ec2/flowLog:FlowLog", {"vpcId": vpc, "logDestination": destination}) == log
    assert found(aws, "aws:ec2/flowLog:FlowLog", {"vpcId": vpc, "logDestination": f"{destination}2"}) == []


def test_rules_of_security_groups_are_told_apart_by_all_that_they_say(aws: Aws) -> None:
    ec2 = aws.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    first, second = (
        ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name)["GroupId"]
        for name in ("first", "second")
    )
    assert found(aws, "aws:ec2/securityGroup:SecurityGroup", {"vpcId": vpc, "name": "first"}) == [first]
    ports = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    by_range = ec2.authorize_security_group_ingress(
        GroupId=first, IpPermissions=[{**ports, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
    )["SecurityGroupRules"]
    by_group = ec2.authorize_security_group_ingress(
        GroupId=first, IpPermissions=[{**ports, "UserIdGroupPairs": [{"GroupId": second}]}]
    )["SecurityGroupRules"]
    # As the engine keeps them: numbers may be whole floats.
    asked = {"securityGroupId": first, "ipProtocol": "tcp", "fromPort": 443.0, "toPort": 443.0}
    ingress = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
    ids = [rule["SecurityGroupRuleId"] for rule in (*by_range, *by_group)]
    assert found(aws, ingress, {**asked, "cidrIpv4": "10.0.0.0/8"}) == ids[:1]
    assert found(aws, ingress, {**asked, "referencedSecurityGroupId": second}) == ids[1:]
    assert found(aws, ingress, {**asked, "cidrIpv4": "10.0.0.0/8", "toPort": 444}) == []
    egress = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
    assert found(aws, egress, {**asked, "cidrIpv4": "10.0.0.0/8"}) == []
    anywhere = {"securityGroupId": first, "ipProtocol": "-1", "cidrIpv4": "0.0.0.0/0"}
    assert len(found(aws, egress, anywhere)) == 1, "AWS gives each group this one"


@cache
def subnet_ids(aws: Aws) -> tuple[str, ...]:
    vpc = aws.client("ec2").create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    return tuple(
        aws.client("ec2").create_subnet(VpcId=vpc, CidrBlock=cidr, AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for cidr, zone in (("10.7.0.0/24", "ap-northeast-1a"), ("10.7.1.0/24", "ap-northeast-1c"))
    )


@cache
def load_balancer(aws: Aws) -> str:
    balancers = aws.client("elbv2").create_load_balancer(Name="site", Subnets=list(subnet_ids(aws)))
    return balancers["LoadBalancers"][0]["LoadBalancerArn"]


FIXED = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}]


@cache
def listener(aws: Aws, port: int = 8443) -> str:
    made = aws.client("elbv2").create_listener(
        LoadBalancerArn=load_balancer(aws), Port=port, Protocol="HTTP", DefaultActions=FIXED
    )
    return made["Listeners"][0]["ListenerArn"]


def make_alarm(aws: Aws, name: str) -> str:
    aws.client("cloudwatch").put_metric_alarm(
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


def make_certificate(aws: Aws, name: str) -> str:
    tags = [{"Key": "Name", "Value": "site"}]
    return aws.client("acm").request_certificate(DomainName=f"{name}.example.com", Tags=tags)["CertificateArn"]


def make_policy(aws: Aws, name: str) -> str:
    api, place = (
        aws.client("application-autoscaling"),
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


def make_cluster(aws: Aws, name: str) -> str:
    aws.client("ecs").create_cluster(clusterName=name)
    return name


def make_service(aws: Aws, name: str) -> str:
    make_cluster(aws, "site")
    ecs = aws.client("ecs")
    containers = [{"name": "app", "image": "nginx", "essential": True}]
    ecs.register_task_definition(family="web", containerDefinitions=containers, cpu="256", memory="512")
    if not ecs.describe_services(cluster="site", services=[name])["services"]:
        ecs.create_service(cluster="site", serviceName=name, taskDefinition="web", desiredCount=0)
    return f"site/{name}"


def make_log_group(aws: Aws, name: str) -> str:
    aws.client("logs").create_log_group(logGroupName=name)
    return name


def make_cache_parameters(aws: Aws, name: str) -> str:
    aws.client("elasticache").create_cache_parameter_group(
        CacheParameterGroupName=name, CacheParameterGroupFamily="valkey8", Description="d"
    )
    return name


def make_cache_subnets(aws: Aws, name: str) -> str:
    aws.client("elasticache").create_cache_subnet_group(
        CacheSubnetGroupName=name, CacheSubnetGroupDescription="d", SubnetIds=list(subnet_ids(aws))
    )
    return name


def make_cache(aws: Aws, name: str) -> str:
    aws.client("elasticache").create_replication_group(
        ReplicationGroupId=name, ReplicationGroupDescription="d", Engine="valkey", CacheNodeType="cache.t4g.micro"
    )
    return name


def make_role(aws: Aws, name: str) -> str:
    aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    return name


def make_role_policy(aws: Aws, name: str) -> str:
    make_role(aws, f"of-{name}")
    aws.client("iam").put_role_policy(RoleName=f"of-{name}", PolicyName=name, PolicyDocument=TRUST)
    return f"of-{name}:{name}"


def make_key(aws: Aws, name: str) -> str:
    tags = [{"TagKey": "Name", "TagValue": "site"}]
    return aws.client("kms").create_key(Description=name, Tags=tags)["KeyMetadata"]["KeyId"]


def make_alias(aws: Aws, name: str) -> str:
    aws.client("kms").create_alias(AliasName=f"alias/{name}", TargetKeyId=make_key(aws, "of an alias"))
    return f"alias/{name}"


def make_load_balancer(aws: Aws, name: str) -> str:
    made = aws.client("elbv2").create_load_balancer(Name=name, Subnets=list(subnet_ids(aws)))
    return made["LoadBalancers"][0]["LoadBalancerArn"]


def make_target_group(aws: Aws, name: str) -> str:
    made = aws.client("elbv2").create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId="vpc-1")
    return made["TargetGroups"][0]["TargetGroupArn"]


def make_rule(aws: Aws, priority: str) -> str:
    made = aws.client("elbv2").create_rule(
        ListenerArn=listener(aws),
        Priority=int(priority),
        Conditions=[{"Field": "path-pattern", "Values": ["/*"]}],
        Actions=FIXED,
    )
    return made["Rules"][0]["RuleArn"]


@cache
def zone(aws: Aws) -> str:
    made = aws.client("route53").create_hosted_zone(Name="example.com", CallerReference="1")
    return made["HostedZone"]["Id"].rpartition("/")[2]


def make_record(aws: Aws, name: str) -> str:
    record = {"Name": f"{name}.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]}
    batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    aws.client("route53").change_resource_record_sets(HostedZoneId=zone(aws), ChangeBatch=batch)
    return f"{zone(aws)}_{name}.example.com_A"


def make_bucket(aws: Aws, name: str) -> str:
    place = {"LocationConstraint": "ap-northeast-1"}
    aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=place)
    aws.client("s3").put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "Name", "Value": name}]})
    return name


def make_secret(aws: Aws, name: str) -> str:
    return aws.client("secretsmanager").create_secret(Name=name, SecretString="x")["ARN"]


def make_topic(aws: Aws, name: str) -> str:
    return aws.client("sns").create_topic(Name=name)["TopicArn"]


def make_database(service: str) -> Callable[[Aws, str], str]:
    engine = {"rds": "aurora-mysql", "docdb": "docdb"}[service]

    def make(aws: Aws, name: str) -> str:
        aws.client(service).create_db_cluster(
            DBClusterIdentifier=name, Engine=engine, MasterUsername="root", ManageMasterUserPassword=True
        )
        return name

    return make


def make_instance(service: str) -> Callable[[Aws, str], str]:
    def make(aws: Aws, name: str) -> str:
        engine = {"rds": "aurora-mysql", "docdb": "docdb"}[service]
        make_database(service)(aws, f"of-{name}")
        aws.client(service).create_db_instance(
            DBInstanceIdentifier=name,
            DBClusterIdentifier=f"of-{name}",
            DBInstanceClass="db.r6g.large",
            Engine=engine,
        )
        return name

    return make


def make_database_subnets(service: str) -> Callable[[Aws, str], str]:
    def make(aws: Aws, name: str) -> str:
        aws.client(service).create_db_subnet_group(
            DBSubnetGroupName=name, DBSubnetGroupDescription="d", SubnetIds=list(subnet_ids(aws))
        )
        return name

    return make


def make_database_parameters(service: str) -> Callable[[Aws, str], str]:
    def make(aws: Aws, name: str) -> str:
        family = {"rds": "aurora-mysql8.0", "docdb": "docdb5.0"}[service]
        aws.client(service).create_db_cluster_parameter_group(
            DBClusterParameterGroupName=name, DBParameterGroupFamily=family, Description="d"
        )
        return name

    return make


NAMED: Mapping[str, tuple[Callable[[Aws, str], str], Callable[[Aws, str], Mapping[str, Any]]]] = {
    "aws:acm/certificate:Certificate": (make_certificate, lambda _, name: {"domainName": f"{name}.example.com"}),
    "aws:appautoscaling/policy:Policy": (make_policy, lambda _, name: {**SCALED, "name": name}),
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


@pytest.mark.parametrize("kind", sorted(NAMED))
def test_a_thing_is_found_by_its_name_and_not_by_another(aws: Aws, kind: str) -> None:
    make, asked = NAMED[kind]
    number = kind.startswith("aws:lb/listener")
    prefix = kind.split(":")[1].replace("/", "-")[:20].lower()
    name, longer, absent = ("81", "82", "83") if number else (prefix, f"{prefix}-2", f"{prefix}-3")
    tags = {"Name": "site"}
    assert found(aws, kind, asked(aws, name), tags) == [], "it does not exist yet"
    expected = make(aws, name)
    make(aws, longer)
    assert found(aws, kind, asked(aws, name), tags) == [expected]
    assert found(aws, kind, asked(aws, absent), tags) == []


def test_every_type_that_can_be_found_is_tried_here() -> None:
    assert FINDERS.keys() - NAMED.keys() == {
        *(f"aws:ec2/{kind}" for kind in (*OF_AWSX, "flowLog:FlowLog", "securityGroup:SecurityGroup")),
        "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule",
        "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    }


def test_a_key_that_waits_for_its_deletion_is_gone(aws: Aws) -> None:
    key = make_key(aws, "short-lived")
    wanted = {"description": "short-lived"}
    assert found(aws, "aws:kms/key:Key", wanted, {"Name": "site"}) == [key]
    assert found(aws, "aws:kms/key:Key", wanted, {"Name": "other"}) == []
    aws.client("kms").schedule_key_deletion(KeyId=key)
    assert found(aws, "aws:kms/key:Key", wanted, {"Name": "site"}) == []


def test_a_secret_that_waits_for_its_deletion_is_gone(aws: Aws) -> None:
    make_secret(aws, "short-lived")
    aws.client("secretsmanager").delete_secret(SecretId="short-lived")
    assert found(aws, "aws:secretsmanager/secret:Secret", {"name": "short-lived"}) == []


def test_a_service_that_was_deleted_is_gone(aws: Aws) -> None:
    make_service(aws, "short-lived")
    aws.client("ecs").delete_service(cluster="site", service="short-lived", force=True)
    assert found(aws, "aws:ecs/service:Service", {"cluster": "site", "name": "short-lived"}) == []


def test_two_keys_that_fit_are_both_shown(aws: Aws) -> None:
    keys = {make_key(aws, "twins") for _ in range(2)}
    assert set(found(aws, "aws:kms/key:Key", {"description": "twins"}, {"Name": "site"})) == keys


def test_a_bucket_whose_name_nobody_was_told_is_found_by_its_tags(aws: Aws) -> None:
    make_bucket(aws, "chosen-by-the-provider")
    assert found(aws, "aws:s3/bucket:Bucket", {}, {"Name": "chosen-by-the-provider"}) == ["chosen-by-the-provider"]


@pytest.mark.parametrize(
    ("answer", "kind", "inputs", "ready"),
    [
        ({"NatGateways": [{"State": "pending"}]}, "aws:ec2/natGateway:NatGateway", {}, False),
        ({"NatGateways": [{"State": "available"}]}, "aws:ec2/natGateway:NatGateway", {}, True),
        ({"VpcEndpoints": [{"State": "pending"}]}, "aws:ec2/vpcEndpoint:VpcEndpoint", {}, False),
        ({"VpcEndpoints": [{"State": "Available"}]}, "aws:ec2/vpcEndpoint:VpcEndpoint", {}, True),
        ({"LoadBalancers": [{"State": {"Code": "provisioning"}}]}, "aws:lb/loadBalancer:LoadBalancer", {}, False),
        ({"LoadBalancers": [{"State": {"Code": "active"}}]}, "aws:lb/loadBalancer:LoadBalancer", {}, True),
        ({"DBClusters": [{"Status": "creating"}]}, "aws:rds/cluster:Cluster", {}, False),
        ({"DBClusters": [{"Status": "available"}]}, "aws:docdb/cluster:Cluster", {}, True),
        ({"DBInstances": [{"DBInstanceStatus": "backing-up"}]}, "aws:rds/clusterInstance:ClusterInstance", {}, False),
        ({"DBInstances": [{"DBInstanceStatus": "available"}]}, "aws:docdb/clusterInstance:ClusterInstance", {}, True),
        (
            {"ReplicationGroups": [{"Status": "creating"}]},
            "aws:elasticache/replicationGroup:ReplicationGroup",
            {},
            False,
        ),
        (
            {"ReplicationGroups": [{"Status": "available"}]},
            "aws:elasticache/replicationGroup:ReplicationGroup",
            {},
            True,
        ),
    ],
)
def test_what_aws_is_still_making_is_not_ready(
    answer: dict[str, Any], kind: str, inputs: dict[str, Any], ready: bool
) -> None:
    ids = dict.fromkeys(("NatGatewayId", "VpcEndpointId", "LoadBalancerArn", "DBClusterArn", "DBInstanceArn"), "x")
    shape = {"NatGatewayAddresses": [{"AllocationId": ""}], "Tags": [{"Key": "Name", "Value": "x"}], **ids}
    items = {key: [{**shape, **one} for one in value] for key, value in answer.items()}

    class Answering(Aws):
        def ask(self, service: str, operation: str, **parameters: Any) -> Mapping[str, Any]:
            return items

        def every(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
            return iter(items[key])

    candidates: list[Candidate] = FINDERS[kind](Answering(boto3.Session()), Wanted(inputs=inputs, tags={"Name": "x"}))
    assert [candidate.ready for candidate in candidates] == [ready]


@pytest.mark.parametrize(
    "code",
    [
        "InvalidVpcID.NotFound",
        "NoSuchEntity",
        "404",
        "DBClusterNotFoundFault",
        "LoadBalancerNotFound",
        "NotFoundException",
    ],
)
def test_each_service_has_its_word_for_absence(code: str) -> None:
    assert is_absence(ClientError({"Error": {"Code": code}}, "x"))


@pytest.mark.parametrize("code", ["AccessDenied", "ThrottlingException", "403", "UnauthorizedOperation", ""])
def test_a_refusal_is_not_absence(code: str) -> None:
    """Or a thing that exists would be forgotten, and made a second time."""
    assert not is_absence(ClientError({"Error": {"Code": code}}, "x"))


@pytest.mark.parametrize(
    ("address", "prefix"), [("s3://states", ""), ("s3://states/team?region=ap-northeast-1", "team/")]
)
def test_locks_in_a_bucket_are_read(aws: Aws, monkeypatch: pytest.MonkeyPatch, address: str, prefix: str) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x"), ("AWS_REGION", "ap-northeast-1")):
        monkeypatch.setenv(name, value)
    if not found(aws, "aws:s3/bucket:Bucket", {"bucket": "states"}):
        make_bucket(aws, "states")
    said = b'{"pid": 7, "username": "ci", "hostname": "build-7", "timestamp": "2026-01-02T03:04:05Z"}'
    place = f"{prefix}.pulumi/locks/organization/story"
    for stack in ("dev", "developers"):
        aws.client("s3").put_object(Bucket="states", Key=f"{place}/{stack}/1f0c.json", Body=said)
        aws.client("s3").put_object(Bucket="states", Key=f"{place}/{stack}/1f0c.json.attrs", Body=b"{}")
    locks = locks_of(address, "story", "dev")
    assert [str(lock) for lock in locks or ()] == ["ci on build-7, process 7, since 2026-01-02 03:04:05 UTC"]


def test_a_store_without_lock_files_says_nothing_of_locks() -> None:
    assert locks_of("https://api.pulumi.com/team", "story", "dev") is None
