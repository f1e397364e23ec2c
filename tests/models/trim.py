#!/usr/bin/env python3
"""Cuts AWS's service models down to the operations that the local account knows.

    python3 tests/models/trim.py DIRECTORY

DIRECTORY is an unpacked botocore (the Python package `botocore`, Apache-2.0): it contains
`__init__.py` and `data/SERVICE/VERSION/service-2.json.gz`. The files beside this script were made
from botocore 1.44.5. Run it again by hand to take a newer botocore or another operation, and
review the difference.

What stays: per operation its input, output and errors, per shape what a checker needs. What goes:
documentation, and everything that only code generators read. One shape is one line. Services of
the query protocol (the ones without a target prefix) flatten no list and no map, so nothing is
kept of that. Where members are in the request and in the answer is kept of services that speak REST.
"""

import gzip
import json
import pathlib
import re
import sys

OPERATIONS = {
    "application-autoscaling": """
        DeleteScheduledAction DeregisterScalableTarget DescribeScalableTargets
        DescribeScheduledActions PutScheduledAction RegisterScalableTarget""",
    "cloudformation": """
        CreateChangeSet DeleteChangeSet DeleteStack DescribeChangeSet DescribeStackEvents
        DescribeStackResources DescribeStacks ExecuteChangeSet GetTemplate GetTemplateSummary
        ListStackResources ListStacks UpdateTerminationProtection ValidateTemplate""",
    "cloudwatch": """
        DeleteAlarmMuteRule DeleteAlarms DescribeAlarmHistory DescribeAlarms DisableAlarmActions
        EnableAlarmActions GetAlarmMuteRule GetMetricData ListAlarmMuteRules PutAlarmMuteRule
        PutCompositeAlarm PutMetricAlarm PutMetricData SetAlarmState""",
    "codepipeline": """
        CreatePipeline DisableStageTransition EnableStageTransition GetJobDetails GetPipeline
        GetPipelineExecution GetPipelineState ListActionExecutions ListPipelineExecutions
        PutApprovalResult PutJobFailureResult PutJobSuccessResult RetryStageExecution
        StartPipelineExecution StopPipelineExecution""",
    "dynamodb": """
        DeleteItem GetItem PutItem Query Scan TransactWriteItems UpdateItem""",
    "ecr": """
        DeleteRepository DescribeImages GetAuthorizationToken""",
    "ecs": """
        CreateService CreateTaskSet DeleteService DeleteTaskSet DeregisterTaskDefinition
        DescribeServices DescribeTaskDefinition DescribeTasks DescribeTaskSets GetTaskProtection
        ListTagsForResource ListTaskDefinitions ListTasks RegisterTaskDefinition StopTask
        TagResource UntagResource UpdateService UpdateServicePrimaryTaskSet UpdateTaskProtection
        UpdateTaskSet""",
    "elbv2": """
        CreateListener CreateLoadBalancer CreateRule CreateTargetGroup DescribeListeners
        DescribeLoadBalancers DescribeRules DescribeTargetGroupAttributes DescribeTargetGroups
        DescribeTargetHealth ModifyListener ModifyLoadBalancerAttributes ModifyRule
        ModifyTargetGroupAttributes""",
    "iam": """
        CreateServiceLinkedRole GetRole""",
    "lambda": """
        CreateAlias CreateEventSourceMapping DeleteAlias DeleteEventSourceMapping
        DeleteProvisionedConcurrencyConfig GetAlias GetEventSourceMapping GetFunction
        GetFunctionConfiguration GetProvisionedConcurrencyConfig Invoke ListAliases
        ListEventSourceMappings ListVersionsByFunction PublishVersion
        PutProvisionedConcurrencyConfig UpdateAlias UpdateEventSourceMapping UpdateFunctionCode
        UpdateFunctionConfiguration""",
    "resourcegroupstaggingapi": """
        GetResources""",
    "sns": """
        Publish""",
    "sqs": """
        ChangeMessageVisibility ChangeMessageVisibilityBatch CreateQueue DeleteMessage
        DeleteMessageBatch GetQueueAttributes GetQueueUrl ReceiveMessage SendMessage
        SendMessageBatch""",
    "sts": """
        GetCallerIdentity""",
}

