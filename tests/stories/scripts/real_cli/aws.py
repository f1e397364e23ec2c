"""The AWS CLI, imported once: each call is a fork of it, and takes a quarter of the time.

    aws.py wait SOCKET PACE       imports it, says so, and waits for calls until standard input ends; pauses are PACE times shorter
    aws.py call SOCKET ARGUMENT...  calls it, as `aws ARGUMENT...` would

A call has the arguments, the variables, the directory, the standard files and the process group of who calls.
"""

import json
import os
import socket
import sys


def call(address, arguments):
    """Answers the exit code."""
    request = {
        "arguments": arguments,
        "variables": dict(os.environ),
        "directory": os.getcwd(),
        "group": os.getpgrp(),
    }
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(address)
        socket.send_fds(connection, [b"\n"], [0, 1, 2])
        connection.sendall(json.dumps(request).encode())
        connection.shutdown(socket.SHUT_WR)
        return int(connection.makefile().read())


def wait(address, pace):
    import gc
    import select
    import signal

    import awscli.clidriver

    # A call is over before there is much to collect.
    gc.disable()
    shorten_pauses(pace)
    driver = awscli.clidriver.create_clidriver()
    read_models(driver.session)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print("waiting", flush=True)
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listener.close()
                answer(driver, connection)
            connection.close()


def read_models(session):
    """What would be read from the disk by each call: the lists of services, and those that scripts ask all the time."""
    session.get_available_services()
    loader = session.get_component("data_loader")
    for of_all in ["endpoints", "partitions", "sdk-default-configuration", "_retry"]:
        loader.load_data(of_all)
    asked = {"cloudformation", "codepipeline", "dynamodb", "s3", "sts"}
    for kind in ["service-2", "endpoint-rule-set-1", "paginators-1", "waiters-2"]:
        for service in asked & set(loader.list_available_services(kind)):
            loader.load_service_model(service, kind)


def shorten_pauses(pace):
    import time

    sleep = time.sleep
    time.sleep = lambda seconds: sleep(seconds / pace)


def answer(driver, connection):
    """Is the AWS CLI, to its end."""
    _, files, _, _ = socket.recv_fds(connection, 1, 3)
    request = json.loads(connection.makefile().read())
    os.setpgid(0, request["group"])
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(request["directory"])
    # What the import has set stays.
    os.environ.update(request["variables"])
    code = outcome(driver, request["arguments"])
    connection.sendall(str(code).encode())
    os._exit(0)


def outcome(driver, arguments):
    import traceback

    # For SQS version 1 follows the option alone, not the variable.
    if arguments[:1] == ["sqs"]:
        arguments = ["--endpoint-url", os.environ["AWS_ENDPOINT_URL"], *arguments]
    sys.argv = ["aws", *arguments]
    try:
        return driver.main()
    except SystemExit as end:
        return end.code or 0
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


if __name__ == "__main__":
    what, address, *rest = sys.argv[1:]
    if what == "call":
        sys.exit(call(address, rest))
    wait(address, int(rest[0]))
