"""Settings: reading all keys of a stack, and the rules that join several parts of it."""

import json
from typing import Any

import jsonschema
import pulumi
import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from settings import read
from settings.project import PROJECT as PREFIX
from settings.services import WorkerSpec
from settings.stack import Settings, Stack, stack_of
from story.docs.schema import stack_file_schema
from story.plan.recorder import record
from story.plan.stack_file import read_stack_file
from tests.paths import PROJECT

DIGEST = "@sha256:" + "0" * 64
ECR = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/app" + DIGEST


def config(**keys: Any) -> dict[str, str]:
    """Config as the engine hands it over: texts as they are, everything else as JSON."""
    values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in keys.items()}
    return {"aws:region": "ap-northeast-1", **{f"story:{key}": value for key, value in values.items()}}


def stack(*, name: str = "dev", image: str | None = None, **keys: Any) -> Stack:
    return stack_of(name=name, config=config(**keys), image_given=image)


def mistakes(*, name: str = "dev", image: str | None = None, **keys: Any) -> list[str]:
    with pytest.raises(pulumi.RunError) as raised:
        stack(name=name, image=image, **keys)
    return str(raised.value).splitlines()


def schema() -> Any:
    return json.loads((PROJECT / "settings.schema.json").read_text("utf-8"))


def test_a_region_is_all_that_a_stack_needs() -> None:
    read_one = stack()
    assert (read_one.region, read_one.image_given) == ("ap-northeast-1", None)
    assert read_one.settings == Settings(network=read_one.settings.network)


def test_one_worker_and_protection_are_the_default() -> None:
    assert Settings().workers == {"default": WorkerSpec()}
    assert Settings().protect


@pytest.mark.parametrize(
    ("region", "zones"),
    [
        ("ap-northeast-1", ("ap-northeast-1a", "ap-northeast-1c")),
        ("eu-west-1", ("eu-west-1a", "eu-west-1b")),
        ("us-gov-west-1", ("us-gov-west-1a", "us-gov-west-1b")),
    ],
)
def test_two_zones_of_the_region_are_the_default(region: str, zones: tuple[str, ...]) -> None:
    read_one = stack_of(name="dev", config={"aws:region": region, "story:network": '{"cidr": "10.9.0.0/16"}'})
    assert (read_one.settings.network.zones, read_one.settings.network.cidr) == (zones, "10.9.0.0/16")


def test_no_workers_is_not_the_default_worker() -> None:
    assert stack(workers={}).settings.workers == {}


def test_workers_that_are_off_are_no_services() -> None:
    workers = {"mail": {"enabled": False}, "default": {}, "audio": {}}
    assert [name for name, _ in stack(workers=workers).settings.enabled_workers] == ["audio", "default"]


def test_a_part_may_differ_from_the_stack_s_protection() -> None:
    site = stack(uploads={"protect": False}).settings
    assert (site.protects(site.uploads), site.protects(site.ingress)) == (False, True)


@pytest.mark.parametrize("region", ["tokyo", "ap-northeast", "ap-northeast-1a", "AP-NORTHEAST-1"])
def test_a_region_is_known_by_its_form(region: str) -> None:
    with pytest.raises(pulumi.RunError, match=f'^aws:region: given "{region}"; allowed is a region such as'):
        stack_of(name="dev", config={"aws:region": region})


def test_a_missing_region_is_the_only_mistake_of_an_empty_file() -> None:
    with pytest.raises(pulumi.RunError) as raised:
        stack_of(name="dev", config={})
    assert str(raised.value) == "aws:region: not given; allowed is a region such as ap-northeast-1"


@pytest.mark.parametrize("name", ["dev", "prod-2", "a", "a23456789-123456"])
def test_names_of_stacks_that_aws_takes(name: str) -> None:
    assert stack(name=name).name == name


@pytest.mark.parametrize("name", ["Dev", "1dev", "dev_1", "dev-", "a" * 17, "開発"])
def test_names_of_stacks_that_aws_would_refuse_somewhere(name: str) -> None:
    assert mistakes(name=name) == [
        f'stack: given "{name}"; allowed is a name of a-z, 0-9 and - that begins with a letter, '
        "of at most 16 characters, because AWS's names are made with it"
    ]


