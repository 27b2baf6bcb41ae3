"""DataStores and what its stores share, under the recorder."""

import json
from typing import Any

import pytest

from components.data_stores import DataStores, DataStoresArgs
from components.data_stores.names import content_version, exported_log_groups, member_ids, promotion_tier, zone_of
from settings.stores import AuroraSpec, DocumentDbSpec, ValkeySpec
from story.plan.recorder import Record, Resource, record
from tests.components.given import stack

ZONES = ("ap-northeast-1a", "ap-northeast-1c")
KEY = "arn:aws:kms:ap-northeast-1:123456789012:key/1"


def stores(
    *,
    aurora: dict[str, Any] | None = None,
    valkey: dict[str, Any] | None = None,
    documentdb: dict[str, Any] | None = None,
    protect: bool = True,
    preview: bool = False,
) -> Record:
    args = DataStoresArgs(
        aurora=AuroraSpec(**(aurora or {})),
        valkey=ValkeySpec(**(valkey or {})),
        documentdb=DocumentDbSpec(**(documentdb or {})),
        vpc_id="vpc-1",
        subnet_ids=["subnet-1", "subnet-2"],
        zones=ZONES,
        stack=stack(protect=protect),
    )
    return record(lambda: DataStores("stores", args), preview=preview)


def secret_content(made: Record, name: str) -> dict[str, str]:
    return json.loads(made.one("SecretVersion", name).inputs["secretStringWo"])


def holders(made: Record) -> list[Resource]:
    """What holds data."""
    return [*made.all("Cluster"), *made.all("ReplicationGroup")]


@pytest.mark.parametrize(
    ("kind", "type_", "parent"),
    [
        ("DataStores", "story:index:DataStores", ""),
        ("Aurora", "story:index:Aurora", "stores"),
        ("Valkey", "story:index:Valkey", "stores"),
        ("DocumentDb", "story:index:DocumentDb", "stores"),
    ],
)
def test_tokens_and_parents_never_change(kind: str, type_: str, parent: str) -> None:
    component = stores().one(kind)
    assert (component.type, component.parent) == (type_, parent), "either replaces every store, with its data"


def test_a_credential_belongs_to_its_store() -> None:
    assert {(made.type, made.name, made.parent) for made in stores().all("Credential")} == {
        ("story:index:Credential", "aurora-user", "aurora"),
        ("story:index:Credential", "valkey-token", "valkey"),
        ("story:index:Credential", "documentdb-user", "documentdb"),
    }, "another token or parent makes a new password"


def test_a_preview_names_the_same_resources_as_an_update() -> None:
    assert {(r.type, r.name) for r in stores(preview=True).resources} == {
        (r.type, r.name) for r in stores().resources
    }, "a resource that only an update makes is one that nobody reviewed"


@pytest.mark.parametrize("store", ["aurora", "valkey", "documentdb"])
def test_a_store_that_is_off_leaves_no_trace(store: str) -> None:
    made = stores(**{store: {"enabled": False}})
    assert [resource.name for resource in made.resources if store in resource.name] == []
    assert made.registered_outputs["stores"]["stores"] == [s for s in ("aurora", "valkey", "documentdb") if s != store]


def test_without_any_store_there_is_only_the_component() -> None:
    off = {"enabled": False}
    assert [r.kind for r in stores(aurora=off, valkey=off, documentdb=off).resources] == ["DataStores"]


@pytest.mark.parametrize("protect", [True, False])
def test_what_holds_data_is_protected_as_the_stack_says(protect: bool) -> None:
    made = stores(protect=protect)
    assert {(resource.name, resource.protect) for resource in holders(made)} == {
        ("aurora", protect),
        ("documentdb", protect),
        ("story-test-valkey", protect),
    }
    assert [cluster.inputs["deletionProtection"] for cluster in made.all("Cluster")] == [protect, protect]


def test_a_store_may_differ_from_the_stack_so_that_one_can_be_switched_off() -> None:
    made = stores(aurora={"protect": False})
    aurora = made.one("aws:rds/cluster:Cluster")
    assert (aurora.protect, aurora.inputs["deletionProtection"]) == (False, False)
    assert made.one("aws:docdb/cluster:Cluster").protect


