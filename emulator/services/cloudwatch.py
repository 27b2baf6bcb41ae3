"""CloudWatch: a composite alarm keeps its actions suppressor, which moto drops.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from typing import Any

from moto.cloudwatch.responses import CloudWatchResponse

from emulator.patching import add_actions

SUPPRESSOR_PARAMETERS = {
    "ActionsSuppressor": "actions_suppressor",
    "ActionsSuppressorWaitPeriod": "actions_suppressor_wait_period",
    "ActionsSuppressorExtensionPeriod": "actions_suppressor_extension_period",
}


def install() -> None:
    add_actions(CloudWatchResponse, put_composite_alarm)


def put_composite_alarm(self: Any) -> Any:
    answer = self.put_metric_alarm()
    alarm = self.cloudwatch_backend.alarms[self._get_param("AlarmName")]
    for parameter, attribute in SUPPRESSOR_PARAMETERS.items():
        if self._get_param(parameter) is not None:
            setattr(alarm, attribute, self._get_param(parameter))
    return answer