def test_all_mistakes_come_at_once_in_the_order_of_the_settings() -> None:
    found = mistakes(
        name="Dev", image="app", web={"cpu": 300}, protect="no", valkey=[], ingress={"domain": "www.example.com"}
    )
    assert [line.split(": ")[0] for line in found] == [
        "stack",
        "STORY_IMAGE",
        "story:protect",
        "story:valkey",
        "story:web.cpu",
        "story:ingress.zone_id",
    ]


def test_a_wrong_value_causes_no_second_line_in_a_rule_that_reads_it() -> None:
    assert mistakes(web={"cpu": 300, "memory_mib": 9999}) == [
        "story:web.cpu: given 300; Fargate offers 256, 512, 1024, 2048, 4096, 8192, 16384"
    ]


def test_a_wrong_value_elsewhere_causes_no_second_line_either() -> None:
    assert len(mistakes(application={"queue_retry_after_seconds": "x"}, workers={"a": {"timeout_seconds": 91}})) == 1
    assert len(mistakes(cluster={"exec": "x"}, web={"readonly_root_filesystem": True})) == 1


def test_a_misspelt_key_causes_no_second_line_about_the_key_that_was_meant() -> None:
    assert mistakes(web={"cpu": 1024, "memory_mb": 2048}) == [
        "story:web.memory_mb: unknown key; did you mean memory_mib?"
    ]


def test_a_misspelt_top_level_key_is_named_with_the_one_that_was_meant() -> None:
    assert mistakes(worker={}) == ["story:worker: unknown key; did you mean workers?"]


def test_a_key_like_none_of_ours_gets_the_list() -> None:
    assert mistakes(xyz="1")[0].startswith("story:xyz: unknown key; allowed are protect, permissions, application, ")


def test_keys_of_others_are_left_alone() -> None:
    others = {"aws:maxRetries": "2", "pulumi:autonaming": "{}", "other:story": "x"}
    assert stack_of(name="dev", config={**config(), **others}).settings.protect


@pytest.mark.parametrize("text", ["", "null"])
def test_a_key_without_a_value_is_a_mistake_and_says_what_to_do(text: str) -> None:
    assert mistakes(web=text) == [
        "story:web: given nothing; allowed is a map of keys and values; without the key, defaults apply"
    ]


def test_an_encrypted_value_is_refused_unread() -> None:
    with pytest.raises(pulumi.RunError) as raised:
        stack_of(
            name="dev",
            config=config(web={"environment": {"NAME": "hush"}, "cpu": "hush"}, typo="hush"),
            secret_keys={"story:web", "story:typo"},
        )
    assert "hush" not in str(raised.value)
    assert str(raised.value).splitlines() == [
        f"story:{key}: holds an encrypted value (secure:); put it in Secrets Manager and its ARN in application.secrets"
        for key in ("typo", "web")
    ]


def test_what_may_be_a_secret_is_never_repeated() -> None:
    found = mistakes(
        application={"secrets": {"KEY": "hush"}, "environment": {"API_TOKEN": "hush", "1": "hush"}},
        web={"environment": "hush"},
    )
    assert len(found) == 4
    assert "hush" not in "\n".join(found)


def test_an_image_is_passed_on() -> None:
    assert stack(image=ECR).image_given == ECR


def test_an_empty_image_is_not_taken_for_none() -> None:
    assert mistakes(image="") == [
        "STORY_IMAGE: given nothing; allowed is <registry>/<repository>@sha256:<64 hexadecimal digits>, "
        "or no variable to keep the running image"
    ]


@pytest.mark.parametrize("zone", ["us-east-1a", "ap-northeast-1", "ap-northeast-1-wl1-nrt-wlz-1"])
def test_zones_belong_to_the_region(zone: str) -> None:
    assert mistakes(network={"zones": [zone, "ap-northeast-1c"]}) == [
        f"story:network.zones: given {zone}; allowed are zones of ap-northeast-1, such as ap-northeast-1a"
    ]


