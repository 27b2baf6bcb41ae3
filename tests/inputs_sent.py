"""What a program gives its resources, held against what the engine kept and what AWS was asked for.

A provider that knows a nested property by another name drops it without a word: the preview shows it, and AWS never
hears of it.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from story.plan.recorder import SIGNATURE_KEY, UNKNOWN, Record, Resource
from tests.leaves import Leaf, leaves, leaves_of_request

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
    "clustername": ("cluster",),
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
    "vpcid": ("resourceid",),
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


READ_ONLY = {("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "vpcId")}
"""Inputs of a type that the provider only finds a resource by that AWS made."""

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
    """Inputs that a program gave and that no request for their resource had, or too few had; one line each.

    What the requests of a resource lack, those of another one do not make up for.

    Args:
        planned: As above; its inputs are looked for, with the values that the state has.
        state: As above.
        sent: The requests of the update that made all resources; see emulator/README.md.
        at_the_end: Look for what AWS is told of with the deletion; then `sent` are the requests of a destroy.
    """
    wanted, received = _wanted(planned, state, at_the_end=at_the_end), _received(sent)
    alone = [
        line
        for each, requests in zip(wanted, _shared_out(wanted, received), strict=True)
        for line in each.lacking(requests)
    ]
    return alone or _too_few(wanted, received)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """A request and the values in it."""

    service: str
    leaves: Counter[Leaf]

    def names(self, ids: frozenset[str]) -> bool:
        """Whether one of these is among its values."""
        return any(value in ids for _, value in self.leaves)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What AWS must have been told of a resource.

    Attributes:
        resource: Its kind and name.
        services: Services that are told.
        ids: What requests name it by.
        leaves: How often each value is given.
        keys: The input that holds each value.
    """

    resource: str
    services: tuple[str, ...]
    ids: frozenset[str]
    leaves: Counter[Leaf]
    keys: Mapping[Leaf, str]

    def share_of(self, request: _Request, spread: Mapping[Leaf, int]) -> tuple[float, bool]:
        """How much of the resource a request has. A value that few requests have, such as a name, counts more than one
        that many have; of two that have as much, the one that names the resource counts more.

        Args:
            request: A request to one of its services.
            spread: How many requests have a value.
        """
        names = {name for leaf in self.leaves for name in _names_of(leaf) if name in request.leaves}
        return sum(1 / spread[name] for name in names), request.names(self.ids)

    def lacking(self, requests: Iterable[_Request]) -> Iterator[str]:
        """What these requests lack, one line each."""
        got = sum((one.leaves for one in requests), Counter[Leaf]())
        for leaf, times in self.leaves.items():
            if (found := sum(got[name] for name in _names_of(leaf))) < times:
                yield self.line(leaf, times, found)

    def line(self, leaf: Leaf, times: int, found: int) -> str:
        """That a value was found less often than it was given."""
        services = ", ".join(self.services)
        return (
            f"{self.resource}: {self.keys[leaf]}: {leaf[0]}={leaf[1]} is given {times} times, and {services} got it "
            f"{found} times"
        )


def _shared_out(wanted: Sequence[_Wanted], received: Sequence[_Request]) -> Iterator[list[_Request]]:
    """The requests of each resource: the one that has most of it, those that name it, and, as an id is given after the
    first request, one that names no resource. The first one of a resource is no other's."""
    spread = Counter(leaf for request in received for leaf in request.leaves)
    ours = [[one for one in received if one.service in each.services] for each in wanted]
    first = [_most(each, requests, spread) for each, requests in zip(wanted, ours, strict=True)]
    taken = {id(one) for one in first}
    for each, requests, most in zip(wanted, ours, first, strict=True):
        free = [one for one in requests if id(one) not in taken]
        named = [one for one in free if one.names(each.ids)]
        ids = frozenset(name for one in wanted if one.services == each.services for name in one.ids)
        nameless = _most(each, [one for one in free if not one.names(ids)], spread)
        yield [one for one in (most, *named, nameless) if one]


