"""Types of single values."""

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from settings import types

HEX = "0123456789abcdef" * 4


def accepts(kind: Any, value: Any) -> bool:
    try:
        TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (types.Cidr, ["10.0.0.0/16", "0.0.0.0/0", "192.0.2.1/32"]),
        (types.RetentionDays, [1, 30, 365, 3653]),
        (types.Email, ["team@example.com", "a.b+c@mail.example.co.jp"]),
        (types.AuroraClass, ["db.serverless", "db.r6g.large", "db.t4g.medium", "db.r8g.16xlarge"]),
        (types.DocumentDbClass, ["db.r6g.large"]),
        (types.NodeType, ["cache.t4g.small", "cache.r7g.12xlarge"]),
        (types.SecretArn, ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:app/key-AbCdEf"]),
        (types.SecretArn, ["arn:aws:secretsmanager:eu-west-1:123456789012:secret:app-AbCdEf:PASSWORD"]),
        (
            types.KeyArn,
            [
                "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
                "arn:aws-cn:kms:cn-north-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab",
            ],
        ),
        (types.HostedZoneId, ["Z0123456789ABCDEFGHIJ"]),
        (types.Domain, ["www.example.com", "a-b.example.co.jp", "xn--wgv71a.jp"]),
        (types.Image, [f"123456789012.dkr.ecr.eu-west-1.amazonaws.com/app@sha256:{HEX}"]),
        (types.Image, [f"localhost:5000/a/b@sha256:{HEX}", f"ghcr.io/a/b_c.d@sha256:{HEX}"]),
        (types.EnvironmentName, ["APP_ENV", "_x", "A1"]),
        (types.Name, ["mail", "mail-2", "a", "a234567890123456"]),
        (types.MysqlName, ["laravel", "App_2"]),
        (types.Port, [1024, 65535]),
    ],
)
def test_values_that_aws_takes(kind: Any, values: list[Any]) -> None:
    assert [value for value in values if not accepts(kind, value)] == []


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (types.Cidr, ["10.0.0.0", "10.0.0.1/16", "10.0.0.0/33", "::/0", "ten", "10.0.0.0/255.255.0.0"]),
        (types.RetentionDays, [0, 2, 31, 366, "30", True]),
        (types.Email, ["nobody", "a@b", "a b@example.com", "a@example.com\n", "名@example.com"]),
        (types.AuroraClass, ["r6g.large", "db.r6g", "db.r6g.huge", "db.R6g.large", "db.serverless.large"]),
        (types.DocumentDbClass, ["db.serverless"]),
        (types.NodeType, ["t4g.small", "db.t4g.small", "cache.t4g"]),
        (types.SecretArn, ["hunter2", "arn:aws:ssm:eu-west-1:123456789012:parameter/x"]),
        (types.KeyArn, ["alias/aws/secretsmanager", "arn:aws:kms:eu-west-1:123456789012:alias/x", "1234abcd", ""]),
        (types.HostedZoneId, ["/hostedzone/Z1", "z0123", "example.com"]),
        (types.Domain, ["example", "WWW.example.com", "https://example.com", "-a.example.com", "日本.jp"]),
        (types.Image, ["app", "ghcr.io/app:latest", "ghcr.io/app", f"app@sha256:{HEX}", f"ghcr.io/A@sha256:{HEX}"]),
        (types.EnvironmentName, ["1A", "A-B", "", "名"]),
        (types.Name, ["Mail", "1mail", "mail-", "a--b", "a_b", "", "a2345678901234567", "メール"]),
        (types.MysqlName, ["1a", "a-b", "", "a" * 33, "データ"]),
        (types.Port, [80, 65536, "8080"]),
    ],
)
def test_values_that_aws_would_refuse(kind: Any, values: list[Any]) -> None:
    assert [value for value in values if accepts(kind, value)] == []


@pytest.mark.parametrize(
    ("image", "problem"),
    [
        (f"ghcr.io/app@sha256:{HEX}", None),
        ("app:1", 'given "app:1", which contains no registry; allowed is'),
        (f"library/app@sha256:{HEX}", f'given "library/app@sha256:{HEX}", which contains no registry; allowed is'),
        ("ghcr.io/app:1", 'given "ghcr.io/app:1", which has a tag instead of a digest; allowed is'),
        ("ghcr.io/app", 'given "ghcr.io/app"; allowed is'),
        ("ghcr.io/app@sha256:12", 'given "ghcr.io/app@sha256:12"; allowed is'),
    ],
)
def test_an_image_is_told_what_it_lacks(image: str, problem: str | None) -> None:
    found = types.image_problem(image)
    assert (found is None) if problem is None else (found is not None and found.startswith(problem))


def test_the_registry_and_the_repository_of_an_image_can_be_told_apart() -> None:
    match = types.IMAGE.fullmatch(f"localhost:5000/a/b@sha256:{HEX}")
    assert match is not None
    assert (match["registry"], match["repository"]) == ("localhost:5000", "a/b")


def test_a_range_that_begins_elsewhere_is_told_where_it_begins() -> None:
    with pytest.raises(ValidationError, match=r"use 10\.0\.0\.0/16"):
        TypeAdapter(types.Cidr).validate_python("10.0.3.0/16")


def test_an_iam_role_of_the_longest_stack_and_worker_fits_into_64_characters() -> None:
    longest = "a" * 16
    assert accepts(types.Name, longest)
    assert not accepts(types.Name, longest + "a")
    assert len(f"story-{longest}-worker-{longest}-execution-1234567") <= 64
