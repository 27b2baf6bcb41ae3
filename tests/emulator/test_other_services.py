"""Load balancers, the network, logs, alarms, and IAM."""

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.support import Client, RunningEmulator, subnets


def balancer(client: Client) -> dict[str, Any]:
    return client("elbv2").create_load_balancer(Name="site", Subnets=subnets(client))["LoadBalancers"][0]


def test_a_load_balancer_is_active_at_once(client: Client) -> None:
    assert balancer(client)["State"]["Code"] == "active"


def test_a_protected_load_balancer_can_not_be_deleted_until_protection_is_lifted(client: Client) -> None:
    arn = balancer(client)["LoadBalancerArn"]
    elb = client("elbv2")

    def protect(value: str) -> None:
        elb.modify_load_balancer_attributes(
            LoadBalancerArn=arn, Attributes=[{"Key": "deletion_protection.enabled", "Value": value}]
        )

    protect("true")
    with pytest.raises(ClientError, match="OperationNotPermitted"):
        elb.delete_load_balancer(LoadBalancerArn=arn)
    assert len(elb.describe_load_balancers()["LoadBalancers"]) == 1
    protect("false")
    elb.delete_load_balancer(LoadBalancerArn=arn)
    assert elb.describe_load_balancers()["LoadBalancers"] == []


def test_a_log_group_can_not_be_made_twice(client: Client) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="/site/app")
    with pytest.raises(ClientError, match="ResourceAlreadyExistsException"):
        logs.create_log_group(logGroupName="/site/app")


def test_what_is_made_again_under_the_same_name_has_none_of_the_old_tags(client: Client) -> None:
    logs, cloudwatch = client("logs"), client("cloudwatch")
    alarm = {
        "AlarmName": "cpu",
        "MetricName": "CPU",
        "Namespace": "site",
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1.0,
        "ComparisonOperator": "LessThanThreshold",
    }
    logs.create_log_group(logGroupName="/site/app", tags={"Owner": "a"})
    cloudwatch.put_metric_alarm(**alarm, Tags=[{"Key": "Owner", "Value": "a"}])
    logs.delete_log_group(logGroupName="/site/app")
    cloudwatch.delete_alarms(AlarmNames=["cpu"])
    logs.create_log_group(logGroupName="/site/app", tags={"Team": "b"})
    cloudwatch.put_metric_alarm(**alarm, Tags=[{"Key": "Team", "Value": "b"}])
    [group], [made] = logs.describe_log_groups()["logGroups"], cloudwatch.describe_alarms()["MetricAlarms"]
    assert logs.list_tags_for_resource(resourceArn=group["arn"].removesuffix(":*"))["tags"] == {"Team": "b"}
    tags = cloudwatch.list_tags_for_resource(ResourceARN=made["AlarmArn"])["Tags"]
    assert tags == [{"Key": "Team", "Value": "b"}]


def test_a_log_group_gets_and_loses_its_key_after_it_was_made(client: Client) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="/site/app")

    def key() -> str | None:
        return logs.describe_log_groups()["logGroups"][0].get("kmsKeyId")

    logs.associate_kms_key(logGroupName="/site/app", kmsKeyId="arn:aws:kms:ap-northeast-1:123456789012:key/1")
    assert key() == "arn:aws:kms:ap-northeast-1:123456789012:key/1"
    logs.disassociate_kms_key(logGroupName="/site/app")
    assert key() is None
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        logs.associate_kms_key(logGroupName="/site/other", kmsKeyId="arn:aws:kms:ap-northeast-1:123456789012:key/1")


def test_a_saved_query_can_be_found_changed_and_deleted(client: Client) -> None:
    logs = client("logs")
    query_id = logs.put_query_definition(name="site/errors", queryString="fields a")["queryDefinitionId"]
    logs.put_query_definition(name="site/errors", queryString="fields b", queryDefinitionId=query_id)
    logs.put_query_definition(name="other", queryString="fields c")
    found = logs.describe_query_definitions(queryDefinitionNamePrefix="site/")["queryDefinitions"]
    assert [query["queryString"] for query in found] == ["fields b"]
    assert logs.delete_query_definition(queryDefinitionId=query_id)["success"]
    assert not logs.delete_query_definition(queryDefinitionId=query_id)["success"]