def _most(wanted: _Wanted, requests: Sequence[_Request], spread: Mapping[Leaf, int]) -> _Request | None:
    return max(requests, key=lambda request: wanted.share_of(request, spread), default=None)


def _wanted(planned: Record, state: Mapping[str, Any], *, at_the_end: bool) -> list[_Wanted]:
    kept, ids, found = _inputs(state), _ids(state), list[_Wanted]()
    for resource in _of_aws(planned):
        module = resource.type.split(":")[1].partition("/")[0]
        key_of: dict[Leaf, str] = {}
        given: Counter[Leaf] = Counter()
        left_out = {key for kind, key in LEFT_OUT | READ_ONLY if kind == resource.type}
        for key in resource.inputs.keys() - {*resource.secret_inputs, *left_out}:
            for name, value in leaves(kept.get((resource.type, resource.name), {}).get(key), key.lower()):
                if (name in WITH_THE_DELETION) is at_the_end and not {name, (name, value)} & NOT_SENT.keys():
                    full = f"{key.lower()}.{name}"
                    leaf = (full if full in ALSO_CALLED else name, value)
                    given[leaf] += 1
                    key_of[leaf] = key
        if given and resource.type not in WAITS:
            found.append(
                _Wanted(
                    resource=f"{resource.kind} {resource.name}",
                    services=SERVICES.get(module, (module,)),
                    ids=ids.get((resource.type, resource.name), frozenset()),
                    leaves=given,
                    keys=key_of,
                )
            )
    return found


def _too_few(wanted: Sequence[_Wanted], received: Sequence[_Request]) -> list[str]:
    """Values that the services got less often than all resources together have them: one request is not two."""
    got: dict[str, Counter[Leaf]] = defaultdict(Counter)
    for request in received:
        got[request.service].update(request.leaves)
    given: dict[tuple[str, ...], Counter[Leaf]] = defaultdict(Counter)
    holders: dict[Leaf, _Wanted] = {}
    for each in wanted:
        given[each.services].update(each.leaves)
        holders = dict.fromkeys(each.leaves, each) | holders
    return [
        holders[leaf].line(leaf, times, found)
        for services, all_of_it in given.items()
        for leaf, times in all_of_it.items()
        if (found := sum(got[service][name] for service in services for name in _names_of(leaf))) < times
    ]


def _of_aws(planned: Record) -> Iterator[Resource]:
    return (one for one in planned.resources if one.custom and one.type.startswith("aws:"))


def _inputs(state: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """The inputs in a state by type and name, without what is encrypted and what the engine notes for itself."""
    resources = state["deployment"]["resources"]
    return {(one["type"], one["urn"].split("::")[-1]): _readable(one.get("inputs", {})) for one in resources}


def _ids(state: Mapping[str, Any]) -> dict[tuple[str, str], frozenset[str]]:
    """What AWS knows a resource by: its id and its ARN, by type and name of the resource."""
    resources = state["deployment"]["resources"]
    return {
        (one["type"], one["urn"].split("::")[-1]): frozenset(
            text for text in (one.get("id"), one.get("outputs", {}).get("arn")) if isinstance(text, str) and text
        )
        for one in resources
    }


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


def _received(sent: Sent) -> list[_Request]:
    found: list[_Request] = []
    for request in sent:
        operation = request["operation"]
        body = leaves_of_request(request["body"]) if request["body"] else ()
        path = (("path", word) for word in request["path"].split("/") if word)
        service = operation.replace(" ", ".").partition(".")[0]
        found.append(_Request(service=service, leaves=Counter([("operation", operation), *body, *path])))
    return found


def _names_of(leaf: Leaf) -> Iterator[Leaf]:
    name, value = leaf
    yield from ((one, value) for one in (name.rpartition(".")[2], *ALSO_CALLED.get(name, ())))
    if leaf in SAID_OTHERWISE:
        yield SAID_OTHERWISE[leaf]
