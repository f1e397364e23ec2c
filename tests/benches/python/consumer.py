"""Consumes an SQS queue: polls by ten, works in a pool of threads, deletes what is done in batches."""

import logging
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

QUEUE_URL = os.environ["QUEUE_URL"]
CONCURRENCY = int(os.environ.get("CONCURRENCY", "10"))
WORK_SECONDS = int(os.environ.get("WORK_MS", "0")) / 1000
VISIBILITY_TIMEOUT_SECONDS = int(os.environ.get("VISIBILITY_TIMEOUT_SECONDS", "30"))
BATCH = 10

log = logging.getLogger("consumer")


def work(message):
    time.sleep(WORK_SECONDS)


def attempt(message):
    """Whether the message is processed; one that is not comes again after its visibility timeout."""
    try:
        work(message)
    except Exception:
        log.exception("message %s failed", message["MessageId"])
        return False
    return True


def delete(sqs, messages):
    entries = [
        {"Id": str(index), "ReceiptHandle": message["ReceiptHandle"]}
        for index, message in enumerate(messages)
    ]
    answer = sqs.delete_message_batch(QueueUrl=QUEUE_URL, Entries=entries)
    for failed in answer.get("Failed", []):
        message = messages[int(failed["Id"])]
        log.error("message %s was not deleted: %s", message["MessageId"], failed["Code"])


def poll(sqs, most, workers, stopping):
    """Takes up to `most` messages at a time from receive to delete, until told to stop."""
    while not stopping.is_set():
        try:
            answer = sqs.receive_message(
                QueueUrl=QUEUE_URL,
                MaxNumberOfMessages=most,
                WaitTimeSeconds=20,
                VisibilityTimeout=VISIBILITY_TIMEOUT_SECONDS,
                MessageSystemAttributeNames=["ApproximateReceiveCount"],
            )
            messages = answer.get("Messages", [])
            outcomes = workers.map(attempt, messages)
            done = [message for message, ok in zip(messages, outcomes) if ok]
            if done:
                delete(sqs, done)
        except Exception:
            log.exception("the queue cannot be consumed, trying again")
            stopping.wait(1)


def shares():
    """How many messages each poller takes at a time: CONCURRENCY together."""
    whole, rest = divmod(CONCURRENCY, BATCH)
    return [BATCH] * whole + [rest] * (rest > 0)


def main():
    logging.basicConfig()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    sqs = boto3.client("sqs", config=Config(max_pool_connections=len(shares())))
    with ThreadPoolExecutor(CONCURRENCY) as workers:
        pollers = [
            threading.Thread(target=poll, args=(sqs, most, workers, stopping))
            for most in shares()
        ]
        for poller in pollers:
            poller.start()
        for poller in pollers:
            poller.join()


if __name__ == "__main__":
    main()
