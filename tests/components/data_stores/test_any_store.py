"""A store that the project does not have: all that the rest of the stack does with a store comes from the store."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import pulumi
import pytest

from components.alarm import Alarm
from components.cluster import Cluster, ClusterArgs
from components.data_stores import DataStores, DataStoresArgs
from components.data_stores.monitoring import MonitoredStore, store_alarm
from components.data_stores.user_statements import UserSetup, user_setup
from components.ingress import Ingress, IngressArgs
from components.observability import Observability, ObservabilityArgs
from components.observability.monitored_stack import monitored_stack
from components.service.application import Application, ApplicationArgs
from components.service.laravel_services import web
from components.service.migration_task import MigrationTask, MigrationTaskArgs
from components.stack_outputs import stack_outputs
from components.uploads import Uploads, UploadsArgs
from components.widgets import Drawn, MetricLine, Row, evenly, graph
from components.wiring import SecretRef, StoreAccess
from settings.agents import AgentsSpec
from settings.network import NetworkSpec
from settings.observability import AlarmThresholdsSpec, ObservabilitySpec
from settings.services import MigrationSpec, WebSpec
from settings.site import ApplicationSpec, ClusterSpec, IngressSpec, UploadsSpec
from settings.stores import AuroraSpec, DocumentDbSpec, ValkeySpec
from story.plan.recorder import Record, record
from tests.components.given import ACCOUNT, IMAGE, REGION, context, stack
from tests.paths import PROJECT

ARN = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:search-AbCdEf"
PLACE: dict[str, Any] = {"vpc_id": "vpc-1", "subnet_ids": ["subnet-1", "subnet-2"]}


@dataclass(frozen=True)
class MonitoredSearch:
    name: str = "search"
    identifiers: Sequence[pulumi.Input[str]] = ("search-1",)

    @property
    def events(self) -> Mapping[str, Callable[[Sequence[str]], Mapping[str, Any]]]:
        return {"search-events": lambda known: {"source": ["aws.search"], "detail": {"id": list(known)}}}

    def alarms(self, thresholds: AlarmThresholdsSpec) -> list[Alarm]:
        return [
            store_alarm(
                name="search-cpu",
                description=f"A warning of {thresholds.aurora_cpu_percent}.",
                namespace="AWS/Search",
                metric="CPUUtilization",
                threshold=80,
                dimensions={"Id": "search-1"},
                runbook="documentdb",
            )
        ]

    def rows(self, drawn: Drawn, identifiers: Sequence[str]) -> list[Row]:
        line = MetricLine(
            namespace="AWS/Search", name="CPUUtilization", dimensions={"Id": identifiers[0]}, stat="Maximum", label="x"
        )
        return [evenly([graph(drawn, "Search: CPU", [line])])]


@dataclass(frozen=True)
class Search:
    state_driver: str | None = "database"

    @property
    def access(self) -> StoreAccess:
        return StoreAccess(store="search", security_group_id="sg-search", port=9200)

    def laravel_environment(self, application: ApplicationSpec) -> pulumi.Output[Mapping[str, str]]:
        return pulumi.Output.from_input({"SEARCH_HOST": "search.example", "SEARCH_CA": application.ca_bundle_path})

    @property
    def laravel_secrets(self) -> Mapping[str, SecretRef]:
        return {"SEARCH_PASSWORD": SecretRef(arn=ARN, key="password")}

    @property
    def user_setup(self) -> UserSetup | None:
        user = SecretRef(arn=ARN, version="v1")
        return user_setup(
            "search", "echo 1;", host="h", port=9200, database="site", master_secret_arn=f"{ARN}-m", user=user
        )

    @property
    def stack_output(self) -> Mapping[str, Any]:
        return {"endpoint": "search.example"}

    @property
    def monitored(self) -> MonitoredStore:
        return MonitoredSearch()


@cache
def built() -> tuple[Record, Mapping[str, Any]]:
    """What a stack with this store registers, and its outputs."""
    outputs: dict[str, Any] = {}

    def build() -> None:
        shared, off = stack(), {"enabled": False}
        stores = DataStores(
            "stores",
            DataStoresArgs(
                aurora=AuroraSpec.model_validate(off),
                valkey=ValkeySpec.model_validate(off),
                documentdb=DocumentDbSpec.model_validate(off),
                zones=(f"{REGION}a", f"{REGION}c"),
                stack=shared,
                **PLACE,
            ),
        )
        stores.enabled = [Search()]
        ingress = Ingress("ingress", IngressArgs(spec=IngressSpec(), stack=shared, **PLACE))
        cluster = Cluster("cluster", ClusterArgs(spec=ClusterSpec(), stack=shared))
        application = Application(
            "application",
            ApplicationArgs(
                spec=ApplicationSpec(),
                image=IMAGE,
                url="https://site.example",
                trusted_proxies="10.0.0.0/16",
                stores=stores,
                uploads=Uploads("uploads", UploadsArgs(spec=UploadsSpec(), stack=shared)),
                cluster=cluster,
                context=context(),
                agents=AgentsSpec(),
            ),
        )
        migration = MigrationTask(
            "migration", MigrationTaskArgs(spec=MigrationSpec(), application=application, migrates=True)
        )
        services = {"web": web(WebSpec(), application, ingress, [migration.gate])}
        network = NetworkSpec(zones=(f"{REGION}a", f"{REGION}c"))
        observability = Observability(
            "observability",
            ObservabilityArgs(
                spec=ObservabilitySpec(),
                monitored=monitored_stack(network, ingress, cluster, stores, services),
                services=services,
                context=application.context,
            ),
        )
        image = pulumi.Output.from_input(IMAGE)
        outputs.update(stack_outputs(image, ingress, cluster, application, migration, services, observability))

    return record(build), outputs


def container(task: str) -> Mapping[str, Any]:
    definitions = built()[0].one("TaskDefinition", task).inputs["containerDefinitions"]
    return next(one for one in json.loads(definitions) if one["name"] == "app")


def environment(task: str) -> dict[str, str]:
    return {one["name"]: one["value"] for one in container(task)["environment"]}


def secrets(task: str) -> dict[str, str]:
    return {one["name"]: one["valueFrom"] for one in container(task)["secrets"]}


@pytest.mark.parametrize("task", ["web", "migration"])
def test_each_task_of_the_application_gets_its_environment_and_its_secrets(task: str) -> None:
    assert environment(task)["SEARCH_HOST"] == "search.example"
    assert environment(task)["SEARCH_CA"] == ApplicationSpec().ca_bundle_path
    assert secrets(task)["SEARCH_PASSWORD"] == f"{ARN}:password::"


def test_sessions_cache_and_jobs_are_where_the_store_can_hold_them() -> None:
    kept = environment("web")
    assert {kept[name] for name in ("SESSION_DRIVER", "CACHE_STORE", "QUEUE_CONNECTION")} == {"database"}


def test_the_users_task_makes_its_user_and_runs_again_with_a_new_password() -> None:
    assert "echo 1;" in container("users")["command"][2]
    assert environment("users")["SEARCH_DATABASE"] == "site"
    assert secrets("users")["SEARCH_MASTER_PASSWORD"] == f"{ARN}-m:password::"
    assert built()[0].one("RandomUuid", "users").inputs["keepers"] == {
        "search": f"{ARN}-m",
        "searchUser": "v1",
        "searchDatabase": "site",
    }


@pytest.mark.parametrize("task", ["web", "migration", "users"])
def test_each_task_that_connects_to_it_is_let_in(task: str) -> None:
    rule = built()[0].one("SecurityGroupIngressRule", f"{task}-to-search").inputs
    assert (rule["securityGroupId"], rule["fromPort"]) == ("sg-search", 9200)


def test_the_stack_shows_it_under_its_name() -> None:
    assert built()[1]["search"] == {"endpoint": "search.example"}


def test_its_alarm_is_made_with_the_thresholds_of_the_settings() -> None:
    alarm = built()[0].one("MetricAlarm", "observability-search-cpu").inputs
    assert alarm["dimensions"] == {"Id": "search-1"}
    assert str(AlarmThresholdsSpec().aurora_cpu_percent) in alarm["alarmDescription"]


def test_its_events_have_a_rule_whose_failed_deliveries_are_an_alarm() -> None:
    made = built()[0]
    rule = made.one("EventRule", "observability-events-search-events").inputs
    assert json.loads(rule["eventPattern"])["detail"] == {"id": ["search-1"]}
    assert "story-test-search-events" in json.dumps(
        made.one("MetricAlarm", "observability-events-not-delivered").inputs["metricQueries"]
    )


def test_the_dashboard_shows_its_rows_with_the_threshold_of_its_alarm() -> None:
    body = json.loads(built()[0].one("Dashboard").inputs["dashboardBody"])
    [shown] = [one["properties"] for one in body["widgets"] if one["properties"].get("title") == "Search: CPU"]
    assert shown["metrics"][0][:4] == ["AWS/Search", "CPUUtilization", "Id", "search-1"]
    assert [line["value"] for line in shown["annotations"]["horizontal"]] == [80]


def test_no_component_outside_of_the_data_stores_names_a_store() -> None:
    components = PROJECT / "components"
    others = [file for file in components.rglob("*.py") if components / "data_stores" not in file.parents]
    assert len(others) > 20
    named = re.compile(r"\b_?(aurora|valkey|documentdb)(_\w+)?\b")
    assert {str(file.relative_to(PROJECT)) for file in others if named.search(file.read_text("utf-8"))} == set()
