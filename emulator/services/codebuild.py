"""CodeBuild: projects that keep all their settings, webhooks, and builds whose end the control file decides.

- Sources and artifacts of a pipeline, and every environment type, are accepted:
  https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html
- A project may be deleted by its ARN, which the provider does; moto takes it for an unknown name.
- UpdateProject, which moto lacks: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_UpdateProject.html
- Webhooks: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Webhook.html
- A build takes source and environment from its project, with the overrides of StartBuild:
  https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html
"""

import copy
import json
from typing import Any

from moto.codebuild import responses
from moto.codebuild.exceptions import ResourceAlreadyExistsException, ResourceNotFoundException
from moto.codebuild.models import CodeBuildBackend
from moto.codebuild.responses import CodeBuildResponse
from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import iso_8601_datetime_with_milliseconds, unix_time

from emulator.serving import control
from emulator.serving.patching import add_actions, replace

PROJECT_SETTINGS = (
    "artifacts",
    "autoRetryLimit",
    "badge",
    "buildBatchConfig",
    "cache",
    "concurrentBuildLimit",
    "description",
    "encryptionKey",
    "environment",
    "fileSystemLocations",
    "logsConfig",
    "queuedTimeoutInMinutes",
    "secondaryArtifacts",
    "secondarySourceVersions",
    "secondarySources",
    "serviceRole",
    "source",
    "sourceVersion",
    "tags",
    "timeoutInMinutes",
    "vpcConfig",
)
WEBHOOK_SETTINGS = ("filterGroups", "branchFilter", "buildType")


def install() -> None:
    _accept_what_pipelines_use()
    _create_with_all_settings()
    _start_build_like_the_project()
    _delete_by_arn_too()
    replace(CodeBuildBackend, "batch_get_builds", batch_get_builds)
    add_actions(CodeBuildResponse, update_project, create_webhook, update_webhook, delete_webhook)


def _accept_what_pipelines_use() -> None:
    original_source: Any = responses._validate_required_params_source
    original_artifacts: Any = responses._validate_required_params_artifacts

    def validate_source(source: dict[str, Any]) -> None:
        if source.get("type") not in ("CODEPIPELINE", "NO_SOURCE"):
            original_source(source)

    def validate_artifacts(artifacts: dict[str, Any]) -> None:
        if artifacts.get("type") != "CODEPIPELINE":
            original_artifacts(artifacts)

    def accept_environment(_environment: dict[str, Any]) -> None:
        """moto knows few types and sizes, and the client checks that all parts are there."""

    replace(responses, "_validate_required_params_source", validate_source)
    replace(responses, "_validate_required_params_artifacts", validate_artifacts)
    replace(responses, "_validate_required_params_environment", accept_environment)


def _settings(response: Any, name: str) -> dict[str, Any]:
    projects = response.codebuild_backend.codebuild_projects
    if name not in projects:
        raise ResourceNotFoundException(f"Project cannot be found: {name}")
    return projects[name].project_metadata


def _fill(settings: dict[str, Any], given: dict[str, Any], names: tuple[str, ...]) -> None:
    settings.update({name: given[name] for name in names if given.get(name) is not None})


def _create_with_all_settings() -> None:
    original_create: Any = CodeBuildResponse.create_project

    def create_project(self: Any) -> ActionResult:
        original_create(self)
        given = json.loads(self.body)
        settings = _settings(self, given["name"])
        _fill(settings, given, PROJECT_SETTINGS)
        return ActionResult({"project": settings})

    replace(CodeBuildResponse, "create_project", create_project)


def _delete_by_arn_too() -> None:
    original_delete: Any = CodeBuildBackend.delete_project

    def delete_project(self: Any, project_name: str) -> None:
        original_delete(self, project_name.rpartition("/")[2])

    replace(CodeBuildBackend, "delete_project", delete_project)


