"""What a component finds around it, as plain known values."""

from typing import Any

from components.context import StackContext
from components.service.containers import Container
from components.service.fargate_task import TaskContext
from components.wiring import StoreAccess
from settings.site import Architecture

REGION = "ap-northeast-1"
ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
DIGEST = "sha256:" + "0" * 64
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/press/site@{DIGEST}"


def stack(**changes: Any) -> StackContext:
    given: dict[str, Any] = {"region": REGION, "account_id": ACCOUNT, "key_arn": KEY, "protect": True}
    return StackContext(**{**given, **changes})


def context(*, profile: str | None = None, boundary_arn: str | None = None, **changes: Any) -> TaskContext:
    given: dict[str, Any] = {
        "stack": stack(profile=profile, boundary_arn=boundary_arn),
        "architecture": Architecture.ARM64,
        "cluster_name": "story-test",
        "cluster_arn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:cluster/story-test",
        "vpc_id": "vpc-1",
        "subnet_ids": ["subnet-1", "subnet-2"],
        "needed": [],
    }
    return TaskContext(**{**given, **changes})


def store(name: str = "aurora", port: int = 3306) -> StoreAccess:
    return StoreAccess(store=name, security_group_id=f"sg-{name}", port=port)


def container(name: str = "app", **changes: Any) -> Container:
    given: dict[str, Any] = {"image": IMAGE, "user": "www-data", "log_mode": "blocking"}
    return Container(name=name, **{**given, **changes})