def test_a_job_must_end_before_it_is_given_to_another_worker() -> None:
    assert mistakes(workers={"mail": {"timeout_seconds": 90}}) == [
        "story:workers.mail.timeout_seconds: given 90; allowed is less than "
        "application.queue_retry_after_seconds, 90, otherwise a job runs twice"
    ]
    assert stack(workers={"mail": {"timeout_seconds": 89}}).settings


@pytest.mark.parametrize("keys", [{"web": {}}, {"scheduler": {}}, {"workers": {"mail": {}}}])
def test_a_read_only_root_and_ecs_exec_exclude_each_other(keys: dict[str, Any]) -> None:
    inner = keys.get("workers", keys)
    for service in inner.values():
        service["readonly_root_filesystem"] = True
    key = "workers.mail" if "workers" in keys else next(iter(keys))
    assert mistakes(**keys) == [
        f"story:{key}.readonly_root_filesystem: given true beside cluster.exec true; "
        "allowed is one of them: ECS Exec writes to the root"
    ]
    assert stack(**keys, cluster={"exec": False}).settings


@pytest.mark.parametrize(
    "image",
    [
        "ghcr.io/app" + DIGEST,
        "public.ecr.aws/nginx/nginx" + DIGEST,
        ECR.replace("ap-northeast-1", "us-east-1"),
        "x.dkr.ecr.ap-northeast-1.amazonaws.com/app" + DIGEST,
    ],
)
def test_without_nat_only_the_region_s_own_registry_is_reached(image: str) -> None:
    registry = image.partition("/")[0]
    line = "story:network.nat: given none, but {} is pulled from " + registry
    assert mistakes(network={"nat": "none"}, image=image)[0].startswith(line.format("STORY_IMAGE"))
    found = mistakes(network={"nat": "none"}, web={"nginx": {"image": image}}, image=ECR)
    assert found[0].startswith(line.format("web.nginx.image"))
    assert stack(network={"nat": "single"}, web={"nginx": {"image": image}}, image=image).settings


def test_without_nat_an_image_of_the_region_s_own_registry_is_fine() -> None:
    assert stack(network={"nat": "none"}, web={"nginx": {"image": ECR}}, image=ECR).settings


@pytest.mark.parametrize(
    ("keys", "warned"),
    [
        ({}, False),
        ({"valkey": {"enabled": False}}, False),
        ({"valkey": {"enabled": False}, "aurora": {"enabled": False}}, True),
        ({"valkey": {"enabled": False}, "aurora": {"enabled": False}, "workers": {}}, False),
        (
            {
                "valkey": {"enabled": False},
                "aurora": {"enabled": False},
                "application": {"environment": {"QUEUE_CONNECTION": "sqs"}},
            },
            False,
        ),
    ],
)
def test_workers_without_a_queue_are_warned_of(keys: dict[str, Any], warned: bool) -> None:
    lines = [line for line in stack(**keys).warnings if line.startswith("story:workers: no store holds a queue")]
    assert bool(lines) == warned


def test_a_stack_without_any_database_is_allowed_with_a_warning() -> None:
    off = {"enabled": False}
    line = (
        "story:migration: no database is enabled (aurora, documentdb): the application needs one outside of this stack"
    )
    assert line in stack(aurora=off, documentdb=off).warnings
    assert line not in stack(aurora=off).warnings


def test_the_reader_takes_what_the_engine_gives_and_shows_warnings_as_pulumi_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORY_IMAGE", ECR)
    seen: list[Stack] = []
    made = record(lambda: seen.append(read()), stack_name="trial", config=config(web={"cpu": 512, "memory_mib": 2048}))
    assert (seen[0].name, seen[0].image_given, seen[0].settings.web.cpu) == ("trial", ECR, 512)
    assert made.warnings == seen[0].warnings
    assert made.warnings != ()


def test_the_reader_knows_which_keys_are_encrypted() -> None:
    with pytest.raises(pulumi.RunError, match=r"^story:web: holds an encrypted value"):
        record(read, config=config(web={}), secret_keys=["story:web"])


