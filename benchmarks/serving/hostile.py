"""Thousands of requests that nobody should send, at a real server: mutations of valid ones.

Bodies in CSV, JSON and Parquet and the HTTP around them are damaged at random places; a quarter is
left as it is. None may be answered with 500, valid ones are the offline predictions to the bit,
no worker is replaced, and memory stays flat. Run it as
`python benchmarks/serving/hostile.py --requests 20000`; README.md says what it needs.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import socket
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[2] / "{{cookiecutter.project_slug}}"))

from load import DROPPED, TARGET, make_model
from stacks import memory, ours, tree_of

from sagetabular.jobs.models.hyperparameters import load_model_code
from sagetabular.lake.sample import make_sample

PORT = 8399
# Megabytes that the server may grow by, from the first tenth of the requests to the last look.
GROWTH = 16.0
TYPES = {"csv": "text/csv", "json": "application/json", "parquet": "application/x-parquet"}


def main() -> None:
    """Run, print what happened, and fail if a rule was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    chance = random.Random(arguments.seed)  # noqa: S311
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_model(folder, 5000)
        code = load_model_code("decision_tree")
        model = code.load(folder / "model")
        table = make_sample(5000).select_dtypes("number").dropna().astype(float)
        table = table.drop(columns=[TARGET, DROPPED])
        with ours(folder, PORT) as processes:
            before, sizes, counts = tree_of(processes), [], Counter()
            for number in range(arguments.requests):
                rows = table.iloc[chance.randrange(4000) :].head(chance.randint(1, 20))
                expected = code.predict(model, rows)
                counts[_ask(chance, rows, expected)] += 1
                if number % (arguments.requests // 20) == 0:
                    sizes.append(memory(processes))
            sizes.append(memory(processes))
            same = tree_of(processes) == before
    print(f"{sum(counts.values()):,} requests: {dict(sorted(counts.items()))}")
    print(f"memory (PSS): {sizes[2]:.0f} MB after a tenth, {sizes[-1]:.0f} MB at last")
    if counts["500"] or counts["wrong"] or not same or sizes[-1] - sizes[2] > GROWTH:
        sys.exit("A rule was broken.")


def _ask(chance: random.Random, rows: pd.DataFrame, expected: np.ndarray) -> str:
    """Send rows, perhaps damaged; return what became of them in a word."""
    kind = chance.choice([*TYPES])
    body = _body(rows, kind)
    damage = chance.choice(["nothing", "body", "body", "http"])
    if damage == "body":
        body = _damaged(chance, body)
    head = f"POST /invocations HTTP/1.1\r\nHost: x\r\nContent-Type: {TYPES[kind]}\r\n"
    head += f"Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
    sent = head.encode() + body
    if damage == "http":
        cut = chance.choice([len(head), len(sent)])
        sent = _damaged(chance, sent[:cut]) + sent[cut:]
    status, answer = _exchange(sent)
    if damage != "nothing":
        return status
    numbers = np.array([float(line) for line in answer.split()] if status == "200" else [])
    return "valid" if numbers.tobytes() == expected.tobytes() else "wrong"


def _body(rows: pd.DataFrame, kind: str) -> bytes:
    if kind == "csv":
        return rows.to_csv(index=False).encode()
    if kind == "json":
        return json.dumps(rows.to_dict("records")).encode()
    rows.to_parquet(buffer := io.BytesIO())
    return buffer.getvalue()


def _damaged(chance: random.Random, content: bytes) -> bytes:
    """Change some bytes, take some out, put some in, repeat some, or cut the end off."""
    damaged = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5])):
        place = chance.randrange(len(damaged) + 1)
        length = chance.choice([1, 1, 2, 8, 100])
        kind = chance.randrange(5)
        if kind == 0:
            damaged[place : place + length] = chance.randbytes(length)
        elif kind == 1:
            del damaged[place : place + length]
        elif kind == 2:
            words = [b'"', b"\r\n", b",", b"[", b"1e999", b"nan", b"\xff", b"0" * 400, b"\0", b":"]
            damaged[place:place] = chance.choice(words)
        elif kind == 3:
            damaged[place:place] = damaged[place : place + length] * chance.randint(1, 50)
        else:
            del damaged[place:]
    return bytes(damaged)


def _exchange(sent: bytes) -> tuple[str, bytes]:
    """Return status and body of the first answer; `closed` if there is none."""
    received = b""
    with socket.create_connection(("127.0.0.1", PORT), timeout=120) as connection:
        try:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(2**16):
                received += piece
        except ConnectionError:  # it answered before all was sent, and closed
            pass
    found = re.match(rb"HTTP/1\.1 (?!100)(\d{3}) .*?\r\n\r\n(.*)", received, re.DOTALL)
    return (found[1].decode(), found[2]) if found else ("closed", b"")


if __name__ == "__main__":
    main()
