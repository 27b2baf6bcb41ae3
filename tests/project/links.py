"""Addresses and paths that the project's texts name, and what is wrong with their form.

Nothing is fetched: the form, the hosts and the guides are known, and the files are looked for.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from tests.paths import PROJECT

ENDINGS = "com|org|io|net|dev|google|jp|cn|eu|gov|edu|co"
ADDRESS = re.compile(rf"(?:https?://)?(?:[a-zA-Z0-9*<>-]+\.)+(?:{ENDINGS})/[^\s\"'`)>\]}},;|]*")
"""A host and a path. A name with a dot and no path may be anything, such as `spec.com`."""
BARE_ANCHOR = re.compile(r"(?<![\w/.#(&])#[A-Za-z][\w.]*[-_][\w.-]+")
PAGE = re.compile(r"(?<![\w/.-])(?:\.\./)*docs/[\w./-]+\.md(?:#[\w-]+)?")
MODULE = re.compile(
    r"(?<![\w/.-])(?:aws|bench|bootstrap|components|emulator|release|screens|settings|story|tests)/[\w/]+\.py\b"
)
AWS = "docs.aws.amazon.com"
AWS_BASE = re.compile(r"docs\.aws\.amazon\.com/[\w-]+/[\w-]+(?:/[\w-]+)?")
AWS_PAGE = re.compile(r"docs\.aws\.amazon\.com/[\w-]+(?:/[\w.-]+)*/[\w.!-]+\.html(?:#[\w.-]+)?")

HOSTS = frozenset(
    {
        AWS,
        *("aws.amazon.com", "docs.amazonaws.cn", "health.aws.amazon.com", "pricing.us-east-1.amazonaws.com"),
        *("github.com", "api.github.com", "docs.github.com", "github.github.com", "raw.githubusercontent.com"),
        *("www.pulumi.com", "registry.terraform.io", "pkg.go.dev", "docs.python.org", "json-schema.org"),
        *("laravel.com", "www.php.net", "dev.mysql.com", "mongodb.com", "www.mongodb.com"),
        *("aws-otel.github.io", "opentelemetry.io", "docs.newrelic.com", "mackerel.io", "docs.docker.com"),
        *("docs.fluentbit.io", "pusher.com", "www.rfc-editor.org", "www.iana.org", "learn.microsoft.com"),
        *("developer.hashicorp.com", "developer.paddle.com", "docs.mapbox.com", "docs.sentry.io", "dropbox.github.io"),
        *("stripe.com", "supabase.com", "www.algolia.com"),
        *("pubs.opengroup.org", "sre.google", "caddyserver.com", "www.w3.org", "ghcr.io", "public.ecr.aws"),
    }
)
"""Hosts that the project points to. Add one after a look at the page."""
GUIDES = frozenset(
    {
        *("AWSEC2/latest/APIReference", "AmazonCloudWatch/latest/APIReference", "AmazonCloudWatch/latest/logs"),
        *("AmazonCloudWatch/latest/monitoring", "AmazonCloudWatchLogs/latest/APIReference"),
        *("AmazonECR/latest/userguide", "AmazonECS/latest/APIReference", "AmazonECS/latest/developerguide"),
        *("AmazonElastiCache/latest/APIReference", "AmazonElastiCache/latest/dg", "AmazonRDS/latest/APIReference"),
        *("AmazonRDS/latest/AuroraMySQLReleaseNotes", "AmazonRDS/latest/AuroraPostgreSQLReleaseNotes"),
        *("AmazonRDS/latest/AuroraUserGuide", "AmazonRDS/latest/UserGuide", "AmazonS3/latest/userguide"),
        *("IAM/latest/UserGuide", "Route53/latest/APIReference", "Route53/latest/DeveloperGuide"),
        *("acm/latest/userguide", "autoscaling/application/APIReference", "aws-cost-management/latest/APIReference"),
        *("aws-managed-policy/latest/reference", "awsaccountbilling/latest/aboutv2"),
        *("awscloudtrail/latest/APIReference", "awscloudtrail/latest/userguide", "boto3/latest/guide"),
        *(
            "chatbot/latest/APIReference",
            "chatbot/latest/adminguide",
            "codebuild/latest/APIReference",
            "codebuild/latest/userguide",
        ),
        *("codeconnections/latest/APIReference", "codepipeline/latest/APIReference", "codepipeline/latest/userguide"),
        *(
            "controltower/latest/userguide",
            "cost-management/latest/userguide",
            "documentdb/latest/developerguide",
            "documentdb/latest/devguide",
        ),
        *("cli/latest/userguide", "dtconsole/latest/userguide", "elasticloadbalancing/latest/APIReference"),
        *("elasticloadbalancing/latest/application", "eventbridge/latest/userguide", "general/latest/gr"),
        *("scheduler/latest/UserGuide",),
        *(
            "gameliftservers/latest/flexmatchguide",
            "kms/latest/APIReference",
            "kms/latest/developerguide",
            "secretsmanager/latest/userguide",
        ),
        *("scheduler/latest/UserGuide", "securityhub/latest/userguide", "service-authorization/latest/reference"),
        *("servicequotas/2019-06-24/apireference", "sns/latest/api", "sns/latest/dg"),
        *("systems-manager/latest/APIReference", "systems-manager/latest/userguide", "vpc/latest/privatelink"),
        *("IAM/latest/APIReference", "accounts/latest/reference", "autoscaling/application/userguide"),
        *("elasticloadbalancing/latest/userguide", "secretsmanager/latest/apireference"),
        *("vpc/latest/userguide", "whitepapers/latest/aws-fault-isolation-boundaries"),
    }
)
"""Guides of AWS's documentation that the project points to: service, version, guide."""


