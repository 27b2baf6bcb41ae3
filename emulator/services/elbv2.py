"""Elastic Load Balancing: a load balancer is active at once, protection protects, and targets are as healthy as tasks.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html: "You can't delete a
load balancer if deletion protection is enabled"; the error is OperationNotPermitted.
"""

from typing import Any

from moto.elbv2.exceptions import ELBClientError
from moto.elbv2.models import ELBv2Backend, FakeHealthStatus, FakeLoadBalancer, FakeTargetGroup

from emulator.serving.patching import replace


def install() -> None:
    _active_at_once()
    _enforce_deletion_protection()
    _show_health_of_tasks()


def _active_at_once() -> None:
    original_init: Any = FakeLoadBalancer.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original_init(self, *args, **kwargs)
        # AWS takes minutes to provision; the provider would only poll once more for it here.
        self.state = "active"

    replace(FakeLoadBalancer, "__init__", init)


def _enforce_deletion_protection() -> None:
    original_delete: Any = ELBv2Backend.delete_load_balancer

    def delete_load_balancer(self: Any, arn: str) -> None:
        load_balancer = self.load_balancers.get(arn)
        if load_balancer is not None and load_balancer.attrs.get("deletion_protection.enabled") == "true":
            raise ELBClientError(
                "OperationNotPermitted",
                f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
            )
        original_delete(self, arn)

    replace(ELBv2Backend, "delete_load_balancer", delete_load_balancer)


def _show_health_of_tasks() -> None:
    # A target that ECS has registered knows its health, see `ecs.targets`; moto finds every other one healthy.
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTargetHealth.html
    original_health: Any = FakeTargetGroup.health_for

    def health_for(self: Any, target: dict[str, Any], ec2_backend: Any) -> Any:
        registered = self.targets.get(target["Id"])
        if registered is None or "Health" not in registered:
            return original_health(self, target, ec2_backend)
        return FakeHealthStatus(target["Id"], registered["Port"], self.health_check_port, *registered["Health"])

    replace(FakeTargetGroup, "health_for", health_for)