@pytest.mark.parametrize("protect", [True, False])
def test_the_first_instance_is_protected_too_or_a_refused_deletion_leaves_a_cluster_without_one(protect: bool) -> None:
    made = stores(aurora={"readers": 1}, documentdb={"instances": 2}, protect=protect)
    assert {(instance.name, instance.protect) for instance in made.all("ClusterInstance")} == {
        ("aurora-1", protect),
        ("aurora-2", False),
        ("documentdb-1", protect),
        ("documentdb-2", False),
    }, "the others come and go with the settings"


@pytest.mark.parametrize("protect", [True, False])
def test_secrets_are_protected_too_or_a_refused_deletion_leaves_tasks_that_cannot_start(protect: bool) -> None:
    assert {secret.protect for secret in stores(protect=protect).all("Secret")} == {protect}


def test_nothing_else_is_protected_or_a_new_password_could_not_replace_the_old() -> None:
    protected = {resource.kind for resource in stores().resources if resource.protect}
    assert protected == {"Cluster", "ReplicationGroup", "ClusterInstance", "Secret"}


def test_every_deletion_takes_a_snapshot_under_a_name_of_its_own() -> None:
    made = stores()
    names = [resource.inputs["finalSnapshotIdentifier"] for resource in holders(made)]
    assert sorted(names) == [f"story-test-{store}-final-0123abcd" for store in ("aurora", "documentdb", "valkey")]
    assert [cluster.inputs["skipFinalSnapshot"] for cluster in made.all("Cluster")] == [False, False]


def test_data_and_logs_and_secrets_are_encrypted_with_the_stack_s_key() -> None:
    made = stores()
    kinds = ("Cluster", "ReplicationGroup", "LogGroup", "Secret")
    keys = {(r.kind, r.inputs.get("kmsKeyId")) for kind in kinds for r in made.all(kind)}
    assert keys == {(kind, KEY) for kind in kinds}
    assert [cluster.inputs["storageEncrypted"] for cluster in made.all("Cluster")] == [True, True]


def test_doors_have_no_rule_of_their_own() -> None:
    made = stores()
    groups = made.all("SecurityGroup")
    assert [group.inputs["tags"]["Name"] for group in groups] == [group.name for group in groups]
    assert {group.inputs["description"] for group in groups} == {
        "Who may reach aurora",
        "Who may reach valkey",
        "Who may reach documentdb",
    }
    assert [key for group in groups for key in ("ingress", "egress") if key in group.inputs] == []
    assert [r.name for r in made.resources if "Rule" in r.kind] == [], "an open door that no service asked for"


def test_the_doors_are_handed_on_with_their_ports() -> None:
    found: list[tuple[str, int]] = []

    def build() -> None:
        args = DataStoresArgs(
            aurora=AuroraSpec(port=3307),
            valkey=ValkeySpec(),
            documentdb=DocumentDbSpec(enabled=False),
            vpc_id="vpc-1",
            subnet_ids=["subnet-1", "subnet-2"],
            zones=ZONES,
            stack=stack(),
        )
        found.extend((access.store, access.port) for access in DataStores("stores", args).accesses)

    record(build)
    assert found == [("aurora", 3307), ("valkey", 6379)]


def test_only_addresses_ports_and_arns_are_given_out() -> None:
    given_out = stores().registered_outputs
    database = {"endpoint", "readerEndpoint", "port", "masterSecretArn", "userSecretArn"}
    assert {name: set(outputs) for name, outputs in given_out.items() if outputs} == {
        "stores": {"stores"},
        "aurora": database,
        "documentdb": database,
        "valkey": {"endpoint", "port", "userSecretArn"},
        **{name: {"secretArn", "secretVersion"} for name in ("aurora-user", "documentdb-user", "valkey-token")},
    }


def test_no_password_is_given_out_or_travels_in_clear() -> None:
    made = stores()
    assert "not-a-real-password" not in json.dumps([dict(outputs) for outputs in made.registered_outputs.values()])
    with_password = {
        (resource.name, key): key in resource.secret_inputs
        for resource in made.resources
        for key, value in resource.inputs.items()
        if "not-a-real-password" in json.dumps(value)
    }
    assert with_password == {
        ("aurora-user", "secretStringWo"): True,
        ("documentdb-user", "secretStringWo"): True,
        ("valkey-token", "secretStringWo"): True,
        ("story-test-valkey", "authToken"): True,
    }


