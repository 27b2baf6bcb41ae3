"""The route tables of the tasks' subnets, and their routes to S3, from which image layers are pulled."""

from collections.abc import Iterator, Mapping, Sequence

from aws.client import Json, items
from settings.partition import gateway_endpoint_service
from story.doctor.context import DoctorContext
from story.doctor.finding import Finding, Severity, ok, unknown

NETWORK = "network"
TARGETS = ("NatGatewayId", "TransitGatewayId", "NetworkInterfaceId", "VpcPeeringConnectionId", "GatewayId")


def tables_of(context: DoctorContext, vpc: str, subnets: Sequence[str]) -> Mapping[str, Json]:
    """The route table of each subnet. A subnet without an association uses the main route table:
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
    """Target of the default route of a table: `nat-...`, `igw-...`, `blackhole`; "" if it has none."""
    route = {one.get("DestinationCidrBlock"): one for one in items(table, "Routes")}.get("0.0.0.0/0", {})
    if route.get("State") == "blackhole":
        return "blackhole"
    return next((str(route[name]) for name in TARGETS if route.get(name)), "")


def has_s3_route(table: Json, endpoints: Sequence[str]) -> bool:
    """Whether a table has a route to one of the gateway endpoints; its destination is S3's prefix list:
    docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"""
    return any(
        route.get("DestinationPrefixListId")
        and route.get("GatewayId") in endpoints
        and route.get("State") != "blackhole"
        for route in items(table, "Routes")
    )


def evaluate_s3(tables: Mapping[str, Json], endpoints: Sequence[str], stack: str) -> list[Finding]:
    """Whether image layers, which ECR stores in S3, are pulled through the gateway endpoint:
    docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html

    Args:
        tables: Route table by subnet.
        endpoints: Ids of the VPC's gateway endpoints for S3.
        stack: Name of the stack.
    """
    without = {subnet: default_target(table) for subnet, table in tables.items() if not has_s3_route(table, endpoints)}
    if not without:
        return [ok(NETWORK, "", "the tasks' subnets have a route to S3 through the gateway endpoint")]
    missing = "no route to the gateway endpoint for S3" if endpoints else "no gateway endpoint for S3"
    fix = f"run `pulumi up --stack {stack}` to restore the endpoint and its routes"
    closed = sorted(subnet for subnet, target in without.items() if target in ("", "blackhole"))
    # A task has no public address, so it cannot use a route to the internet gateway.
    closed += sorted(subnet for subnet, target in without.items() if target.startswith("igw-"))
    paid = sorted(subnet for subnet, target in without.items() if target.startswith("nat-"))
    found: list[Finding] = []
    if closed:
        found.append(
            Finding(
                area=NETWORK,
                severity=Severity.ERROR,
                what=f"{missing} and no NAT gateway in {', '.join(closed)}",
                why="new tasks there cannot pull their images: CannotPullContainerError",
                fix=fix,
            )
        )
    if paid:
        found.append(
            Finding(
                area=NETWORK,
                severity=Severity.WARNING,
                what=f"{missing} in {', '.join(paid)}",
                why="image layers are pulled through the NAT gateway, which is charged per GB",
                fix=fix,
            )
        )
    rest = sorted(set(without) - {*closed, *paid})
    if rest:
        found.append(unknown(NETWORK, "", f"the route from {', '.join(rest)} to S3: it depends on {without[rest[0]]}"))
    return found


def check_s3(context: DoctorContext) -> Iterator[Finding]:
    """The routes from the tasks' subnets to S3."""
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
    yield from evaluate_s3(tables_of(context, vpc, sorted(subnets)), endpoints, context.live.location.stack)
