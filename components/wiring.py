"""What components hand to each other."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRef:
    """One value in Secrets Manager.

    Attributes:
        arn: ARN of the secret.
        key: Key of the JSON in it; None takes the whole text.
        stage: Staging label of the version to read; None reads as `version` says. Not beside a version.
        version: Id of the version to read; None reads the current one when a task starts. With it, a new value is
            a new task definition and so reaches the tasks that run.
    """

    arn: pulumi.Input[str]
    key: str | None = None
    stage: str | None = None
    version: pulumi.Input[str] | None = None

    @property
    def value_from(self) -> pulumi.Output[str]:
        """What a container definition names:
        docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html"""
        if self.key is None and self.stage is None and self.version is None:
            return pulumi.Output.from_input(self.arn)
        return pulumi.Output.concat(self.arn, ":", self.key or "", ":", self.stage or "", ":", self.version or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAccess:
    """The door of a store: whoever uses it opens it for its own security group.

    Attributes:
        store: Its name, as the settings and the outputs have it.
        security_group_id: The store's security group.
        port: TCP port.
    """

    store: str
    security_group_id: pulumi.Input[str]
    port: int
