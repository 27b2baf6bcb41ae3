"""Blue/green, linear and canary deployments: a full new set of tasks, then the traffic, then the old tasks' end.

- https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-blue-green.html
- https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-linear.html
- https://docs.aws.amazon.com/AmazonECS/latest/developerguide/canary-deployment.html
- The stages: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from emulator.services.ecs import targets
from emulator.services.ecs.clock import timetable

if TYPE_CHECKING:
    from emulator.services.ecs.deployments import Deployment, ServiceDeployment
    from emulator.services.ecs.rollouts import DeploymentProgress

STRATEGIES = ("BLUE_GREEN", "LINEAR", "CANARY")
STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
)
SECONDS_OF_A_STAGE = 0.05
SECONDS_OF_A_BAKE_MINUTE = 0.5


def in_stages(configuration: dict[str, Any]) -> bool:
    return configuration.get("strategy") in STRATEGIES


def go_on(rollout: "DeploymentProgress", moment: datetime) -> None:
    """Do what the current stage asks for, and enter the next ones as soon as their time has come."""
    record = rollout.record
    if rollout.primary.state == "FAILED":
        return
    if record.stage is None:
        _enter(rollout, "RECONCILE_SERVICE" if len(record.source) > 1 else "PRE_SCALE_UP", moment)
    while record.ongoing and _is_over(rollout, moment):
        if record.stage == "CLEAN_UP":
            rollout.complete(moment)
        else:
            _enter(rollout, STAGES[STAGES.index(record.stage or "") + 1], moment)
    if record.stage not in ("RECONCILE_SERVICE", "PRE_SCALE_UP"):
        rollout.start(rollout.service.desired_count - len(rollout.primary.wanted()), moment)


def shift_back(rollout: "DeploymentProgress", candidate: "Deployment") -> None:
    """Send all traffic to the deployment that is returned to."""
    for rule in ("productionListenerRule", "testListenerRule"):
        targets.shift(rollout.service, rule, dict.fromkeys(candidate.target_groups, 100))
    rollout.record.weight = rollout.record.test_weight = 0


def _enter(rollout: "DeploymentProgress", stage: str, moment: datetime) -> None:
    record = rollout.record
    record.stage, record.stage_since, record.updated_at = stage, moment, moment
    if stage == "TEST_TRAFFIC_SHIFT":
        record.test_weight = 100
        targets.shift(rollout.service, "testListenerRule", dict.fromkeys(record.target.target_groups, 100))
    elif stage == "CLEAN_UP":
        for deployment in rollout.deployments[1:]:
            rollout.stop(deployment, deployment.wanted(), moment)
    for seconds, _ in _shifts(record) if stage == "PRODUCTION_TRAFFIC_SHIFT" else ():
        timetable(rollout.backend).at(moment + timedelta(seconds=seconds), lambda _: None)
    timetable(rollout.backend).at(moment + timedelta(seconds=_seconds(record)), lambda _: None)


def _is_over(rollout: "DeploymentProgress", moment: datetime) -> bool:
    record = rollout.record
    if record.stage == "PRODUCTION_TRAFFIC_SHIFT":
        _shift(rollout, moment)
    if record.stage == "SCALE_UP":
        return len(rollout.primary.healthy()) >= rollout.service.desired_count
    if record.stage == "CLEAN_UP":
        return not any(deployment.living() for deployment in rollout.deployments[1:])
    return record.stage_since is not None and record.stage_since + timedelta(seconds=_seconds(record)) <= moment


def _seconds(record: "ServiceDeployment") -> float:
    if record.stage == "BAKE_TIME":
        return record.configuration.get("bakeTimeInMinutes", 0) * SECONDS_OF_A_BAKE_MINUTE
    if record.stage == "PRODUCTION_TRAFFIC_SHIFT":
        return _shifts(record)[-1][0] + SECONDS_OF_A_STAGE
    return SECONDS_OF_A_STAGE


def _shifts(record: "ServiceDeployment") -> list[tuple[float, float]]:
    """After how many seconds of the shift which percentage of the traffic goes to the new tasks."""
    configuration = record.configuration
    if configuration["strategy"] == "CANARY":
        canary = configuration.get("canaryConfiguration") or {}
        bake = canary.get("canaryBakeTimeInMinutes", 10) * SECONDS_OF_A_BAKE_MINUTE
        return [(0, canary.get("canaryPercent", 5)), (bake, 100)]
    if configuration["strategy"] == "LINEAR":
        linear = configuration.get("linearConfiguration") or {}
        step, bake = linear.get("stepPercent", 10), linear.get("stepBakeTimeInMinutes", 6) * SECONDS_OF_A_BAKE_MINUTE
        steps = [min(step * number, 100) for number in range(1, int(100 // step) + 2)]
        return [(place * bake, percent) for place, percent in enumerate(dict.fromkeys(steps))]
    return [(0, 100)]


def _shift(rollout: "DeploymentProgress", moment: datetime) -> None:
    record = rollout.record
    began = record.stage_since or moment
    percent = max(percent for seconds, percent in _shifts(record) if began + timedelta(seconds=seconds) <= moment)
    if percent == record.weight:
        return
    record.weight = percent
    weights = {arn: int(100 - percent) for source in record.source for arn in source.target_groups}
    weights.update(dict.fromkeys(record.target.target_groups, int(percent)))
    targets.shift(rollout.service, "productionListenerRule", weights)
