"""A CodePipeline action that raises the canary's share of the tasks step by step.

Every invocation is one look: it reads the release record, both services, their scaling, the alarms
and the dead-letter queue, sets the canary's number of tasks where it is short of the step's share,
and asks CodePipeline to be called again until the last step has been held for its time.
"""

import json
from datetime import datetime, timedelta

import boto3

from release import CONFIG, TARGET, codepipeline, ecs, now, read_record

cloudwatch = boto3.client("cloudwatch", config=CONFIG)
scaling = boto3.client("application-autoscaling", config=CONFIG)
sqs = boto3.client("sqs", config=CONFIG)

QUEUE = TARGET["traffic"]["queue"]
COUNTS = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
]
SCALING = ["DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended"]


class Refused(Exception):
    """Going on would do harm."""


def handler(event, _context):
    """Takes a look and reports it to CodePipeline."""
    job = event["CodePipeline.job"]
    data = job["data"]
    parameters = json.loads(data["actionConfiguration"]["configuration"]["UserParameters"])
    token = data.get("continuationToken")
    bookmark = json.loads(token) if token else {"v": 2, "action": job["id"], "step": 0}
    try:
        summary, bookmark = look(parameters, bookmark)
    except Refused as refusal:
        details = {"type": "JobFailed", "message": str(refusal)}
        codepipeline.put_job_failure_result(jobId=job["id"], failureDetails=details)
        return {"failed": str(refusal)}
    result = {"jobId": job["id"], "executionDetails": {"summary": summary}}
    if bookmark is None:
        codepipeline.put_job_success_result(**result)
        return {"succeeded": summary}
    codepipeline.put_job_success_result(**result, continuationToken=json.dumps(bookmark))
    return {"continues": summary}


def look(parameters, bookmark):
    """What is said of this look, and where the next one goes on; None after the last step."""
    record = read_record()
    services = describe_services()
    check(record, parameters["release"], services)
    steps = parameters["steps"]
    if bookmark["step"] >= len(steps):
        return "all shares have been held", None
    step = steps[bookmark["step"]]
    primary, canary = services[TARGET["primary"]], services[TARGET["canary"]]
    wanted = canary_tasks(step["weight"], primary["desiredCount"])
    if hold_scaling():
        return "the canary's automatic scaling is suspended", bookmark
    if canary["desiredCount"] != wanted:
        ecs.update_service(
            cluster=TARGET["cluster"], service=TARGET["canary"], desiredCount=wanted
        )
        return f"{step['weight']} % asked; canary set to {wanted} tasks", bookmark
    running = canary["runningCount"]
    if running != wanted or canary["pendingCount"]:
        return f"{step['weight']} % asked; {running} of {wanted} tasks run", bookmark
    return bake(step, bookmark)


def bake(step, bookmark):
    """Holds a share for its time."""
    began = bookmark.get("held_since") or now().isoformat()
    held = now() - datetime.fromisoformat(began)
    needed = timedelta(minutes=step.get("bakeMinutes", 0), seconds=step.get("bakeSeconds", 0))
    if held < needed:
        said = f"{step['weight']} % asked; baking {held.seconds} s of {needed.seconds} s"
        return said, {**bookmark, "held_since": began}
    following = {name: value for name, value in bookmark.items() if name != "held_since"}
    return f"{step['weight']} % held", {**following, "step": bookmark["step"] + 1}


def describe_services():
    """Both services by name."""
    names = [TARGET["primary"], TARGET["canary"]]
    answer = ecs.describe_services(cluster=TARGET["cluster"], services=names)
    return {service["serviceName"]: service for service in answer["services"]}


def check(record, release, services):
    """The pair is this release's, nothing is wrong with it, and nobody else has changed it."""
    if record is None or record["release"] != release:
        raise Refused("another release owns the services")
    phase = record["phase"]
    if phase["name"] not in ("Deploying", "Shifting"):
        raise Refused(f"the release is {phase['name']}")
    alarms = cloudwatch.describe_alarms(
        AlarmNames=TARGET["alarms"], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
    )
    for alarm in alarms["MetricAlarms"] + alarms["CompositeAlarms"]:
        if alarm["StateValue"] == "ALARM":
            raise Refused(f"alarm {alarm['AlarmName']} is in ALARM: {alarm['StateReason']}")
    dead = dead_letters() - record["found"]["deadLetters"]
    if dead > QUEUE.get("maxDeadLetters", 0):
        raise Refused(f"{dead} messages have become dead letters")
    for service in services.values():
        if any(it.get("rolloutState") == "FAILED" for it in service["deployments"]):
            raise Refused(f"the deployment of {service['serviceName']} has failed")
    candidate = phase.get("candidate")
    newest = services[TARGET["canary"]]["taskDefinition"]
    if phase["name"] == "Shifting" and newest != candidate:
        raise Refused(f"the canary runs {newest}, not {candidate}")


def dead_letters():
    """How many messages are in the dead-letter queue."""
    answer = sqs.get_queue_attributes(QueueUrl=QUEUE["deadLetterUrl"], AttributeNames=COUNTS)
    return sum(int(answer["Attributes"][name]) for name in COUNTS)


def hold_scaling():
    """Suspends the canary's automatic scaling, if there is any; whether that was needed."""
    wanted = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}
    ids = [f"service/{TARGET['cluster']}/{TARGET[name]}" for name in ("primary", "canary")]
    found = scaling.describe_scalable_targets(ResourceIds=ids, **wanted)["ScalableTargets"]
    held = dict.fromkeys(SCALING, True)
    for target in found:
        if target["ResourceId"] == ids[1] and target.get("SuspendedState") != held:
            scaling.register_scalable_target(ResourceId=ids[1], SuspendedState=held, **wanted)
            return True
    return False


def canary_tasks(weight, primary):
    """How many tasks beside the primary's come nearest to a share of both, in percent."""
    if weight >= 100:
        raise Refused("100 % cannot be reached beside the primary's tasks")
    return max(1, round(primary * weight / (100 - weight)))
