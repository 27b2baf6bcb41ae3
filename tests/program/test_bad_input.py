"""Bad input through `story plan` and the whole program: one line per mistake, no traceback, nothing registered."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from story import cli
from tests.program.planned import REGION, SECRET, SECRET_FORM, planned, refused

FORM = "<registry>/<repository>@sha256:<64 hexadecimal digits>"
NAME = "a name of a-z, 0-9 and - that begins with a letter, of at most 16 characters"
MYSQL_NAME = "a name of A-Z, a-z, 0-9 and _ that begins with a letter, of at most 32 characters"
MAP = "a map of keys and values; without the key, defaults apply"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(
            "  story:web: {cpuu: 512}",
            "story:web.cpuu: unknown key; did you mean cpu?",
            id="a misspelt key",
        ),
        pytest.param(
            "  story:valky: {enabled: false}",
            "story:valky: unknown key; did you mean valkey?",
            id="a misspelt key at the top",
        ),
        pytest.param(
            "  story:uploads: {xyz: 1}",
            "story:uploads.xyz: unknown key; allowed are protect, noncurrent_version_days",
            id="a key like no other",
        ),
        pytest.param(
            "  story:web: {tasks: many}",
            'story:web.tasks: given "many"; allowed is a whole number (0 to 5000)',
            id="text for a number",
        ),
        pytest.param(
            '  story:web: {tasks: "2"}',
            'story:web.tasks: given "2"; allowed is a whole number (0 to 5000)',
            id="a number in quotes",
        ),
        pytest.param(
            '  story:web: {enabled: "true"}',
            'story:web.enabled: given "true"; allowed is true or false, without quotes',
            id="a truth in quotes",
        ),
        pytest.param(
            "  story:protect: no",
            'story:protect: given "no"; allowed is true or false, without quotes',
            id="no for false",
        ),
        pytest.param(
            "  story:valkey: {engine_version: 8.0}",
            'story:valkey.engine_version: given 8; allowed is a version in quotes, "7", "8" or "9", or in full "8.1"',
            id="a version without quotes",
        ),
        pytest.param(
            "  story:web: {cpu: 300}",
            "story:web.cpu: given 300; Fargate offers 256, 512, 1024, 2048, 4096, 8192, 16384",
            id="CPU that Fargate has not",
        ),
        pytest.param(
            "  story:web: {cpu: 256, memory_mib: 4096}",
            "story:web.memory_mib: given 4096; with cpu 256 Fargate offers 512, 1024, 2048",
            id="memory that does not go with the CPU",
        ),
        pytest.param(
            "  story:web: {autoscaling: {min_tasks: 9, max_tasks: 3}}",
            "story:web.autoscaling.min_tasks: given 9; allowed is at most max_tasks, 3",
            id="min over max",
        ),
        pytest.param(
            "  story:aurora: {min_acu: 16, max_acu: 8}",
            "story:aurora.min_acu: given 16; allowed is at most max_acu, 8",
            id="min over max of the database",
        ),
        pytest.param(
            "  story:network: {cidr: 10.1.0.0/16, other_cidrs: [10.1.128.0/24]}",
            "story:network.cidr: given 10.1.0.0/16, which overlaps 10.1.128.0/24",
            id="an overlapping range",
        ),
        pytest.param(
            "  story:network: {cidr: 10.1.0.0/20, private_mask: 22, public_mask: 24}",
            "story:network.cidr: given 10.1.0.0/20; private /22, public /24, isolated /25 do not fit "
            "in a zone's part of it, a /22",
            id="a range too small for its subnets",
        ),
        pytest.param(
            "  story:network: {cidr: 10.1.2.3/16}",
            'story:network.cidr: given "10.1.2.3/16"; the address is not the first one of its range; use 10.1.0.0/16',
            id="a range that begins elsewhere",
        ),
        pytest.param(
            "  story:network: {zones: [ap-northeast-1a]}",
            "story:network.zones: given ap-northeast-1a; allowed are two to four zones, so that one can fail",
            id="one zone",
        ),
        pytest.param(
            "  story:network: {zones: [us-east-1a, ap-northeast-1c]}",
            "story:network.zones: given us-east-1a; allowed are zones of ap-northeast-1, such as ap-northeast-1a",
            id="a zone of another region",
        ),
        pytest.param(
            "  story:aurora: {instance_class: r6g.large}",
            'story:aurora.instance_class: given "r6g.large"; allowed is db.serverless, or a class such as db.r6g.large',
            id="an unknown instance class",
        ),
        pytest.param(
            "  story:cluster: {exec_log_retention_days: 100}",
            "story:cluster.exec_log_retention_days: given 100; allowed by CloudWatch Logs are 1, 3, 5, 7, 14, 30, 60, "
            "90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653",
            id="retention that CloudWatch has not",
        ),
        pytest.param(
            "  story:workers: {default: {timeout_seconds: 120}}",
            "story:workers.default.timeout_seconds: given 120; allowed is less than "
            "application.queue_retry_after_seconds, 90, otherwise a job runs twice",
            id="a worker's timeout over retry_after",
        ),
        pytest.param(
            "  story:observability: {emails: [team@example]}",
            'story:observability.emails.0: given "team@example"; allowed is an e-mail address such as team@example.com',
            id="an e-mail address that is none",
        ),
        pytest.param(
            "  story:ingress: {domain: www.example.com}",
            "story:ingress.zone_id: not given, but domain is www.example.com; "
            "allowed is the id of its Route 53 hosted zone",
            id="a domain without its zone",
        ),
        pytest.param(
            "  story:web: {nginx: {image: nginx}}",
            f'story:web.nginx.image: given "nginx", which contains no registry; allowed is {FORM}',
            id="an image without registry",
        ),
        pytest.param(
            '  story:web: {nginx: {image: "public.ecr.aws/nginx/nginx:1.27"}}',
            f'story:web.nginx.image: given "public.ecr.aws/nginx/nginx:1.27", which has a tag instead of a digest; '
            f"allowed is {FORM}",
            id="an image with a tag",
        ),
        pytest.param(
            "  story:application: {environment: {API_TOKEN: hunter2}}",
            "story:application.environment.API_TOKEN: given in plain text; put it in Secrets Manager and its ARN in "
            "application.secrets, or name it in application.not_secrets if it is no secret",
            id="a secret in plain text",
        ),
        pytest.param(
            "  story:application: {secrets: {STRIPE: hunter2}}",
            f"story:application.secrets.STRIPE: given text that is not shown here, which is no ARN; allowed is "
            f"{SECRET_FORM}",
            id="a secret instead of its ARN",
        ),
        pytest.param(
            "  story:web: {environment: {NAME: {secure: v1:abc}}}",
            "story:web: holds an encrypted value (secure:); "
            "put it in Secrets Manager and its ARN in application.secrets",
            id="an encrypted value",
        ),
        pytest.param("  story:web:", f"story:web: given nothing; allowed is {MAP}", id="a key without a value"),
        pytest.param("  story:web: [cpu]", f"story:web: given a list; allowed is {MAP}", id="a list for a map"),
        pytest.param(
            "  story:workers:\n    - default: {}",
            f"story:workers: given a list; allowed is {MAP}",
            id="a list of workers",
        ),
        pytest.param(
            "  story:workers: {メール: {}}",
            f'story:workers.メール: given "メール"; allowed is {NAME}',
            id="a worker's name in Japanese",
        ),
        pytest.param(
            "  story:aurora: {database: 物語}",
            f'story:aurora.database: given "物語"; allowed is {MYSQL_NAME}',
            id="a database's name in Japanese",
        ),
        pytest.param(
            "  story:web: {cpu: 256}\n  story:web: {cpu: 512}",
            "Pulumi.dev.yaml: line 4: story:web is given twice",
            id="a key twice",
        ),
        pytest.param("  stroy:web: {cpu: 512}", "stroy:web: unknown key; did you mean story:web?", id="another word"),
        pytest.param("  aws:profil: dev", "aws:profil: unknown key; did you mean aws:profile?", id="the provider's"),
        pytest.param(
            "  story:web:\n\tcpu: 256",
            "Pulumi.dev.yaml: line 4: a tab; allowed are spaces for indentation",
            id="a tab",
        ),
        pytest.param(
            "  story:web: {readonly_root_filesystem: true}",
            "story:web.readonly_root_filesystem: given true beside cluster.exec true; "
            "allowed is one of them: ECS Exec writes to the root",
            id="a read-only root beside ECS Exec",
        ),
        pytest.param(
            "  story:workers: {default: {autoscaling: {requests_per_target: 100}}}",
            "story:workers.default.autoscaling.requests_per_target: given 100; workers get no requests",
            id="a worker that scales by requests",
        ),
    ],
)
def test_one_mistake_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    assert planned(tmp_path, f"{REGION}{text}\n") == refused(line)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "aws:region: not given; allowed is a region such as ap-northeast-1"),
        ("config:\n", "aws:region: not given; allowed is a region such as ap-northeast-1"),
        ("config: {aws:region: Tokyo}", 'aws:region: given "Tokyo"; allowed is a region such as ap-northeast-1'),
        ("- config", "Pulumi.dev.yaml: given a list; allowed is a map with the key config"),
        ("config: [web]", "Pulumi.dev.yaml: config: given a list; allowed is a map of keys such as story:web"),
        ("confg: {}", "Pulumi.dev.yaml: confg: unknown key; did you mean config?"),
    ],
)
def test_a_file_that_holds_no_settings_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    assert planned(tmp_path, text) == refused(line)


@pytest.mark.parametrize("stack", ["本番", "Prod", "a-name-that-is-too-long"])
def test_a_stack_s_name_that_aws_would_refuse_is_one_line(tmp_path: Path, stack: str) -> None:
    line = f'stack: given "{stack}"; allowed is {NAME}, because AWS\'s names are made with it'
    assert planned(tmp_path, REGION, stack=stack) == refused(line)


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ("app", ", which contains no registry"),
        ("ghcr.io/app:latest", ", which has a tag instead of a digest"),
        ("ghcr.io/app@sha256:123", ""),
    ],
)
def test_a_released_image_that_is_none_is_one_line(tmp_path: Path, image: str, why: str) -> None:
    line = f'STORY_IMAGE: given "{image}"{why}; allowed is {FORM}'
    assert planned(tmp_path, REGION, image=image) == refused(line)


def test_agents_that_no_network_reaches_or_no_task_holds_are_told_at_once(tmp_path: Path) -> None:
    agents = f"  story:agents: {{mackerel: {{api_key: {SECRET}, services: [web, mail]}}, new_relic: {{}}}}\n"
    assert planned(tmp_path, REGION + agents) == refused(
        f"story:agents.new_relic.license_key: not given; allowed is {SECRET_FORM}",
        'story:agents.mackerel.services.1: given "mail"; allowed is web, scheduler or workers.<name>',
    )
    room = f"  story:agents: {{mackerel: {{api_key: {SECRET}, memory_mib: 300, services: [web]}}}}\n"
    assert planned(tmp_path, REGION + room + "  story:network: {nat: none}\n") == refused(
        "story:web.memory_mib: given 512, of which agents take 300 (mackerel 300); allowed is at least 556, so that "
        "256 MiB remain for the application: Fargate offers 1024",
        "story:network.nat: given none, but agents.mackerel.image is pulled from public.ecr.aws, which needs "
        "internet access; allowed is single or one-per-zone, or an image in "
        "<account>.dkr.ecr.ap-northeast-1.amazonaws.com",
    )
    hub = f"  story:agents: {{new_relic: {{license_key: {SECRET}, cpu: 64, memory_mib: 192, services: [web]}}}}\n"
    _, told = planned(tmp_path, REGION + hub + "  story:network: {nat: none}\n")
    assert "agents.new_relic.image is pulled from Docker Hub, which needs internet access" in told["mistakes"][0]


def test_an_image_from_the_internet_cannot_be_pulled_without_nat(tmp_path: Path) -> None:
    found = planned(tmp_path, REGION + "  story:network: {nat: none}", image="ghcr.io/app@sha256:" + "0" * 64)
    assert found == refused(
        "story:network.nat: given none, but STORY_IMAGE is pulled from ghcr.io, which needs internet access; "
        "allowed is single or one-per-zone, or an image in <account>.dkr.ecr.ap-northeast-1.amazonaws.com"
    )


MANY = """
config:
  aws:region: ap-northeast-1
  story:protect: maybe
  story:network:
    zones: [us-east-1a, ap-northeast-1c]
    nat: sometimes
  story:aurora:
    instance_class: large
    min_acu: 8
    max_acu: 4
  story:web:
    cpu: 300
    memory_mib: 77
    autoscaling: {min_tasks: 9, max_tasks: 3}
    environment: {API_TOKEN: hunter2, APP_LOCALE: ja}
    prot: 8080
  story:workers:
    default: {timeout_seconds: 100}
    メール: {}
  story:ingress: {domain: www.example.com}
  story:observability: {emails: [nobody]}
  story:wrokers: {}
