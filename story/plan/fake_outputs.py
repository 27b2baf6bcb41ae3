"""Example outputs of resources: those beyond the inputs that the program reads.

The values are recognisable examples; the account is AWS's example account.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from settings.partition import partition_of

REGION = "ap-northeast-1"
ACCOUNT = "123456789012"
PART_OF_AN_ID = "0123456789abcdef"
WITHOUT_REGION = ("budgets", "iam")
"""Services whose ARNs have no region: docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"""


@dataclass(frozen=True, slots=True)
class _Location:
    region: str

    @property
    def partition(self) -> str:
        return partition_of(self.region).name

    def arn(self, service: str, resource: str) -> str:
        region = "" if service in WITHOUT_REGION else self.region
        return f"arn:{self.partition}:{service}:{region}:{ACCOUNT}:{resource}"

    def balancing(self, resource: str) -> str:
        return self.arn("elasticloadbalancing", resource)


def outputs_of(type_: str, name: str, inputs: Mapping[str, Any], region: str = REGION) -> dict[str, Any]:
    """All outputs of a resource that was created in the region."""
    here = _Location(region)
    service = type_.split(":")[1].split("/")[0] if type_.count(":") == 2 else ""
    kind = type_.rsplit(":", 1)[-1]
    common = {"arn": here.arn(service, f"{kind.lower()}/{name}")} if type_.startswith("aws:") else {}
    return {**common, **inputs, **_special(type_, name, inputs, here)}


def _special(type_: str, name: str, inputs: Mapping[str, Any], here: _Location) -> dict[str, Any]:
    host = f"{name}.{here.region}.example"
    match type_:
        case "awsx:ec2:Vpc":
            zones: list[str] = list(inputs.get("availabilityZoneNames", []))
            kinds = ("public", "private", "isolated")
            ids = {f"{kind}SubnetIds": [f"subnet-{kind}-{zone}" for zone in zones] for kind in kinds}
            return {"vpcId": f"vpc-{name}", "natGateways": [], **ids}
        case "aws:kms/key:Key":
            return {"keyId": f"{name}-key-id"}
        case "aws:lb/loadBalancer:LoadBalancer":
            return {
                "arn": here.balancing(f"loadbalancer/app/{name}/{PART_OF_AN_ID}"),
                "dnsName": host,
                "zoneId": "Z14GRHDCWA56QT",
                "arnSuffix": f"app/{name}/{PART_OF_AN_ID}",
            }
        case "aws:lb/targetGroup:TargetGroup":
            suffix = f"targetgroup/{name}/{PART_OF_AN_ID}"
            return {"arn": here.balancing(suffix), "arnSuffix": suffix, "name": name}
        case "aws:lb/listener:Listener":
            return {"arn": here.balancing(f"listener/app/{name}/{PART_OF_AN_ID}/{PART_OF_AN_ID}")}
        case "aws:lb/listenerRule:ListenerRule":
            return {"arn": here.balancing(f"listener-rule/app/{name}/{PART_OF_AN_ID}/{PART_OF_AN_ID}/{PART_OF_AN_ID}")}
        case "aws:acm/certificate:Certificate":
            record = {
                "domainName": inputs.get("domainName"),
                "resourceRecordName": f"_check.{inputs.get('domainName')}.",
                "resourceRecordType": "CNAME",
                "resourceRecordValue": "_check.acm-validations.aws.",
            }
            return {"domainValidationOptions": [record]}
        case "aws:route53/record:Record":
            return {"fqdn": str(inputs.get("name", host)).rstrip(".")}
        case "aws:rds/cluster:Cluster" | "aws:docdb/cluster:Cluster":
            secret = here.arn("secretsmanager", f"secret:{name}-master")
            return {
                "endpoint": f"writer.{host}",
                "readerEndpoint": f"reader.{host}",
                "clusterResourceId": f"cluster-{name}",
                "masterUserSecrets": [{"secretArn": secret, "secretStatus": "active", "kmsKeyId": "key"}],
                **({} if "port" in inputs else {"port": 3306}),
            }
        case (
            "aws:rds/subnetGroup:SubnetGroup"
            | "aws:rds/clusterParameterGroup:ClusterParameterGroup"
            | "aws:docdb/subnetGroup:SubnetGroup"
            | "aws:docdb/clusterParameterGroup:ClusterParameterGroup"
            | "aws:elasticache/subnetGroup:SubnetGroup"
            | "aws:elasticache/parameterGroup:ParameterGroup"
        ):
            return {"name": inputs.get("name", name)}
        case "aws:elasticache/replicationGroup:ReplicationGroup":
            return {"primaryEndpointAddress": f"primary.{host}", "readerEndpointAddress": f"reader.{host}"}
        case "aws:secretsmanager/secret:Secret":
            return {"arn": here.arn("secretsmanager", f"secret:{inputs.get('name', name)}-A1b2C3")}
        case "aws:secretsmanager/secretVersion:SecretVersion":
            return {"versionId": f"{name}-version"}
        case "aws:s3/bucket:Bucket":
            return {"bucket": inputs.get("bucket", f"{name}-bucket"), "arn": f"arn:{here.partition}:s3:::{name}-bucket"}
        case "aws:ecs/taskDefinition:TaskDefinition":
            family = inputs.get("family", name)
            return {"arn": here.arn("ecs", f"task-definition/{family}:1"), "revision": 1}
        case "aws:cloudwatch/logGroup:LogGroup":
            return {"arn": here.arn("logs", f"log-group:{inputs.get('name', name)}")}
        case "aws:codestarconnections/connection:Connection":
            return {"arn": here.arn("codestar-connections", f"connection/{name}")}
        case "random:index/randomPassword:RandomPassword":
            return {"result": "not-a-real-password"}
        case "random:index/randomBytes:RandomBytes":
            return {"base64": "bm90LWEtcmVhbC1rZXktYnV0LTMyLWJ5dGVzLWxvbmc="}
        case "random:index/randomId:RandomId":
            return {"hex": "0123abcd"}
        case "random:index/randomUuid:RandomUuid":
            return {"result": "00000000-0000-4000-8000-000000000000"}
        case _:
            return {}
