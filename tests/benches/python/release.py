"""What both functions know of a release: the pair of services and its record in DynamoDB."""

import json
import os
from datetime import datetime, timezone

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config

CONFIG = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard"})
TARGET = json.loads(os.environ["TARGET"])
TABLE = os.environ["RELEASES_TABLE"]
KEY = {"pair": {"S": f"{TARGET['cluster']}/{TARGET['primary']}"}, "item": {"S": "current"}}

dynamodb = boto3.client("dynamodb", config=CONFIG)
ecs = boto3.client("ecs", config=CONFIG)
codepipeline = boto3.client("codepipeline", config=CONFIG)

_deserialize = TypeDeserializer().deserialize
_serialize = TypeSerializer().serialize


def now():
    """The time in UTC."""
    return datetime.now(timezone.utc)


def read_record():
    """The record of the release that owns the pair, or None."""
    answer = dynamodb.get_item(TableName=TABLE, Key=KEY, ConsistentRead=True)
    item = answer.get("Item")
    return item and {name: _deserialize(value) for name, value in item.items()}


def write_record(record):
    """Writes the next revision of a record, unless somebody has written since it was read."""
    read = record["revision"]
    item = {**record, "item": "current", "revision": read + 1}
    dynamodb.put_item(
        TableName=TABLE,
        Item={name: _serialize(value) for name, value in item.items()},
        ConditionExpression="revision = :read",
        ExpressionAttributeValues={":read": _serialize(read)},
    )
