"""CodePipeline: times as numbers, and roles that trust more than CodePipeline.

- Times are numbers in the service's JSON protocol; strict clients refuse moto's text.
  https://docs.aws.amazon.com/codepipeline/latest/APIReference/API_PipelineMetadata.html
- A role's trust policy may name several services in one statement, and principals that aren't services.
  https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

import json
from types import SimpleNamespace
from typing import Any

from moto.codepipeline.models import CodePipeline, CodePipelineBackend, PipelineExecution
from moto.iam.models import iam_backends

from emulator.serving.patching import replace


def install() -> None:
    _show_times_as_numbers()
    _read_any_trust_policy()


def _show_times_as_numbers() -> None:
    original_summary: Any = PipelineExecution.to_summary_dict

    def metadata(self: Any) -> dict[str, Any]:
        return {
            "pipelineArn": self._arn,
            "created": self._created.timestamp(),
            "updated": self._updated.timestamp(),
        }

    def to_summary_dict(self: Any) -> dict[str, Any]:
        times = {"startTime": self.start_time.timestamp(), "lastUpdateTime": self.last_update_time.timestamp()}
        return {**original_summary(self), **times}

    replace(CodePipeline, "metadata", property(metadata))
    replace(PipelineExecution, "to_summary_dict", to_summary_dict)


def _read_any_trust_policy() -> None:
    # moto reads one service per statement, so it is shown each role's policy in that form.
    def iam_backend(self: Any) -> Any:
        iam = iam_backends[self.account_id][self.partition]

        def get_role_by_arn(arn: str) -> Any:
            return SimpleNamespace(assume_role_policy_document=_one_service_per_statement(iam.get_role_by_arn(arn)))

        return SimpleNamespace(get_role_by_arn=get_role_by_arn)

    replace(CodePipelineBackend, "iam_backend", property(iam_backend))


def _one_service_per_statement(role: Any) -> str:
    statements = json.loads(role.assume_role_policy_document)["Statement"]
    services: list[str] = []
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal", {})
        named = principal.get("Service", []) if isinstance(principal, dict) else []
        services += [named] if isinstance(named, str) else named
    return json.dumps({"Statement": [{"Principal": {"Service": service}} for service in services]})
