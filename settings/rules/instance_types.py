"""Instance classes and node types that the stores' engines offer. What a region offers of them, only AWS can say.

Aurora MySQL 3: docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.DBInstanceClass.SupportAurora.html and the
sizes of docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Managing.Performance.html, without what
version 3 dropped (docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Compare-v2-v3.html).
DocumentDB 5.0 and 8.0: docs.aws.amazon.com/documentdb/latest/developerguide/db-instance-classes.html
Valkey: docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html (for Valkey 7.2 and later)
"""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

READ_ON = "2026-11-27"


def _from_large(*multiples: int) -> tuple[str, ...]:
    return ("large", "xlarge", *(f"{multiple}xlarge" for multiple in multiples))


GRAVITON = _from_large(2, 4, 8, 12, 16)
FIFTH = _from_large(2, 4, 12, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What one engine offers.

    Attributes:
        name: Name of the engine, for people.
        prefix: What its classes begin with: `db.` or `cache.`.
        sizes: Sizes by family.
        refused: Families that AWS knows and the engine does not take, with what the engine does with them, in words.
    """

    name: str
    prefix: str
    sizes: Mapping[str, Sequence[str]]
    refused: Mapping[str, str]

    @property
    def offered(self) -> Sequence[str]:
        """Every class that is offered."""
        return [f"{self.prefix}{family}.{size}" for family, sizes in self.sizes.items() for size in sizes]


NOT_OFFERED = "does not offer this family"
POSTGRESQL_ONLY = "does not offer this family, which is for Optimized Reads of Aurora PostgreSQL"
"""docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.optimized.reads.html"""
NO_NEW = "takes no new nodes of this family"
GENERAL = (
    *(
        "c6gd",
        "m1",
        "m2",
        "m3",
        "m4",
        "m5",
        "m5d",
        "m6g",
        "m6gd",
        "m6i",
        "m6id",
        "m6idn",
        "m6in",
        "m7g",
        "m7i",
        "m8g",
        "m8gd",
    ),
    *("r5b", "r5d", "r6idn", "r6in", "t1", "t2", "r3", "r4"),
    *("x1", "x1e", "x2idn", "x2iedn", "x2iezn", "z1d"),
)
"""Families of RDS that neither Aurora MySQL 3 nor DocumentDB 5.0 has:
docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html"""

AURORA_MYSQL = Engine(
    name="Aurora MySQL 3",
    prefix="db.",
    sizes={
        "t3": ("medium", "large"),
        "t4g": ("medium", "large"),
        "r5": _from_large(2, 4, 8, 12, 16, 24),
        "r6g": GRAVITON,
        "r6i": _from_large(2, 4, 8, 12, 16, 24, 32),
        "r7g": GRAVITON,
        "r7i": _from_large(2, 4, 8, 12, 16, 24, 48),
        "r8g": _from_large(2, 4, 8, 12, 16, 24, 48),
        "x2g": GRAVITON,
    },
    refused={**dict.fromkeys(GENERAL, NOT_OFFERED), **dict.fromkeys(("r6gd", "r6id", "r8gd"), POSTGRESQL_ONLY)},
)
DOCUMENTDB = Engine(
    name="DocumentDB 5.0",
    prefix="db.",
    sizes={
        "t3": ("medium",),
        "t4g": ("medium",),
        "r5": _from_large(2, 4, 8, 12, 16, 24),
        "r6g": GRAVITON,
        "r6gd": GRAVITON[1:],
        "r8g": _from_large(2, 4, 8, 12, 16, 24, 48),
    },
    refused={
        **dict.fromkeys((*GENERAL, "r6i", "r6id", "r7g", "r7i", "r8gd", "x2g"), NOT_OFFERED),
        "r4": "offers this family with its version 3.6 only",
    },
)
VALKEY = Engine(
    name="Valkey",
    prefix="cache.",
    sizes={
        "t3": ("micro", "small", "medium"),
        "t4g": ("micro", "small", "medium"),
        "m4": _from_large(2, 4, 10),
        "m5": FIFTH,
        "m6g": GRAVITON,
        "m7g": GRAVITON,
        "m8g": GRAVITON,
        "r4": _from_large(2, 4, 8, 16),
        "r5": FIFTH,
        "r6g": GRAVITON,
        "r7g": GRAVITON,
        "r8g": GRAVITON,
        "c7gn": GRAVITON,
        "c8gn": GRAVITON,
    },
    refused={
        **dict.fromkeys(("t1", "t2", "m1", "m2", "m3", "c1", "r3"), NO_NEW),
        **dict.fromkeys(("c5", "c6g", "c7g", "m6i", "m7i", "r6i", "r7i", "x2g"), NOT_OFFERED),
        "r6gd": "needs data tiering for this family, which this program does not set",
    },
)
"""Data tiering: docs.aws.amazon.com/AmazonElastiCache/latest/dg/data-tiering.html"""


def refusal(engine: Engine, given: str) -> str | None:
    """Why an engine does not take an instance class or a node type, and what it takes; None if it may.

    A family that AWS did not have when the lists were read may be offered by now: see `newer_than_the_list`.

    Args:
        engine: The engine.
        given: A class of the engine's form, such as `db.r6g.large`; `db.serverless` is not for this function.
    """
    family, _, size = given.removeprefix(engine.prefix).partition(".")
    if sizes := engine.sizes.get(family):
        if size in sizes:
            return None
        offered = ", ".join(f"{engine.prefix}{family}.{one}" for one in sizes)
        return f"{engine.name} does not offer this size ({READ_ON}); allowed are {offered}"
    if reason := engine.refused.get(family):
        near = difflib.get_close_matches(given, engine.offered, n=1, cutoff=0)[0]
        families = ", ".join(engine.sizes)
        return f"{engine.name} {reason} ({READ_ON}); allowed are the families {families}, such as {near}"
    return None


def newer_than_the_list(engine: Engine, given: str) -> bool:
    """Whether the class is of a family that AWS did not have when the lists were read."""
    family = given.removeprefix(engine.prefix).partition(".")[0]
    return family not in engine.sizes and family not in engine.refused
