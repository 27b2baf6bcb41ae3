"""Values that AWS would refuse, through `story plan` and the whole program: one line each, before anything is made."""

from pathlib import Path

import pytest

from tests.program.planned import REGION, SECRET, SECRET_FORM, planned, refused

WEST = SECRET.replace("ap-northeast-1", "us-west-2")
RANGE = "min_tasks: 1, max_tasks: 2"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(
            f'  story:web: {{autoscaling: {{schedules: {{a: {{cron: "0 22 * * * *", {RANGE}}}}}}}}}',
            'story:web.autoscaling.schedules.a.cron: given "0 22 * * * *"; neither day-of-month nor day-of-week is ?; '
            "write 0 22 * * ? *",
            id="a schedule without a question mark",
        ),
        pytest.param(
            f'  story:web: {{autoscaling: {{schedules: {{a: {{cron: "30 8 * * 1-5", {RANGE}}}}}}}}}',
            'story:web.autoscaling.schedules.a.cron: given "30 8 * * 1-5"; it has the five fields of Unix cron; '
            "allowed are AWS's six: write 30 8 ? * MON-FRI *",
            id="a schedule in Unix's form",
        ),
        pytest.param(
            f'  story:workers: {{mail: {{autoscaling: {{schedules: {{a: {{cron: "0 24 ? * * *", {RANGE}}}}}}}}}}}',
            'story:workers.mail.autoscaling.schedules.a.cron: given "0 24 ? * * *"; hours is 24; allowed is 0-23, with '
            ", - * /",
            id="an hour that no day has",
        ),
        pytest.param(
            f"  story:web: {{autoscaling: {{schedules: {{a: {{cron: 8, {RANGE}}}}}}}}}",
            "story:web.autoscaling.schedules.a.cron: given 8; allowed is six fields such as 0 8 ? * MON-FRI * (minutes "
            "hours day-of-month month day-of-week year)",
            id="a number for a schedule",
        ),
        pytest.param(
            f'  story:web: {{autoscaling: {{schedules: {{a: {{cron: "0 8 ? * * *", timezone: Japan, {RANGE}}}}}}}}}',
            'story:web.autoscaling.schedules.a.timezone: given "Japan"; '
            "it is not a canonical name of a time zone; write "
            "Asia/Tokyo",
            id="an old name of a time zone",
        ),
        pytest.param(
            f'  story:web: {{autoscaling: {{schedules: {{a: {{cron: "0 8 ? * * *", timezone: 9, {RANGE}}}}}}}}}',
            "story:web.autoscaling.schedules.a.timezone: given 9; allowed is UTC, or an IANA time zone such as "
            "Asia/Tokyo",
            id="a number for a time zone",
        ),
        pytest.param(
            "  story:aurora: {instance_class: db.t3.small}",
            'story:aurora.instance_class: given "db.t3.small"; Aurora MySQL 3 does not offer this size (2026-11-27); '
            "allowed are db.t3.medium, db.t3.large",
            id="a size that Aurora MySQL 3 has not",
        ),
        pytest.param(
            "  story:aurora: {instance_class: db.t2.medium}",
            'story:aurora.instance_class: given "db.t2.medium"; Aurora MySQL 3 does not offer this family '
            "(2026-11-27); allowed are the families t3, t4g, r5, r6g, r6i, r7g, r7i, r8g, x2g, such as db.t3.medium",
            id="a family that Aurora MySQL 3 has not",
        ),
        pytest.param(
            "  story:documentdb: {instance_class: db.t4g.large}",
            'story:documentdb.instance_class: given "db.t4g.large"; DocumentDB 5.0 does not offer this size '
            "(2026-11-27); allowed are db.t4g.medium",
            id="a size that DocumentDB has not",
        ),
        pytest.param(
            "  story:valkey: {node_type: cache.t2.micro}",
            'story:valkey.node_type: given "cache.t2.micro"; Valkey takes no new nodes of this family (2026-11-27); '
            "allowed are the families t3, t4g, m4, m5, m6g, m7g, m8g, r4, r5, r6g, r7g, r8g, c7gn, c8gn, such as "
            "cache.t3.micro",
            id="a node type that is no longer made",
        ),
        pytest.param(
            f"  story:application: {{secrets: {{STRIPE: {SECRET.removesuffix('-AbCdEf')}}}}}",
            "story:application.secrets.STRIPE: given the ARN of agent without its random suffix (a hyphen and six "
            "characters), with which IAM denies every task; allowed is the ARN that `aws secretsmanager "
            "describe-secret --secret-id agent` shows",
            id="the ARN of a secret without its suffix",
        ),
        pytest.param(
            f"  story:agents: {{mackerel: {{api_key: {SECRET.removesuffix('-AbCdEf')}, services: [web]}}}}",
            "story:agents.mackerel.api_key: given the ARN of agent without its random suffix (a hyphen and six "
            "characters), with which IAM denies every task; allowed is the ARN that `aws secretsmanager "
            "describe-secret --secret-id agent` shows",
            id="the ARN of an agent's secret without its suffix",
        ),
        pytest.param(
            f"  story:network: {{nat: none}}\n  story:application: {{secrets: {{STRIPE: {WEST}}}}}",
            "story:application.secrets.STRIPE: given agent-AbCdEf in us-west-2, which tasks do not reach with "
            "network.nat none; a replica of it in ap-northeast-1 has an ARN of its own: `aws secretsmanager "
            "replicate-secret-to-regions --region us-west-2 --secret-id agent --add-replica-regions "
            "Region=ap-northeast-1`",
            id="a secret of another region without a way there",
        ),
        pytest.param(
            "  story:application: {secrets: {STRIPE: 'arn:aws:ssm:ap-northeast-1:123456789012:parameter/stripe'}}",
            "story:application.secrets.STRIPE: given the ARN of a parameter of Systems Manager, which this program "
            f"does not give to tasks; allowed is {SECRET_FORM}",
            id="a parameter in place of a secret",
        ),
        pytest.param(
            "  story:migration: {command: ['php artisan migrate --force']}",
            'story:migration.command: given ["php artisan migrate --force"]; no shell splits the item "php artisan '
            'migrate --force"; write [php, artisan, migrate, --force]',
            id="a command in one text",
        ),
        pytest.param(
            f'  story:web: {{autoscaling: {{schedules: {{a: {{cron: "0 8 30 2 ? *", {RANGE}}}}}}}}}',
            'story:web.autoscaling.schedules.a.cron: given "0 8 30 2 ? *"; day-of-month 30 never comes with month 2; '
            "for the last day of a month write L",
            id="a date that never comes",
        ),
        pytest.param(
            '  story:web: {autoscaling: {schedules: {a: {cron: "0 8 ? * * *", min_tasks: 1, max_task: 2}}}}',
            "story:web.autoscaling.schedules.a.max_task: unknown key; did you mean max_tasks?",
            id="a misspelt key that is needed",
        ),
        pytest.param(
            "  story:application: {secret_key_arns: [alias/shared]}",
            'story:application.secret_key_arns.0: given "alias/shared"; allowed is the ARN of a KMS key, not of an '
            "alias (`aws kms describe-key --key-id <alias ARN>` shows it): "
            "arn:aws:kms:ap-northeast-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
            id="an alias for a key",
        ),
        pytest.param(
            "  story:application: {environment: {DB_USERNAME: shop}}",
            "story:application.environment.DB_USERNAME: given, but it is a secret that the program gives every task; "
            "leave it out, or switch aurora off",
            id="a variable that is a secret of the program's",
        ),
        pytest.param(
            "  story:application: {environment: {DB_PASSWORD: hunter2}}",
            "story:application.environment.DB_PASSWORD: given, but it is a secret that the program gives every task; "
            "leave it out, or switch aurora off",
            id="the password of the stack's own database in plain text",
        ),
        pytest.param(
            "  story:application: {secrets: {DB_PASSWORD: "
            "'arn:aws:secretsmanager:ap-northeast-1:123456789012:secret:db-AbCdEf'}}",
            "story:application.secrets.DB_PASSWORD: given, but it is a secret that the program gives every task; "
            "leave it out, or switch aurora off",
            id="another password for the stack's own database",
        ),
        pytest.param(
            "  story:web: {environment: {DATABASE_URL: mysql://shop:hunter2@db.example.com/shop}}",
            "story:web.environment.DATABASE_URL: given in plain text; put it in Secrets Manager and its ARN in "
            "application.secrets, or name it in application.not_secrets if it is no secret",
            id="a password within a URL",
        ),
        pytest.param(
            "  story:migration: {command: [php, artisan, 'migrate:fresh', --force]}",
            "story:migration.command: given artisan migrate:fresh, which deletes the content of the database at every "
            "release; allowed only with protect false",
            id="a migration that deletes data",
        ),
        pytest.param(
            "  story:network: {vpc_id: vpc-1}",
            "story:network.vpc_id: unknown key; allowed are cidr, zones, public_mask, private_mask, isolated_mask, "
            "nat, interface_endpoints, other_cidrs, flow_log_retention_days",
            id="a wish",
        ),
        pytest.param(
            f"  story:application: {{environment: {{LONG: {'x' * 63_000}}}}}",
            "story:application.environment: given 1 variable of 63,027 bytes, with which the task definition of web, "
            "scheduler, workers.default, migration has about 66,464; allowed by ECS are 65,536 (64 KiB): keep large "
            "values in the image, in S3 or in a secret",
            id="a task definition that is too large",
        ),
    ],
)
def test_a_value_that_aws_would_refuse_is_one_line(tmp_path: Path, text: str, line: str) -> None:
    assert planned(tmp_path, f"{REGION}{text}\n") == refused(line)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (
            "  story:migration: {command: [php, artisan, migrate]}",
            "story:migration.command: artisan migrate without --force asks for a confirmation where APP_ENV is "
            "production; nobody answers in a task, so that nothing is migrated",
        ),
        (
            "  story:migration: {command: [php, artisan, migrate, --force, --isolated]}",
            "story:migration.command: --isolated reports success without a migration while its lock is held, and the "
            "lock of a stopped task is held for an hour; releases need no lock, because a stack has one migration at a "
            "time",
        ),
        (
            "  story:aurora: {instance_class: db.r9g.large}",
            "story:aurora.instance_class: db.r9g.large is of an unknown family (2026-11-27): "
            "Aurora MySQL 3 may offer it or not; `story doctor --before` asks AWS",
        ),
        (
            f"  story:agents: {{mackerel: {{api_key: {WEST}, services: [web]}}}}",
            "story:agents.mackerel.api_key: agent-AbCdEf is in us-west-2: each start of a task then needs both "
            "regions; a replica of it in ap-northeast-1 has an ARN of its own: `aws secretsmanager "
            "replicate-secret-to-regions --region us-west-2 --secret-id agent --add-replica-regions "
            "Region=ap-northeast-1`",
        ),
        (
            "  story:application: {not_secrets: [APP_LOCALE]}",
            "story:application.not_secrets: APP_LOCALE has no effect: no variable of this name would be taken for a "
            "secret",
        ),
    ],
)
def test_what_works_and_surprises_is_a_warning(tmp_path: Path, text: str, warning: str) -> None:
    code, found = planned(tmp_path, f"{REGION}{text}\n")
    assert (code, found["mistakes"]) == (0, [])
    assert warning in found["warnings"]


def test_what_real_sites_need_is_planned_without_a_mistake(tmp_path: Path) -> None:
    text = f"""
  story:web: {{autoscaling: {{schedules: {{a: {{cron: "cron(0 23 ? * MON-FRI *)", {RANGE}}}}}}}}}
  story:application:
    environment:
      AUTH_PASSWORD_BROKER: users
      AUTH_PASSWORD_TIMEOUT: "10800"
      PUSHER_APP_KEY: 1a2b3c4d5e6f7a8b9c0d
      GOOGLE_MAPS_API_KEY: AIza
    secrets: {{MAIL: "{SECRET}:key::", SHOP: "{SECRET.replace("agent", "rds!cluster-1")}:password:AWSCURRENT:"}}
    not_secrets: [GOOGLE_MAPS_API_KEY]
"""
    code, found = planned(tmp_path, REGION + text)
    assert (code, found["mistakes"]) == (0, [])
