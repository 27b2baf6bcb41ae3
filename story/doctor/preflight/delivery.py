"""The pipeline of bootstrap/, if the account has one: its connection to GitHub, and the quota of its builds."""

import re
from collections.abc import Iterator, Sequence

from aws.client import Json, in_parts, items, part
from story.doctor.finding import Finding, Severity, ok, unknown
from story.doctor.preflight.subject import Subject

PIPELINE = "pipeline"
CONNECTION = re.compile(r"bootstrap-.+-github")
PROJECT = re.compile(r"bootstrap-.+-(build|resolve|deploy-.+)")
MACHINES = {"ARM_CONTAINER": "ARM", "LINUX_CONTAINER": "Linux"}
SIZES = {
    "BUILD_GENERAL1_SMALL": "Small",
    "BUILD_GENERAL1_MEDIUM": "Medium",
    "BUILD_GENERAL1_LARGE": "Large",
    "BUILD_GENERAL1_XLARGE": "XLarge",
    "BUILD_GENERAL1_2XLARGE": "2XLarge",
}
"""Names of CodeBuild's environment types in the names of its quotas:
docs.aws.amazon.com/codebuild/latest/userguide/limits.html"""
LEAST_BUILDS = 5
"""Minimum quota to request: builds outside the pipelines count too."""
PROJECTS_AT_ONCE = 100
"""docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetProjects.html"""


def evaluate_connection(connection: Json) -> Finding:
    """Whether the setup of the connection to GitHub was completed, which is possible only in the console.

    Args:
        connection: As ListConnections returns it.
    """
    name, status = str(connection.get("ConnectionName", "")), str(connection.get("ConnectionStatus", ""))
    if status == "AVAILABLE":
        return ok(PIPELINE, "connection", f"{name} is available")
    return Finding(
        area=PIPELINE,
        subject="connection",
        severity=Severity.WARNING,
        what=f"the connection {name} is {status}",
        why="the pipeline does not start after a push",
        fix="complete its setup in the console, Developer Tools > Connections: "
        "docs.aws.amazon.com/dtconsole/latest/userguide/connections-update.html",
    )


def quota_name(environment: Json) -> str:
    """The name of the quota for builds in an environment; "" for an unknown environment."""
    machine, size = MACHINES.get(str(environment.get("type"))), SIZES.get(str(environment.get("computeType")))
    return f"Concurrently running builds for {machine}/{size} environment" if machine and size else ""


def evaluate_builds(name: str, projects: Sequence[str], quotas: Sequence[Json]) -> Finding:
    """Whether the builds of the pipelines can run at the same time in an environment.

    A stage of a pipeline in the mode SUPERSEDED handles one execution at a time, and each project is one action of one
    stage. So with several releases in the pipeline, every project can run once:
    docs.aws.amazon.com/codepipeline/latest/userguide/concepts-how-it-works.html. CodeBuild rejects builds over
    the quota: docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html

    Args:
        name: Name of the quota.
        projects: CodeBuild projects of the pipelines that use the environment.
        quotas: The account's quotas of CodeBuild.
    """
    of_name = [one for one in quotas if one.get("QuotaName") == name]
    if not of_name:
        return unknown(PIPELINE, "builds", f"{name}: Service Quotas does not list it")
    value, needed = float(of_name[0].get("Value", 0)), len(projects)
    what = f"{name}: {value:g}; the pipelines run up to {needed} at the same time"
    if value >= needed:
        return ok(PIPELINE, "builds", what)
    return Finding(
        area=PIPELINE,
        subject="builds",
        severity=Severity.WARNING,
        what=what,
        why=f"CodeBuild rejects builds that exceed it ({', '.join(projects)}): AccountLimitExceededException",
        fix=f"`aws service-quotas request-service-quota-increase --service-code codebuild --quota-code "
        f"{of_name[0].get('QuotaCode', '')} --desired-value {max(needed, LEAST_BUILDS)}`; this may take days",
    )


def check_connection(subject: Subject) -> Iterator[Finding]:
    """The connection to GitHub."""
    found = _every_connection(subject)
    for one in found:
        if CONNECTION.fullmatch(str(one.get("ConnectionName", ""))):
            yield evaluate_connection(one)


def check_builds(subject: Subject) -> Iterator[Finding]:
    """The quotas of CodeBuild for concurrent builds."""
    names = sorted(str(one) for one in subject.aws.paginate("codebuild", "list_projects", "projects"))
    users: dict[str, list[str]] = {}
    for some in in_parts([name for name in names if PROJECT.fullmatch(name)], PROJECTS_AT_ONCE):
        for project in items(subject.aws.call("codebuild", "batch_get_projects", names=some), "projects"):
            users.setdefault(quota_name(part(project, "environment")), []).append(str(project["name"]))
    if users:
        quotas = subject.aws.paginate("service-quotas", "list_service_quotas", "Quotas", ServiceCode="codebuild")
        for name, projects in users.items():
            if name:
                yield evaluate_builds(name, projects, quotas)
            else:
                yield unknown(
                    PIPELINE, "builds", f"the quota for {', '.join(projects)}: no quota is known for their environment"
                )


def _every_connection(subject: Subject) -> list[Json]:
    """All connections; boto3 has no paginator for them."""
    found: list[Json] = []
    token = ""
    while True:
        parameters = {"NextToken": token} if token else {}
        response = subject.aws.call("codestar-connections", "list_connections", **parameters)
        found += items(response, "Connections")
        token = str(response.get("NextToken") or "")
        if not token:
            return found
