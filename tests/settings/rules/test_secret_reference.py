"""How the settings name secrets: the forms that ECS takes, and what no task could read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.agents import AgentsSpec, FluentBitSpec, MackerelSpec, NewRelicSpec, OpenTelemetrySpec
from settings.rules.secret_reference import (
    SecretReference,
    checked_reference,
    doubtful_suffixes,
    secret_reference,
    secrets_of_other_regions,
)
from settings.site import ApplicationSpec

START = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:"
CHINA = "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:"
ARN = f"{START}mail-AbCdEf"
VERSION = "9d4cb84b-ad69-40c0-a0ab-cead36b967e8"
NO_ARN = "given text that is not shown here, which is no ARN; allowed is the ARN of a Secrets Manager secret"
PART = "given an ARN whose {} part is not {}: check for a colon too few or too many; allowed is"
WORD = f"{START}prod/api-secret"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (ARN, SecretReference(arn=ARN)),
        (f"{ARN}:key", SecretReference(arn=ARN, key="key")),
        # docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
        (f"{ARN}:key::", SecretReference(arn=ARN, key="key")),
        (f"{ARN}:key:AWSCURRENT:", SecretReference(arn=ARN, key="key", stage="AWSCURRENT")),
        (f"{ARN}::AWSPREVIOUS:", SecretReference(arn=ARN, stage="AWSPREVIOUS")),
        (f"{ARN}:key::{VERSION}", SecretReference(arn=ARN, key="key", version=VERSION)),
        (f"{ARN}:::{VERSION}", SecretReference(arn=ARN, version=VERSION)),
        (f"{ARN}:::", SecretReference(arn=ARN)),
        (f"{ARN}:db.password/main::", SecretReference(arn=ARN, key="db.password/main")),
        (
            f"{START}rds!cluster-5f3c2a10-AbCdEf:password::",
            SecretReference(arn=f"{START}rds!cluster-5f3c2a10-AbCdEf", key="password"),
        ),
        (f"{CHINA}a/b_c+d=e.f@g-000000", SecretReference(arn=f"{CHINA}a/b_c+d=e.f@g-000000")),
    ],
)
def test_ecs_s_own_forms_and_the_short_one_are_read(text: str, named: SecretReference) -> None:
    assert checked_reference(text) == text
    assert secret_reference(text) == named


@pytest.mark.parametrize(
    "name", ["prod/stripe", "stripe", "prod/stripe-Ab", "prod/stripe-AbCdEfG", "prod/stripe-Ab_dEf", "-AbCdEf"]
)
@pytest.mark.parametrize("behind", ["", ":key", ":key::"])
def test_an_arn_without_its_random_suffix_is_told_where_the_full_one_is(name: str, behind: str) -> None:
    told = re.escape(
        f"given the ARN of {name} without its random suffix (a hyphen and six characters), with which IAM denies every "
        f"task; allowed is the ARN that `aws secretsmanager describe-secret --secret-id {name}` shows"
    )
    with pytest.raises(ValueError, match=f"^{told}$"):
        checked_reference(f"{START}{name}{behind}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hunter2", NO_ARN),
        ("mail-AbCdEf", NO_ARN),
        (f" {ARN}", "given an ARN with spaces before or behind it"),
        (f"{ARN}\n", "given an ARN with spaces before or behind it"),
        ("/prod/mail", NO_ARN),
        ("", NO_ARN),
        ("arn\uff1aaws\uff1asecretsmanager", NO_ARN),
        ("arn:aws:ssm:eu-west-1:123456789012:parameter/x", "given the ARN of a parameter of Systems Manager, which"),
        ("arn:aws:kms:eu-west-1:123456789012:key/1", "given an ARN of kms, which is not Secrets Manager"),
        ("arn:aws:iam::123456789012:role/x", "given an ARN of iam, which is not Secrets Manager"),
        ("arn:aws:s3:::bucket/x", "given an ARN of s3, which is not Secrets Manager"),
        ("arn:aws", "given an ARN whose third part is no service"),
        ("arn:aws::ap-northeast-1", "given an ARN whose third part is no service"),
        (f"{ARN.replace(':aws:', '::aws:')}", "given an ARN of aws, which is not Secrets Manager"),
        (f"{ARN.replace(':aws:', ':aw:')}", PART.format("second", "aws, aws-cn or aws-us-gov")),
        (f"{ARN.replace('ap-northeast-1', '')}", PART.format("fourth", "a region such as ap-northeast-1")),
        (f"{ARN.replace(':ap-northeast-1', '')}", PART.format("fourth", "a region such as ap-northeast-1")),
        (f"{ARN.replace('123456789012', '')}", PART.format("fifth", "an account of 12 digits")),
        (f"{ARN.replace('123456789012', '1234-5678-9012')}", PART.format("fifth", "an account of 12 digits")),
        (f"{ARN.replace(':secret:', ':')}", PART.format("sixth", "the word secret")),
        (f"{ARN.replace(':secret:', ':secret/')}", PART.format("sixth", "the word secret")),
        (f"{ARN.replace(':secret:', '::secret:')}", PART.format("sixth", "the word secret")),
        (f"{ARN.replace(':secret:', ':secret::')}", PART.format("seventh", "the name of the secret")),
        (START, PART.format("seventh", "the name of the secret")),
        (f"{ARN}:", "given an ARN with a colon at its end; leave it out"),
        (f"{ARN}::", "given an ARN with two colons behind the secret's name; ECS takes three, as in <arn>:<key>::"),
        (f"{ARN}:key:", "given an ARN with two colons behind the secret's name; ECS takes three"),
        (f"{ARN}:key:AWSCURRENT", "given an ARN with two colons behind the secret's name; ECS takes three"),
        (f"{ARN}:key:::", "given an ARN with 4 colons behind the secret's name; ECS takes three"),
        (f"{ARN}:a key::", "given an ARN with a character that no name, key, stage or version of a secret has"),
        (f"{START}mail AbCdEf", "given an ARN with a character that no name, key, stage or version of a secret has"),
        (f"{ARN.replace(':aws:', ':aws-cn:')}", "given an ARN of aws-cn; allowed in ap-northeast-1 are"),
        (f"{ARN.replace('ap-northeast-1', 'cn-north-1')}", "given an ARN of aws; allowed in cn-north-1 are ARNs"),
        (f"{ARN}:key:AWSCURRENT:{VERSION}", "ECS takes a stage or a version id of a secret, not both"),
        (f"{ARN}:key::1", "allowed as version id are 32 to 64 letters, digits and hyphens"),
    ],
)
def test_other_text_is_no_reference(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}") as told:
        checked_reference(text)
    assert "hunter2" not in str(told.value)


@pytest.mark.parametrize(("has_nat", "told"), [(True, "is in us-west-2: each start of a task"), (False, "network.nat")])
def test_a_secret_of_another_region_is_found_with_the_command_for_a_replica(*, has_nat: bool, told: str) -> None:
    west = ARN.replace("ap-northeast-1", "us-west-2")
    references = {"a": ARN, "b": f"{west}:key", "c": f"{CHINA}mail-AbCdEf"}
    (found,) = secrets_of_other_regions(references, "ap-northeast-1", has_nat=has_nat)
    assert found.key == "b"
    assert told in found.problem
    assert found.problem.endswith(
        "`aws secretsmanager replicate-secret-to-regions --region us-west-2 --secret-id mail --add-replica-regions "
        "Region=ap-northeast-1`"
    )


@pytest.mark.parametrize(
    ("name", "doubtful"),
    [
        ("prod/api-secret", True),
        ("job-202611", True),
        ("api-SECRET", False),
        ("mail-AbCdEf", False),
        ("m-a1b2c3", False),
    ],
)
def test_a_suffix_that_looks_like_a_word_or_a_date_is_warned_of(name: str, doubtful: bool) -> None:
    assert [problem.key for problem in doubtful_suffixes({"secrets.A": f"{START}{name}:key"})] == (
        ["secrets.A"] if doubtful else []
    )


def test_every_setting_that_names_a_secret_warns_of_it() -> None:
    agents = AgentsSpec(
        new_relic=NewRelicSpec(license_key=WORD),
        mackerel=MackerelSpec(api_key=WORD),
        open_telemetry=OpenTelemetrySpec(secrets={"A": WORD}),
        fluent_bit=FluentBitSpec(destination={"Name": "http"}, secrets={"B": WORD}),
    )
    assert [problem.key for problem in (*ApplicationSpec(secrets={"C": WORD}).warnings(), *agents.warnings())] == [
        "secrets.C",
        "new_relic.license_key",
        "mackerel.api_key",
        "open_telemetry.secrets.A",
        "fluent_bit.secrets.B",
    ]


PIECE = st.text(alphabet="abcXYZ019._-/", max_size=8)


@given(PIECE, PIECE, PIECE)
def test_what_is_read_from_a_reference_is_what_stands_in_it(key: str, stage: str, version: str) -> None:
    text = f"{ARN}:{key}:{stage}:{version}"
    try:
        checked_reference(text)
    except ValueError:
        return
    named = secret_reference(text)
    assert f"{named.arn}:{named.key or ''}:{named.stage or ''}:{named.version or ''}" == text
