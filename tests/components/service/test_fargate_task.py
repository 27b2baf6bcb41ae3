"""FargateTask and its container definitions, under the recorder."""

import json
from typing import Any

import pulumi_aws as aws
import pytest

from components.iam import allow
from components.service.containers import Container, HealthCheck
from components.service.fargate_task import FargateTask, FargateTaskArgs
from components.wiring import SecretRef
from settings.services import TaskSpec
from settings.site import Architecture
from story.plan.recorder import Record, record
from tests.components.given import IMAGE, KEY, container, context, store

SECRET = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-AbCdEf"


def task(preview: bool = False, **changes: Any) -> Record:
    def build() -> None:
        around = changes.pop("context", {})
        given: dict[str, Any] = {
            "spec": TaskSpec(),
            "context": context(**around),
            "containers": [container()],
        }
        FargateTask("web", FargateTaskArgs(**{**given, **changes}))

    return record(build, preview=preview)


def definition(**changes: Any) -> dict[str, Any]:
    return definitions(container(**changes))[0]


def definitions(*containers: Container) -> list[dict[str, Any]]:
    return json.loads(task(containers=containers).one("TaskDefinition").inputs["containerDefinitions"])


def statements(made: Record, name: str) -> list[dict[str, Any]]:
    return json.loads(made.one("RolePolicy", f"story-test-{name}").inputs["policy"])["Statement"]


def test_the_token_never_changes() -> None:
    assert task().one("FargateTask").type == "story:index:FargateTask"


def test_every_child_belongs_to_the_task() -> None:
    assert {resource.parent for resource in task().resources if resource.custom} == {"web"}


def test_a_preview_shows_the_same_resources_as_the_update() -> None:
    seen, made = ({(r.type, r.name) for r in task(preview=p, stores=[store()]).resources} for p in (True, False))
    assert seen == made


def test_size_processor_and_network_are_said() -> None:
    made = task(spec=TaskSpec(cpu=1024, memory_mib=4096), context={"architecture": Architecture.X86_64}).one(
        "TaskDefinition"
    )
    assert (made.inputs["cpu"], made.inputs["memory"], made.inputs["networkMode"]) == ("1024", "4096", "awsvpc")
    assert made.inputs["runtimePlatform"] == {"operatingSystemFamily": "LINUX", "cpuArchitecture": "X86_64"}
    assert made.inputs["requiresCompatibilities"] == ["FARGATE"]


def test_graviton_is_named_as_ecs_names_it() -> None:
    assert task().one("TaskDefinition").inputs["runtimePlatform"]["cpuArchitecture"] == "ARM64"


def test_more_disk_is_asked_for_only_where_the_settings_do() -> None:
    assert "ephemeralStorage" not in task().one("TaskDefinition").inputs
    made = task(spec=TaskSpec(ephemeral_storage_gib=50)).one("TaskDefinition")
    assert made.inputs["ephemeralStorage"] == {"sizeInGib": 50}


def test_old_revisions_are_kept_or_ecs_has_nothing_to_go_back_to() -> None:
    assert task().one("TaskDefinition").inputs["skipDestroy"] is True


def test_the_task_definition_waits_for_the_steps_before_it() -> None:
    def build() -> None:
        step = aws.sns.Topic("step")
        given = FargateTaskArgs(spec=TaskSpec(), context=context(), containers=[container()], after=[step])
        FargateTask("web", given)

    made = record(build)
    assert "Topic step" in made.one("TaskDefinition").depends_on
    assert "Topic step" not in made.one("Role", "story-test-web-task").depends_on, "only the revision has to wait"


def test_a_definition_has_the_form_in_which_ecs_gives_it_back() -> None:
    made = definition()
    assert {name: made[name] for name in ("environment", "mountPoints", "portMappings", "secrets")} == {
        "environment": [],
        "mountPoints": [],
        "portMappings": [],
        "secrets": [],
    }
    assert (made["volumesFrom"], made["systemControls"]) == ([], [])


