"""EC2: small gaps of moto that the network and the tasks of this project fall into.

- A network interface always has a private DNS name, if only an empty one: RunTask fails without it in a VPC whose
  DNS host names are off.
  https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NetworkInterface.html
- A security group rule keeps the description of whatever it refers to, be it a range, a group or a prefix list.
  https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_SecurityGroupRule.html
- An endpoint without a type is a gateway, also when it is deleted.
  https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpcEndpoint.html
- A gateway endpoint has a route in each of its route tables, also in one that it is given or loses later.
  https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
- A deleted NAT gateway takes its network interface with it.
  https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html
"""

from typing import Any

from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.models.vpcs import VPCBackend, VPCEndPoint

from emulator.serving.patching import replace


def install() -> None:
    replace(NetworkInterface, "private_dns_name", "")
    _keep_rule_descriptions()
    _make_gateway_endpoints_by_default()
    _move_routes_of_gateway_endpoints()
    _delete_nat_gateways_with_their_interface()


def _delete_nat_gateways_with_their_interface() -> None:
    original_delete: Any = NatGatewayBackend.delete_nat_gateway

    def delete_nat_gateway(self: Any, nat_gateway_id: str) -> Any:
        gateway = original_delete(self, nat_gateway_id)
        self.enis.pop(gateway._eni.id, None)
        return gateway

    replace(NatGatewayBackend, "delete_nat_gateway", delete_nat_gateway)


def _make_gateway_endpoints_by_default() -> None:
    original_create: Any = VPCBackend.create_vpc_endpoint

    def create_vpc_endpoint(self: Any, vpc_id: str, service_name: str, endpoint_type: str | None, **others: Any) -> Any:
        return original_create(self, vpc_id, service_name, endpoint_type or "Gateway", **others)

    replace(VPCBackend, "create_vpc_endpoint", create_vpc_endpoint)


def _move_routes_of_gateway_endpoints() -> None:
    original_modify: Any = VPCEndPoint.modify

    def modify(self: Any, *changes: Any) -> None:
        before = set(self.route_table_ids)
        original_modify(self, *changes)
        after, backend, served = set(self.route_table_ids), self.ec2_backend, self.destination_prefix_list_id
        if served is None:
            return
        for table in after - before:
            backend.create_route(table, None, gateway_id=self.id, destination_prefix_list_id=served)
        for table in before - after:
            backend.delete_route(table, served)

    replace(VPCEndPoint, "modify", modify)


def _keep_rule_descriptions() -> None:
    original_init: Any = SecurityGroupRule.__init__

    def init(
        self: Any,
        ec2_backend: Any,
        ip_protocol: Any,
        group_id: Any,
        from_port: Any,
        to_port: Any,
        ip_range: Any,
        source_group: Any = None,
        prefix_list_id: Any = None,
        **others: Any,
    ) -> None:
        original_init(
            self,
            ec2_backend,
            ip_protocol,
            group_id,
            from_port,
            to_port,
            ip_range,
            source_group,
            prefix_list_id,
            **others,
        )
        self.prefix_list_description = (prefix_list_id or {}).get("Description")

    def description(self: Any) -> str | None:
        return self.ip_range.get("Description") or self.source_group.get("Description") or self.prefix_list_description

    replace(SecurityGroupRule, "__init__", init)
    replace(SecurityGroupRule, "description", property(description))
