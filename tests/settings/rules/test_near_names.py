"""Hints for unknown keys: only where the key that was meant is near."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.network import NetworkSpec
from settings.rules.near_names import distance, nearest
from settings.services import AutoscalingSpec, WebSpec
from settings.site import ApplicationSpec, IngressSpec
from settings.stack import Settings
from settings.stores import AuroraSpec, ValkeySpec

TOP, WEB, NETWORK = list(Settings.model_fields), list(WebSpec.model_fields), list(NetworkSpec.model_fields)
AURORA, VALKEY = list(AuroraSpec.model_fields), list(ValkeySpec.model_fields)


@pytest.mark.parametrize(
    ("given", "names", "meant"),
    [
        ("zonez", NETWORK, "zones"),
        ("zone", NETWORK, "zones"),
        ("memmory_mib", WEB, "memory_mib"),
        ("memory_mb", WEB, "memory_mib"),
        ("memory", WEB, "memory_mib"),
        ("memoryMib", WEB, "memory_mib"),
        ("MEMORY-MIB", WEB, "memory_mib"),
        ("enviroment", WEB, "environment"),
        ("environment_variables", WEB, "environment"),
        ("enviornment", WEB, "environment"),
        ("cpuu", WEB, "cpu"),
        ("cp", WEB, "cpu"),
        ("prot", WEB, "port"),
        ("taks", WEB, "tasks"),
        ("stop_timeout", WEB, "stop_timeout_seconds"),
        ("deregistration_delay", WEB, "deregistration_delay_seconds"),
        ("healthcheck_path", WEB, "health_check_path"),
        ("min_task", list(AutoscalingSpec.model_fields), "min_tasks"),
        ("maxTasks", list(AutoscalingSpec.model_fields), "max_tasks"),
        ("replica", VALKEY, "replicas"),
        ("node_tpye", VALKEY, "node_type"),
        ("enigne_version", AURORA, "engine_version"),
        ("domain_name", list(IngressSpec.model_fields), "domain"),
        ("secret", list(ApplicationSpec.model_fields), "secrets"),
        ("wrokers", TOP, "workers"),
        ("worker", TOP, "workers"),
        ("valky", TOP, "valkey"),
        ("observabilty", TOP, "observability"),
    ],
)
def test_a_misspelling_is_told_what_was_meant(given: str, names: list[str], meant: str) -> None:
    assert nearest(given, names) == meant


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ("vpc_id", NETWORK),
        ("subnet_ids", NETWORK),
        ("vpc_id", list(IngressSpec.model_fields)),
        ("certificate_arn", list(IngressSpec.model_fields)),
        ("instance_type", WEB),
        ("docker_image", WEB),
        ("image", WEB),
        ("desired_count", WEB),
        ("replicas", WEB),
        ("tags", WEB),
        ("volumes", WEB),
        ("password", AURORA),
        ("engine", AURORA),
        ("storage", AURORA),
        ("node_count", VALKEY),
        ("kms_key_id", TOP),
        ("redis", TOP),
        ("rds", TOP),
        ("cdn", TOP),
        ("x", TOP),
        ("", TOP),
        ("メモリ", WEB),
    ],
)
def test_a_wish_that_shares_a_few_letters_gets_no_hint(given: str, names: list[str]) -> None:
    assert nearest(given, names) is None


def slips(name: str) -> list[str]:
    """The name with one letter left out, doubled, swapped with the next one, or wrong."""
    return [
        slip
        for place in range(len(name) - 1)
        for slip in (
            name[:place] + name[place + 1 :],
            name[:place] + name[place] + name[place:],
            name[:place] + name[place + 1] + name[place] + name[place + 2 :],
            name[:place] + "q" + name[place + 1 :],
        )
    ]


@pytest.mark.parametrize(
    "names", [TOP, WEB, NETWORK, AURORA, VALKEY], ids=["top", "web", "network", "aurora", "valkey"]
)
def test_one_slip_of_the_fingers_is_always_near(names: list[str]) -> None:
    found = {(slip, nearest(slip, names), name) for name in names for slip in slips(name) if slip not in names}
    assert {one for one in found if one[1] != one[2]} == set()


@given(st.text("abc_", max_size=8), st.text("abc_", max_size=8))
def test_a_distance_is_the_same_in_both_directions_and_none_to_itself(first: str, second: str) -> None:
    assert distance(first, second) == distance(second, first)
    assert (distance(first, second) == 0) == (first == second)
