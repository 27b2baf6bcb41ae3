"""A password that nobody ever types, and the secret that holds it."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from components.base import Component, physical_name
from components.data_stores.names import content_version
from settings.stores import DatabaseSpec

RECOVERY_WINDOW_DAYS = 7
USER_PASSWORD_LENGTH = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialArgs:
    """What a `Credential` needs to know.

    Attributes:
        description: What the secret opens; shown in the console.
        username: Whose password it is; None for a store that knows no users.
        length: Length of the password, of letters and digits only: it goes through URLs and configuration files, and
            DocumentDB and ElastiCache refuse some of the special characters.
        version: A higher one makes a new password.
        key_arn: Key that encrypts the secret.
        protect: Refuse to delete the secret, without which no task starts. Password and version are replaced at will.
    """

    description: str
    username: str | None = None
    length: int
    version: int
    key_arn: pulumi.Input[str]
    protect: bool


class Credential(Component):
    """A random password in a secret of its own, as JSON with the keys `username` (if there is one) and `password`.

    The secret's value is written and never read back: a refresh, and so a role that may only preview, does not see it.
    Its name is automatic, so a deleted secret that waits for its end (seven days) is in nobody's way.

    Makes: RandomPassword, Secret, SecretVersion.
    """

    password: pulumi.Output[str]
    secret_arn: pulumi.Output[str]
    secret_version: pulumi.Output[str]

    def __init__(self, name: str, args: CredentialArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        password = random.RandomPassword(
            name,
            length=args.length,
            special=False,
            min_lower=1,
            min_upper=1,
            min_numeric=1,
            keepers={"version": str(args.version)},
            opts=self.child(),
        )
        self.password = pulumi.Output.secret(password.result)
        secret = aws.secretsmanager.Secret(
            physical_name(name),
            description=args.description,
            kms_key_id=args.key_arn,
            recovery_window_in_days=RECOVERY_WINDOW_DAYS,
            opts=self.child(protect=args.protect),
        )
        user = {"username": args.username} if args.username else {}
        # A value that is never read back is not compared either: the number says when to write it again.
        version = aws.secretsmanager.SecretVersion(
            name,
            secret_id=secret.id,
            secret_string_wo=pulumi.Output.json_dumps({**user, "password": self.password}),
            secret_string_wo_version=content_version(args.username, args.length, args.version),
            opts=self.child(),
        )

        self.secret_arn = secret.arn
        self.secret_version = version.version_id
        self.register_outputs({"secretArn": self.secret_arn, "secretVersion": self.secret_version})


def database_user(
    store: str,
    spec: DatabaseSpec,
    *,
    key_arn: pulumi.Input[str],
    protect: bool,
    opts: pulumi.ResourceOptions | None = None,
) -> Credential:
    """The application's own user of a database. The task `users` makes it there."""
    return Credential(
        f"{store}-user",
        CredentialArgs(
            description=f"The application's user of {physical_name(store)}",
            username=spec.user,
            length=USER_PASSWORD_LENGTH,
            version=spec.password_version,
            key_arn=key_arn,
            protect=protect,
        ),
        opts=opts,
    )