def test_a_composite_alarm_keeps_its_suppressor(client: Client) -> None:
    cloudwatch = client("cloudwatch")
    cloudwatch.put_composite_alarm(
        AlarmName="site",
        AlarmRule="ALARM(errors)",
        ActionsSuppressor="deploying",
        ActionsSuppressorWaitPeriod=60,
        ActionsSuppressorExtensionPeriod=30,
    )
    alarm = cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"][0]
    assert alarm["ActionsSuppressor"] == "deploying"
    assert (alarm["ActionsSuppressorWaitPeriod"], alarm["ActionsSuppressorExtensionPeriod"]) == (60, 30)


def test_a_rule_that_refers_to_a_group_keeps_its_description(client: Client) -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    group = ec2.create_security_group(GroupName="web", Description="web", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(
        GroupId=group,
        IpPermissions=[
            {
                "IpProtocol": "tcp",
                "FromPort": 80,
                "ToPort": 80,
                "UserIdGroupPairs": [{"GroupId": group, "Description": "from itself"}],
            },
            {
                "IpProtocol": "tcp",
                "FromPort": 81,
                "ToPort": 81,
                "PrefixListIds": [{"PrefixListId": "pl-1", "Description": "from a list"}],
            },
        ],
    )
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    descriptions = {rule.get("FromPort"): rule.get("Description") for rule in rules if not rule["IsEgress"]}
    assert descriptions == {80: "from itself", 81: "from a list"}


def test_a_reset_account_has_awss_own_policies_and_none_is_attached(client: Client) -> None:
    arn = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"
    iam = client("iam")
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 0
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}}]}
    iam.create_role(RoleName="execution", AssumeRolePolicyDocument=json.dumps(trust))
    iam.attach_role_policy(RoleName="execution", PolicyArn=arn)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1


def test_attachments_do_not_survive_a_reset(client: Client, emulator: Any) -> None:
    test_a_reset_account_has_awss_own_policies_and_none_is_attached(client)
    emulator.request("POST", "/emulator/reset")
    test_a_reset_account_has_awss_own_policies_and_none_is_attached(client)


@pytest.mark.parametrize(
    ("service", "name"),
    [
        ("ecs.amazonaws.com", "AWSServiceRoleForECS"),
        ("ecs.application-autoscaling.amazonaws.com", "AWSServiceRoleForApplicationAutoScaling_ECSService"),
        ("rds.amazonaws.com", "AWSServiceRoleForRDS"),
    ],
)
def test_a_service_linked_role_is_named_as_aws_names_it_and_can_not_be_made_twice(
    service: str, name: str, client: Client
) -> None:
    iam = client("iam")
    role = iam.create_service_linked_role(AWSServiceName=service)["Role"]
    assert (role["RoleName"], role["Path"]) == (name, f"/aws-service-role/{service}/")
    with pytest.raises(ClientError) as refused:
        iam.create_service_linked_role(AWSServiceName=service)
    error = refused.value.response["Error"]
    assert (error["Code"], error["Message"]) == (
        "InvalidInput",
        f"Service role name {name} has been taken in this account, please try a different suffix.",
    )


def test_another_role_of_a_taken_name_is_refused_as_before(client: Client) -> None:
    iam = client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam.create_role(RoleName="mine", AssumeRolePolicyDocument=trust)
    with pytest.raises(ClientError, match="EntityAlreadyExists"):
        iam.create_role(RoleName="mine", AssumeRolePolicyDocument=trust)


def test_a_trail_can_be_stopped_and_deleted_by_its_arn(client: Client) -> None:
    client("s3").create_bucket(Bucket="trail", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    cloudtrail = client("cloudtrail")
    arn = cloudtrail.create_trail(Name="site", S3BucketName="trail")["TrailARN"]
    cloudtrail.start_logging(Name=arn)
    assert cloudtrail.get_trail_status(Name="site")["IsLogging"]
    cloudtrail.stop_logging(Name=arn)
    assert not cloudtrail.get_trail_status(Name="site")["IsLogging"]
    cloudtrail.delete_trail(Name=arn)
    assert cloudtrail.list_trails()["Trails"] == []


def test_a_certificate_is_issued_at_once(client: Client) -> None:
    acm = client("acm")
    arn = acm.request_certificate(DomainName="www.example.com", ValidationMethod="DNS")["CertificateArn"]
    states = {acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] for _ in range(3)}
    assert "ISSUED" in states


