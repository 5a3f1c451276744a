"""Programs whose hosts meet, and what they left."""

from __future__ import annotations

import io
import tarfile

from sagelocal.jobs.machine import Machine

# What a job does to meet its other hosts: the address it reads here, its name on AWS.
MEETING = """
import json, os, pathlib, socket, sys, time
me, hosts = os.environ["SM_CURRENT_HOST"], json.loads(os.environ["SM_HOSTS"])
given = json.loads(os.environ.get("SAGELOCAL_HOST_ADDRESSES", "{}"))

def address(host):
    name, port = given.get(host, f"{host}:7777").rsplit(":", 1)
    return socket.getaddrinfo(name, int(port), type=socket.SOCK_STREAM)[0][4]

def connect(host):
    deadline = time.monotonic() + 60
    while True:
        try:
            return socket.create_connection(address(host))
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)

def receive(count):
    with socket.create_server(address(me)) as server:
        for _ in range(count):
            connection, _ = server.accept()
            with connection, connection.makefile() as lines:
                yield lines.read()

def send(host, text):
    with connect(host) as connection:
        connection.sendall(text.encode())

model = pathlib.Path(os.environ["SM_MODEL_DIR"])
"""

MEET = (
    MEETING
    + """
if me == hosts[0]:
    met = sorted([me, *receive(len(hosts) - 1)])
    (model / "met.json").write_text(json.dumps(met))
    print(f"cv:r2={len(met)};")
else:
    send(hosts[0], me)
(model / f"{me}.txt").write_text(me)
"""
)


def model_files(machine: Machine, name: str = "job") -> dict[str, str]:
    content = machine.storage.read_bytes(f"s3://bucket/models/{name}/output/model.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        return {entry: tar.extractfile(entry).read().decode() for entry in tar.getnames()}
