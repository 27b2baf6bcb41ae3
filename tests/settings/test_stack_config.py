"""Keys of a stack's config that nothing reads."""

from inspect import signature

import pulumi_aws
import pytest

from settings.stack_config import OF_THE_PROVIDER, mistakes_in_keys


def mistakes(*keys: str, prefix: str = "story") -> list[str]:
    return list(mistakes_in_keys(prefix, dict.fromkeys(keys, "x")))


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("stroy:web", "story:web"),
        ("sotry:aurora", "story:aurora"),
        ("storys:web", "story:web"),
        ("Story:web", "story:web"),
        ("".join(chr(ord(letter) + 0xFEE0) for letter in "story") + ":web", "story:web"),
        ("aw:region", "aws:region"),
        ("AWS:region", "aws:region"),
        ("pulmi:tags", "pulumi:tags"),
        ("aws:profil", "aws:profile"),
        ("aws:regoin", "aws:region"),
        ("aws:Region", "aws:region"),
        ("aws:defaultTag", "aws:defaultTags"),
        ("aws:default_tags", "aws:defaultTags"),
        ("aws:default-tags", "aws:defaultTags"),
    ],
)
def test_a_misspelt_key_is_a_mistake_that_names_the_right_one(key: str, meant: str) -> None:
    assert mistakes(key) == [f"{key}: unknown key; did you mean {meant}?"]


@pytest.mark.parametrize("key", ["aws:vpcId", "aws:account", "aws:"])
def test_a_key_that_the_aws_provider_does_not_have_is_a_mistake(key: str) -> None:
    assert mistakes(key) == [f"{key}: unknown key; the AWS provider has no such setting"]


@pytest.mark.parametrize(
    "key",
    [
        *("story:web", "story:nonsense", "aws:region", "aws:profile", "aws:defaultTags", "aws:s3UsePathStyle"),
        *("awsx:x", "pulumi:tags", "pulumi:disable-default-providers", "random:x", "datadog:apiKey", "gcp:project"),
    ],
)
def test_keys_of_others_and_those_that_are_judged_elsewhere_are_no_mistakes(key: str) -> None:
    assert mistakes(key) == []


def test_all_come_at_once_and_each_program_has_its_own_word() -> None:
    assert mistakes("bootstarp:stages", "aws:profil", prefix="bootstrap") == [
        "aws:profil: unknown key; did you mean aws:profile?",
        "bootstarp:stages: unknown key; did you mean bootstrap:stages?",
    ]


def test_the_provider_s_settings_are_those_of_the_installed_one() -> None:
    own = {*signature(pulumi_aws.Provider._internal_init).parameters} - {
        "__self__",
        "resource_name",
        "opts",
        "__props__",
    }
    known = {first + "".join(map(str.capitalize, rest)) for first, *rest in (name.split("_") for name in own)}
    assert {*OF_THE_PROVIDER} == {*known, "pluginDownloadURL", "version"}
