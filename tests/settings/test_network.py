"""NetworkSpec: the layout of subnets, and what cannot work."""

import ipaddress
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from settings.network import WITHOUT_NAT, NetworkSpec, Subnet

ZONES = ("ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d", "ap-northeast-1b")


def network(**changes: Any) -> NetworkSpec:
    return NetworkSpec(**{"zones": ZONES[:2], **changes})


def mistakes(**changes: Any) -> list[str]:
    return [f"{problem.key}: {problem.problem}" for problem in network(**changes).mistakes()]


def test_a_zone_has_a_quarter_and_tasks_have_half_of_that() -> None:
    assert network().subnets() == [
        Subnet(zone="ap-northeast-1a", kind="private", cidr="10.0.0.0/19"),
        Subnet(zone="ap-northeast-1a", kind="public", cidr="10.0.32.0/21"),
        Subnet(zone="ap-northeast-1a", kind="isolated", cidr="10.0.40.0/21"),
        Subnet(zone="ap-northeast-1c", kind="private", cidr="10.0.64.0/19"),
        Subnet(zone="ap-northeast-1c", kind="public", cidr="10.0.96.0/21"),
        Subnet(zone="ap-northeast-1c", kind="isolated", cidr="10.0.104.0/21"),
    ]


@pytest.mark.parametrize(("nat", "gateways"), [("none", 0), ("single", 1), ("one-per-zone", 2)])
def test_nat_gateways_are_counted(nat: str, gateways: int) -> None:
    assert network(nat=nat).nat_gateways == gateways


def test_endpoints_that_a_task_needs_come_with_the_lack_of_nat_and_none_comes_twice() -> None:
    assert network(nat="none", interface_endpoints=("sqs", "logs")).endpoints == tuple(sorted({*WITHOUT_NAT, "sqs"}))
    assert network(interface_endpoints=("sqs",)).endpoints == ("sqs",)


def test_the_default_is_sound() -> None:
    assert mistakes() == []


def test_the_smallest_vpc_whose_subnets_aws_takes_by_default() -> None:
    assert mistakes(cidr="10.0.0.0/23") == []


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"cidr": "10.0.0.0/15"}, "cidr: given 10.0.0.0/15; allowed is a range of /16 to /24"),
        ({"cidr": "10.0.0.0/25"}, "cidr: given 10.0.0.0/25; allowed is a range of /16 to /24"),
        ({"cidr": "8.8.0.0/16"}, "cidr: given 8.8.0.0/16; allowed is a private range, such as 10.0.0.0/16"),
        ({"other_cidrs": ("10.0.9.0/24",)}, "cidr: given 10.0.0.0/16, which overlaps 10.0.9.0/24"),
        ({"other_cidrs": ("10.0.0.0/8",)}, "cidr: given 10.0.0.0/16, which overlaps 10.0.0.0/8"),
        (
            {"zones": ZONES[:1]},
            "zones: given ap-northeast-1a; allowed are two to four zones, so that one can fail",
        ),
        (
            {"zones": ()},
            "zones: given none; allowed are two to four zones, so that one can fail",
        ),
        (
            {"zones": ZONES[:1] * 2},
            "zones: given ap-northeast-1a, ap-northeast-1a; allowed is each zone once",
        ),
        (
            {"private_mask": 18},
            "cidr: given 10.0.0.0/16; private /18, public /21, isolated /21 do not fit in a zone's part of it, a /18",
        ),
        ({"cidr": "10.0.0.0/24"}, "cidr: given 10.0.0.0/24; its subnets are smaller than /28, AWS's minimum"),
    ],
)
def test_what_cannot_work_is_one_line(changes: dict[str, Any], line: str) -> None:
    assert mistakes(**changes) == [line]


masks = st.none() | st.integers(16, 28)
networks = st.builds(
    lambda prefix, third, **rest: NetworkSpec(cidr=f"10.{third}.0.0/{prefix}", **rest),
    prefix=st.integers(16, 24),
    third=st.integers(0, 255),
    zones=st.sampled_from([ZONES[:2], ZONES[:3], ZONES]),
    public_mask=masks,
    private_mask=masks,
    isolated_mask=masks,
)


@given(networks)
def test_subnets_lie_inside_the_vpc_and_never_overlap(spec: NetworkSpec) -> None:
    assume(not list(spec.mistakes()))
    subnets = [ipaddress.IPv4Network(subnet.cidr) for subnet in spec.subnets()]
    assert len(subnets) == 3 * len(spec.zones)
    assert all(subnet.subnet_of(ipaddress.IPv4Network(spec.cidr)) for subnet in subnets)
    assert not any(one.overlaps(other) for i, one in enumerate(subnets) for other in subnets[:i])


@given(networks, st.integers(2, 3))
def test_a_zone_that_is_added_changes_no_subnet_of_the_others(spec: NetworkSpec, before: int) -> None:
    assume(not list(spec.mistakes()))
    few = spec.model_copy(update={"zones": ZONES[:before]})
    more = spec.model_copy(update={"zones": ZONES[: before + 1]})
    assert more.subnets()[: len(few.subnets())] == few.subnets()


@given(networks)
def test_a_layout_is_either_a_mistake_or_possible(spec: NetworkSpec) -> None:
    fits = not any("do not fit" in problem.problem for problem in spec.mistakes())
    if fits:
        assert spec.subnets()
    else:
        with pytest.raises(ValueError, match="do not fit"):
            spec.subnets()
