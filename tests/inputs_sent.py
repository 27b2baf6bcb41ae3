"""What a program gives its resources, held against what the engine kept and what AWS was asked for.

A provider that knows a nested property by another name drops it without a word: the preview shows it, and AWS never
hears of it.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from story.plan.recorder import SIGNATURE_KEY, UNKNOWN, Record, Resource
from tests.leaves import leaves, leaves_of_request

Sent = Iterable[Mapping[str, str]]

SERVICES = {
    "acm": ("acm",),
    "appautoscaling": ("application-autoscaling",),
    "cloudwatch": ("events", "logs", "monitoring"),
    "docdb": ("rds",),
    "lb": ("elasticloadbalancing",),
    "vpc": ("ec2",),
}
"""The services that the resources of a module of the provider are sent to, where it is not the module's own name."""

ALSO_CALLED = {
    "accesslogs.enabled": ("access_logs.s3.enabled",),
    "arn": ("topicarn",),
    "bucket": ("access_logs.s3.bucket", "path"),
    "cidripv4": ("cidrip",),
    "clusteridentifier": ("dbclusteridentifier",),
    "deletionwindowindays": ("pendingwindowindays",),
    "deploymentmaximumpercent": ("maximumpercent",),
    "deploymentminimumhealthypercent": ("minimumhealthypercent",),
    "deregistrationdelay": ("deregistration_delay.timeout_seconds",),
    "description": (
        *("cachesubnetgroupdescription", "dbsubnetgroupdescription", "groupdescription"),
        "replicationgroupdescription",
    ),
    "desyncmitigationmode": ("routing.http.desync_mitigation_mode",),
    "dropinvalidheaderfields": ("routing.http.drop_invalid_header_fields.enabled",),
    "enabledcloudwatchlogsexports": ("enablecloudwatchlogsexports",),
    "enabledeletionprotection": ("deletion_protection.enabled",),
    "family": ("dbparametergroupfamily", "cacheparametergroupfamily"),
    "finalsnapshotidentifier": ("finaldbsnapshotidentifier",),
    "healthcheck.healthythreshold": ("healthythresholdcount",),
    "healthcheck.interval": ("healthcheckintervalseconds",),
    "healthcheck.matcher": ("httpcode",),
    "healthcheck.path": ("healthcheckpath",),
    "healthcheck.port": ("healthcheckport",),
    "healthcheck.protocol": ("healthcheckprotocol",),
    "healthcheck.timeout": ("healthchecktimeoutseconds",),
    "healthcheck.unhealthythreshold": ("unhealthythresholdcount",),
    "iamdatabaseauthenticationenabled": ("enableiamdatabaseauthentication",),
    "iamrolearn": ("deliverlogspermissionarn",),
    "identifier": ("dbinstanceidentifier",),
    "idletimeout": ("idle_timeout.timeout_seconds",),
    "instanceclass": ("dbinstanceclass",),
    "loadbalancertype": ("type",),
    "name": (
        *("alarmname", "aliasname", "clustername", "dnsname", "loggroupname", "scheduledactionname", "servicename"),
    ),
    "nodetype": ("cachenodetype",),
    "parametergroupname": ("cacheparametergroupname",),
    "parameters.name": ("parametername",),
    "parameters.value": ("parametervalue",),
    "performanceinsightsenabled": ("enableperformanceinsights",),
    "records": ("value",),
    "referencedsecuritygroupid": ("groupid",),
    "role": ("rolename",),
    "securitygroupid": ("groupid",),
    "securitygroupids": ("securitygroupid",),
    "subnetgroupname": ("cachesubnetgroupname",),
    "subnetids": ("subnetid", "subnetidentifier"),
    "targetid": ("id",),
    "topic": ("topicarn",),
    "vpcsecuritygroupids": ("vpcsecuritygroupid",),
    "zoneid": ("hostedzoneid", "path"),
}
"""What APIs call an input, where it is not the input's own name; by its name, or by that and the input around it."""

SAID_OTHERWISE = {
    ("assignpublicip", "false"): ("assignpublicip", "DISABLED"),
    ("enablekeyrotation", "true"): ("operation", "kms.EnableKeyRotation"),
}
"""Values that APIs have in other words."""

WAITS = {"aws:acm/certificateValidation:CertificateValidation"}
"""Resources that write nothing."""

WITH_THE_DELETION = {"deletionwindowindays", "finalsnapshotidentifier", "recoverywindowindays", "skipfinalsnapshot"}
"""Inputs that AWS is told of when the resource is deleted."""

NOT_SENT = {
    **dict.fromkeys(
        ("allowmajorversionupgrade", "applyimmediately", "authtokenupdatestrategy", "forcenewdeployment"),
        "AWS is told of it with changes only",
    ),
    **dict.fromkeys(
        (*("allowoverwrite", "forcedestroy", "secretstringwoversion", "skipdestroy", "waitforsteadystate"),),
        "the provider's own",
    ),
    **dict.fromkeys(
        (("base", "0"), ("internal", "false"), ("multiazenabled", "false")),
        "what AWS takes if it is told nothing",
    ),
}
"""Inputs, or values of them, that are in no request of a first update, and why."""