def test_containers_environment_and_secrets_are_sorted_so_that_order_never_makes_a_new_revision() -> None:
    made = definitions(
        container("nginx"),
        container(
            "app",
            environment={"B": "2", "A": "1"},
            secrets={"Z": SecretRef(arn=SECRET), "Y": SecretRef(arn=SECRET, key="password", version="v1")},
        ),
    )
    assert [found["name"] for found in made] == ["app", "nginx"]
    assert made[0]["environment"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    assert made[0]["secrets"] == [
        {"name": "Y", "valueFrom": f"{SECRET}:password::v1"},
        {"name": "Z", "valueFrom": SECRET},
    ]


def test_the_host_port_is_the_container_port() -> None:
    assert definition(port=8080)["portMappings"] == [{"containerPort": 8080, "hostPort": 8080, "protocol": "tcp"}]


@pytest.mark.parametrize(("mode", "buffer"), [("blocking", {}), ("non-blocking", {"max-buffer-size": "25m"})])
def test_the_log_mode_is_always_said(mode: Any, buffer: dict[str, str]) -> None:
    made = definition(log_mode=mode)["logConfiguration"]
    assert made["logDriver"] == "awslogs"
    assert made["options"] == {
        "awslogs-group": "/story/test/web",
        "awslogs-region": "ap-northeast-1",
        "awslogs-stream-prefix": "web",
        "mode": mode,
        **buffer,
    }


def test_an_init_process_collects_what_shell_sessions_leave_behind() -> None:
    assert definition()["linuxParameters"] == {"initProcessEnabled": True}


def test_containers_run_as_a_user_without_privileges() -> None:
    made = definition(user="app")
    assert made["user"] == "app"
    assert "privileged" not in made


def test_a_read_only_root_comes_with_a_volume_for_temporary_files() -> None:
    made = task(containers=[container(readonly_root_filesystem=True)]).one("TaskDefinition").inputs
    found = json.loads(made["containerDefinitions"])[0]
    assert found["readonlyRootFilesystem"] is True
    assert found["mountPoints"] == [{"sourceVolume": "tmp", "containerPath": "/tmp", "readOnly": False}]
    assert [volume["name"] for volume in made["volumes"]] == ["tmp"]
    assert "volumes" not in task().one("TaskDefinition").inputs


def test_order_health_and_stop_timeout_are_passed_on() -> None:
    made = definition(
        depends_on={"app": "HEALTHY"}, health_check=HealthCheck(command=["CMD", "true"]), stop_timeout_seconds=90
    )
    assert made["dependsOn"] == [{"containerName": "app", "condition": "HEALTHY"}]
    assert made["healthCheck"]["command"] == ["CMD", "true"]
    assert made["stopTimeout"] == 90


def test_logs_are_encrypted_and_kept_for_a_limited_time() -> None:
    group = task(spec=TaskSpec(log_retention_days=90)).one("LogGroup").inputs
    assert (group["name"], group["retentionInDays"], group["kmsKeyId"]) == ("/story/test/web", 90, KEY)


def test_a_task_opens_each_store_for_its_own_group_and_nothing_else() -> None:
    made = task(stores=[store("aurora", 3306), store("valkey", 6379)])
    rules = {rule.name: rule.inputs for rule in made.all("SecurityGroupIngressRule")}
    assert set(rules) == {"web-to-aurora", "web-to-valkey"}
    assert rules["web-to-aurora"]["securityGroupId"] == "sg-aurora"
    assert rules["web-to-aurora"]["referencedSecurityGroupId"] == "web-id"
    assert (rules["web-to-aurora"]["fromPort"], rules["web-to-aurora"]["toPort"]) == (3306, 3306)


def test_a_task_that_needs_no_internet_reaches_https_and_its_stores_alone() -> None:
    rules = {rule.name: rule.inputs for rule in task(stores=[store()]).all("SecurityGroupEgressRule")}
    assert set(rules) == {"web-out", "web-to-aurora"}
    assert (rules["web-out"]["ipProtocol"], rules["web-out"]["toPort"]) == ("tcp", 443)
    assert rules["web-to-aurora"]["referencedSecurityGroupId"] == "sg-aurora"


def test_a_task_of_the_site_may_call_any_address() -> None:
    rule = task(internet=True, stores=[store()]).one("SecurityGroupEgressRule").inputs
    assert (rule["ipProtocol"], rule["cidrIpv4"]) == ("-1", "0.0.0.0/0")


def test_roles_are_taken_on_by_tasks_of_this_account_and_region_alone() -> None:
    for role in task().all("Role"):
        trust = json.loads(role.inputs["assumeRolePolicy"])["Statement"][0]
        assert trust["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": "123456789012"}
        assert trust["Condition"]["ArnLike"] == {"aws:SourceArn": "arn:aws:ecs:ap-northeast-1:123456789012:*"}


def test_role_names_begin_with_the_stack_so_that_a_deployer_can_be_limited_to_them() -> None:
    made = task(task_statements=[allow(["s3:ListBucket"], ["arn:aws:s3:::b"])])
    assert all(found.name.startswith("story-test-") for found in [*made.all("Role"), *made.all("RolePolicy")])


def test_secrets_are_read_by_ecs_and_never_by_the_code() -> None:
    made = task(
        containers=[container(secrets={"DB_PASSWORD": SecretRef(arn=SECRET, key="password")})],
        task_statements=[allow(["s3:ListBucket"], ["arn:aws:s3:::b"])],
    )
    execution = [action for found in statements(made, "web-execution") for action in found["Action"]]
    code = [action for found in statements(made, "web-task") for action in found["Action"]]
    assert "secretsmanager:GetSecretValue" in execution
    assert code == ["s3:ListBucket"]


def test_code_that_may_do_nothing_has_a_role_without_a_policy() -> None:
    assert [policy.name for policy in task().all("RolePolicy")] == ["story-test-web-execution"]


def test_the_image_is_pulled_from_its_own_repository_alone() -> None:
    pulls = [found for found in statements(task(), "web-execution") if "ecr:BatchGetImage" in found["Action"]]
    repository = IMAGE.split("/", 1)[1].split("@")[0]
    assert pulls[0]["Resource"] == [f"arn:aws:ecr:ap-northeast-1:123456789012:repository/{repository}"]


def test_the_revision_and_the_group_are_given_out() -> None:
    assert set(task().registered_outputs["web"]) == {"taskDefinitionArn", "securityGroupId"}
