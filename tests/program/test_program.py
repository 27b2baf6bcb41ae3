"""The whole program: both committed stacks, and what variations of them change."""

import json
import re
from collections import Counter
from typing import Any

import pytest

from story.plan.recorder import Record
from tests.program.given import IMAGE, NO_STORES, OFF, containers, environment, program, run_again

STACKS = ["dev", "prod"]


def names(made: Record) -> set[tuple[str, str]]:
    return {(resource.type, resource.name) for resource in made.resources}


@pytest.mark.parametrize("stack", STACKS)
def test_a_preview_with_every_unknown_shows_the_same_resources_as_the_update(stack: str) -> None:
    assert names(program(stack, preview=True)) == names(program(stack))


@pytest.mark.parametrize("stack", STACKS)
def test_no_two_resources_share_a_urn(stack: str) -> None:
    counted = Counter(resource.urn for resource in program(stack).resources)
    assert [urn for urn, count in counted.items() if count > 1] == []


@pytest.mark.parametrize("stack", STACKS)
def test_the_same_settings_give_the_same_inputs_every_time(stack: str) -> None:
    first = {resource.urn: resource.inputs for resource in program(stack).resources}
    assert {resource.urn: resource.inputs for resource in run_again(stack).resources} == first


@pytest.mark.parametrize("stack", STACKS)
def test_every_component_registers_its_outputs(stack: str) -> None:
    made = program(stack)
    components = {resource.name for resource in made.resources if resource.type.startswith("story:")}
    assert components <= set(made.registered_outputs)


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_of_aws_belongs_to_a_component(stack: str) -> None:
    assert [resource.name for resource in program(stack).resources if resource.custom and not resource.parent] == []


TOKENS = {
    f"story:index:{name}"
    for name in (
        *("Application", "Aurora", "Autoscaling", "Cluster", "Credential", "DataStores", "DocumentDb", "Encryption"),
        *("EventLog", "FargateService", "FargateTask", "Ingress", "MigrationTask", "Network", "Notifications"),
        *("Observability", "Uploads", "Valkey"),
    )
}


def test_no_token_of_a_component_ever_changes() -> None:
    found = {resource.type for resource in program("prod").resources if resource.type.startswith("story:")}
    assert found == TOKENS, "a changed token replaces everything in the component; add an alias in the same change"


# Tasks of the site.


def test_the_environment_reaches_web_worker_scheduler_and_migration_alike() -> None:
    made = program("dev")
    web = environment(made, "web")
    assert web["APP_ENV"] == "dev"
    assert web["DB_HOST"].startswith("writer.aurora")
    assert web["REDIS_HOST"].startswith("tls://primary.")
    for task in ("worker-default", "scheduler", "migration"):
        assert environment(made, task) == web


def test_a_service_may_have_variables_of_its_own() -> None:
    made = program("dev", application={"environment": {"A": "1", "B": "1"}}, web={"environment": {"B": "2"}})
    web, worker = environment(made, "web"), environment(made, "worker-default")
    assert (web["A"], web["B"], worker["B"]) == ("1", "2", "1")


def test_the_application_key_is_a_secret_that_a_careless_destroy_leaves_alone() -> None:
    made = program("prod")
    key = made.one("RandomBytes", "app-key")
    assert (key.inputs["length"], key.protect) == (32, True)
    assert "secretStringWo" in made.one("SecretVersion", "app-key").secret_inputs
    names_of = [entry["name"] for entry in containers(made, "web")["app"]["secrets"]]
    assert "APP_KEY" in names_of


def test_secrets_of_the_settings_are_named_and_may_be_read() -> None:
    arn = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:stripe-AbCdEf"
    made = program("dev", application={"secrets": {"STRIPE_SECRET": f"{arn}:secret"}})
    secrets = {entry["name"]: entry["valueFrom"] for entry in containers(made, "web")["app"]["secrets"]}
    assert secrets["STRIPE_SECRET"] == f"{arn}:secret::"
    assert arn in made.one("RolePolicy", "story-dev-web-execution").inputs["policy"]