LEFT_OUT = {("aws:rds/cluster:Cluster", "autoMinorVersionUpgrade")}
"""Inputs of a type that the provider of the tests' own engine does not know yet, and says so in a warning; AWS does:
docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBCluster.html"""


def not_kept(planned: Record, state: Mapping[str, Any]) -> list[str]:
    """Inputs that a program gave and the engine does not have, or has otherwise; one line each.

    Args:
        planned: The program, recorded with `preview=True`: what only AWS knows is not compared.
        state: The state after an update, `pulumi stack export`.
    """
    kept = _inputs(state)
    found: list[str] = []
    for resource in _of_aws(planned):
        has = kept.get((resource.type, resource.name))
        if has is None:
            found.append(f"{resource.kind} {resource.name}: not in the state")
            continue
        given = {key: value for key, value in resource.inputs.items() if key not in resource.secret_inputs}
        found += [f"{resource.kind} {resource.name}: {line}" for line in _lacking(given, has, "")]
    return found


def not_sent(planned: Record, state: Mapping[str, Any], sent: Sent, *, at_the_end: bool = False) -> list[str]:
    """Inputs that a program gave and that no request to their service had, or too few had; one line each.

    Args:
        planned: As above; its inputs are looked for, with the values that the state has.
        state: As above.
        sent: The requests of the update that made all resources; see emulator/README.md.
        at_the_end: Look for what AWS is told of with the deletion; then `sent` are the requests of a destroy.
    """
    kept, received = _inputs(state), _received(sent)
    needed: dict[tuple[str, ...], Counter[tuple[str, str]]] = defaultdict(Counter)
    holders: dict[tuple[str, str], str] = {}
    for resource in _of_aws(planned):
        if resource.type in WAITS:
            continue
        module = resource.type.split(":")[1].partition("/")[0]
        services = SERVICES.get(module, (module,))
        has = kept.get((resource.type, resource.name), {})
        left_out = {key for kind, key in LEFT_OUT if kind == resource.type}
        for key in resource.inputs.keys() - {*resource.secret_inputs, *left_out}:
            for name, value in leaves(has.get(key), key.lower()):
                if (name in WITH_THE_DELETION) is at_the_end and not {name, (name, value)} & NOT_SENT.keys():
                    full = f"{key.lower()}.{name}"
                    leaf = (full if full in ALSO_CALLED else name, value)
                    needed[services][leaf] += 1
                    holders.setdefault(leaf, f"{resource.kind} {resource.name}: {key}")
    return [
        f"{holders[leaf]}: {leaf[0]}={leaf[1]} is given {times} times, and {', '.join(services)} got it {got} times"
        for services, leaves_needed in needed.items()
        for leaf, times in leaves_needed.items()
        if (got := sum(received[service][name] for service in services for name in _names_of(leaf))) < times
    ]


def _of_aws(planned: Record) -> Iterator[Resource]:
    return (one for one in planned.resources if one.custom and one.type.startswith("aws:"))


def _inputs(state: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """The inputs in a state by type and name, without what is encrypted and what the engine notes for itself."""
    resources = state["deployment"]["resources"]
    return {(one["type"], one["urn"].split("::")[-1]): _readable(one.get("inputs", {})) for one in resources}


def _readable(value: Any) -> Any:
    if isinstance(value, dict):
        if SIGNATURE_KEY in value:
            return None
        return {key: _readable(item) for key, item in value.items() if not key.startswith("__")}
    return [_readable(item) for item in value] if isinstance(value, list) else value


def _lacking(given: Any, has: Any, path: str) -> Iterator[str]:
    if isinstance(given, str) and UNKNOWN in given:
        return
    if isinstance(given, dict) and isinstance(has, dict):
        for key, value in given.items():
            if key not in has:
                yield f"{path}{key}: given {json.dumps(value)}, not in the state"
            else:
                yield from _lacking(value, has[key], f"{path}{key}.")
    elif isinstance(given, list) and isinstance(has, list) and len(given) == len(has):
        for index, (one, other) in enumerate(zip(given, has, strict=True)):
            yield from _lacking(one, other, f"{path}{index}.")
    elif list(leaves(given)) != list(leaves(has)):
        yield f"{path.rstrip('.')}: given {json.dumps(given)}, the state has {json.dumps(has)}"


def _received(sent: Sent) -> dict[str, Counter[tuple[str, str]]]:
    """How often each service got each value."""
    found: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for request in sent:
        operation = request["operation"]
        leaves_sent = [*leaves_of_request(request["body"])] if request["body"] else []
        words = [("path", word) for word in request["path"].split("/") if word]
        found[operation.replace(" ", ".").partition(".")[0]].update([("operation", operation), *leaves_sent, *words])
    return found


def _names_of(leaf: tuple[str, str]) -> Iterator[tuple[str, str]]:
    name, value = leaf
    yield from ((one, value) for one in (name.rpartition(".")[2], *ALSO_CALLED.get(name, ())))
    if leaf in SAID_OTHERWISE:
        yield SAID_OTHERWISE[leaf]
