"""What must be there before what, and the numbers that no setting changes, in the whole program.

An order that no input shows is easily lost in an edit, and is missed in an account only: AWS refuses, or makes the
thing itself.
"""

from typing import Any

import pytest

from story.plan.recorder import Resource
from tests.program.given import containers, program

PROD = "prod"


def one(kind: str, name: str, stack: str = PROD) -> Resource:
    return program(stack).one(kind, name)


def inputs(kind: str, name: str, stack: str = PROD) -> Any:
    return one(kind, name, stack).inputs


EXECUTION = "RolePolicy story-prod-{}-execution"
TASK = "RolePolicy story-prod-{}-task"
STORES = ["ClusterInstance aurora-1", "ClusterInstance documentdb-1", "ReplicationGroup story-prod-valkey"]
CLUSTER = ["ClusterCapacityProviders cluster"]
RULES = [f"SecurityGroupIngressRule {{}}-to-{store}" for store in ("aurora", "documentdb", "valkey")]


def needed(task: str) -> list[str]:
    """What each of a task's containers needs to start: ECS finds out only then, and the task fails."""
    rules = RULES[:2] if task == "users" else RULES
    own = [f"LogGroup {task}", EXECUTION.format(task), *(rule.format(task) for rule in rules)]
    return [*own, *CLUSTER, *([] if task == "users" else [TASK.format(task)])]


ORDER: list[tuple[str, str, list[str], str]] = [
    ("FlowLog", "network", ["RolePolicy story-prod-flow-logs"], "its first records would be refused"),
    ("aws:ecs/cluster:Cluster", "cluster", ["LogGroup cluster-insights"], "ECS would make it, to keep for ever"),
    (
        "aws:rds/cluster:Cluster",
        "aurora",
        [f"LogGroup /aws/rds/cluster/story-prod-aurora/{log}" for log in ("audit", "error", "slowquery")],
        "RDS would make them, to keep for ever",
    ),
    (
        "aws:docdb/cluster:Cluster",
        "documentdb",
        [f"LogGroup /aws/docdb/story-prod-documentdb/{log}" for log in ("audit", "profiler")],
        "DocumentDB would make them, to keep for ever",
    ),
    (
        "aws:rds/clusterInstance:ClusterInstance",
        "aurora-2",
        ["RolePolicyAttachment story-prod-aurora-monitoring"],
        "RDS tries the role when it makes the instance",
    ),
    ("LoadBalancer", "ingress", ["BucketPolicy ingress-logs"], "it tries to write to the bucket when it is made"),
    ("aws:route53/record:Record", "ingress-alias", ["Listener ingress-https"], "visitors would find a closed door"),
    ("Listener", "ingress-https", ["CertificateValidation ingress"], "ELB takes no certificate that is not issued"),
    ("Listener", "ingress-http", ["Listener ingress-https"], "it sends visitors there"),
    ("BucketLifecycleConfiguration", "uploads", ["BucketVersioning uploads"], "a rule is about older versions"),
    *(
        (
            "BucketPolicy",
            bucket,
            [f"BucketOwnershipControls {bucket}", f"BucketPublicAccessBlock {bucket}"],
            "S3 refuses two changes of a bucket at once",
        )
        for bucket in ("uploads", "ingress-logs")
    ),
    *(
        (
            "EventTarget",
            f"observability-events-{rule}",
            ["LogResourcePolicy observability-events"],
            "the first events would be refused",
        )
        for rule in ("deployments", "failed-tasks", "out-of-memory", "exec")
    ),
    ("RandomUuid", "users", [*needed("users"), *STORES[:2]], "it starts a task"),
    ("RandomUuid", "migration", ["RandomUuid users", *needed("migration"), *STORES], "it starts a task"),
    *(
        ("TaskDefinition", name, ["RandomUuid migration"], "no service may run before the migration")
        for name in ("scheduler", "worker-default", "worker-mail")
    ),
    (
        "TaskDefinition",
        "web",
        ["RandomUuid migration", *(f"RandomUuid rollout-{name}" for name in ("scheduler", "worker-default"))],
        "an image that cannot start is found out before a visitor sees it",
    ),
    *(("Service", name, needed(name), "its first tasks would fail") for name in ("scheduler", "worker-default", "web")),
    ("Service", "web", ["ListenerRule web"], "ECS takes no target group without a load balancer"),
    *(
        ("RandomUuid", f"rollout-{name}", [f"Service {name}"], "it follows the service's deployment")
        for name in ("scheduler", "worker-default", "web")
    ),
]


@pytest.mark.parametrize(("kind", "name", "before", "why"), ORDER, ids=[f"{row[0]} {row[1]}" for row in ORDER])
def test_a_resource_waits_for_what_it_needs(kind: str, name: str, before: list[str], why: str) -> None:
    missing = sorted(set(before) - set(one(kind, name).depends_on))
    assert missing == [], why


def test_alarms_on_missing_data_wait_for_the_tasks_that_give_the_data() -> None:
    breaching = [alarm for alarm in program(PROD).all("MetricAlarm") if alarm.inputs["treatMissingData"] == "breaching"]
    without = [alarm.name for alarm in breaching if not any("Uuid rollout" in one for one in alarm.depends_on)]
    assert len(breaching) >= 3
    assert without == [], "they would ring during the first update"


@pytest.mark.parametrize(
    ("task", "seconds"),
    [("users", 120), ("migration", 120), ("worker-default", 120), ("scheduler", 120), ("web", 30)],
)
def test_what_a_stop_may_cut_in_two_has_all_the_time_that_fargate_gives(task: str, seconds: int) -> None:
    """docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html (stopTimeout)"""
    assert containers(program(PROD), task)["app"]["stopTimeout"] == seconds