def test_a_secret_is_written_and_never_read_back() -> None:
    versions = stores().all("SecretVersion")
    assert [version.name for version in versions if "secretString" in version.inputs] == []


def test_a_database_user_s_secret_has_name_and_password_and_the_token_s_only_the_password() -> None:
    made = stores(aurora={"user": "shop"})
    assert secret_content(made, "aurora-user") == {"username": "shop", "password": "not-a-real-password"}
    assert secret_content(made, "documentdb-user")["username"] == "app"
    assert secret_content(made, "valkey-token") == {"password": "not-a-real-password"}


@pytest.mark.parametrize(
    ("store", "key", "name"),
    [
        ("aurora", "password_version", "aurora-user"),
        ("documentdb", "password_version", "documentdb-user"),
        ("valkey", "token_version", "valkey-token"),
    ],
)
def test_a_higher_version_makes_a_new_password_and_writes_it(store: str, key: str, name: str) -> None:
    old, new = stores(), stores(**{store: {key: 2}})
    assert new.one("RandomPassword", name).inputs["keepers"] != old.one("RandomPassword", name).inputs["keepers"]
    assert (
        new.one("SecretVersion", name).inputs["secretStringWoVersion"]
        != old.one("SecretVersion", name).inputs["secretStringWoVersion"]
    ), "the engine does not compare the value, so the secret would keep the old password"


def test_another_user_name_is_written_too() -> None:
    old, new = stores(), stores(aurora={"user": "shop"})
    numbers = [made.one("SecretVersion", "aurora-user").inputs["secretStringWoVersion"] for made in (old, new)]
    assert numbers[0] != numbers[1]


def test_a_store_that_is_made_again_meets_no_secret_that_waits_for_its_end() -> None:
    secrets = stores().all("Secret")
    assert [secret.inputs["recoveryWindowInDays"] for secret in secrets] == [7, 7, 7]
    assert [secret.name for secret in secrets if "name" in secret.inputs] == []


def test_passwords_are_long_and_need_no_quoting_anywhere() -> None:
    passwords = stores().all("RandomPassword")
    assert {(p.name, p.inputs["length"], p.inputs["special"]) for p in passwords} == {
        ("aurora-user", 40, False),
        ("documentdb-user", 40, False),
        ("valkey-token", 64, False),
    }


def test_exported_logs_are_where_aws_would_put_them() -> None:
    assert exported_log_groups("rds", "shop", ["audit"]) == ["/aws/rds/cluster/shop/audit"]
    assert exported_log_groups("docdb", "shop", ["audit", "profiler"]) == [
        "/aws/docdb/shop/audit",
        "/aws/docdb/shop/profiler",
    ]


def test_members_are_numbered_from_one() -> None:
    assert member_ids("shop", 0) == ["shop-001"]
    assert member_ids("shop", 2) == ["shop-001", "shop-002", "shop-003"]


def test_instances_go_round_the_zones() -> None:
    assert [zone_of(index, ["a", "c"]) for index in range(3)] == ["a", "c", "a"]


def test_the_first_two_instances_take_over_before_the_others() -> None:
    assert [promotion_tier(index) for index in range(4)] == [1, 1, 2, 2]


def test_a_content_version_tells_parts_apart_and_never_changes_by_itself() -> None:
    assert content_version("app", 40, 1) == 613079249, "another number writes every secret anew"
    assert len({content_version("app", 1), content_version("app1"), content_version("app", 11)}) == 3


@pytest.mark.parametrize("spec", [AuroraSpec, DocumentDbSpec])
@pytest.mark.parametrize(
    ("key", "given"), [("user", "storymaster"), ("user", "RDSAdmin"), ("database", "mysql"), ("database", "Admin")]
)
def test_names_of_the_engine_are_refused(spec: type[AuroraSpec | DocumentDbSpec], key: str, given: str) -> None:
    problems = [(finding.key, finding.problem) for finding in spec(**{key: given}).mistakes()]
    assert problems == [(key, f"given {given}, which is reserved by the engine or by AWS; allowed is another name")]


def test_ordinary_names_are_not_refused() -> None:
    assert [*AuroraSpec().mistakes(), *DocumentDbSpec().mistakes()] == []
