"""GET /emulator/inventory: what exists, and that somebody made."""

import json

import pytest

from tests.emulator.support import Client, RunningEmulator, database_cluster, service, subnets, task_definition


def test_an_account_begins_with_nothing(emulator: RunningEmulator, client: Client) -> None:
    # Reading makes moto provide what an AWS account has from the start.
    client("ec2").describe_vpcs()
    client("iam").list_policies()
    client("kms").describe_key(KeyId="alias/aws/rds")
    client("events").list_event_buses()
    client("rds").describe_db_parameter_groups()
    assert emulator.inventory() == {}


def test_a_network_is_listed_without_what_comes_with_it(emulator: RunningEmulator, client: Client) -> None:
    ec2 = client("ec2")
    first, _ = subnets(client)
    vpc = ec2.describe_subnets(SubnetIds=[first])["Subnets"][0]["VpcId"]
    ec2.create_tags(Resources=[vpc], Tags=[{"Key": "Name", "Value": "site"}])
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=first, AllocationId=address)["NatGateway"]["NatGatewayId"]
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName="com.amazonaws.ap-northeast-1.s3", RouteTableIds=[table])
    endpoint_id = endpoint["VpcEndpoint"]["VpcEndpointId"]

    made = {item["id"]: (item["type"], item["name"]) for item in emulator.inventory("ec2")}
    assert made[vpc] == ("vpc", "site")
    assert made[table] == ("route-table", table)
    assert made[gateway] == ("internet-gateway", gateway)
    assert made[address][0] == "elastic-ip"
    assert made[nat] == ("nat-gateway", nat)
    assert made[group] == ("security-group", "web")
    assert made[endpoint_id][0] == "vpc-endpoint"
    kinds = sorted(kind for kind, _ in made.values())
    assert kinds.count("vpc") == kinds.count("route-table") == kinds.count("security-group") == 1
    assert kinds.count("subnet") == 2

    ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint_id])
    left = {item["id"] for item in emulator.inventory("ec2")}
    assert {nat, endpoint_id}.isdisjoint(left)
    assert emulator.names("ec2", "network-interface") == [], "a NAT gateway's interface goes with it"


def test_a_route_is_listed_by_its_table_and_what_it_leads_to(emulator: RunningEmulator, client: Client) -> None:
    ec2, s3 = client("ec2"), "com.amazonaws.ap-northeast-1.s3"
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    first, second = (ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2))
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.create_route(RouteTableId=second, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    endpoint = ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=s3, RouteTableIds=[first])["VpcEndpoint"]["VpcEndpointId"]
    assert sorted(emulator.names("ec2", "route")) == sorted([f"{first} to {s3}", f"{second} to 0.0.0.0/0"])

    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=[second], RemoveRouteTableIds=[first])
    assert sorted(emulator.names("ec2", "route")) == sorted([f"{second} to 0.0.0.0/0", f"{second} to {s3}"])

    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    assert emulator.names("ec2", "route") == [f"{second} to 0.0.0.0/0"]


def test_what_stays_of_a_deleted_service_is_its_task_definition_with_its_state(
    emulator: RunningEmulator, client: Client
) -> None:
    service(client)
    client("ecs").delete_service(cluster="site", service="web", force=True)
    client("ecs").delete_cluster(cluster="site")
    client("ecs").deregister_task_definition(taskDefinition=task_definition(client))
    states = {item["name"]: item["state"] for item in emulator.inventory("ecs")}
    assert states == {"web:1": "ACTIVE", "web:2": "INACTIVE"}


def test_things_that_wait_for_their_deletion_say_so(emulator: RunningEmulator, client: Client) -> None:
    key = client("kms").create_key(Description="data")["KeyMetadata"]["KeyId"]
    client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)
    client("secretsmanager").create_secret(Name="app", SecretString="x")
    client("secretsmanager").delete_secret(SecretId="app", RecoveryWindowInDays=7)
    assert [item["state"] for item in emulator.inventory("kms")] == ["PendingDeletion"]
    assert [item["state"] for item in emulator.inventory("secretsmanager")] == ["deleted"]


