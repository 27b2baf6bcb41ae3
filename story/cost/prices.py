"""On-demand prices as AWS publishes them, in USD and without tax. Every price was read, none is computed.

AWS publishes the same prices, without authentication, as one file per service and region at `BULK`. A region or an item
that is missing here is shown as unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

TOKYO = "ap-northeast-1"
BULK = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/{service}/current/{region}/index.json"
"""docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api.html"""
HOUR, GB, GB_MONTH, MONTH, MILLION = "hour", "GB", "GB-month", "month", "million"


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one unit costs.

    Attributes:
        usd: Price of one unit.
        unit: Unit of the price, such as `hour`.
        source: AWS's page or file with the price.
        date: Day or month of the price; `UNDATED` if it was not recorded.
        note: A remark about the price.
    """

    usd: Decimal
    unit: str
    source: str
    date: str
    note: str = ""


def _listed(usd: str, unit: str, service: str, date: str, note: str = "") -> Price:
    """A price from the bulk price list of the region Tokyo."""
    return Price(usd=Decimal(usd), unit=unit, source=BULK.format(service=service, region=TOKYO), date=date, note=note)


def _page(usd: str, unit: str, page: str, date: str, note: str = "") -> Price:
    """A price from one of AWS's pages."""
    return Price(usd=Decimal(usd), unit=unit, source=f"https://aws.amazon.com/{page}/", date=date, note=note)


UNDATED = "undated"
INFERRED = "the table's region was inferred"
AURORA = "rds/aurora/pricing"
CACHE = "elasticache/pricing"
PRICES: Mapping[str, Mapping[str, Price]] = {
    TOKYO: {
        "fargate X86_64 vCPU": _listed("0.05056", HOUR, "AmazonECS", "2026-09-25"),
        "fargate X86_64 GB": _listed("0.00553", HOUR, "AmazonECS", "2026-09-25"),
        "fargate ARM64 vCPU": _listed("0.04045", HOUR, "AmazonECS", "2026-08-27"),
        "fargate ARM64 GB": _listed("0.00442", HOUR, "AmazonECS", "2026-08-27"),
        "nat gateway": _listed("0.062", HOUR, "AmazonEC2", "2026-09-25"),
        "public IPv4 address": _listed("0.005", HOUR, "AmazonVPC", "2026-09-25"),
        "interface endpoint": _listed("0.014", HOUR, "AmazonVPC", "2026-09-23"),
        "load balancer": _listed("0.0243", HOUR, "AWSELB", "2026-08-27"),
        "load balancer capacity unit": _listed("0.008", HOUR, "AWSELB", "2026-08-27"),
        "aurora ACU": _page("0.15", HOUR, AURORA, "2025-12-01"),
        "aurora ACU, I/O-Optimized": _page("0.20", HOUR, AURORA, "2025-12-01"),
        "aurora db.t4g.medium": _page("0.113", HOUR, AURORA, "2025-12-01"),
        "aurora db.r6g.large": _page("0.313", HOUR, AURORA, UNDATED, INFERRED),
        "aurora db.r6g.large, I/O-Optimized": _page("0.407", HOUR, AURORA, UNDATED, INFERRED),
        "aurora storage": _listed("0.12", GB_MONTH, "AmazonRDS", "2026-09-03"),
        "aurora requests": _listed("0.24", MILLION, "AmazonRDS", "2026-09-03"),
        "documentdb storage": _listed("0.12", GB_MONTH, "AmazonDocDB", "2026-09-03"),
        "documentdb requests": _listed("0.24", MILLION, "AmazonDocDB", "2026-09-03"),
        "cache redis cache.t4g.small": _page("0.049", HOUR, CACHE, "2025-12-01"),
        "cache redis cache.r7g.large": _listed("0.263", HOUR, "AmazonElastiCache", UNDATED),
        "cache valkey cache.r7g.large": _listed("0.2104", HOUR, "AmazonElastiCache", UNDATED),
        "secret": _listed("0.40", MONTH, "AWSSecretsManager", "2026-09-23"),
        "key": _listed("1.00", MONTH, "awskms", "2026-09-23"),
        "log lines": _listed("0.76", GB, "AmazonCloudWatch", "2026-07"),
        "log storage": _listed("0.033", GB_MONTH, "AmazonCloudWatch", "2026-07"),
        "alarm metric": _listed("0.10", MONTH, "AmazonCloudWatch", "2026-09-23"),
        "custom metric": _listed("0.30", MONTH, "AmazonCloudWatch", "2026-09-23"),
        "web ACL": _listed("5.00", MONTH, "awswaf", "2026-09-23"),
        "web ACL rule": _listed("1.00", MONTH, "awswaf", "2026-09-23"),
        "web ACL requests": _listed("0.60", MILLION, "awswaf", "2026-09-23"),
        "bucket storage": _listed("0.025", GB_MONTH, "AmazonS3", "2026-09-23"),
    }
}


def price(region: str, item: str) -> Price | None:
    """The price of one unit of an item in a region, or None if it is unknown."""
    return PRICES.get(region, {}).get(item)