def python_files() -> list[Path]:
    """Every Python file of the project."""
    return [path for path in sorted(PROJECT.rglob("*.py")) if not {".venv", ".local"} & set(path.parts)]


@cache
def prose_of(source: str) -> Sequence[tuple[int, str]]:
    """Docstrings (those of attributes too) and comments of a Python file, with their lines."""
    # Only the tokenizer finds comments, and it takes the longest time of all.
    tokens = tokenize.generate_tokens(io.StringIO(source).readline) if "#" in source else ()
    comments = [(token.start[0], token.string.removeprefix("#")) for token in tokens if token.type == tokenize.COMMENT]
    docstrings = [
        (node.lineno, node.value.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    return [*comments, *docstrings]


def texts_of(source: str) -> Iterator[tuple[int, str]]:
    """Every constant text of a Python file with its line, parts of f-strings too."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def wrong_addresses(text: str, *, bases: bool = False) -> list[str]:
    """What is wrong with the addresses in a text, one line for each.

    Args:
        text: The text.
        bases: AWS's guides may stand without a page, for others that are named below.
    """
    return [told for found in ADDRESS.finditer(text) if (told := _wrong(found.group(), bases=bases))]


def wrong_anchors(text: str) -> list[str]:
    """Anchors that stand alone, in a file whose own docstring names no page that they could be of."""
    return [f"{found}: of which page?" for found in BARE_ANCHOR.findall(text)]


def names_a_page(source: str) -> bool:
    """Whether the docstring of a Python file names the page that its anchors are of."""
    return ADDRESS.search(ast.get_docstring(ast.parse(source)) or "") is not None


def wrong_paths(text: str) -> list[str]:
    """Pages and modules of the project that a text names and that are not there."""
    pages = [told for found in PAGE.findall(text) if (told := _missing(found.replace("../", "")))]
    return pages + [f"{found}: no such file" for found in MODULE.findall(text) if not (PROJECT / found).exists()]


@cache
def headings(page: Path) -> frozenset[str]:
    """The anchors that GitHub gives to a page's headings."""
    titles = re.findall(r"^#{1,6} (.+)$", page.read_text("utf-8"), re.MULTILINE)
    plain = (re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).strip().lower() for title in titles)
    return frozenset(re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in plain)


def _wrong(address: str, *, bases: bool) -> str:
    plain = re.sub(r"^https?://", "", address).rstrip(".:")
    host = plain.partition("/")[0]
    if host != AWS and (host.endswith(("example.com", "amazonaws.com", "amazonaws.com.cn")) or {"<", "*"} & set(host)):
        return ""
    if host not in HOSTS:
        return f"{plain}: {host} is not among the known hosts"
    if plain.endswith(("-", "_", "=")) or "//" in plain:
        return f"{plain}: it is cut off"
    if host != AWS:
        return ""
    if not (AWS_PAGE.fullmatch(plain) or (bases and AWS_BASE.fullmatch(plain))):
        return f"{plain}: pages of AWS end with .html, with an anchor behind it or none, and stand in one line"
    guide = "/".join(plain.split("/")[1:4])
    known = guide in GUIDES or (bases and any(one.startswith(f"{guide}/") for one in GUIDES))
    return "" if known else f"{plain}: {guide} is not among the known guides"


def _missing(found: str) -> str:
    path, _, anchor = found.partition("#")
    page = PROJECT / path
    if not page.exists():
        return f"{found}: no such page"
    return f"{found}: no such heading" if anchor and anchor not in headings(page) else ""