def update_project(self: Any) -> ActionResult:
    given = json.loads(self.body)
    settings = _settings(self, given["name"])
    _fill(settings, given, PROJECT_SETTINGS)
    settings["lastModified"] = unix_time()
    return ActionResult({"project": settings})


def create_webhook(self: Any) -> ActionResult:
    given = json.loads(self.body)
    settings = _settings(self, given["projectName"])
    if "webhook" in settings:
        raise ResourceAlreadyExistsException("There is already a webhook for this project.")
    settings["webhook"] = {
        "url": "https://api.github.com/repos/example/site/hooks/1",
        "payloadUrl": f"https://codebuild.{self.region}.amazonaws.com/webhooks?t=example",
        "filterGroups": [],
        "buildType": "BUILD",
        "lastModifiedSecret": unix_time(),
    }
    _fill(settings["webhook"], given, WEBHOOK_SETTINGS)
    # Only the answer to the creation carries the secret.
    return ActionResult({"webhook": {**settings["webhook"], "secret": "example-secret"}})


def update_webhook(self: Any) -> ActionResult:
    given = json.loads(self.body)
    webhook = _settings(self, given["projectName"]).get("webhook")
    if webhook is None:
        raise ResourceNotFoundException(f"The project {given['projectName']} has no webhook")
    _fill(webhook, given, WEBHOOK_SETTINGS)
    return ActionResult({"webhook": webhook})


def delete_webhook(self: Any) -> EmptyResult:
    name = self._get_param("projectName")
    if _settings(self, name).pop("webhook", None) is None:
        raise ResourceNotFoundException(f"The project {name} has no webhook")
    return EmptyResult()


def _start_build_like_the_project() -> None:
    original_start: Any = CodeBuildResponse.start_build

    def start_build(self: Any) -> ActionResult:
        original_start(self)
        given = json.loads(self.body)
        name = given["projectName"]
        settings = _settings(self, name)
        build = self.codebuild_backend.build_metadata_history[name][-1]
        build["source"] = dict(settings["source"])
        if given.get("buildspecOverride"):
            build["source"]["buildspec"] = given["buildspecOverride"]
        build["environment"] = _environment(settings, given.get("environmentVariablesOverride") or [])
        build["timeoutInMinutes"] = settings["timeoutInMinutes"] or 60
        build["buildNumber"] = len(self.codebuild_backend.build_history[name])
        return ActionResult({"build": build})

    replace(CodeBuildResponse, "start_build", start_build)


def _environment(settings: dict[str, Any], overrides: list[dict[str, Any]]) -> dict[str, Any]:
    environment = copy.deepcopy(settings["environment"])
    overridden = {variable["name"] for variable in overrides}
    kept_variables = [
        variable for variable in environment.get("environmentVariables") or [] if variable["name"] not in overridden
    ]
    environment["environmentVariables"] = [*kept_variables, *overrides]
    return environment


def batch_get_builds(self: Any, ids: list[str]) -> list[dict[str, Any]]:
    """The builds, each a step further: a build ends after `codebuild_polls` questions, one by default."""
    found = [build for builds in self.build_metadata_history.values() for build in builds if build["id"] in ids]
    for build in found:
        if not build["buildComplete"]:
            _advance(self, build)
    return found


def _advance(backend: Any, build: dict[str, Any]) -> None:
    name = build["projectName"]
    build["timesAsked"] = build.get("timesAsked", 0) + 1
    status = control.answer("codebuild_status", name, default="SUCCEEDED")
    polls = int(control.answer("codebuild_polls", name, default=1))
    if build["timesAsked"] <= polls or status == "IN_PROGRESS":
        build["currentPhase"] = "BUILD"
        return
    build["phases"] = backend._set_phases(build["phases"])
    for phase in build["phases"]:
        if phase["phaseType"] == "BUILD":
            phase["phaseStatus"] = status
    build.update(
        currentPhase="COMPLETED",
        buildStatus=status,
        buildComplete=True,
        endTime=iso_8601_datetime_with_milliseconds(),
    )
