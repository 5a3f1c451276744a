"""No Parquet body takes more memory than a request may have, whatever it says of itself."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import parquet_bombs
import pytest
from running import MANIFEST, Server, lay_out

from sagetabular.serving.formats.columns import Columns
from sagetabular.serving.formats.parquet_body import read_parquet

pytestmark = pytest.mark.slow
MEGABYTE = 2**20
LIMIT = 6 * MEGABYTE
NUMBERS, TEXTS = Columns(("a", "b")), Columns(("a", "t"), frozenset({"t"}))
# The library alone has about 130 MB, a child may take 184 MB beyond that.
MOST = 400 * MEGABYTE
# Reads the files that are named; each line says what came of one, and the memory until then.
READ = """
import json, resource, sys
from sagetabular.serving.errors import RequestError
from sagetabular.serving.formats.columns import Columns
from sagetabular.serving.formats.parquet_body import read_parquet

for path, *names in json.loads(sys.stdin.read()):
    status = 200
    try:
        read_parquet(open(path, "rb").read(), Columns(tuple(names), {*names} & {"t"}), 6 * 2**20)
    except RequestError as error:
        status = error.status
    own = open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]
    peak = max(int(own), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) * 1024
    print(json.dumps([path, status, peak]), flush=True)
"""


def read_all(folder: Path, files: dict[str, bytes], columns: Columns) -> list[tuple[int, int]]:
    """Status and peak memory after each of the files, all read by one process."""
    paths = [folder / str(number) for number in range(len(files))]
    for path, content in zip(paths, files.values(), strict=True):
        assert len(content) <= LIMIT
        path.write_bytes(content)
    wanted = json.dumps([[str(path), *columns.names] for path in paths])
    run = subprocess.run(
        [sys.executable, "-c", READ], input=wanted, capture_output=True, text=True, check=True
    )
    found = [json.loads(line)[1:] for line in run.stdout.splitlines()]
    return [(status, peak) for status, peak in found]


def test_the_writer_writes_parquet() -> None:
    honest = parquet_bombs.write(parquet_bombs.one("a", 2.5), parquet_bombs.one("b", -1.0))
    np.testing.assert_array_equal(read_parquet(honest, NUMBERS, LIMIT), [[2.5, -1.0]])
    for codec in parquet_bombs.CODECS:
        page = parquet_bombs.compressed(codec, 8, 0)
        packed = parquet_bombs.write(page, parquet_bombs.one("b"))
        np.testing.assert_array_equal(read_parquet(packed, NUMBERS, LIMIT), [[0.0, 1.0]])
    runs = parquet_bombs.repeated(1, 1)
    np.testing.assert_array_equal(
        read_parquet(parquet_bombs.write(runs, parquet_bombs.one("b")), NUMBERS, LIMIT), [[1, 1]]
    )
    text = parquet_bombs.write(parquet_bombs.one("a"), parquet_bombs.long_text(3, 1))
    assert read_parquet(text, TEXTS, LIMIT).to_numpy().tolist() == [[1.0, "\0\0\0"]]


@pytest.mark.parametrize(
    ("make", "columns"),
    [
        (lambda: parquet_bombs.of_codecs(LIMIT - 2000), NUMBERS),
        (parquet_bombs.of_claims, NUMBERS),
        (parquet_bombs.of_texts, TEXTS),
    ],
    ids=["codecs", "claims", "texts"],
)
def test_memory_stays_within_the_budget(tmp_path, make, columns) -> None:
    files = make()
    found = dict(zip(files, read_all(tmp_path, files, columns), strict=True))
    assert max(peak for _status, peak in found.values()) < MOST, found
    statuses = {name: status for name, (status, _peak) in found.items()}
    # A page of snappy can hold 100 MB at most here, of which one number is read.
    assert {name for name, status in statuses.items() if status == 200} <= {"snappy"}
    assert {*statuses.values()} <= {200, 400, 413}


def test_time_to_unpack_is_bounded(tmp_path) -> None:
    ((status, peak),) = read_all(tmp_path, {"time": parquet_bombs.of_time()}, NUMBERS)
    assert (status, peak < MOST) == (413, True)


def test_a_server_that_gets_them_stays_as_small_and_quick(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(MANIFEST, "features", ["a", "b"])
    monkeypatch.setitem(MANIFEST, "typical", {"a": 1.0, "b": 2.0})
    files = {**parquet_bombs.of_claims(), **parquet_bombs.of_codecs(LIMIT - 2000)}
    with Server(lay_out(tmp_path)) as server:
        server.wait()
        assert server.post("1,2\n") == (200, "3.0\n")
        while not server.workers:  # the log is written behind an answer
            time.sleep(0.01)
        (worker,) = server.workers
        connection = server.connect()
        for content in files.values():
            kind = {"Content-Type": "application/x-parquet"}
            connection.request("POST", "/invocations", content, kind)
            reply = connection.getresponse()
            words = reply.read().decode()
            assert (reply.status == 200) == (words == "1.0\n")
            assert reply.status in {200, 400, 413}, words
            assert reply.status == 200 or len(words.splitlines()) == 2
        connection.close()
        peak = Path(f"/proc/{worker}/status").read_text().partition("VmHWM:")[2].split()[0]
        assert int(peak) * 1024 < MOST
        assert server.post("1,2\n") == (200, "3.0\n")
        assert server.workers == {worker}