"""


def test_all_mistakes_of_a_file_come_at_once(tmp_path: Path) -> None:
    code, found = planned(tmp_path, MANY, stack="本番", image="app")
    assert code == 1
    assert found["resources"] == []
    assert [line.partition(": ")[0] for line in found["mistakes"]] == [
        "stack",
        "STORY_IMAGE",
        "story:wrokers",
        "story:protect",
        "story:network.nat",
        "story:aurora.instance_class",
        "story:web.cpu",
        "story:web.prot",
        "story:workers.メール",
        "story:observability.emails.0",
        "story:aurora.min_acu",
        "story:ingress.zone_id",
        "story:web.autoscaling.min_tasks",
        "story:workers.default.timeout_seconds",
        "story:web.environment.API_TOKEN",
        "story:network.zones",
    ]
    assert "hunter2" not in str(found)


def test_in_text_the_same_lines_stand_below_the_stack(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.dev.yaml"
    path.write_text(f"{REGION}  story:web: {{cpuu: 1}}\n")
    result = CliRunner().invoke(cli.app, ["plan", "--file", str(path)])
    assert result.output == "dev (Pulumi.dev.yaml)\n  mistake: story:web.cpuu: unknown key; did you mean cpu?\n\n"
    assert result.exit_code == 1


GARBAGE = st.recursive(
    st.sampled_from(["web", "cpu", "~", "true", "300", "''", '"x"', "&a 1", "*a", "!!set {a}", "\t", "日本"])
    | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.dictionaries(st.sampled_from(["cpu", "zones", "default", "environment", "1"]), inner, max_size=3).map(
            lambda fields: "{" + ", ".join(f"{key}: {value}" for key, value in fields.items()) + "}"
        )
    ),
    max_leaves=6,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.sampled_from(["web", "workers", "network", "application", "protect", "x"]), value=GARBAGE)
def test_garbage_in_a_file_is_mistakes_and_never_a_traceback(tmp_path: Path, key: str, value: str) -> None:
    # The wrong region keeps garbage that happens to be right from building a whole stack a hundred times.
    code, found = planned(tmp_path, f"config:\n  aws:region: nowhere\n  story:{key}: {value}\n")
    assert code == 1
    assert found["resources"] == []
    assert all(": " in line and line.isprintable() for line in found["mistakes"])