METADATA = ("apiVersion", "jsonVersion", "serviceId", "targetPrefix", "xmlNamespace")
SHAPE = (
    "type", "required", "enum", "min", "max", "pattern", "box", "document", "union", "sensitive",
    "exception", "error", "payload",
)
MEMBER = ("shape", "box", "location", "locationName")

# Java writes characters beyond the sixteen-bit plane as surrogate pairs, the regex crate does not.
SURROGATES = r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF"

# The regex crate cannot look around either: neither one of these characters, nor a space at an end.
FORBIDDEN = r"\u0000-\u001f\u007f-\u009f:/|"
LOOKS_AROUND = {
    r"(?!((^[ ]+.*)|(.*([\u0000-\u001f]|[\u007f-\u009f]|[:/|])+.*)|(.*[ ]+$))).+":
        f"[^ {FORBIDDEN}]([^{FORBIDDEN}]*[^ {FORBIDDEN}])?",
    r"(^(?!(system\x2e)))(^[_a-zA-Z0-9])([^$]*)": "[_a-zA-Z0-9][^$]*",
    # No full stop at the end.
    r"[0-9A-Za-z\.\-_]*(?<!\.)": r"([0-9A-Za-z.\-_]*[0-9A-Za-z\-_])?",
    # Not only digits.
    r"(?!^[0-9]+$)([a-zA-Z0-9-_]+)": "[0-9]*[a-zA-Z_-][a-zA-Z0-9_-]*",
}


def kept(source, keys):
    return {key: source[key] for key in keys if key in source}


def trimmed(shape):
    result = kept(shape, SHAPE)
    if "pattern" in result:
        pattern = result["pattern"].replace(*SURROGATES)
        result["pattern"] = LOOKS_AROUND.get(pattern, pattern)
    if "members" in shape:
        result["members"] = {
            name: kept(member, MEMBER) for name, member in shape["members"].items()
        }
    for key in ("member", "key", "value"):
        if key in shape:
            result[key] = kept(shape[key], MEMBER)
    return result


def referred(shape):
    members = list(shape.get("members", {}).values())
    members += [shape[key] for key in ("member", "key", "value") if key in shape]
    return [member["shape"] for member in members]


def trim(model, names):
    operations, waiting, shapes = {}, [], {}
    for name in names:
        operation = model["operations"][name]
        kinds = {kind: operation[kind]["shape"] for kind in ("input", "output") if kind in operation}
        errors = [error["shape"] for error in operation.get("errors", [])]
        operations[name] = {**kinds, "errors": errors}
        if model["metadata"]["protocol"].startswith("rest-"):
            operations[name]["http"] = operation["http"]
        waiting += [*kinds.values(), *errors]
    while waiting:
        name = waiting.pop()
        if name not in shapes:
            shapes[name] = trimmed(model["shapes"][name])
            waiting += referred(shapes[name])
    return operations, shapes


def lines(table):
    return ",\n".join(
        f"  {json.dumps(name)}: {json.dumps(table[name])}" for name in sorted(table)
    )


def main(directory):
    package = pathlib.Path(directory)
    version = re.search(
        r"__version__ = '([^']+)'", (package / "__init__.py").read_text()
    ).group(1)
    for service, names in OPERATIONS.items():
        newest = max((package / "data" / service).iterdir())
        with gzip.open(newest / "service-2.json.gz") as file:
            model = json.load(file)
        operations, shapes = trim(model, names.split())
        text = (
            f'{{\n"source": "botocore {version}, data/{service}/{newest.name}/service-2.json",\n'
            f'"metadata": {json.dumps(kept(model["metadata"], METADATA))},\n'
            f'"operations": {{\n{lines(operations)}\n}},\n"shapes": {{\n{lines(shapes)}\n}}\n}}\n'
        )
        (pathlib.Path(__file__).parent / f"{service}.json").write_text(text)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
