"""Agents beside the application, as ECS gets them."""

import json
from typing import Any

import pytest

from components.service.agents import Host, agent_statements, with_agents
from components.service.containers import Container, HealthCheck
from components.service.fargate_task import FargateTask, FargateTaskArgs
from components.wiring import SecretRef
from settings.agents import AgentSpec, AgentsSpec, FluentBitSpec, MackerelSpec, NewRelicSpec, OpenTelemetrySpec
from settings.services import TaskSpec
from story.plan.recorder import Record, record
from tests.components.given import container, context

SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:agent-AbCdEf"
STREAM = "arn:aws:firehose:ap-northeast-1:123456789012:deliverystream/logs"
HOST = Host(project="story", stack="prod", service="web", cpu=1024)
NEW_RELIC = NewRelicSpec(license_key=f"{SECRET}:license")
MACKEREL = MackerelSpec(api_key=SECRET)
TRACES = OpenTelemetrySpec()
LOGS = FluentBitSpec(
    destination={"Name": "http", "Host": "logs.example.com", "tls": "On"},
    secrets={"header": SECRET},
    rights={"firehose:PutRecordBatch": STREAM},
)
ALL = AgentsSpec(new_relic=NEW_RELIC, mackerel=MACKEREL, open_telemetry=TRACES, fluent_bit=LOGS)
NGINX = container("nginx", depends_on={"app": "HEALTHY"}, log_mode="non-blocking")


def task(agents: AgentsSpec, *containers: Container) -> Record:
    def build() -> None:
        beside = with_agents(containers or (container(),), agents.of("web"), HOST)
        args = FargateTaskArgs(spec=TaskSpec(), context=context(), containers=beside)
        FargateTask("web", args)

    return record(build)


def definitions(agents: AgentsSpec, *containers: Container) -> dict[str, dict[str, Any]]:
    found = json.loads(task(agents, *containers).one("TaskDefinition").inputs["containerDefinitions"])
    return {one["name"]: one for one in found}


def agent(agents: AgentsSpec) -> dict[str, Any]:
    (found,) = [one for name, one in definitions(agents).items() if name != "app"]
    return found


def environment(definition: dict[str, Any]) -> dict[str, str]:
    return {one["name"]: one["value"] for one in definition["environment"]}


EACH = [
    AgentsSpec(new_relic=NEW_RELIC),
    AgentsSpec(mackerel=MACKEREL),
    AgentsSpec(open_telemetry=TRACES),
    AgentsSpec(fluent_bit=LOGS),
]


def test_without_agents_nothing_changes() -> None:
    assert definitions(AgentsSpec()) == definitions(AgentsSpec(mackerel=MACKEREL.model_copy(update={"services": ()})))
    assert "cpu" not in definitions(AgentsSpec())["app"]


@pytest.mark.parametrize("agents", EACH)
def test_an_agent_may_die_alone(agents: AgentsSpec) -> None:
    assert agent(agents)["essential"] is False
    assert definitions(agents)["app"]["essential"] is True


@pytest.mark.parametrize("agents", EACH)
def test_an_agent_has_limits_and_a_check(agents: AgentsSpec) -> None:
    (spec,) = agents.all.values()
    found = agent(agents)
    assert (found["cpu"], found["memory"], found["image"]) == (spec.cpu, spec.memory_mib, spec.image)
    assert found["healthCheck"]["command"][0] in ("CMD", "CMD-SHELL")


@pytest.mark.parametrize("agents", EACH)
def test_what_an_agent_says_of_itself_is_in_cloudwatch_logs(agents: AgentsSpec) -> None:
    assert agent(agents)["logConfiguration"]["options"]["awslogs-group"] == "/story/test/web"


def test_the_application_stops_before_its_agents_and_does_not_wait_for_their_health() -> None:
    made = definitions(ALL, container(), NGINX)
    names = {"newrelic-infra", "mackerel-container-agent", "otel-collector", "log-router"}
    started = [{"containerName": name, "condition": "START"} for name in sorted(names)]
    assert made["app"]["dependsOn"] == started
    assert made["nginx"]["dependsOn"] == [{"containerName": "app", "condition": "HEALTHY"}, *started]
    assert all("dependsOn" not in made[name] for name in names)


def test_the_application_keeps_the_cpu_that_agents_leave() -> None:
    made = definitions(AgentsSpec(new_relic=NEW_RELIC))
    assert made["app"]["cpu"] == 1024 - 256, "without a share of its own it would starve beside an agent with one"


def test_nginx_gets_a_quarter_of_what_is_left() -> None:
    made = definitions(AgentsSpec(new_relic=NEW_RELIC), container(), NGINX)
    assert (made["app"]["cpu"], made["nginx"]["cpu"]) == (576, 192)


def test_keys_come_from_secrets_manager_and_ecs_may_read_them() -> None:
    made = definitions(ALL)
    assert made["newrelic-infra"]["secrets"] == [{"name": "NRIA_LICENSE_KEY", "valueFrom": f"{SECRET}:license::"}]
    assert made["mackerel-container-agent"]["secrets"] == [{"name": "MACKEREL_APIKEY", "valueFrom": SECRET}]
    policy = json.loads(task(ALL).one("RolePolicy", "story-test-web-execution").inputs["policy"])
    readable = [it["Resource"] for it in policy["Statement"] if it["Action"] == ["secretsmanager:GetSecretValue"]]
    assert readable == [[SECRET]]


