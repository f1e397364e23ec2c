"""Rolls a canary release back when an alarm goes to ALARM.

Puts both services back on what the release record says they ran before the release, rejects the
approval that the release waits for, or stops its pipeline execution, and tells people. The record
is written first, so that no other function goes on with the release.
"""

import os

import boto3

from release import CONFIG, TARGET, codepipeline, ecs, now, read_record, write_record

sns = boto3.client("sns", config=CONFIG)

TOPIC = os.environ.get("NOTIFICATIONS_TOPIC")
PIPELINE = TARGET["pipeline"]


def handler(event, _context):
    """Takes the event of an alarm that names this function as its action."""
    alarm = event["alarmData"]
    if alarm["state"]["value"] != "ALARM":
        return {"ignored": f"{alarm['alarmName']} is in {alarm['state']['value']}"}
    record = read_record()
    if record is None or record["phase"]["name"] not in ("Deploying", "Shifting", "Promoting"):
        return {"done": "there is no release to roll back"}
    cause = f"alarm {alarm['alarmName']} went to ALARM: {alarm['state']['reason']}"
    # Read before the first write, so that nothing can fail between the record and the services.
    stages = codepipeline.get_pipeline_state(name=PIPELINE)["stageStates"]
    begin(record, cause)
    restore(record["found"])
    end_execution(stages, record["release"], cause)
    if TOPIC:
        subject = f"{TARGET['primary']}: release is rolled back"
        message = f"Release {record['release']}: {cause}"
        sns.publish(TopicArn=TOPIC, Subject=subject, Message=message)
    return {"rollingBack": record["release"]}


def begin(record, cause):
    """Writes into the record that the release is being rolled back."""
    at = now().isoformat()
    phase = {
        "name": "RollingBack",
        "cause": {"what": cause, "at": at},
        "candidate": record["phase"].get("candidate"),
        "promotionBegun": record["phase"]["name"] == "Promoting",
        "endsExecution": True,
    }
    write_record({**record, "phase": phase, "phaseSince": at})


def restore(found):
    """Puts both services back on what they ran, with the tasks that they had; the canary first."""
    for name in ("canary", "primary"):
        ecs.update_service(
            cluster=TARGET["cluster"],
            service=TARGET[name],
            taskDefinition=found[name]["taskDefinition"],
            desiredCount=int(found[name]["desired"]),
        )


def end_execution(stages, release, cause):
    """Rejects the approval that the release waits for; without one, stops its execution."""
    for stage in stages:
        if stage.get("latestExecution", {}).get("pipelineExecutionId") != release:
            continue
        for action in stage["actionStates"]:
            latest = action.get("latestExecution", {})
            if latest.get("status") == "InProgress" and "token" in latest:
                codepipeline.put_approval_result(
                    pipelineName=PIPELINE,
                    stageName=stage["stageName"],
                    actionName=action["actionName"],
                    result={"summary": f"Rolled back: {cause}"[:512], "status": "Rejected"},
                    token=latest["token"],
                )
                return
    codepipeline.stop_pipeline_execution(
        pipelineName=PIPELINE, pipelineExecutionId=release, abandon=True, reason=cause[:200]
    )
