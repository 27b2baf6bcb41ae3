"""CloudTrail: a trail can be deleted, started and stopped by its ARN too, which moto takes for an unknown name.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteTrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html
"""

from typing import Any

from moto.cloudtrail.models import CloudTrailBackend

from emulator.serving.patching import replace


def install() -> None:
    for action in ("delete_trail", "start_logging", "stop_logging"):
        _accept_arn(action)


def _accept_arn(action: str) -> None:
    original: Any = getattr(CloudTrailBackend, action)

    def with_name(self: Any, name: str) -> Any:
        return original(self, name.rpartition("/")[2])

    replace(CloudTrailBackend, action, with_name)