def test_pulumi_yaml_declares_each_key_with_the_default_of_the_settings() -> None:
    declared = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text("utf-8"))["config"]
    assert list(declared) == [f"story:{name}" for name in Settings.model_fields]
    defaults = {key: json.dumps(declaration["default"]) for key, declaration in declared.items()}
    read_one = stack_of(name="dev", config={"aws:region": "ap-northeast-1", **defaults})
    assert read_one.settings == stack().settings


def test_pulumi_yaml_says_of_each_key_what_it_is_and_of_which_type() -> None:
    declared = yaml.safe_load((PROJECT / "Pulumi.yaml").read_text("utf-8"))["config"]
    for name, declaration in declared.items():
        assert declaration["type"] == ("boolean" if name == "story:protect" else "object")
        assert declaration["description"]


@pytest.mark.parametrize("text", [True, False, "true", "false"])
def test_the_schema_takes_protection_as_people_and_as_pulumi_write_it(text: Any) -> None:
    jsonschema.Draft7Validator(schema()).validate({"config": {"aws:region": "eu-west-1", "story:protect": text}})


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_our_own_stack_files_are_sound_and_begin_with_their_schema(name: str) -> None:
    path = PROJECT / f"Pulumi.{name}.yaml"
    assert stack_of(name=name, config=read_stack_file(path).config).region == "ap-northeast-1"
    assert path.read_text("utf-8").startswith("# yaml-language-server: $schema=./settings.schema.json\n")
    jsonschema.Draft7Validator(schema()).validate(yaml.safe_load(path.read_text("utf-8")))


def test_prod_survives_the_loss_of_a_zone() -> None:
    site = stack_of(name="prod", config=read_stack_file(PROJECT / "Pulumi.prod.yaml").config).settings
    assert site.protect
    assert (len(site.network.zones), site.network.nat_gateways) == (3, 3)
    assert min(site.aurora.readers, site.valkey.replicas, site.documentdb.instances - 1) >= 1
    assert site.web.autoscaling is not None
    assert site.web.autoscaling.min_tasks >= 3


def test_the_schema_for_editors_is_up_to_date() -> None:
    assert (PROJECT / "settings.schema.json").read_text("utf-8") == stack_file_schema(Settings, PREFIX), (
        "story docs writes it"
    )
    jsonschema.Draft7Validator.check_schema(schema())


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"config": {}},
        {"confg": {}},
        {"config": {"aws:region": "tokyo"}},
        {"config": {"aws:region": "eu-west-1", "story:webb": {}}},
        {"config": {"aws:region": "eu-west-1", "story:web": {"cpuu": 256}}},
        {"config": {"aws:region": "eu-west-1", "story:web": {"cpu": 300}}},
        {"config": {"aws:region": "eu-west-1", "story:workers": {"Mail": {}}}},
        {"config": {"aws:region": "eu-west-1", "story:network": {"flow_log_retention_days": 31}}},
        {"config": {"aws:region": "eu-west-1", "story:observability": {"emails": ["nobody"]}}},
    ],
)
def test_the_schema_shows_mistakes_while_one_types(wrong: Any) -> None:
    assert not jsonschema.Draft7Validator(schema()).is_valid(wrong)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def words(node: Any) -> set[str]:
    """Every key of the schema's maps, so that garbage gets past the first door."""
    if isinstance(node, list):
        return set().union(*map(words, node))
    if not isinstance(node, dict):
        return set()
    return set(node.get("properties", {})) | set().union(*map(words, node.values()))


KEYS = st.sampled_from(sorted(words(schema()["definitions"]))) | st.text(max_size=8)
TREES = st.recursive(JSON, lambda inner: st.dictionaries(KEYS, inner, max_size=4), max_leaves=12)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(list(Settings.model_fields)), TREES | st.text(max_size=20), max_size=4))
def test_garbage_is_accepted_or_gives_lines_but_never_another_error(values: dict[str, Any]) -> None:
    try:
        accepted = stack(**values)
    except pulumi.RunError as error:
        lines = str(error).splitlines()
        assert lines
        assert all(line.startswith("story:") and ": " in line for line in lines)
    else:
        assert list(accepted.settings.mistakes()) == []