def test_new_relic_knows_the_stack_and_the_service() -> None:
    given = environment(agent(AgentsSpec(new_relic=NEW_RELIC)))
    attributes = {"service": "web", "stack": "prod", "task": "story-prod-web"}
    assert json.loads(given["NRIA_CUSTOM_ATTRIBUTES"]) == attributes
    assert (given["FARGATE"], given["NRIA_IS_FORWARD_ONLY"], given["NRIA_OVERRIDE_HOST_ROOT"]) == ("true", "true", "")


def test_mackerel_gets_a_role_for_each_service_of_the_stack() -> None:
    given = environment(agent(AgentsSpec(mackerel=MACKEREL)))
    assert (given["MACKEREL_CONTAINER_PLATFORM"], given["MACKEREL_ROLES"]) == ("ecs", "story-prod:web")
    assert given["MACKEREL_HOST_ID_STORE"] == "memory", "its root is read-only"


def test_the_application_sends_traces_to_the_collector_beside_it() -> None:
    given = environment(definitions(AgentsSpec(open_telemetry=TRACES))["app"])
    assert given["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://localhost:4318"
    assert (given["OTEL_SERVICE_NAME"], given["OTEL_TRACES_EXPORTER"]) == ("story-prod-web", "otlp")


def test_the_applications_own_settings_of_traces_win() -> None:
    app = container(environment={"OTEL_SERVICE_NAME": "press"})
    assert environment(definitions(AgentsSpec(open_telemetry=TRACES), app)["app"])["OTEL_SERVICE_NAME"] == "press"


def test_nginx_sends_no_traces() -> None:
    made = definitions(AgentsSpec(open_telemetry=TRACES), container(), NGINX)
    assert environment(made["nginx"]) == {}


def test_the_collector_listens_where_the_application_sends() -> None:
    config = json.loads(environment(agent(AgentsSpec(open_telemetry=TRACES)))["AOT_CONFIG_CONTENT"])
    assert config["receivers"]["otlp"]["protocols"]["http"]["endpoint"] == "localhost:4318"
    assert set(config["service"]["pipelines"]["traces"]["exporters"]) == set(config["exporters"]) == {"awsxray"}


def test_a_configuration_of_ones_own_is_taken_as_it_is() -> None:
    spec = OpenTelemetrySpec(config="exporters: {otlp: {}}", secrets={"TOKEN": SECRET})
    found = agent(AgentsSpec(open_telemetry=spec))
    assert environment(found) == {"AOT_CONFIG_CONTENT": "exporters: {otlp: {}}"}
    assert found["secrets"] == [{"name": "TOKEN", "valueFrom": SECRET}]


def test_logs_go_to_the_destination_and_its_secrets_stay_secret() -> None:
    made = definitions(AgentsSpec(fluent_bit=LOGS), container(), NGINX)
    for name in ("app", "nginx"):
        assert made[name]["logConfiguration"] == {
            "logDriver": "awsfirelens",
            "options": {"Host": "logs.example.com", "Name": "http", "tls": "On"},
            "secretOptions": [{"name": "header", "valueFrom": SECRET}],
        }
    assert made["log-router"]["firelensConfiguration"]["type"] == "fluentbit"


def test_ecs_may_read_the_secrets_of_a_destination() -> None:
    policy = json.loads(
        task(AgentsSpec(fluent_bit=LOGS)).one("RolePolicy", "story-test-web-execution").inputs["policy"]
    )
    assert any(it["Resource"] == [SECRET] for it in policy["Statement"])


def test_containers_are_sorted_with_their_agents() -> None:
    made = json.loads(task(ALL, container(), NGINX).one("TaskDefinition").inputs["containerDefinitions"])
    names = [one["name"] for one in made]
    assert names == sorted(names), "ECS would give another order back, and every update would replace the definition"


def actions(*agents: AgentSpec) -> list[tuple[Any, Any]]:
    found = agent_statements({str(number): one for number, one in enumerate(agents)})
    return [(it["Action"], it["Resource"]) for it in found]


def test_a_task_may_do_for_its_agents_what_they_need_and_no_more() -> None:
    assert actions(NEW_RELIC, MACKEREL) == []
    assert actions(LOGS) == [(["firehose:PutRecordBatch"], [STREAM])]
    ((allowed, resources),) = actions(TRACES)
    assert resources == ["*"]
    assert all(action.startswith("xray:") and not action.endswith("*") for action in allowed)


def test_with_a_configuration_of_ones_own_only_the_rights_that_it_names_are_given() -> None:
    own = OpenTelemetrySpec(config="x: y", rights={"aps:RemoteWrite": "arn:aws:aps:eu-west-1:123456789012:workspace/a"})
    assert [it[0] for it in actions(own)] == [["aps:RemoteWrite"]]


def test_a_secret_of_the_applications_own_is_left_alone() -> None:
    app = container(secrets={"A": SecretRef(arn=SECRET)}, health_check=HealthCheck(command=["CMD", "true"]))
    assert definitions(AgentsSpec(mackerel=MACKEREL), app)["app"]["secrets"] == [{"name": "A", "valueFrom": SECRET}]
