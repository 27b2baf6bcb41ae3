"""`story doctor --before` as a command, on the emulated AWS; what `make up` and `story deploy` make of it."""

import json
import os
import stat
import subprocess
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import NoCredentialsError

from story.deploy import deploy
from story.doctor.preflight import run
from story.doctor.preflight.account import SERVICE_ROLES
from story.doctor.preflight.planned import Owned, owned_by
from story.doctor.preflight.run import Request
from story.doctor.preflight.state import read_state
from story.recover.state_file import StateFile
from tests.aws.answers import Told, refusal
from tests.release.steps import Cloud
from tests.story.doctor.before import IMAGE, NAME_SERVERS, PROJECT, ZONE, Before
from tests.story.doctor.healthy import ACCOUNT
from tests.story.live import Live, story
from tests.story.recover.given_states import FakePulumi, state

NO_STACK = "error: no stack named 'prod' found"

pytestmark = pytest.mark.timed


@pytest.fixture
def new(pulumi: FakePulumi, monkeypatch: pytest.MonkeyPatch) -> FakePulumi:
    """A command `pulumi` that knows no stack, and the project's folder."""
    monkeypatch.chdir(PROJECT)
    monkeypatch.delenv("STORY_IMAGE", raising=False)
    pulumi.answers(stack_export=NO_STACK)
    return pulumi


@pytest.fixture
def before(new: FakePulumi, monkeypatch: pytest.MonkeyPatch) -> Before:
    """An account that answers as told."""
    assert new
    made = Before()
    made.said["sts", "get_caller_identity"] = {"Account": ACCOUNT}
    monkeypatch.setattr(boto3, "Session", lambda **_: Told(made.said))
    monkeypatch.setattr(run, "lookup", made.lookup)
    monkeypatch.setattr(run, "_now", lambda: made.subject().now)
    return made


def doctor(*arguments: str) -> Any:
    return story("doctor", "--before", *arguments)