def test_a_database_is_listed_with_its_secret_and_without_what_aws_adds(
    emulator: RunningEmulator, client: Client
) -> None:
    database_cluster(client, "docdb")
    client("rds").create_db_instance(
        DBInstanceIdentifier="data-1", DBClusterIdentifier="data", DBInstanceClass="db.t4g.medium", Engine="docdb"
    )
    assert [(item["type"], item["name"], item["state"]) for item in emulator.inventory("rds")] == [
        ("cluster", "data", "docdb"),
        ("instance", "data-1", "docdb"),
    ]
    assert [item["state"] for item in emulator.inventory("secretsmanager")] == ["active"]


def test_a_load_balancer_is_listed_with_its_listeners_and_rules(emulator: RunningEmulator, client: Client) -> None:
    elb = client("elbv2")
    ids = subnets(client)
    vpc = client("ec2").describe_subnets(SubnetIds=ids)["Subnets"][0]["VpcId"]
    balancer = elb.create_load_balancer(Name="site", Subnets=ids)["LoadBalancers"][0]["LoadBalancerArn"]
    group = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=vpc, TargetType="ip")
    forward = [{"Type": "forward", "TargetGroupArn": group["TargetGroups"][0]["TargetGroupArn"]}]
    listener = elb.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    conditions = [{"Field": "path-pattern", "Values": ["/up"]}]
    arn = listener["Listeners"][0]["ListenerArn"]
    elb.create_rule(ListenerArn=arn, Priority=10, Conditions=conditions, Actions=forward)
    assert [(item["type"], item["name"]) for item in emulator.inventory("elbv2")] == [
        ("listener", "site:80"),
        ("listener-rule", "site:80:10"),
        ("load-balancer", "site"),
        ("target-group", "web"),
    ]


def test_a_zone_is_listed_without_the_records_that_aws_makes(emulator: RunningEmulator, client: Client) -> None:
    route53 = client("route53")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    record = {"Name": "www.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.0.1"}]}
    route53.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    )
    assert emulator.names("route53", "zone") == ["example.com."]
    assert emulator.names("route53", "record") == ["www.example.com."]


TRUST = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]})
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
VISIBILITY = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "site"}


@pytest.mark.parametrize(
    ("service_name", "action", "given", "listed", "kind", "name"),
    [
        ("acm", "request_certificate", {"DomainName": "a.example"}, "acm", "certificate", "a.example"),
        ("cloudwatch", "put_dashboard", {"DashboardName": "d", "DashboardBody": "{}"}, "cloudwatch", "dashboard", "d"),
        ("cloudtrail", "create_trail", {"Name": "trail", "S3BucketName": "bbb"}, "cloudtrail", "trail", "trail"),
        ("codestar-connections", "create_connection", {"ConnectionName": "c"}, None, "connection", "c"),
        ("ecr", "create_repository", {"repositoryName": "rr"}, "ecr", "repository", "rr"),
        ("events", "put_rule", {"Name": "r", "ScheduleExpression": "rate(1 day)"}, "events", "rule", "r"),
        ("iam", "create_role", {"RoleName": "r", "AssumeRolePolicyDocument": TRUST}, "iam", "role", "r"),
        ("iam", "create_policy", {"PolicyName": "p", "PolicyDocument": ALLOW}, "iam", "policy", "p"),
        ("logs", "create_log_group", {"logGroupName": "/g"}, "logs", "log-group", "/g"),
        ("sns", "create_topic", {"Name": "t"}, "sns", "topic", "t"),
        ("ssm", "put_parameter", {"Name": "/s/p", "Value": "1", "Type": "String"}, "ssm", "parameter", "/s/p"),
        (
            "wafv2",
            "create_web_acl",
            {"Name": "w", "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": VISIBILITY},
            "wafv2",
            "web-acl",
            "w",
        ),
        (
            "s3",
            "create_bucket",
            {"Bucket": "bbb", "CreateBucketConfiguration": {"LocationConstraint": "ap-northeast-1"}},
            "s3",
            "bucket",
            "bbb",
        ),
    ],
)
def test_everything_that_the_project_uses_is_listed(
    emulator: RunningEmulator,
    client: Client,
    service_name: str,
    action: str,
    given: dict[str, object],
    listed: str | None,
    kind: str,
    name: str,
) -> None:
    if service_name == "cloudtrail":
        client("s3").create_bucket(Bucket="bbb", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    getattr(client(service_name), action)(**given)
    assert emulator.names(listed or service_name, kind) == [name]
