"""The checks before an update."""

from collections.abc import Callable, Iterable
from functools import partial

from story.doctor.examine import Check
from story.doctor.finding import Finding
from story.doctor.images import IMAGE, short
from story.doctor.preflight import account, delivery, domain, image, leftovers, limits, offers, secrets
from story.doctor.preflight.state import check_state
from story.doctor.preflight.subject import Subject
from story.doctor.quotas import FARGATE_VCPU, INTERFACES, QUOTAS, SPOT_VCPU
from story.doctor.secrets import SECRETS

CheckSubject = Callable[[Subject], Iterable[Finding]]


def checks_of(subject: Subject) -> list[Check]:
    """Every check of a stack before an update."""
    found = [
        _check(subject, "state", "the state", check_state),
        _check(subject, account.ACCOUNT, "the plan of the account", account.check_plan),
        _check(subject, account.ACCOUNT, "the region", account.check_region),
        _check(subject, account.BOUNDARY, "the boundary", account.check_boundary),
        _check(subject, account.BOUNDARY, "the default tags", account.check_tags),
        _check(subject, QUOTAS, FARGATE_VCPU.name, limits.check_on_demand),
        _check(subject, QUOTAS, SPOT_VCPU.name, limits.check_spot),
        _check(subject, QUOTAS, limits.ADDRESSES.name, limits.check_addresses),
        _check(subject, QUOTAS, limits.VPCS.name, limits.check_vpcs),
        _check(subject, QUOTAS, limits.INTERNET_GATEWAYS.name, limits.check_gateways),
        _check(subject, QUOTAS, limits.LOAD_BALANCERS.name, limits.check_balancers),
        _check(subject, QUOTAS, INTERFACES.name, limits.check_interfaces),
        _check(subject, QUOTAS, limits.LOG_POLICIES, limits.check_log_policies),
        _check(subject, offers.ZONES, "the zones", offers.check_zones),
        _check(subject, offers.ENDPOINTS, "the interface endpoints", offers.check_endpoints),
        _check(subject, offers.OFFERS, "the engine version of Valkey", offers.check_cache_version),
        _check(subject, offers.OFFERS, "the node type of Valkey", offers.check_node_type),
        _check(subject, domain.DOMAIN, "the hosted zone", domain.check_zone),
        _check(subject, domain.DOMAIN, "the records of the domain", domain.check_records),
        _check(subject, domain.DOMAIN, "the CAA records", domain.check_authorities),
        _check(subject, IMAGE, "the image", image.check_given),
        _check(subject, SECRETS, "secrets stored elsewhere", secrets.check_elsewhere),
        _check(subject, leftovers.LEFTOVERS, "names that cannot be read", leftovers.report_unreadable),
        _check(subject, delivery.PIPELINE, "the connection", delivery.check_connection),
        _check(subject, delivery.PIPELINE, "CodeBuild", delivery.check_builds),
    ]
    for role in account.needed_roles(subject):
        run = partial(account.check_service_role, role=role)
        found.append(_check(subject, account.ROLES, "the role", run, role.name))
    for order in offers.ordered(subject.planned):
        run = partial(offers.check_orderable, order=order)
        found.append(
            _check(subject, offers.OFFERS, "the instance class", run, f"{order.setting} {order.instance_class}")
        )
    for name, architecture in image.images_of(subject):
        run = partial(image.check_image, image=name, architecture=architecture)
        found.append(_check(subject, IMAGE, "the image", run, short(name)))
    for one in secrets.secrets_of(subject)[0]:
        run = partial(secrets.check_secret, one=one)
        found.append(_check(subject, SECRETS, one.read.variable, run, "tasks"))
    for type_, kind in leftovers.NAMED_TYPES.items():
        if subject.planned.texts(type_, kind.name_field):
            run = partial(leftovers.check, type_=type_)
            found.append(_check(subject, leftovers.LEFTOVERS, "the names", run, kind.label))
    return found


def _check(subject: Subject, area: str, title: str, run: CheckSubject, name: str = "") -> Check:
    return Check(area=area, subject=name, title=title, run=partial(run, subject))