@pytest.fixture
def prod(cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The committed stack file of prod in a new account, with a hosted zone that exists there."""
    zone = cloud.client("route53").create_hosted_zone(Name="example.com", CallerReference="1")
    servers = zone["DelegationSet"]["NameServers"]
    monkeypatch.setattr(run, "lookup", lambda name, type_: servers if (name, type_) == ("example.com", "NS") else ())
    file = tmp_path / "Pulumi.prod.yaml"
    text = (PROJECT / "Pulumi.prod.yaml").read_text("utf-8")
    assert ZONE in text
    file.write_text(text.replace(ZONE, zone["HostedZone"]["Id"].rpartition("/")[2]), "utf-8")
    return file


@pytest.mark.usefixtures("new")
def test_on_the_emulated_aws_nothing_stands_against_the_committed_stack_files(cloud: Cloud, prod: Path) -> None:
    iam = cloud.client("iam")
    for role in SERVICE_ROLES:
        # The emulator names service-linked roles otherwise than AWS.
        iam.create_role(RoleName=role.name, AssumeRolePolicyDocument="{}", Path=f"/aws-service-role/{role.service}/")
    for file in (PROJECT / "Pulumi.dev.yaml", prod):
        result = doctor("--file", str(file), "--format", "json")
        found = json.loads(result.stdout)
        wrong = [one for one in found["findings"] if one["severity"] not in ("ok", "note")]
        assert [(one["severity"], one["subject"]) for one in wrong] == [("unknown", "first load balancer")], file
        assert result.exit_code == 0
        assert {one["area"] for one in found["findings"]} >= {"account", "quotas", "zones", "offers", "leftovers"}


@pytest.mark.usefixtures("new")
def test_what_an_earlier_stack_left_on_the_emulated_aws_is_found(cloud: Cloud, prod: Path) -> None:
    cloud.client("logs").create_log_group(logGroupName="/story/prod/web")
    key = cloud.client("kms").create_key()["KeyMetadata"]["KeyId"]
    cloud.client("kms").create_alias(AliasName="alias/story-prod-data", TargetKeyId=key)
    cloud.client("ecs").create_cluster(clusterName="story-prod")
    result = doctor("--file", str(prod), "--format", "json")
    assert result.exit_code == 4
    errors = [one["what"] for one in json.loads(result.stdout)["findings"] if one["severity"] == "error"]
    assert errors == [
        "alias/story-prod-data exists, and does not belong to this stack",
        "story-prod exists, and does not belong to this stack",
    ]


@pytest.mark.usefixtures("new")
def test_a_read_that_the_emulated_aws_denies_takes_nothing_else_along(cloud: Cloud, prod: Path) -> None:
    cloud.fails_at("DescribeVpcs", status=403, code="UnauthorizedOperation", times=9)
    found = json.loads(doctor("--file", str(prod), "--format", "json").stdout)["findings"]
    vpcs = [one for one in found if "VPCs" in one["what"] or "VPCs" in one["subject"]]
    assert [one["severity"] for one in vpcs] == ["unknown"]
    assert "UnauthorizedOperation" in vpcs[0]["what"] or "may not" in vpcs[0]["what"]
    assert [one for one in found if one["severity"] == "ok" and one["subject"] == "EC2-VPC Elastic IPs"]


def test_it_is_one_table_with_a_cure_for_each_finding_and_progress_beside_it(before: Before) -> None:
    before.limits["L-0263D0A3"] = 2
    result = doctor("--stack", "prod", "--image", IMAGE)
    assert result.exit_code == 4
    first, *rows = result.stdout.splitlines()
    assert first.startswith("Stack prod, cluster story-prod in ap-northeast-1: 1 error, ")
    told = [row.split(maxsplit=1) for row in rows[:3]]
    assert told[0][0] == "error"
    assert told[0][1].startswith("quotas EC2-VPC Elastic IPs")
    assert [row[0] for row in told[1:]] == ["why", "fix"]
    progress = result.stderr.splitlines()
    assert progress[0].startswith("story doctor: ")
    assert progress[0].endswith(" checks of stack prod")
    assert len(progress) == 5


def test_warnings_are_exit_code_3_and_nothing_readable_is_1(before: Before) -> None:
    before.limits["L-3032A538"] = 20
    assert doctor("--stack", "prod", "--image", IMAGE).exit_code == 3
    for question in before.said:
        if question[0] != "sts":
            before.said[question] = refusal()
    assert doctor("--stack", "prod", "--image", IMAGE).exit_code == 1


def test_the_image_of_the_environment_is_checked(before: Before, monkeypatch: pytest.MonkeyPatch) -> None:
    before.said["ecr", "batch_get_image"] = {"images": [], "failures": []}
    assert doctor("--stack", "prod").exit_code == 0, "none was given"
    monkeypatch.setenv("STORY_IMAGE", IMAGE)
    assert doctor("--stack", "prod").exit_code == 4
    monkeypatch.delenv("STORY_IMAGE")
    assert doctor("--stack", "prod", "--image", IMAGE).exit_code == 4


def test_the_image_that_runs_is_checked_where_none_is_given(before: Before, new: FakePulumi) -> None:
    new.answers()
    new.holds(state(image=IMAGE))
    before.said["ecr", "batch_get_image"] = {"images": [], "failures": []}
    assert "is not in the registry" in doctor("--stack", "prod").stdout


def test_mistakes_in_the_settings_are_errors_of_the_table(before: Before, tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text("config:\n  aws:region: ap-northeast-1\n  story:web: { memory_mib: 300 }\n  story:wep: {}\n")
    result = doctor("--file", str(file), "--format", "json")
    assert result.exit_code == 4
    found = json.loads(result.stdout)["findings"]
    assert {(one["severity"], one["area"]) for one in found} == {("error", "settings")}
    assert any("story:wep" in one["what"] for one in found)
    assert any("memory_mib" in one["what"] for one in found)
    assert before.told.asked == []


@pytest.mark.parametrize("text", ["config: [", "", "config: {}\n"])
def test_settings_that_name_no_region_are_shown_without_one(before: Before, tmp_path: Path, text: str) -> None:
    assert before
    file = tmp_path / "Pulumi.bad.yaml"
    file.write_text(text, "utf-8")
    result = doctor("--file", str(file))
    assert result.stdout.startswith("Stack bad: 1 error"), result.stdout
    assert f"correct it in {file}" in result.stdout


def test_an_image_that_is_none_is_a_mistake_of_the_option_and_not_of_the_stack_file(before: Before) -> None:
    assert before
    result = doctor("--stack", "dev", "--image", "not-an-image", "--format", "json")
    [found] = json.loads(result.stdout)["findings"]
    assert (found["severity"], found["area"]) == ("error", "image"), found
    assert found["what"].startswith("--image or STORY_IMAGE")
    assert found["fix"].startswith("give an image by digest")


def test_a_stack_file_with_another_name_is_read_for_the_stack_that_is_named(before: Before, tmp_path: Path) -> None:
    assert before
    file = tmp_path / "settings.yaml"
    file.write_text((PROJECT / "Pulumi.dev.yaml").read_text("utf-8"))
    result = doctor("--stack", "org/story/trial", "--config-file", str(file))
    assert result.stdout.startswith("Stack trial, cluster story-trial in ap-northeast-1: ")


@pytest.mark.usefixtures("new")
@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--before", "--stack", "none"], "does not exist"),
        (["--before", "--file", "settings.yaml"], "is not named Pulumi.<stack>.yaml"),
        (["--before", "--file", "Pulumi.dev.yaml", "--stack", "dev"], "cannot be used with --stack"),
        (["--before", "--stack", "a/b/c/dev"], "a/b/c/dev is not STACK, ORG/STACK or ORG/PROJECT/STACK"),
        (["--before", "--stack", "a//dev"], "a//dev is not STACK"),
        (["--before", "--stack", "dev", "--service", "web"], "cannot be used with --service"),
        (["--stack", "dev", "--image", IMAGE], "is required for --file, --image and --only-first"),
        (["--stack", "dev", "--only-first"], "is required for --file, --image and --only-first"),
    ],
)
def test_wrong_usage_is_exit_code_2(arguments: list[str], told: str) -> None:
    result = story("doctor", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert told in " ".join(result.stderr.replace("│", " ").split())


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (refusal("InvalidClientTokenId"), "no longer valid (InvalidClientTokenId: no, in us-east-1)"),
        (NoCredentialsError(), "Unable to locate credentials"),
    ],
)
def test_without_credentials_it_is_one_line(before: Before, error: Exception, told: str) -> None:
    before.said["sts", "get_caller_identity"] = error
    result = doctor("--stack", "prod")
    assert (result.exit_code, result.stdout) == (1, "")
    [line] = result.stderr.splitlines()
    assert told in line


@pytest.fixture
def asked_in(before: Before, monkeypatch: pytest.MonkeyPatch) -> dict[str, Told]:
    """Each region that was asked; those that are not home know no credentials."""
    accounts: dict[str, Told] = {}

    def session(region_name: str, **_: Any) -> Told:
        is_home = region_name in ("us-east-1", "cn-north-1", "us-gov-west-1")
        said = before.said if is_home else dict.fromkeys(before.said, refusal("InvalidClientTokenId"))
        return accounts.setdefault(region_name, Told(said))

    monkeypatch.setattr(boto3, "Session", session)
    return accounts


@pytest.mark.parametrize(
    ("region", "status", "home", "told"),
    [
        ("ap-east-1", "not-opted-in", "us-east-1", "enable-region --region-name ap-east-1 --region us-east-1"),
        ("ap-northeast-9", None, "us-east-1", "describe-regions --all-regions --region us-east-1"),
        ("cn-northwest-1", "not-opted-in", "cn-north-1", "--region cn-north-1"),
        ("us-gov-east-1", None, "us-gov-west-1", "--region us-gov-west-1"),
    ],
)
def test_a_region_that_is_not_enabled_or_unknown_is_the_one_finding_and_is_not_asked(
    before: Before, asked_in: dict[str, Told], tmp_path: Path, region: str, status: str | None, home: str, told: str
) -> None:
    regions = [{"RegionName": region, "OptInStatus": status}] if status else []
    before.said["ec2", "describe_regions"] = {"Regions": regions}
    file = tmp_path / "Pulumi.dev.yaml"
    file.write_text(f"config:\n  aws:region: {region}\n", "utf-8")
    result = doctor("--file", str(file), "--format", "json")
    [found] = json.loads(result.stdout)["findings"]
    assert (found["severity"], found["area"], found["subject"]) == ("error", "account", "region"), found
    assert region in found["what"]
    assert told in found["fix"]
    assert result.exit_code == 4
    assert {name: [one[1] for one in account.asked] for name, account in asked_in.items()} == {
        home: ["get_caller_identity", "describe_regions"]
    }


def test_regions_that_may_not_be_listed_are_unknown_and_the_rest_is_checked(before: Before) -> None:
    before.said["ec2", "describe_regions"] = refusal("UnauthorizedOperation", status=403)
    found = json.loads(doctor("--stack", "prod", "--image", IMAGE, "--format", "json").stdout)["findings"]
    assert [one["area"] for one in found if one["severity"] == "unknown"] == ["account"]
    assert len(found) > 20


def test_only_first_checks_nothing_once_an_update_has_succeeded(before: Before, new: FakePulumi) -> None:
    before.limits["L-0263D0A3"] = 0
    assert doctor("--stack", "prod", "--only-first").exit_code == 4
    new.answers()
    new.holds(state())
    assert doctor("--stack", "prod", "--only-first").exit_code == 4, "no update has succeeded"
    new.holds(state(image=IMAGE))
    result = doctor("--stack", "prod", "--only-first")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == "story doctor: stack prod was updated before, so the checks are skipped (--only-first)\n"


def test_the_state_is_empty_for_a_new_stack_and_unknown_where_it_cannot_be_read(new: FakePulumi) -> None:
    assert read_state("prod", PROJECT) == Owned()
    new.answers(stack_export="error: the passphrase is wrong")
    unread = read_state("prod", PROJECT)
    assert (unread.is_known, unread.reason) == (False, "pulumi stack export: the passphrase is wrong")
    assert not unread.is_first


def test_a_state_with_resources_of_aws_is_not_the_first() -> None:
    assert owned_by(StateFile({"deployment": {"resources": []}})).is_first
    some = [{"type": "aws:kms/alias:Alias", "urn": "u", "inputs": {"name": "alias/x"}, "id": "alias/x"}]
    owned = owned_by(StateFile({"deployment": {"resources": some}}))
    assert not owned.is_first
    assert owned.names("aws:kms/alias:Alias", "name") == {"alias/x"}
    read = [{"type": "aws:ecs/cluster:Cluster", "urn": "u", "outputs": {"name": "story-prod"}, "id": "arn:1"}]
    assert owned_by(StateFile({"deployment": {"resources": read}})).names("aws:ecs/cluster:Cluster", "name") == {
        "story-prod",
        "arn:1",
    }


# make up


@pytest.mark.parametrize(
    ("code", "skip", "goes_on"),
    [(0, "", True), (3, "", True), (1, "", True), (2, "", True), (4, "", False), (4, "off", True)],
)
def test_make_up_stops_at_errors_alone_and_can_go_on_in_spite_of_them(
    tmp_path: Path, code: int, skip: str, goes_on: bool
) -> None:
    tools = tmp_path / "tools"
    (tools / "bin").mkdir(parents=True)
    # Newer than what it is made from, so that nothing is set up.
    (tools / ".set-up").touch()
    for name, text in (("story", f"echo story $*; exit {code}"), ("pulumi", "echo pulumi $*")):
        script = tools / "bin" / name
        script.write_text(f"#!/bin/sh\n{text}\n")
        script.chmod(script.stat().st_mode | stat.S_IXUSR)
    path = f"{tools / 'bin'}:{os.environ['PATH']}"
    done = subprocess.run(
        ["make", "--no-print-directory", "up", "STACK=dev", f"VENV={tools}"],
        cwd=PROJECT,
        env={**os.environ, "PATH": path, "STORY_PREFLIGHT": skip},
        capture_output=True,
        text=True,
        check=False,
    )
    said = done.stdout.splitlines()
    assert ("pulumi up --stack dev" in said[-1]) is goes_on
    assert (done.returncode == 0) is goes_on
    assert ("story doctor --before --only-first --stack dev" in said) is (skip != "off")
    assert ("STORY_PREFLIGHT=off" in said[-1]) is not goes_on


# story deploy


@pytest.fixture
def live(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Live:
    """A project whose stack `prod` has a file and was never updated."""
    home = tmp_path / "project"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setenv("PATH", str(home), prepend=":")
    monkeypatch.setattr(deploy, "keep", lambda *_: "")
    made = Live(home=home, cloud=Cloud(url="")).prepared()
    made.told()
    (home / "Pulumi.prod.yaml").write_text("config: {}\n")
    return made


@pytest.mark.parametrize("code", [0, 1, 2, 3])
def test_a_first_release_goes_on_without_errors(live: Live, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    asked: list[Request] = []
    monkeypatch.setattr(run, "run", lambda request, **_: asked.append(request) or code)
    assert deploy.run(stack="prod", image=IMAGE, after="", project=live.home, config_file=None) == 0
    assert [(one.stack, one.image, one.file.name) for one in asked] == [("prod", IMAGE, "Pulumi.prod.yaml")]
    assert len(live.updates) == 1


def test_a_first_release_stops_at_errors_unless_it_is_told_otherwise(
    live: Live, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "run", lambda *_, **__: 4)
    given: Any = {"stack": "prod", "image": IMAGE, "after": "", "project": live.home, "config_file": None}
    assert deploy.run(**given) == 1
    assert live.updates == []
    assert "--no-preflight" in capsys.readouterr().err
    monkeypatch.setenv("STORY_PREFLIGHT", "off")
    assert story("deploy", "--stack", "prod", "--image", IMAGE).exit_code == 0
    assert len(live.updates) == 1
    monkeypatch.delenv("STORY_PREFLIGHT")
    assert story("deploy", "--stack", "prod", "--image", IMAGE, "--no-preflight").exit_code == 0


def test_a_later_release_checks_nothing(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "run", lambda *_, **__: pytest.fail("it checks"))
    live.told(image=IMAGE.replace("1" * 64, "2" * 64))
    assert deploy.run(stack="prod", image=IMAGE, after="", project=live.home, config_file=None) == 0


def test_the_name_servers_of_the_tests_are_the_zones() -> None:
    assert Before().records["example.com", "NS"] == [f"{one}." for one in NAME_SERVERS]