@pytest.mark.parametrize("task", ["users", "migration"])
def test_no_line_of_a_one_off_task_is_dropped(task: str) -> None:
    assert containers(program(PROD), task)["app"]["logConfiguration"]["options"]["mode"] == "blocking"


def test_a_target_leaves_after_three_failed_checks_and_comes_back_after_two_good_ones() -> None:
    check = inputs("TargetGroup", "web")["healthCheck"]
    assert (check["unhealthyThreshold"], check["healthyThreshold"], check["matcher"]) == (3, 2, "200")


@pytest.mark.parametrize(
    ("service", "least", "most", "rebalancing"),
    [("web", 100, 200, "ENABLED"), ("worker-default", 100, 200, "ENABLED"), ("scheduler", 0, 100, "DISABLED")],
)
def test_a_deployment_keeps_the_tasks_that_it_must_and_never_runs_two_schedulers(
    service: str, least: int, most: int, rebalancing: str
) -> None:
    made = inputs("Service", service)
    assert (made["deploymentMinimumHealthyPercent"], made["deploymentMaximumPercent"]) == (least, most)
    assert made["availabilityZoneRebalancing"] == rebalancing


@pytest.mark.parametrize("service", ["scheduler", "worker-default"])
def test_a_deployment_whose_tasks_fail_is_rolled_back_by_ecs(service: str) -> None:
    made = inputs("Service", service)
    assert made["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert made["waitForSteadyState"] is False, "its own step follows it, and says why it failed"
    assert made["forceNewDeployment"] is True


def test_a_deployment_of_web_is_rolled_back_by_its_alarm_too() -> None:
    made = inputs("Service", "web")
    assert (made["alarms"]["enable"], made["alarms"]["rollback"]) == (True, True)
    assert made["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}


def test_no_service_and_no_one_off_task_has_a_public_address() -> None:
    services = program(PROD).all("aws:ecs/service:Service")
    assert {one.inputs["networkConfiguration"]["assignPublicIp"] for one in services} == {False}


@pytest.mark.parametrize("task", ["users", "migration", "web", "scheduler", "worker-default"])
def test_revisions_stay_so_that_ecs_can_go_back_to_one(task: str) -> None:
    assert inputs("TaskDefinition", task)["skipDestroy"] is True


@pytest.mark.parametrize(
    ("kind", "name", "wanted"),
    [
        (
            "aws:rds/cluster:Cluster",
            "aurora",
            {
                "storageEncrypted": True,
                "skipFinalSnapshot": False,
                "copyTagsToSnapshot": True,
                "deletionProtection": True,
                "manageMasterUserPassword": True,
                "iamDatabaseAuthenticationEnabled": True,
            },
        ),
        ("aws:rds/clusterInstance:ClusterInstance", "aurora-1", {"publiclyAccessible": False}),
        (
            "aws:docdb/cluster:Cluster",
            "documentdb",
            {
                "storageEncrypted": True,
                "skipFinalSnapshot": False,
                "deletionProtection": True,
                "manageMasterUserPassword": True,
            },
        ),
        (
            "ReplicationGroup",
            "story-prod-valkey",
            {"atRestEncryptionEnabled": True, "transitEncryptionEnabled": True, "transitEncryptionMode": "required"},
        ),
        ("aws:kms/key:Key", "encryption", {"enableKeyRotation": True, "deletionWindowInDays": 30}),
        ("LoadBalancer", "ingress", {"internal": False, "dropInvalidHeaderFields": True}),
    ],
)
def test_what_holds_data_or_lets_it_in_is_closed_encrypted_and_leaves_a_snapshot(
    kind: str, name: str, wanted: dict[str, Any]
) -> None:
    made = inputs(kind, name)
    assert {key: made.get(key) for key in wanted} == wanted


@pytest.mark.parametrize("bucket", ["uploads", "ingress-logs"])
def test_a_bucket_is_closed_to_the_public_in_all_four_ways(bucket: str) -> None:
    made = inputs("BucketPublicAccessBlock", bucket)
    ways = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    assert [made[way] for way in ways] == [True] * 4


@pytest.mark.parametrize("bucket", ["uploads", "ingress-logs"])
def test_uploads_that_were_never_finished_go_after_a_week(bucket: str) -> None:
    rules = inputs("BucketLifecycleConfiguration", bucket)["rules"]
    aborting = [rule["abortIncompleteMultipartUpload"] for rule in rules if "abortIncompleteMultipartUpload" in rule]
    assert [one["daysAfterInitiation"] for one in aborting] == [7]


@pytest.mark.parametrize(("name", "length"), [("aurora-user", 40), ("documentdb-user", 40), ("valkey-token", 64)])
def test_passwords_are_long_and_have_no_letter_that_an_address_would_need_to_escape(name: str, length: int) -> None:
    made = inputs("RandomPassword", name)
    assert (made["length"], made["special"]) == (length, False)
    assert [made[least] for least in ("minLower", "minUpper", "minNumeric")] == [1, 1, 1]


def test_the_applications_key_has_the_32_bytes_of_laravels_cipher() -> None:
    """laravel.com/docs/encryption: AES-256-CBC"""
    assert inputs("RandomBytes", "app-key")["length"] == 32


@pytest.mark.parametrize("secret", ["story-prod-aurora-user", "story-prod-documentdb-user", "story-prod-valkey-token"])
def test_a_deleted_secret_can_be_restored_for_a_week(secret: str) -> None:
    assert inputs("Secret", secret)["recoveryWindowInDays"] == 7
