"""CloudWatch: alarms look at the metrics that somebody put, and a composite alarm keeps its actions suppressor.

moto keeps metrics and alarms apart. Here an alarm is judged when somebody asks for alarms (evaluation.py).
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from typing import Any

from moto.cloudwatch.models import CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse

from emulator.services.cloudwatch import healthy_hosts
from emulator.services.cloudwatch.evaluation import evaluate
from emulator.serving.patching import add_actions, replace

SUPPRESSOR_PARAMETERS = {
    "ActionsSuppressor": "actions_suppressor",
    "ActionsSuppressorWaitPeriod": "actions_suppressor_wait_period",
    "ActionsSuppressorExtensionPeriod": "actions_suppressor_extension_period",
}


def install() -> None:
    add_actions(CloudWatchResponse, put_composite_alarm)
    healthy_hosts.install()
    _forget_tags_with_an_alarm()
    _evaluate_before(CloudWatchResponse, "describe_alarms")
    _evaluate_before(CloudWatchResponse, "describe_alarms_for_metric")


def _forget_tags_with_an_alarm() -> None:
    """An alarm that is made again under the same name has none of the tags of the one before."""

    def delete_alarms(self: Any, alarm_names: list[str]) -> None:
        arns = [self.alarms[name].alarm_arn for name in alarm_names if name in self.alarms]
        original(self, alarm_names)
        for arn in arns:
            self.tagger.delete_all_tags_for_resource(arn)

    original: Any = replace(CloudWatchBackend, "delete_alarms", delete_alarms)


def put_composite_alarm(self: Any) -> Any:
    answer = self.put_metric_alarm()
    alarm = self.cloudwatch_backend.alarms[self._get_param("AlarmName")]
    for parameter, attribute in SUPPRESSOR_PARAMETERS.items():
        if self._get_param(parameter) is not None:
            setattr(alarm, attribute, self._get_param(parameter))
    return answer


def _evaluate_before(response_class: Any, action: str) -> None:
    def evaluated(self: Any) -> Any:
        backend: CloudWatchBackend = self.cloudwatch_backend
        evaluate(backend)
        return original(self)

    original: Any = replace(response_class, action, evaluated)
