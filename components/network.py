"""The network: a VPC over several zones, its way out, and a record of its traffic."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_awsx as awsx

from components.base import Component, log_group_name, physical_name
from components.context import StackContext
from components.iam import allow, assumed_by, document
from settings.network import Nat, NetworkSpec
from settings.partition import gateway_endpoint_service, interface_endpoint_service

STRATEGIES = {
    Nat.NONE: awsx.ec2.NatGatewayStrategy.NONE,
    Nat.SINGLE: awsx.ec2.NatGatewayStrategy.SINGLE,
    Nat.ONE_PER_ZONE: awsx.ec2.NatGatewayStrategy.ONE_PER_AZ,
}
TYPES = {
    "public": awsx.ec2.SubnetType.PUBLIC,
    "private": awsx.ec2.SubnetType.PRIVATE,
    "isolated": awsx.ec2.SubnetType.ISOLATED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkArgs:
    """What a `Network` needs to know.

    Attributes:
        spec: Range, zones, way out.
        stack: Region of the zones, key of the flow logs, boundary of their role.
    """

    spec: NetworkSpec
    stack: StackContext


class Network(Component):
    """A VPC with public, private and isolated subnets in each zone.

    The load balancer stands in the public subnets, tasks in the private ones, stores in the isolated ones, which
    no route connects with the internet. A zone that is added at the end of `spec.zones` changes no other subnet.

    Every subnet's route table has a route to S3 through the gateway endpoint, which costs nothing and leads to no other
    address: image layers and uploads go this way, with or without a NAT gateway. The isolated subnets have it too,
    because awsx gives the endpoint all of its route tables or none. Stores gain nothing by it: their security groups
    have no rule for outgoing traffic, and no store has a role for S3.
    https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-s3.html

    Makes: awsx Vpc (with its subnets, routes, gateways and the S3 gateway endpoint), DefaultSecurityGroup without
    rules, VpcEndpoints with a SecurityGroup, LogGroup, Role, RolePolicy, FlowLog.

    Raises:
        ValueError: The subnets do not fit in the VPC.
    """

    vpc_id: pulumi.Output[str]
    public_subnet_ids: pulumi.Output[Sequence[str]]
    private_subnet_ids: pulumi.Output[Sequence[str]]
    isolated_subnet_ids: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: NetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        args.spec.subnets()
        vpc = self._vpc(name, args)
        self._close_default_group(name, vpc)
        self._interface_endpoints(name, args, vpc)
        self._flow_log(name, args, vpc)

        self.vpc_id = vpc.vpc_id
        self.public_subnet_ids = vpc.public_subnet_ids
        self.private_subnet_ids = vpc.private_subnet_ids
        self.isolated_subnet_ids = vpc.isolated_subnet_ids
        self.register_outputs(
            {
                "vpcId": self.vpc_id,
                "publicSubnetIds": self.public_subnet_ids,
                "privateSubnetIds": self.private_subnet_ids,
                "isolatedSubnetIds": self.isolated_subnet_ids,
            }
        )

    def _vpc(self, name: str, args: NetworkArgs) -> awsx.ec2.Vpc:
        return awsx.ec2.Vpc(
            name,
            cidr_block=args.spec.cidr,
            availability_zone_names=list(args.spec.zones),
            availability_zone_cidr_mask=args.spec.zone_mask,
            subnet_strategy=awsx.ec2.SubnetAllocationStrategy.AUTO,
            subnet_specs=[
                awsx.ec2.SubnetSpecArgs(type=TYPES[kind], name=kind, cidr_mask=mask)
                for kind, mask in args.spec.masks.items()
            ],
            nat_gateways=awsx.ec2.NatGatewayConfigurationArgs(strategy=STRATEGIES[args.spec.nat]),
            # Without it the endpoint is in no route table: github.com/pulumi/pulumi-awsx/issues/1627
            vpc_endpoint_strategy=awsx.ec2.VpcEndpointStrategy.AUTO,
            vpc_endpoint_specs=[
                awsx.ec2.VpcEndpointSpecArgs(
                    service_name=gateway_endpoint_service(args.stack.region, "s3"),
                    vpc_endpoint_type="Gateway",
                )
            ],
            enable_dns_hostnames=True,
            enable_dns_support=True,
            opts=self.child(),
        )

    def _close_default_group(self, name: str, vpc: awsx.ec2.Vpc) -> None:
        aws.ec2.DefaultSecurityGroup(
            name, vpc_id=vpc.vpc_id, ingress=[], egress=[], tags={"Name": f"{name}-default-closed"}, opts=self.child()
        )

    def _interface_endpoints(self, name: str, args: NetworkArgs, vpc: awsx.ec2.Vpc) -> None:
        if not args.spec.endpoints:
            return
        group = aws.ec2.SecurityGroup(
            f"{name}-endpoints",
            vpc_id=vpc.vpc_id,
            description="AWS services inside the VPC",
            tags={"Name": physical_name("endpoints")},
            opts=self.child(),
        )
        aws.vpc.SecurityGroupIngressRule(
            f"{name}-endpoints",
            security_group_id=group.id,
            description="HTTPS from the VPC",
            cidr_ipv4=args.spec.cidr,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=self.child(),
        )
        for service in args.spec.endpoints:
            aws.ec2.VpcEndpoint(
                f"{name}-{service}",
                vpc_id=vpc.vpc_id,
                service_name=interface_endpoint_service(args.stack.region, service),
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=vpc.private_subnet_ids,
                security_group_ids=[group.id],
                tags={"Name": physical_name(service)},
                opts=self.child(),
            )

    def _flow_log(self, name: str, args: NetworkArgs, vpc: awsx.ec2.Vpc) -> None:
        group = aws.cloudwatch.LogGroup(
            f"{name}-flow",
            name=log_group_name("flow"),
            retention_in_days=args.spec.flow_log_retention_days,
            kms_key_id=args.stack.key_arn,
            opts=self.child(),
        )
        role = aws.iam.Role(
            physical_name("flow-logs"),
            assume_role_policy=assumed_by("vpc-flow-logs.amazonaws.com"),
            permissions_boundary=args.stack.boundary_arn,
            opts=self.child(),
        )
        policy = aws.iam.RolePolicy(
            physical_name("flow-logs"),
            role=role.id,
            policy=document(
                allow(
                    ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
                    pulumi.Output.concat(group.arn, ":*"),
                )
            ),
            opts=self.child(),
        )
        aws.ec2.FlowLog(
            name,
            vpc_id=vpc.vpc_id,
            traffic_type="ALL",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            tags={"Name": physical_name("flow")},
            opts=self.child(depends_on=[policy]),
        )
