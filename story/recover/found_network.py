"""How the things of a network are found that a cut-off creation may have made.

They have no names of their own: tags and ranges tell. EC2 tags most of them in the very request that makes them. The
ids are those by which the AWS provider imports each type.
"""

from collections.abc import Mapping
from typing import Any

from aws.client import Aws, Candidate, Finder, Json, Wanted

GONE = ("deleting", "deleted", "failed", "rejected", "expired")


def _filters(**values: str) -> list[dict[str, Any]]:
    """EC2's filters; `vpc_id="vpc-1"` is `vpc-id` = `vpc-1`."""
    return [{"Name": name.replace("_", "-"), "Values": [value]} for name, value in values.items()]


def _described(
    aws: Aws, wanted: Wanted, operation: str, key: str, identifier: str, filters: list[dict[str, Any]]
) -> list[Json]:
    items = aws.every("ec2", operation, key, Filters=filters)
    return [item for item in items if wanted.tagged(item.get("Tags")) and item.get(identifier)]


def vpc(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By range and tags."""
    found = _described(aws, wanted, "describe_vpcs", "Vpcs", "VpcId", _filters(cidr=wanted.text("cidrBlock")))
    return [Candidate(id=item["VpcId"]) for item in found]


def subnet(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By VPC and range, which no two subnets share."""
    filters = _filters(vpc_id=wanted.text("vpcId"), cidr_block=wanted.text("cidrBlock"))
    return [Candidate(id=item["SubnetId"]) for item in aws.every("ec2", "describe_subnets", "Subnets", Filters=filters)]


def internet_gateway(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By tags; attached to the VPC or, if the kill came first, to none."""
    found = _described(aws, wanted, "describe_internet_gateways", "InternetGateways", "InternetGatewayId", [])
    return [
        Candidate(id=item["InternetGatewayId"])
        for item in found
        if all(attachment["VpcId"] == wanted.text("vpcId") for attachment in item.get("Attachments", ()))
    ]


def route_table(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By VPC and tags."""
    filters = _filters(vpc_id=wanted.text("vpcId"))
    found = _described(aws, wanted, "describe_route_tables", "RouteTables", "RouteTableId", filters)
    return [Candidate(id=item["RouteTableId"]) for item in found]


def route(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By table and destination."""
    table, destination = wanted.text("routeTableId"), wanted.text("destinationCidrBlock")
    return [
        Candidate(id=f"{table}_{destination}")
        for item in aws.every("ec2", "describe_route_tables", "RouteTables", RouteTableIds=[table])
        for entry in item.get("Routes", ())
        if entry.get("DestinationCidrBlock") == destination
    ]


def route_table_association(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By table and subnet."""
    table, subnet_id = wanted.text("routeTableId"), wanted.text("subnetId")
    return [
        Candidate(id=f"{subnet_id}/{table}", arn=entry["RouteTableAssociationId"])
        for item in aws.every("ec2", "describe_route_tables", "RouteTables", RouteTableIds=[table])
        for entry in item.get("Associations", ())
        if entry.get("SubnetId") == subnet_id
    ]


def elastic_ip(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By tags."""
    addresses = aws.ask("ec2", "describe_addresses").get("Addresses", ())
    return [Candidate(id=item["AllocationId"]) for item in addresses if wanted.tagged(item.get("Tags"))]


def nat_gateway(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By subnet and address."""
    filters = _filters(subnet_id=wanted.text("subnetId"))
    return [
        Candidate(id=item["NatGatewayId"], created=item.get("CreateTime"), ready=item["State"] != "pending")
        for item in aws.every("ec2", "describe_nat_gateways", "NatGateways", Filter=filters)
        if item["State"] not in GONE
        and any(
            address.get("AllocationId") == wanted.text("allocationId")
            for address in item.get("NatGatewayAddresses", ())
        )
    ]


def vpc_endpoint(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By VPC, service and tags."""
    filters = _filters(vpc_id=wanted.text("vpcId"), service_name=wanted.text("serviceName"))
    found = _described(aws, wanted, "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", filters)
    return [
        Candidate(
            id=item["VpcEndpointId"],
            created=item.get("CreationTimestamp"),
            ready=str(item.get("State", "available")).lower() != "pending",
        )
        for item in found
        if str(item.get("State", "available")).lower() not in GONE
    ]


def security_group(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By VPC and name, which no two groups of a VPC share."""
    filters = _filters(vpc_id=wanted.text("vpcId"), group_name=wanted.text("name"))
    groups = aws.every("ec2", "describe_security_groups", "SecurityGroups", Filters=filters)
    return [Candidate(id=item["GroupId"]) for item in groups]


def close_security_group(aws: Aws, group_id: str) -> bool:
    """Take away the rule that lets everything out, with which EC2 makes every group; the provider does so in a second
    call, which the kill may have prevented: docs.aws.amazon.com/vpc/latest/userguide/creating-security-groups.html

    Returns:
        Whether the rule was there.
    """
    rules = aws.every("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=_filters(group_id=group_id))
    everything = [
        rule["SecurityGroupRuleId"]
        for rule in rules
        if rule.get("IsEgress") and rule.get("IpProtocol") == "-1" and rule.get("CidrIpv4") == "0.0.0.0/0"
    ]
    if everything:
        aws.ask("ec2", "revoke_security_group_egress", GroupId=group_id, SecurityGroupRuleIds=everything)
    return bool(everything)


def _rule(aws: Aws, wanted: Wanted, *, egress: bool) -> list[Candidate]:
    """By everything that a rule says: a group has no two such."""
    filters = _filters(group_id=wanted.text("securityGroupId"))
    rules = aws.every("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=filters)
    return [
        Candidate(id=item["SecurityGroupRuleId"])
        for item in rules
        if item["IsEgress"] is egress and _says(item) == _asked(wanted)
    ]


def ingress_rule(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By group, protocol, ports and source."""
    return _rule(aws, wanted, egress=False)


def egress_rule(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By group, protocol, ports and destination."""
    return _rule(aws, wanted, egress=True)


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


def _asked(wanted: Wanted) -> tuple[Any, ...]:
    return (
        wanted.text("ipProtocol"),
        int(wanted.inputs.get("fromPort", -1)),
        int(wanted.inputs.get("toPort", -1)),
        wanted.text("cidrIpv4"),
        wanted.text("cidrIpv6"),
        wanted.text("prefixListId"),
        wanted.text("referencedSecurityGroupId"),
    )


def flow_log(aws: Aws, wanted: Wanted) -> list[Candidate]:
    """By what it watches and where it writes to."""
    logs = aws.every("ec2", "describe_flow_logs", "FlowLogs", Filter=_filters(resource_id=wanted.text("vpcId")))
    return [
        Candidate(id=item["FlowLogId"], created=item.get("CreationTime"))
        for item in logs
        if item.get("LogDestination") == wanted.text("logDestination")
    ]


NETWORK: Mapping[str, Finder] = {
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
