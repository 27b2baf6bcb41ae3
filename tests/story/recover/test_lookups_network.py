"""Things of a network, which have no names: told from what looks like them, in the emulator."""

from typing import Any

from aws.client import AwsClient
from story.recover.lookups_network import close_security_group
from tests.story.recover.given_things import TRUST, found


def tagged(kind: str, **tags: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def test_the_things_of_a_network_are_told_from_their_siblings(aws: AwsClient) -> None:
    ec2 = aws.service("ec2")
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
    nat_id = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
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

    role = aws.service("iam").create_role(RoleName="flow", AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    aws.service("logs").create_log_group(logGroupName="/flow")
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


def test_rules_of_security_groups_are_told_apart_by_all_that_they_say(aws: AwsClient) -> None:
    ec2 = aws.service("ec2")
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


def test_a_group_whose_creation_was_cut_off_is_closed_as_the_provider_would_have(aws: AwsClient) -> None:
    ec2 = aws.service("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.11.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="half", Description="half made", VpcId=vpc)["GroupId"]
    assert [rule["IpProtocol"] for rule in egress(ec2, group)] == ["-1"], "EC2 makes every group open to the outside"

    assert close_security_group(aws, group)

    assert egress(ec2, group) == []
    assert not close_security_group(aws, group), "there is nothing to close a second time"


def test_closing_a_group_leaves_narrower_rules_alone(aws: AwsClient) -> None:
    ec2 = aws.service("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.12.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="narrow", Description="narrow", VpcId=vpc)["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[https])
    close_security_group(aws, group)
    assert [rule["FromPort"] for rule in egress(ec2, group)] == [443]


def egress(ec2: Any, group: str) -> list[dict[str, Any]]:
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    return [rule for rule in rules if rule["IsEgress"]]
