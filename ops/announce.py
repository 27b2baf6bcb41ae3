"""Says what a step of a release would do. Nothing is started and nothing is waited for."""

from ops.contract import OneOffTask, Rollout


def announce_task(task: OneOffTask) -> None:
    """Say which task the step would run."""
    print(f"{task.step}: would run {_revision(task.task_definition)} in cluster {task.cluster}", flush=True)


def announce_no_migration(task: OneOffTask) -> None:
    """Say that no migration belongs to an update without a new image."""
    print(f"{task.step}: no new image, so nothing to migrate", flush=True)


def announce_rollout(rollout: Rollout) -> None:
    """Say which deployment the step would follow."""
    revision = _revision(rollout.task_definition)
    print(f"rollout {rollout.service}: would wait for {revision} in cluster {rollout.cluster}", flush=True)


def _revision(task_definition_arn: str) -> str:
    return task_definition_arn.rsplit("/", 1)[-1]
