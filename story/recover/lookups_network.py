"""Finds objects of a network that an interrupted creation may have created.

They have no unique names, and are found by tags and CIDR ranges. EC2 tags most of them in the request that creates
them. The ids are those by which the AWS provider imports each type.
"""

from collections.abc import Mapping
from typing import Any

from aws.client import Client, Json, call_if_found, paginate_if_found
from story.recover.match import Lookup, Match, PendingInputs

GONE = ("deleting", "deleted", "failed", "rejected", "expired")


def _filters(**values: str) -> list[dict[str, Any]]:
    """EC2's filters; `vpc_id="vpc-1"` is `vpc-id` = `vpc-1`."""
    return [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in values.items()]


def _described(
    aws: Client, pending: PendingInputs, operation: str, key: str, identifier: str, filters: list[dict[str, Any]]
) -> list[Json]:
    items = paginate_if_found(aws, "ec2", operation, key, Filters=filters)
    return [item for item in items if pending.tagged(item.get("Tags")) and item.get(identifier)]


def vpc(aws: Client, pending: PendingInputs) -> list[Match]:
    """By range and tags."""
    found = _described(aws, pending, "describe_vpcs", "Vpcs", "VpcId", _filters(cidr=pending.text("cidrBlock")))
    return [Match(id=item["VpcId"]) for item in found]


def subnet(aws: Client, pending: PendingInputs) -> list[Match]:
    """By VPC and range, which no two subnets share."""
    filters = _filters(vpc_id=pending.text("vpcId"), cidr_block=pending.text("cidrBlock"))
    return [
        Match(id=item["SubnetId"])
        for item in paginate_if_found(aws, "ec2", "describe_subnets", "Subnets", Filters=filters)
    ]


def internet_gateway(aws: Client, pending: PendingInputs) -> list[Match]:
    """By tags; attached to the VPC, or not attached yet."""
    found = _described(aws, pending, "describe_internet_gateways", "InternetGateways", "InternetGatewayId", [])
    return [
        Match(id=item["InternetGatewayId"])
        for item in found
        if all(attachment["VpcId"] == pending.text("vpcId") for attachment in item.get("Attachments", ()))
    ]


def route_table(aws: Client, pending: PendingInputs) -> list[Match]:
    """By VPC and tags."""
    filters = _filters(vpc_id=pending.text("vpcId"))
    found = _described(aws, pending, "describe_route_tables", "RouteTables", "RouteTableId", filters)
    return [Match(id=item["RouteTableId"]) for item in found]


def route(aws: Client, pending: PendingInputs) -> list[Match]:
    """By table and destination."""
    table, destination = pending.text("routeTableId"), pending.text("destinationCidrBlock")
    return [
        Match(id=f"{table}_{destination}")
        for item in paginate_if_found(aws, "ec2", "describe_route_tables", "RouteTables", RouteTableIds=[table])
        for entry in item.get("Routes", ())
        if entry.get("DestinationCidrBlock") == destination
    ]


def route_table_association(aws: Client, pending: PendingInputs) -> list[Match]:
    """By table and subnet."""
    table, subnet_id = pending.text("routeTableId"), pending.text("subnetId")
    return [
        Match(id=f"{subnet_id}/{table}", arn=entry["RouteTableAssociationId"])
        for item in paginate_if_found(aws, "ec2", "describe_route_tables", "RouteTables", RouteTableIds=[table])
        for entry in item.get("Associations", ())
        if entry.get("SubnetId") == subnet_id
    ]


def elastic_ip(aws: Client, pending: PendingInputs) -> list[Match]:
    """By tags."""
    addresses = call_if_found(aws, "ec2", "describe_addresses").get("Addresses", ())
    return [Match(id=item["AllocationId"]) for item in addresses if pending.tagged(item.get("Tags"))]


def nat_gateway(aws: Client, pending: PendingInputs) -> list[Match]:
    """By subnet and address."""
    filters = _filters(subnet_id=pending.text("subnetId"))
    return [
        Match(id=item["NatGatewayId"], created=item.get("CreateTime"), ready=item["State"] != "pending")
        for item in paginate_if_found(aws, "ec2", "describe_nat_gateways", "NatGateways", Filter=filters)
        if item["State"] not in GONE
        and any(
            address.get("AllocationId") == pending.text("allocationId")
            for address in item.get("NatGatewayAddresses", ())
        )
    ]


