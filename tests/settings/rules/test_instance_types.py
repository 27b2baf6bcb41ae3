"""Instance classes and node types that the engines offer."""

import pytest

from settings.base import Spec
from settings.checking import check
from settings.rules.instance_types import (
    AURORA_MYSQL,
    DOCUMENTDB,
    READ_ON,
    VALKEY,
    Engine,
    newer_than_the_list,
    refusal,
)
from settings.stores import AuroraSpec, DocumentDbSpec, ValkeySpec


@pytest.mark.parametrize(
    ("engine", "given"),
    [
        (AURORA_MYSQL, "db.t3.medium"),
        (AURORA_MYSQL, "db.t3.large"),
        (AURORA_MYSQL, "db.t4g.medium"),
        (AURORA_MYSQL, "db.r5.24xlarge"),
        (AURORA_MYSQL, "db.r6i.32xlarge"),
        (AURORA_MYSQL, "db.r7g.16xlarge"),
        (AURORA_MYSQL, "db.r7i.48xlarge"),
        (AURORA_MYSQL, "db.r8g.48xlarge"),
        (AURORA_MYSQL, "db.x2g.large"),
        (DOCUMENTDB, "db.t3.medium"),
        (DOCUMENTDB, "db.t4g.medium"),
        (DOCUMENTDB, "db.r5.16xlarge"),
        (DOCUMENTDB, "db.r6gd.xlarge"),
        (DOCUMENTDB, "db.r8g.24xlarge"),
        (VALKEY, "cache.t3.micro"),
        (VALKEY, "cache.t4g.micro"),
        (VALKEY, "cache.m5.24xlarge"),
        (VALKEY, "cache.m7g.large"),
        (VALKEY, "cache.r8g.16xlarge"),
        (VALKEY, "cache.c7gn.large"),
    ],
)
def test_what_aws_s_page_lists_is_taken(engine: Engine, given: str) -> None:
    assert refusal(engine, given) is None
    assert not newer_than_the_list(engine, given)


@pytest.mark.parametrize(
    ("engine", "given", "allowed"),
    [
        (AURORA_MYSQL, "db.t3.micro", "allowed are db.t3.medium, db.t3.large"),
        (AURORA_MYSQL, "db.t3.small", "allowed are db.t3.medium, db.t3.large"),
        (AURORA_MYSQL, "db.t4g.small", "allowed are db.t4g.medium, db.t4g.large"),
        (AURORA_MYSQL, "db.r6g.24xlarge", "db.r6g.16xlarge"),
        (AURORA_MYSQL, "db.t2.small", "allowed are the families t3, t4g, r5, r6g, r6i, r7g, r7i, r8g, x2g, such as"),
        (AURORA_MYSQL, "db.t2.medium", "such as db.t3.medium"),
        (AURORA_MYSQL, "db.r4.large", "such as db.r"),
        (AURORA_MYSQL, "db.m5.large", "such as db.r5.large"),
        (AURORA_MYSQL, "db.m6g.large", "such as db.r6g.large"),
        (
            AURORA_MYSQL,
            "db.r6gd.large",
            "does not offer this family, which is for Optimized Reads of Aurora PostgreSQL",
        ),
        (
            AURORA_MYSQL,
            "db.r6id.32xlarge",
            "does not offer this family, which is for Optimized Reads of Aurora PostgreSQL",
        ),
        (
            AURORA_MYSQL,
            "db.r8gd.large",
            "does not offer this family, which is for Optimized Reads of Aurora PostgreSQL",
        ),
        (AURORA_MYSQL, "db.r6gd.large", "such as db.r6g.large"),
        (DOCUMENTDB, "db.r8gd.large", "does not offer this family (2026-11-27)"),
        (DOCUMENTDB, "db.r6id.large", "does not offer this family (2026-11-27)"),
        (DOCUMENTDB, "db.t4g.large", "allowed are db.t4g.medium"),
        (DOCUMENTDB, "db.t3.small", "allowed are db.t3.medium"),
        (DOCUMENTDB, "db.r6gd.large", "allowed are db.r6gd.xlarge"),
        (DOCUMENTDB, "db.r4.large", "offers this family with its version 3.6 only"),
        (DOCUMENTDB, "db.x2g.large", "allowed are the families t3, t4g, r5, r6g, r6gd, r8g"),
        (VALKEY, "cache.t2.micro", "takes no new nodes of this family"),
        (VALKEY, "cache.t1.micro", "takes no new nodes of this family"),
        (VALKEY, "cache.m3.large", "takes no new nodes of this family"),
        (VALKEY, "cache.r6gd.xlarge", "needs data tiering for this family, which this program does not set"),
        (VALKEY, "cache.t4g.large", "allowed are cache.t4g.micro, cache.t4g.small, cache.t4g.medium"),
        (VALKEY, "cache.m5.8xlarge", "cache.m5.12xlarge"),
    ],
)
def test_what_the_engine_does_not_offer_is_told_what_it_does(engine: Engine, given: str, allowed: str) -> None:
    told = refusal(engine, given)
    assert told is not None
    assert told.startswith(engine.name)
    assert READ_ON in told
    assert allowed in told


@pytest.mark.parametrize(
    ("kind", "key", "given"),
    [
        (AuroraSpec, "instance_class", "db.r9g.large"),
        (DocumentDbSpec, "instance_class", "db.r9g.large"),
        (ValkeySpec, "node_type", "cache.m9g.large"),
    ],
)
def test_a_family_newer_than_the_list_is_taken_with_a_warning(kind: type[Spec], key: str, given: str) -> None:
    found = check(kind, {key: given})
    assert list(found.mistakes) == []
    (warning,) = found.spec.warnings()
    assert (warning.key, warning.problem.partition(":")[0]) == (
        key,
        f"{given} is of an unknown family ({READ_ON})",
    )
    assert list(check(kind, {key: given, "enabled": False}).spec.warnings()) == []


def test_a_serverless_documentdb_is_no_choice_of_this_program() -> None:
    (mistake,) = check(DocumentDbSpec, {"instance_class": "db.serverless"}).mistakes
    assert mistake.problem == (
        'given "db.serverless"; serverless DocumentDB is not supported; allowed is a class such as db.t4g.medium'
    )
    assert list(check(AuroraSpec, {"instance_class": "db.serverless"}).mistakes) == []


@pytest.mark.parametrize("engine", [AURORA_MYSQL, DOCUMENTDB, VALKEY])
def test_a_list_offers_and_refuses_no_family_at_once(engine: Engine) -> None:
    assert set(engine.sizes) & set(engine.refused) == set()
    assert all(refusal(engine, given) is None for given in engine.offered)
    assert len(set(engine.offered)) == len(engine.offered) > 10
