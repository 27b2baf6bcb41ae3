"""How the settings name secrets: the forms that ECS takes, and what no task could read."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.agents import AgentsSpec, FluentBitSpec, MackerelSpec, NewRelicSpec, OpenTelemetrySpec
from settings.rules.secret_reference import SecretReference, checked_reference, doubtful_suffixes, secret_reference
from settings.site import ApplicationSpec

START = "arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:"
ARN = f"{START}mail-AbCdEf"
VERSION = "9d4cb84b-ad69-40c0-a0ab-cead36b967e8"
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
        (
            f"{START.replace('arn:aws:', 'arn:aws-cn:')}a/b_c+d=e.f@g-000000",
            SecretReference(arn=f"{START.replace('arn:aws:', 'arn:aws-cn:')}a/b_c+d=e.f@g-000000"),
        ),
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
        ("hunter2", "allowed is the ARN of a Secrets Manager secret"),
        ("mail-AbCdEf", "allowed is the ARN of a Secrets Manager secret"),
        ("arn:aws:ssm:eu-west-1:123456789012:parameter/x", "allowed is the ARN of a Secrets Manager secret"),
        (f"{ARN}:", "allowed is the ARN of a Secrets Manager secret"),
        (f"{ARN}:key:", "allowed is the ARN of a Secrets Manager secret"),
        (f"{ARN}:key:AWSCURRENT", "allowed is the ARN of a Secrets Manager secret"),
        (f"{ARN}:key:::", "allowed is the ARN of a Secrets Manager secret"),
        (f"{ARN}:a key::", "allowed is the ARN of a Secrets Manager secret"),
        (f"{ARN}:key:AWSCURRENT:{VERSION}", "ECS takes a stage or a version id of a secret, not both"),
        (f"{ARN}:key::1", "allowed as version id are 32 to 64 letters, digits and hyphens"),
    ],
)
def test_other_text_is_no_reference(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        checked_reference(text)


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