def test_a_worker_takes_its_queues_in_order_and_stops_before_its_jobs_are_given_away() -> None:
    made = program("dev", workers={"mail": {"queues": ["urgent", "mail"], "timeout_seconds": 45, "tries": 5}})
    app = containers(made, "worker-mail")["app"]
    assert app["command"] == [
        *("php", "artisan", "queue:work", "--queue=urgent,mail", "--timeout=45", "--tries=5", "--max-time=3600")
    ]
    assert app["stopTimeout"] == 120


def test_a_worker_may_run_horizon_instead() -> None:
    made = program("dev", workers={"horizon": {"command": ["php", "artisan", "horizon"]}})
    assert containers(made, "worker-horizon")["app"]["command"] == ["php", "artisan", "horizon"]


def test_the_scheduler_runs_once_and_never_twice() -> None:
    made = program("prod")
    service = made.one("Service", "scheduler").inputs
    assert containers(made, "scheduler")["app"]["command"] == ["php", "artisan", "schedule:work"]
    assert (service["desiredCount"], service["deploymentMaximumPercent"]) == (1, 100)


def test_nginx_starts_once_php_fpm_is_healthy_and_alone_has_the_port() -> None:
    made = program("dev", web={"nginx": {}})
    found = containers(made, "web")
    assert set(found) == {"app", "nginx"}
    assert found["nginx"]["dependsOn"] == [{"containerName": "app", "condition": "HEALTHY"}]
    assert "9000" in found["app"]["healthCheck"]["command"][-1]
    assert (found["app"]["portMappings"], found["nginx"]["portMappings"][0]["containerPort"]) == ([], 8080)
    assert made.one("Service", "web").inputs["loadBalancers"][0]["containerName"] == "nginx"
    assert found["nginx"]["image"] == IMAGE, "the assets then come from the same release"


def test_nginx_may_have_an_image_of_its_own() -> None:
    nginx = IMAGE.replace("site", "nginx")
    assert containers(program("dev", web={"nginx": {"image": nginx}}), "web")["nginx"]["image"] == nginx


def test_one_container_that_speaks_http_needs_no_nginx() -> None:
    found = containers(program("dev"), "web")
    assert set(found) == {"app"}
    assert found["app"]["portMappings"][0]["containerPort"] == 8080


# Stores that come and go.


@pytest.mark.parametrize(
    ("store", "words"),
    [
        ("aurora", re.compile(r"aurora|\bDB_|MYSQL", re.IGNORECASE)),
        ("valkey", re.compile(r"valkey|redis", re.IGNORECASE)),
        ("documentdb", re.compile(r"documentdb|MONGO|docdb", re.IGNORECASE)),
    ],
)
def test_a_stack_without_a_store_has_no_trace_of_it(store: str, words: re.Pattern[str]) -> None:
    made = program("prod", **{store: OFF})
    known = [{**resource.inputs, "type": resource.type, "name": resource.name} for resource in made.resources]
    traces = [entry["name"] for entry in known if words.search(json.dumps(entry))]
    assert traces == []
    assert not words.search(json.dumps(made.outputs))


@pytest.mark.parametrize("store", ["aurora", "valkey", "documentdb"])
def test_switching_a_store_off_removes_what_belongs_to_it_and_nothing_else(store: str) -> None:
    gone = names(program("prod")) - names(program("prod", **{store: OFF}))
    strangers = [
        name for _, name in gone if not re.search(rf"{store}|/aws/(rds|docdb)/|final-snapshot", name, re.IGNORECASE)
    ]
    assert strangers == []
    assert not names(program("prod", **{store: OFF})) - names(program("prod"))


def test_a_stack_without_any_database_has_no_users_to_make() -> None:
    made = program("dev", **NO_STORES)
    assert [found.name for found in made.all("RandomUuid") if found.name == "users"] == []
    assert "TaskDefinition users" not in [f"{found.kind} {found.name}" for found in made.resources]
    assert environment(made, "web")["QUEUE_CONNECTION"] == "sync"


