"""Application Auto Scaling: capacity moves into its bounds at once; tags; a target takes its policies with it.

- Registering a target for an active resource "changes the resource's current capacity to a value that is inside of
  this range"; so does a later change of the range.
  https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
- Deregistering deletes the target's scaling policies and scheduled actions:
  https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html
- A policy that tracks a target has its own two alarms, also after a change of it:
  https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
- Tags: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TagResource.html
"""

import json
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse

from emulator.services.ecs import services as ecs_services
from emulator.serving.patching import add_actions, kept, replace


def install() -> None:
    _move_capacity_into_bounds()
    _deregister_with_all_that_belongs_to_the_target()
    _leave_no_alarms_of_a_policy_before_its_change()
    _keep_tags_of_targets()
    add_actions(ApplicationAutoScalingResponse, list_tags_for_resource, tag_resource, untag_resource)


def _move_capacity_into_bounds() -> None:
    original_register: Any = ApplicationAutoscalingBackend.register_scalable_target

    def register_scalable_target(self: Any, namespace: str, r_id: str, dimension: str, **others: Any) -> Any:
        known = self.targets.get(dimension, {}).get(r_id)
        minimum = _given_or_known(others["min_capacity"], known, "min_capacity")
        maximum = _given_or_known(others["max_capacity"], known, "max_capacity")
        if minimum is None or maximum is None:
            raise AWSValidationException("MinCapacity and MaxCapacity are required to register a new scalable target.")
        if minimum > maximum:
            raise AWSValidationException("Maximum capacity cannot be less than minimum capacity.")
        target = original_register(self, namespace, r_id, dimension, **others)
        if namespace == "ecs":
            _, cluster, service_name = r_id.split("/")
            service = self.ecs_backend._get_service(cluster, service_name)
            ecs_services.scale(service, min(max(service.desired_count, minimum), maximum))
        return target

    replace(ApplicationAutoscalingBackend, "register_scalable_target", register_scalable_target)


def _given_or_known(given: int | None, known: Any, name: str) -> int | None:
    return given if given is not None else getattr(known, name, None)


def _deregister_with_all_that_belongs_to_the_target() -> None:
    original_deregister: Any = ApplicationAutoscalingBackend.deregister_scalable_target

    def deregister_scalable_target(self: Any, namespace: str, r_id: str, dimension: str) -> None:
        original_deregister(self, namespace, r_id, dimension)

        def belongs(item: Any) -> bool:
            return item.resource_id == r_id and item.scalable_dimension == dimension

        for policy in [policy for policy in self.policies.values() if belongs(policy)]:
            self.delete_scaling_policy(policy.policy_name, namespace, r_id, dimension)
        self.scheduled_actions = [action for action in self.scheduled_actions if not belongs(action)]

    replace(ApplicationAutoscalingBackend, "deregister_scalable_target", deregister_scalable_target)


def _leave_no_alarms_of_a_policy_before_its_change() -> None:
    original_put: Any = ApplicationAutoscalingBackend.put_scaling_policy

    def put_scaling_policy(self: Any, policy_name: str, *args: Any, **given: Any) -> Any:
        before = set(self.policies.values())
        put = original_put(self, policy_name, *args, **given)
        for policy in before - set(self.policies.values()):
            policy.delete_alarms(self.account_id, self.region_name)
        return put

    replace(ApplicationAutoscalingBackend, "put_scaling_policy", put_scaling_policy)


def _tags(response: Any) -> dict[str, dict[str, str]]:
    return kept(response.applicationautoscaling_backend, "tags")


def _keep_tags_of_targets() -> None:
    original_register: Any = ApplicationAutoScalingResponse.register_scalable_target

    def register_scalable_target(self: Any) -> str:
        answer = original_register(self)
        given = json.loads(self.body).get("Tags")
        if given:
            _tags(self).setdefault(json.loads(answer)["ScalableTargetARN"], {}).update(given)
        return answer

    replace(ApplicationAutoScalingResponse, "register_scalable_target", register_scalable_target)


def list_tags_for_resource(self: Any) -> str:
    return json.dumps({"Tags": _tags(self).get(self._get_param("ResourceARN"), {})})


def tag_resource(self: Any) -> str:
    _tags(self).setdefault(self._get_param("ResourceARN"), {}).update(self._get_param("Tags"))
    return "{}"


def untag_resource(self: Any) -> str:
    for key in self._get_param("TagKeys"):
        _tags(self).get(self._get_param("ResourceARN"), {}).pop(key, None)
    return "{}"