def vpc_endpoint(aws: Client, pending: PendingInputs) -> list[Match]:
    """By VPC, service and tags."""
    filters = _filters(vpc_id=pending.text("vpcId"), service_name=pending.text("serviceName"))
    found = _described(aws, pending, "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", filters)
    return [
        Match(
            id=item["VpcEndpointId"],
            created=item.get("CreationTimestamp"),
            ready=str(item.get("State", "available")).lower() != "pending",
        )
        for item in found
        if str(item.get("State", "available")).lower() not in GONE
    ]


def security_group(aws: Client, pending: PendingInputs) -> list[Match]:
    """By VPC and name, which no two groups of a VPC share."""
    filters = _filters(vpc_id=pending.text("vpcId"), group_name=pending.text("name"))
    groups = paginate_if_found(aws, "ec2", "describe_security_groups", "SecurityGroups", Filters=filters)
    return [Match(id=item["GroupId"]) for item in groups]


def close_security_group(aws: Client, group_id: str) -> bool:
    """Remove the rule that allows all outbound traffic, which EC2 adds to every new group. The provider removes it in a
    second call, which may not have run: docs.aws.amazon.com/vpc/latest/userguide/creating-security-groups.html

    Returns:
        Whether the rule was there.
    """
    rules = paginate_if_found(
        aws, "ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=_filters(group_id=group_id)
    )
    everything = [
        rule["SecurityGroupRuleId"]
        for rule in rules
        if rule.get("IsEgress") and rule.get("IpProtocol") == "-1" and rule.get("CidrIpv4") == "0.0.0.0/0"
    ]
    if everything:
        call_if_found(aws, "ec2", "revoke_security_group_egress", GroupId=group_id, SecurityGroupRuleIds=everything)
    return bool(everything)


def _rule(aws: Client, pending: PendingInputs, *, egress: bool) -> list[Match]:
    """By all properties: a group has no two equal rules."""
    filters = _filters(group_id=pending.text("securityGroupId"))
    rules = paginate_if_found(aws, "ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=filters)
    return [
        Match(id=item["SecurityGroupRuleId"])
        for item in rules
        if item["IsEgress"] is egress and _says(item) == _asked(pending)
    ]


def ingress_rule(aws: Client, pending: PendingInputs) -> list[Match]:
    """By group, protocol, ports and source."""
    return _rule(aws, pending, egress=False)


def egress_rule(aws: Client, pending: PendingInputs) -> list[Match]:
    """By group, protocol, ports and destination."""
    return _rule(aws, pending, egress=True)


def _says(rule: Json) -> tuple[Any, ...]:
    group: Mapping[str, Any] = rule.get("ReferencedGroupInfo") or {}
    return (
        rule.get("IpProtocol"),
        rule.get("FromPort", -1),
        rule.get("ToPort", -1),
        rule.get("CidrIpv4") or "",
        rule.get("CidrIpv6") or "",
        rule.get("PrefixListId") or "",
        group.get("GroupId") or "",
    )


def _asked(pending: PendingInputs) -> tuple[Any, ...]:
    return (
        pending.text("ipProtocol"),
        int(pending.inputs.get("fromPort", -1)),
        int(pending.inputs.get("toPort", -1)),
        pending.text("cidrIpv4"),
        pending.text("cidrIpv6"),
        pending.text("prefixListId"),
        pending.text("referencedSecurityGroupId"),
    )


def flow_log(aws: Client, pending: PendingInputs) -> list[Match]:
    """By VPC and log destination."""
    logs = paginate_if_found(
        aws, "ec2", "describe_flow_logs", "FlowLogs", Filter=_filters(resource_id=pending.text("vpcId"))
    )
    return [
        Match(id=item["FlowLogId"], created=item.get("CreationTime"))
        for item in logs
        if item.get("LogDestination") == pending.text("logDestination")
    ]


NETWORK: Mapping[str, Lookup] = {
    "aws:ec2/eip:Eip": elastic_ip,
    "aws:ec2/flowLog:FlowLog": flow_log,
    "aws:ec2/internetGateway:InternetGateway": internet_gateway,
    "aws:ec2/natGateway:NatGateway": nat_gateway,
    "aws:ec2/route:Route": route,
    "aws:ec2/routeTable:RouteTable": route_table,
    "aws:ec2/routeTableAssociation:RouteTableAssociation": route_table_association,
    "aws:ec2/securityGroup:SecurityGroup": security_group,
    "aws:ec2/subnet:Subnet": subnet,
    "aws:ec2/vpc:Vpc": vpc,
    "aws:ec2/vpcEndpoint:VpcEndpoint": vpc_endpoint,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": egress_rule,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": ingress_rule,
}
