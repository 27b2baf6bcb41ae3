"""The pages on alarms say what the code says."""

import json
import re
from decimal import Decimal
from pathlib import Path

import pytest

from components.alarm import Alarm, CompositeAlarm
from components.observability.log_metrics import LogMetric, described
from settings.stores import AuroraSpec
from tests.components.observability.monitored_site import alarms, composites, site, stores
from tests.paths import PROJECT
from tests.program.given import program

DOCS = PROJECT / "docs"
PAGES = sorted(page for page in (DOCS / "runbooks").glob("*.md") if page.stem != "README")
NOTICES = {"opened-shell", "budget"}
"""Pages of what people are told without an alarm."""
OPERATORS = {"GreaterThanThreshold": ">", "GreaterThanOrEqualToThreshold": ">=", "LessThanThreshold": "<"}
ONE_OF_MANY = [
    (r"^(web|scheduler|worker-default)-(cpu|memory|missing-tasks)$", r"<service>-\2"),
    (r"-ap-northeast-1[acd]$", "-<zone>"),
    (r"^valkey-\d-", "valkey-<n>-"),
]


def general(name: str) -> str:
    """The name without a certain service, zone or node."""
    for pattern, instead in ONE_OF_MANY:
        name = re.sub(pattern, instead, name)
    return name


def minutes(seconds: int) -> str:
    return f"{seconds // 3600} h" if seconds % 3600 == 0 else f"{seconds // 60} min"


def condition(alarm: Alarm | CompositeAlarm) -> str:
    """When it goes off: statistic, metrics, threshold, and in how many periods."""
    if isinstance(alarm, CompositeAlarm):
        return " and ".join(f"`{part}`" for part in alarm.all_of)
    metrics = ", ".join(sorted({f"`{metric.name}`" for metric in alarm.metrics().values()}))
    periods = f"{alarm.datapoints_to_alarm} of {alarm.evaluation_periods} x {minutes(alarm.period_seconds)}"
    return f"{alarm.statistic} of {metrics} {OPERATORS[alarm.comparison]} {alarm.threshold:g}, {periods}"


def row(alarm: Alarm | CompositeAlarm) -> str:
    page = f"[{alarm.runbook}](runbooks/{alarm.runbook}.md)" if alarm.runbook else ""
    return f"| `{general(alarm.name)}` | {condition(alarm)} | {alarm.severity or 'none'} | {page} |"


def table() -> list[str]:
    """All rows, each once."""
    return list(dict.fromkeys(row(alarm) for alarm in [*composites(), *alarms()]))


def test_the_page_lists_every_alarm_as_it_is() -> None:
    page = (DOCS / "alarms.md").read_text("utf-8")
    listed = page.partition("<!-- written by story docs: alarms -->\n")[2].partition("\n<!-- end -->")[0].splitlines()
    assert sorted(listed[2:]) == sorted(table()), "`story docs` writes them"


def test_each_page_belongs_to_an_alarm_or_a_notice() -> None:
    used = {alarm.runbook for alarm in [*alarms(), *composites(), *provisioned()] if alarm.runbook} | NOTICES
    assert {page.stem for page in PAGES} == used


def provisioned() -> list[Alarm]:
    """Those of an Aurora whose size is fixed."""
    return alarms(site(stores=stores(AuroraSpec(readers=1, instance_class="db.r6g.large"))))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_begins_with_what_to_do(page: Path) -> None:
    first = page.read_text("utf-8").splitlines()[:3]
    assert first[0].startswith("# ")
    assert len(first[2]) > 60, "somebody reads it at four in the morning"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_how_to_investigate_fix_and_prevent_it(page: Path) -> None:
    assert re.findall(r"^## (.+)$", page.read_text("utf-8"), re.MULTILINE) == [
        "Investigate",
        "Fix",
        "Prevent",
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_names_its_alarms(page: Path) -> None:
    named = {
        name
        for line in page.read_text("utf-8").splitlines()
        if re.match("Alarms?: ", line)
        for name in re.findall(r"`([^`]+)`", line)
    }
    all_names = [*alarms(), *composites(), *provisioned()]
    assert named == {general(alarm.name) for alarm in all_names if alarm.runbook == page.stem}


def test_the_index_of_the_runbooks_has_every_page() -> None:
    index = (DOCS / "runbooks" / "README.md").read_text("utf-8")
    for page in PAGES:
        title = page.read_text("utf-8").splitlines()[0][2:]
        assert f"| [{page.stem}]({page.name}) | {title} |" in index


def test_the_page_says_what_the_alarms_of_prod_cost() -> None:
    made = program("prod")
    metrics = sum(
        sum("metric" in query for query in alarm.inputs.get("metricQueries", [])) or 1
        for alarm in made.all("MetricAlarm")
        if alarm.name.startswith("observability-")
    )
    several = len(made.all("CompositeAlarm"))
    usd = Decimal("0.10") * metrics + Decimal("0.50") * several
    page = (DOCS / "alarms.md").read_text("utf-8")
    assert f"{metrics} metrics at 0.10 USD and {several} composite alarms at 0.50 USD: {usd} USD a month" in page


# Lines of the application.


def samples() -> list[str]:
    page = (DOCS / "laravel-metrics.md").read_text("utf-8")
    return re.findall(r'^\| `(\{"story".+?\})` \|', page, re.MULTILINE)


def matching(metric: LogMetric, line: dict[str, object]) -> bool:
    [(key, value)] = re.findall(r'^\{ \$\.(\w+) = "(\w+)" \}$', metric.pattern)
    return line.get(key) == value


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        ("heartbeat", {"SchedulerHeartbeat": 1}),
        ("queue", {"QueueDepth Queue=default": 12, "OldestJobSeconds Queue=default": 34, "OldestJobSeconds": 34}),
        ("failed_job", {"FailedJobs": 1}),
    ],
)
def test_a_line_of_the_page_becomes_the_metrics_that_alarms_and_dashboards_know(
    story: str, expected: dict[str, int]
) -> None:
    [line] = [line for sample in samples() if (line := json.loads(sample))["story"] == story]
    found: dict[str, int] = {}
    for metric in described(site(), laravel=True):
        if metric.pattern.startswith("{") and matching(metric, line):
            by = "".join(f" {name}={line[part[2:]]}" for name, part in metric.dimensions.items())
            found[metric.metric + by] = line[metric.value[2:]] if metric.value.startswith("$.") else int(metric.value)
    assert found == expected


def test_the_provider_of_the_example_writes_what_the_page_says() -> None:
    provider = (DOCS / "example-application/app/Providers/MetricsServiceProvider.php").read_text("utf-8")
    for sample in samples():
        line = json.loads(sample)
        assert f"'story' => '{line['story']}'" in provider
        assert all(f"'{key}' =>" in provider for key in line)


def test_php_fpm_of_the_example_says_when_it_is_full() -> None:
    pool = (DOCS / "example-application/docker/php-fpm.conf").read_text("utf-8")
    assert re.findall(r"^pm = (\w+)$", pool, re.MULTILINE) == ["dynamic"], "static is silent"
    number = {name: int(value) for name, value in re.findall(r"^pm\.(\w+) = (\d+)$", pool, re.MULTILINE)}
    assert 0 < number["min_spare_servers"] <= number["start_servers"] <= number["max_spare_servers"]
    assert number["max_spare_servers"] <= number["max_children"]
