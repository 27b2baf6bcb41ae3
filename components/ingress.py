"""The way in: a load balancer in the public subnets, its certificate, its name and its access logs."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.base import Component, physical_name
from components.buckets import ABORT_MULTIPART_AFTER_DAYS, close_bucket, encrypt_bucket
from components.context import StackContext
from components.iam import allow_service
from settings.deployment import TestListener
from settings.site import IngressSpec

HTTP_PORT = 80
HTTPS_PORT = 443


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressArgs:
    """What an `Ingress` needs to know.

    Attributes:
        spec: Domain, TLS policy, who may reach the site, retention of the access logs.
        vpc_id: The VPC of the subnets.
        subnet_ids: Public subnets, in two zones at least.
        stack: Account whose access logs are let in, and no other one's; region; whether to refuse to delete the load
            balancer and its access logs, in Pulumi and (the former) in AWS.
        test_listener: Where a version answers that visitors do not yet get; None for no such listener.
    """

    spec: IngressSpec
    vpc_id: pulumi.Input[str]
    subnet_ids: pulumi.Input[Sequence[str]]
    stack: StackContext
    test_listener: TestListener | None = None

    @property
    def protect(self) -> bool:
        """Whether load balancer and access logs are protected."""
        return self.spec.protected(self.stack.protect)


class Ingress(Component):
    """An application load balancer whose serving listener answers 503 until a service adds its rule.

    With a domain it serves HTTPS and sends HTTP there for good; without one it serves HTTP. A test listener speaks what
    the serving one speaks, to those alone who are named. Its security group lets
    visitors in and nothing out: a service opens the way to its own tasks, and only that.

    Makes: SecurityGroup, a SecurityGroupIngressRule for each port and range, LoadBalancer, Listeners; for the access
    logs Bucket, BucketOwnershipControls, BucketPublicAccessBlock, BucketServerSideEncryptionConfiguration,
    BucketLifecycleConfiguration, BucketPolicy; with a domain Certificate, CertificateValidation and two Records.

    Raises:
        ValueError: `spec` has a domain and no hosted zone.
    """

    security_group_id: pulumi.Output[str]
    listener: aws.lb.Listener
    test_listener: aws.lb.Listener | None
    load_balancer_arn: pulumi.Output[str]
    load_balancer_arn_suffix: pulumi.Output[str]
    dns_name: pulumi.Output[str]
    certificate_arn: pulumi.Output[str] | None
    zone_id: str
    url: pulumi.Output[str]

    def __init__(self, name: str, args: IngressArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        domain, zone_id = args.spec.domain, _zone_id(args.spec)
        group = self._security_group(name, args)
        logs = self._log_bucket(name, args)
        log_policy = self._let_deliver(name, args, logs)
        load_balancer = self._load_balancer(name, args, group, logs, log_policy)
        certificate_arn = self._certificate(name, domain, zone_id) if domain else None
        if domain and certificate_arn:
            self.listener = self._serve_https(
                f"{name}-https", HTTPS_PORT, args.spec.tls_policy, load_balancer, certificate_arn
            )
            self._redirect(name, load_balancer)
            self._alias(name, domain, zone_id, load_balancer)
        else:
            self.listener = self._serve_http(f"{name}-http", HTTP_PORT, load_balancer)
        self.test_listener = self._test_listener(name, args, group, load_balancer, certificate_arn)

        self.security_group_id = group.id
        self.load_balancer_arn = load_balancer.arn
        self.load_balancer_arn_suffix = load_balancer.arn_suffix
        self.dns_name = load_balancer.dns_name
        self.certificate_arn = certificate_arn
        self.zone_id = zone_id
        self.url = (
            pulumi.Output.concat("https://", domain) if domain else pulumi.Output.concat("http://", self.dns_name)
        )
        self.register_outputs(
            {
                "securityGroupId": self.security_group_id,
                "listenerArn": self.listener.arn,
                "loadBalancerArn": self.load_balancer_arn,
                "loadBalancerArnSuffix": self.load_balancer_arn_suffix,
                "dnsName": self.dns_name,
                "url": self.url,
            }
        )

    def _security_group(self, name: str, args: IngressArgs) -> aws.ec2.SecurityGroup:
        group = aws.ec2.SecurityGroup(
            name,
            vpc_id=args.vpc_id,
            description="Visitors of the site",
            tags={"Name": physical_name("load-balancer")},
            opts=self.child(),
        )
        for port in (HTTP_PORT, HTTPS_PORT) if args.spec.domain else (HTTP_PORT,):
            self._let_in("Visitors", args.spec.allowed_cidrs, group, port, f"{name}-{port}")
        return group

    def _let_in(self, who: str, cidrs: Sequence[str], group: aws.ec2.SecurityGroup, port: int, prefix: str) -> None:
        for cidr in cidrs:
            aws.vpc.SecurityGroupIngressRule(
                f"{prefix}-from-{cidr.replace('/', '-')}",
                security_group_id=group.id,
                description=f"{who} from {cidr}",
                cidr_ipv4=cidr,
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                opts=self.child(),
            )

    def _log_bucket(self, name: str, args: IngressArgs) -> aws.s3.Bucket:
        """A bucket with S3's own key, because the load balancer can write to no other:
        docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html"""
        # The load balancer writes its first file while it is made, so this bucket is never empty: without
        # force_destroy a destroy that people did allow would stop here, half done.
        bucket = aws.s3.Bucket(f"{name}-logs", force_destroy=True, opts=self.child(protect=args.protect))
        encrypt_bucket(f"{name}-logs", bucket, key_arn=None, opts=self.child())
        aws.s3.BucketLifecycleConfiguration(
            f"{name}-logs",
            bucket=bucket.bucket,
            rules=[
                aws.s3.BucketLifecycleConfigurationRuleArgs(
                    id="expire",
                    status="Enabled",
                    filter=aws.s3.BucketLifecycleConfigurationRuleFilterArgs(prefix=""),
                    expiration=aws.s3.BucketLifecycleConfigurationRuleExpirationArgs(
                        days=args.spec.access_log_retention_days
                    ),
                    abort_incomplete_multipart_upload=aws.s3.BucketLifecycleConfigurationRuleAbortIncompleteMultipartUploadArgs(
                        days_after_initiation=ABORT_MULTIPART_AFTER_DAYS
                    ),
                )
            ],
            opts=self.child(),
        )
        return bucket

    def _let_deliver(self, name: str, args: IngressArgs, bucket: aws.s3.Bucket) -> aws.s3.BucketPolicy:
        """Lets load balancers of this account write below its own number, the only place where they write:
        docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html"""
        load_balancers = pulumi.Output.concat(
            f"arn:{args.stack.partition.name}:elasticloadbalancing:{args.stack.region}:",
            args.stack.account_id,
            ":loadbalancer/*",
        )
        delivery = allow_service(
            "logdelivery.elasticloadbalancing.amazonaws.com",
            ["s3:PutObject"],
            pulumi.Output.concat(bucket.arn, "/AWSLogs/", args.stack.account_id, "/*"),
            # IfExists, because the trial write that enables the logs has been seen without a source.
            {"ArnLikeIfExists": {"aws:SourceArn": load_balancers}},
        )
        return close_bucket(f"{name}-logs", bucket, allowed=[delivery], opts=self.child())

    def _load_balancer(
        self,
        name: str,
        args: IngressArgs,
        group: aws.ec2.SecurityGroup,
        logs: aws.s3.Bucket,
        log_policy: aws.s3.BucketPolicy,
    ) -> aws.lb.LoadBalancer:
        """Desync mitigation is `defensive`: it stops what can be used to smuggle requests, while `strictest` also
        refuses visitors and webhooks whose requests are merely untidy:
        docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html#desync-mitigation-mode"""
        return aws.lb.LoadBalancer(
            name,
            load_balancer_type="application",
            internal=False,
            subnets=args.subnet_ids,
            security_groups=[group.id],
            idle_timeout=args.spec.idle_timeout_seconds,
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            enable_deletion_protection=args.protect,
            access_logs=aws.lb.LoadBalancerAccessLogsArgs(bucket=logs.bucket, enabled=True),
            opts=self.child(protect=args.protect, depends_on=[log_policy]),
        )

    def _certificate(self, name: str, domain: str, zone_id: str) -> pulumi.Output[str]:
        certificate = aws.acm.Certificate(
            name, domain_name=domain, validation_method="DNS", key_algorithm="RSA_2048", opts=self.child()
        )
        check = certificate.domain_validation_options[0]
        record = aws.route53.Record(
            f"{name}-validation",
            zone_id=zone_id,
            name=check.resource_record_name,
            type=check.resource_record_type,
            records=[check.resource_record_value],
            ttl=300,
            # ACM asks an account for one and the same record each time, so all it can overwrite is its own leftover:
            # docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
            allow_overwrite=True,
            opts=self.child(),
        )
        validation = aws.acm.CertificateValidation(
            name, certificate_arn=certificate.arn, validation_record_fqdns=[record.fqdn], opts=self.child()
        )
        return validation.certificate_arn

    def _redirect(self, name: str, load_balancer: aws.lb.LoadBalancer) -> None:
        aws.lb.Listener(
            f"{name}-http",
            load_balancer_arn=load_balancer.arn,
            port=HTTP_PORT,
            protocol="HTTP",
            default_actions=[
                aws.lb.ListenerDefaultActionArgs(
                    type="redirect",
                    redirect=aws.lb.ListenerDefaultActionRedirectArgs(
                        protocol="HTTPS", port=str(HTTPS_PORT), status_code="HTTP_301"
                    ),
                )
            ],
            # A site that gets its domain later must not send visitors where nobody listens yet.
            opts=self.child(depends_on=[self.listener]),
        )

    def _test_listener(
        self,
        name: str,
        args: IngressArgs,
        group: aws.ec2.SecurityGroup,
        load_balancer: aws.lb.LoadBalancer,
        certificate_arn: pulumi.Output[str] | None,
    ) -> aws.lb.Listener | None:
        if not args.test_listener:
            return None
        port = args.test_listener.port
        self._let_in("Testers", args.test_listener.cidrs, group, port, f"{name}-test")
        if certificate_arn is None:
            return self._serve_http(f"{name}-test", port, load_balancer)
        return self._serve_https(f"{name}-test", port, args.spec.tls_policy, load_balancer, certificate_arn)

    def _serve_https(
        self,
        name: str,
        port: int,
        tls_policy: str,
        load_balancer: aws.lb.LoadBalancer,
        certificate_arn: pulumi.Output[str],
    ) -> aws.lb.Listener:
        return aws.lb.Listener(
            name,
            load_balancer_arn=load_balancer.arn,
            port=port,
            protocol="HTTPS",
            ssl_policy=tls_policy,
            certificate_arn=certificate_arn,
            default_actions=[_unavailable()],
            opts=self.child(),
        )

    def _serve_http(self, name: str, port: int, load_balancer: aws.lb.LoadBalancer) -> aws.lb.Listener:
        return aws.lb.Listener(
            name,
            load_balancer_arn=load_balancer.arn,
            port=port,
            protocol="HTTP",
            default_actions=[_unavailable()],
            opts=self.child(),
        )

    def _alias(self, name: str, domain: str, zone_id: str, load_balancer: aws.lb.LoadBalancer) -> None:
        aws.route53.Record(
            f"{name}-alias",
            zone_id=zone_id,
            name=domain,
            type="A",
            aliases=[
                aws.route53.RecordAliasArgs(
                    name=load_balancer.dns_name, zone_id=load_balancer.zone_id, evaluate_target_health=False
                )
            ],
            opts=self.child(depends_on=[self.listener]),
        )


def _zone_id(spec: IngressSpec) -> str:
    if spec.domain and not spec.zone_id:
        raise ValueError(f"domain is {spec.domain}, zone_id is not given; allowed is the id of its hosted zone")
    return spec.zone_id or ""


def _unavailable() -> aws.lb.ListenerDefaultActionArgs:
    """503, which tells search engines to come again; a 404 would make them forget the page."""
    return aws.lb.ListenerDefaultActionArgs(
        type="fixed-response",
        fixed_response=aws.lb.ListenerDefaultActionFixedResponseArgs(
            content_type="text/plain", status_code="503", message_body="No service answers here yet."
        ),
    )