def test_a_store_opens_only_for_the_tasks_that_use_it() -> None:
    made = program("dev")
    to_aurora = {rule.name for rule in made.all("SecurityGroupIngressRule") if rule.name.endswith("-to-aurora")}
    assert to_aurora == {f"{task}-to-aurora" for task in ("users", "migration", "web", "worker-default", "scheduler")}
    for rule in made.all("SecurityGroupIngressRule"):
        if "-to-" in rule.name:
            assert "referencedSecurityGroupId" in rule.inputs
            assert "cidrIpv4" not in rule.inputs


# Protection.

PROTECTED = {
    "Key encryption",
    "Bucket uploads",
    "RandomBytes app-key",
    "Secret story-prod-app-key",
    "SecretVersion app-key",
    "Cluster aurora",
    "ClusterInstance aurora-1",
    "Secret story-prod-aurora-user",
    "Cluster documentdb",
    "ClusterInstance documentdb-1",
    "Secret story-prod-documentdb-user",
    "ReplicationGroup story-prod-valkey",
    "Secret story-prod-valkey-token",
    "LoadBalancer ingress",
    "Bucket ingress-logs",
}


def protected(made: Record) -> set[str]:
    return {f"{resource.kind} {resource.name}" for resource in made.resources if resource.protect}


def test_whatever_holds_data_or_would_be_missed_is_protected() -> None:
    assert protected(program("prod")) == PROTECTED


def test_a_stack_that_is_not_protected_protects_nothing() -> None:
    made = program("dev")
    assert protected(made) == set()
    assert [cluster.inputs["deletionProtection"] for cluster in made.all("aws:rds/cluster:Cluster")] == [False]


def test_one_store_can_be_lifted_alone() -> None:
    made = program("prod", documentdb={"protect": False})
    assert PROTECTED - protected(made) == {
        "Cluster documentdb",
        "ClusterInstance documentdb-1",
        "Secret story-prod-documentdb-user",
    }
    assert made.one("aws:docdb/cluster:Cluster").inputs["deletionProtection"] is False
    assert made.one("aws:rds/cluster:Cluster").inputs["deletionProtection"] is True


# Outputs.


def test_endpoints_ports_and_secret_arns_are_outputs() -> None:
    made = program("prod").outputs
    assert made["aurora"]["port"] == 3306
    assert made["aurora"]["userSecret"].startswith("arn:aws:secretsmanager:")
    assert made["valkey"]["endpoint"].startswith("primary.")
    assert made["url"] == "https://www.example.com"
    assert made["cluster"] == "story-prod"


@pytest.mark.parametrize("stack", STACKS)
def test_no_password_is_an_output(stack: str) -> None:
    made = program(stack)
    said = json.dumps([made.outputs, dict(made.registered_outputs)], default=str)
    assert "not-a-real-password" not in said
    assert "bm90LWEtcmVhbC1rZXk" not in said
    assert made.secret_outputs == ()


@pytest.mark.parametrize("stack", STACKS)
def test_generated_values_stand_only_where_pulumi_encrypts_them(stack: str) -> None:
    for resource in program(stack).resources:
        for name, value in resource.inputs.items():
            text = json.dumps(value)
            if "not-a-real-password" in text or "bm90LWEtcmVhbC1rZXk" in text:
                assert name in resource.secret_inputs, f"{resource.kind} {resource.name}: {name} is in plain text"


# Zones.


def test_a_third_zone_changes_no_task_and_no_store_but_the_number_of_subnets() -> None:
    zones = ["ap-northeast-1a", "ap-northeast-1c"]
    two, three = (
        program("dev", network={"zones": zones}),
        program("dev", network={"zones": [*zones, "ap-northeast-1d"]}),
    )
    assert names(two) == names(three)
    changed = {
        resource.name
        for resource, other in zip(_sorted(two), _sorted(three), strict=True)
        if _without_subnets(resource.inputs) != _without_subnets(other.inputs)
    }
    assert changed == {"network", "observability"}, "the dashboard shows each zone's healthy tasks"


def _sorted(made: Record) -> list[Any]:
    return sorted(made.resources, key=lambda resource: resource.urn)


def _without_subnets(inputs: Any) -> Any:
    return json.loads(re.sub(r', "subnet-[a-z]+-ap-northeast-1d"', "", json.dumps(inputs)))
