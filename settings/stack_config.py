"""The values in a stack's config, as the engine passes them."""

import difflib
import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, cast

import pulumi
from pulumi.runtime import config as runtime_config

from settings.base import Problem
from settings.checking import unknown_key
from settings.partition import KNOWN_REGIONS, REGION, is_supported
from settings.rules.near_names import nearest
from settings.types import NAME, PROJECT_NAME

LONGEST_PROJECT_AND_STACK = 21
"""Letters of both names together: `<project>-<stack>-worker-<name>-execution` and Pulumi's ending fit into IAM's 64,
with 16 for the worker's name: docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""

OF_THE_PROVIDER = (
    *("region", "profile", "defaultTags", "accessKey", "allowedAccountIds", "assumeRoleWithWebIdentity", "assumeRoles"),
    *("customCaBundle", "ec2MetadataServiceEndpoint", "ec2MetadataServiceEndpointMode", "endpoints"),
    *("forbiddenAccountIds", "httpProxy", "httpsProxy", "ignoreTags", "insecure", "maxRetries", "noProxy"),
    *("pluginDownloadURL", "retryMode", "s3UsEast1RegionalEndpoint", "s3UsePathStyle", "secretKey"),
    *("sharedConfigFiles", "sharedCredentialsFiles", "skipCredentialsValidation", "skipMetadataApiCheck"),
    *("skipRegionValidation", "skipRequestingAccountId", "stsRegion", "tagPolicyCompliance", "token"),
    *("tokenBucketRateLimiterCapacity", "useDualstackEndpoint", "useFipsEndpoint", "userAgents", "version"),
)
"""What may stand behind `aws:`; the engine stops at another one: www.pulumi.com/registry/packages/aws/api-docs/provider
and github.com/pulumi/pulumi-aws/issues/3360"""
OTHER_NAMESPACES = ("aws", "awsx", "pulumi", "random")


def given_config() -> tuple[Mapping[str, str], AbstractSet[str]]:
    """The config of the running program: texts by full key, and the encrypted keys."""
    config = cast(dict[str, str], {**runtime_config.get_config_env(), **runtime_config.CONFIG.get()})
    return config, {key for key in config if runtime_config.is_config_secret(key)}


def mistakes_around(name: str, region: str) -> Iterator[str]:
    """Mistakes in the stack's name and in `aws:region`."""
    if not NAME.fullmatch(name):
        yield (
            f'stack: given "{name}"; allowed is a name of a-z, 0-9 and - that begins with a letter, '
            "of at most 16 characters, because AWS's names are made with it"
        )
    if not REGION.fullmatch(region):
        given = f'given "{region}"' if region else "not given"
        yield f"aws:region: {given}; allowed is a region such as ap-northeast-1"
    elif not is_supported(region):
        yield f'aws:region: given "{region}"; allowed are the commercial, the China and the AWS GovCloud (US) Regions'


def project_mistakes(project: str, stack: str) -> Iterator[str]:
    """Mistakes in the name of the project, which AWS's names are made with as with the stack's.

    Args:
        project: Name of the project.
        stack: Name of the stack.
    """
    if not PROJECT_NAME.fullmatch(project):
        yield (
            f'name in Pulumi.yaml: given "{project}"; allowed is a name of a-z, 0-9 and - that begins with a letter, '
            "because AWS's names are made with it"
        )
    elif NAME.fullmatch(stack) and len(project) + len(stack) > LONGEST_PROJECT_AND_STACK:
        yield (
            f'stack: given "{stack}" in the project {project}; allowed are names that have at most '
            f"{LONGEST_PROJECT_AND_STACK} characters together, because AWS's names are made with both"
        )


def mistakes_in_keys(prefix: str, config: Mapping[str, str]) -> Iterator[str]:
    """Keys before whose colon another word was meant, and unknown ones of the AWS provider: nothing reads them.

    Args:
        prefix: What stands before the colon of the program's own keys.
        config: Full keys and the engine's texts.
    """
    for key in sorted(config):
        namespace, _, name = key.partition(":")
        if namespace == "aws" and name not in OF_THE_PROVIDER:
            near = nearest(name, OF_THE_PROVIDER)
            hint = f"did you mean aws:{near}?" if near else "the AWS provider has no such setting"
            yield f"{key}: unknown key; {hint}"
        elif namespace not in (prefix, *OTHER_NAMESPACES):
            meant = nearest(unicodedata.normalize("NFKC", namespace), (prefix, *OTHER_NAMESPACES))
            if meant:
                yield f"{key}: unknown key; did you mean {meant}:{name}?"


def warnings_around(region: str) -> Iterator[str]:
    """Warnings about `aws:region`."""
    if region in KNOWN_REGIONS:
        return
    near = difflib.get_close_matches(region, sorted(KNOWN_REGIONS), n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    yield (
        f'aws:region: given "{region}", which is not among the regions of 2026-11-27; {meant}'
        "`story doctor --before` asks AWS"
    )


def warn(lines: Sequence[str]) -> None:
    """Logs warnings about the settings with Pulumi."""
    for line in lines:
        pulumi.log.warn(line)


def values_of(
    prefix: str, names: Sequence[str], config: Mapping[str, str], secret_keys: AbstractSet[str], instead: str
) -> tuple[dict[str, Any], list[Problem]]:
    """The values of the known keys, and the mistakes that are found before the values are checked.

    Args:
        prefix: Namespace of the program's keys, before the colon.
        names: Known keys, after the colon.
        config: Full keys and the engine's texts.
        secret_keys: Keys of `config` that hold encrypted values.
        instead: Advice where to put a secret.
    """
    given = {key.partition(":")[2]: text for key, text in config.items() if key.startswith(f"{prefix}:")}
    secret = {key.partition(":")[2] for key in secret_keys}
    values: dict[str, Any] = {}
    mistakes: list[Problem] = []
    # The engine passes config in a different order each time.
    for key in sorted(given, key=lambda key: (names.index(key) if key in names else -1, key)):
        if key in secret:
            mistakes.append(Problem(key=key, problem=f"holds an encrypted value (secure:); {instead}"))
        elif key not in names:
            mistakes.append(unknown_key(key, names))
        else:
            values[key] = _value(given[key])
    return values, mistakes


def _value(text: str) -> Any:
    """The value of the engine's text; the engine passes an empty text for a key without a value."""
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
