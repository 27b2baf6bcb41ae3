"""The route tables of the tasks' subnets, and the way of image layers to S3."""

from collections.abc import Iterator, Mapping, Sequence

from aws.client import Json, items
from settings.partition import gateway_endpoint_service
from story.doctor.context import DoctorContext
from story.doctor.finding import Finding, Severity, ok, unknown

NETWORK = "network"
TARGETS = ("NatGatewayId", "TransitGatewayId", "NetworkInterfaceId", "VpcPeeringConnectionId", "GatewayId")


def tables_of(context: DoctorContext, vpc: str, subnets: Sequence[str]) -> Mapping[str, Json]:
    """The route table of each subnet. One without a table of its own has the VPC's main one:
    docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html"""
    tables = context.aws.paginate(
        "ec2", "describe_route_tables", "RouteTables", Filters=[{"Name": "vpc-id", "Values": [vpc]}]
    )
    own: dict[str, Json] = {}
    main: Json = {}
    for table in tables:
        for one in items(table, "Associations"):
            if one.get("SubnetId"):
                own[str(one["SubnetId"])] = table
            elif one.get("Main"):
                main = table
    return {subnet: own.get(subnet, main) for subnet in subnets}


def default_target(table: Json) -> str:
    """Where the default route of a table leads: `nat-...`, `igw-...`, `blackhole`; "" for no such route."""
    route = {one.get("DestinationCidrBlock"): one for one in items(table, "Routes")}.get("0.0.0.0/0", {})
    if route.get("State") == "blackhole":
        return "blackhole"
    return next((str(route[name]) for name in TARGETS if route.get(name)), "")


def leads_to_s3(table: Json, endpoints: Sequence[str]) -> bool:
    """Whether a table has the route of one of the gateway endpoints, whose destination is S3's prefix list:
    docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"""
    return any(
        route.get("DestinationPrefixListId")
        and route.get("GatewayId") in endpoints
        and route.get("State") != "blackhole"
        for route in items(table, "Routes")
    )


def evaluate_s3(tables: Mapping[str, Json], endpoints: Sequence[str], stack: str) -> list[Finding]:
    """Whether image layers, which ECR keeps in S3, come through the gateway endpoint:
    docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html

    Args:
        tables: Route table by subnet.
        endpoints: Ids of the VPC's gateway endpoints for S3.
        stack: Name of the stack.
    """
    without = {subnet: default_target(table) for subnet, table in tables.items() if not leads_to_s3(table, endpoints)}
    if not without:
        return [ok(NETWORK, "", "the tasks' subnets reach S3 through the gateway endpoint")]
    missing = "no route to the gateway endpoint for S3" if endpoints else "no gateway endpoint for S3"
    fix = f"`pulumi up --stack {stack}` puts the endpoint and its routes back"
    closed = sorted(subnet for subnet, target in without.items() if target in ("", "blackhole"))
    # A task has no public address, so a route to the internet gateway is none for it.
    closed += sorted(subnet for subnet, target in without.items() if target.startswith("igw-"))
    paid = sorted(subnet for subnet, target in without.items() if target.startswith("nat-"))
    found: list[Finding] = []
    if closed:
        found.append(
            Finding(
                area=NETWORK,
                severity=Severity.ERROR,
                what=f"{missing} and no NAT gateway in {', '.join(closed)}",
                why="no new task can pull its image there: CannotPullContainerError",
                fix=fix,
            )
        )
    if paid:
        found.append(
            Finding(
                area=NETWORK,
                severity=Severity.WARNING,
                what=f"{missing} in {', '.join(paid)}",
                why="each image layer goes through the NAT gateway, which costs money per GB",
                fix=fix,
            )
        )
    rest = sorted(set(without) - {*closed, *paid})
    if rest:
        found.append(unknown(NETWORK, "", f"the way from {', '.join(rest)} to S3: {without[rest[0]]} decides"))
    return found


def check_s3(context: DoctorContext) -> Iterator[Finding]:
    """The way from the tasks' subnets to S3."""
    subnets = context.subnets()
    vpc = str(next(iter(subnets.values()))["VpcId"])
    found = context.aws.paginate(
        "ec2",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        Filters=[
            {"Name": "vpc-id", "Values": [vpc]},
            {"Name": "service-name", "Values": [gateway_endpoint_service(context.region, "s3")]},
            {"Name": "vpc-endpoint-type", "Values": ["Gateway"]},
        ],
    )
    endpoints = [str(one["VpcEndpointId"]) for one in found]
    yield from evaluate_s3(tables_of(context, vpc, sorted(subnets)), endpoints, context.live.place.stack)