def test_a_hosted_zones_id_looks_like_one(client: Client) -> None:
    zone = client("route53").create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    assert re.fullmatch(r"/hostedzone/Z[A-Z0-9]{1,31}", zone)
    assert client("route53").get_hosted_zone(Id=zone)["HostedZone"]["Name"] == "example.com."


def test_a_bucket_that_takes_tls_only_takes_requests_here_and_refuses_what_else_it_refuses(client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="closed", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    everything = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::closed/*"}
    tls_only = {**everything, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    s3.put_bucket_policy(Bucket="closed", Policy=json.dumps({"Version": "2012-10-17", "Statement": [tls_only]}))
    s3.put_object(Bucket="closed", Key="state", Body=b"{}")
    assert s3.get_object(Bucket="closed", Key="state")["Body"].read() == b"{}"
    denied = {"Version": "2012-10-17", "Statement": [tls_only, {**everything, "Action": "s3:GetObject"}]}
    s3.put_bucket_policy(Bucket="closed", Policy=json.dumps(denied))
    with pytest.raises(ClientError, match="Forbidden"):
        s3.get_object(Bucket="closed", Key="state")


def test_a_bucket_with_versions_can_be_emptied_of_its_delete_markers_too(client: Client) -> None:
    s3 = client("s3")
    s3.create_bucket(Bucket="kept", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-1"})
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket="kept", Key="state", Body=b"{}")
    s3.delete_object(Bucket="kept", Key="state")
    listed = s3.list_object_versions(Bucket="kept")
    found = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in listed["Versions"] + listed["DeleteMarkers"]]
    assert len(found) == 2
    # As a destroy does first.
    s3.put_bucket_versioning(Bucket="kept", VersioningConfiguration={"Status": "Suspended"})
    assert "Errors" not in s3.delete_objects(Bucket="kept", Delete={"Objects": found})
    s3.delete_bucket(Bucket="kept")


def test_a_slack_channel_is_made_changed_tagged_and_deleted(emulator: RunningEmulator, client: Client) -> None:
    chatbot = client("chatbot")
    given = {
        "ConfigurationName": "critical",
        "SlackTeamId": "T1",
        "SlackChannelId": "C1",
        "IamRoleArn": "arn:aws:iam::123456789012:role/chat",
        "Tags": [{"TagKey": "Team", "TagValue": "web"}],
    }
    made = chatbot.create_slack_channel_configuration(**given)["ChannelConfiguration"]
    arn = made["ChatConfigurationArn"]
    assert arn == "arn:aws:chatbot::123456789012:chat-configuration/slack-channel/critical"
    with pytest.raises(ClientError, match="ConflictException"):
        chatbot.create_slack_channel_configuration(**given)
    with pytest.raises(ClientError, match="C1 in Slack team T1 has already been configured"):
        chatbot.create_slack_channel_configuration(**{**given, "ConfigurationName": "warning"})
    chatbot.update_slack_channel_configuration(ChatConfigurationArn=arn, SlackChannelId="C2")
    chatbot.tag_resource(ResourceARN=arn, Tags=[{"TagKey": "Owner", "TagValue": "site"}])
    chatbot.untag_resource(ResourceARN=arn, TagKeys=["Team"])
    [found] = chatbot.describe_slack_channel_configurations(ChatConfigurationArn=arn)["SlackChannelConfigurations"]
    assert (found["SlackChannelId"], found["ConfigurationName"]) == ("C2", "critical")
    assert chatbot.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"TagKey": "Owner", "TagValue": "site"}]
    assert emulator.names("chatbot", "slack-channel") == ["critical"]
    chatbot.delete_slack_channel_configuration(ChatConfigurationArn=arn)
    assert chatbot.describe_slack_channel_configurations()["SlackChannelConfigurations"] == []
    gone = chatbot.describe_slack_channel_configurations(ChatConfigurationArn=arn)
    assert gone["SlackChannelConfigurations"] == []
    assert emulator.inventory("chatbot") == []
