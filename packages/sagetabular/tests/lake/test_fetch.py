"""`pipeline data fetch`, with scikit-learn's own download from a server on this machine."""

from __future__ import annotations

import hashlib
import io
import socket
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from sklearn.datasets import _california_housing

from sagetabular.errors import UserError
from sagetabular.lake.fetch import fetch_california
from sagetabular.lake.sample import make_sample
from sagetabular.lake.store import source

# The order of StatLib's file, which the archive holds: scikit-learn reads it by place.
STATLIB = [
    "longitude", "latitude", "housing_median_age", "total_rooms", "total_bedrooms", "population",
    "households", "median_income", "median_house_value",
]  # fmt: skip


def archive_of(raw):
    """Return the archive as the real one is made: one file of numbers, without a header."""
    content = raw[STATLIB].to_csv(index=False, header=False).encode()
    packed = io.BytesIO()
    with tarfile.open(mode="w:gz", fileobj=packed) as archive:
        entry = tarfile.TarInfo("CaliforniaHousing/cal_housing.data")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


class Mirror:
    """A server that answers each request with the next of its answers, the last one for ever."""

    def __init__(self):
        self.answers = []
        self.asked = 0
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, content = mirror.answers[min(mirror.asked, len(mirror.answers) - 1)]
                mirror.asked += 1
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format, *arguments):
                """Print nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/5976036"


@pytest.fixture
def raw():
    return make_sample(300, seed=5)


@pytest.fixture
def mirror(raw, monkeypatch):
    """Holds the archive; scikit-learn, otherwise as it is, asks it."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    made, content = Mirror(), archive_of(raw)
    made.answers = [(200, content)]
    real = _california_housing.ARCHIVE
    checksum = hashlib.sha256(content).hexdigest()
    monkeypatch.setattr(
        _california_housing, "ARCHIVE", real._replace(url=made.url, checksum=checksum)
    )
    thread = threading.Thread(target=made.server.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def test_the_averages_become_the_raw_counts_again(mirror, raw, tmp_path):
    fetched = fetch_california(tmp_path)
    assert list(fetched.columns) == list(raw.columns)
    assert fetched.equals(raw)


def test_what_was_downloaded_is_not_downloaded_again(mirror, raw, tmp_path):
    for _ in range(2):
        assert fetch_california(tmp_path).equals(raw)
    assert mirror.asked == 1


def test_a_server_that_fails_once_is_asked_again(mirror, raw, tmp_path):
    mirror.answers.insert(0, (503, b"busy"))
    assert fetch_california(tmp_path).equals(raw)
    assert mirror.asked == 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [((404, b"gone"), "HTTP Error 404"), ((200, b"<html>Log in first</html>"), "SHA256")],
)
def test_another_answer_than_the_table_is_refused(mirror, tmp_path, answer, reason):
    mirror.answers = [answer]
    with pytest.raises(UserError) as caught:
        fetch_california(tmp_path)
    first, second = str(caught.value).splitlines()
    assert "could not be downloaded" in first and reason in first
    assert "pipeline data sample" in second


def test_a_machine_without_network_gets_two_lines_and_a_way_out(mirror, tmp_path, monkeypatch):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        archive = _california_housing.ARCHIVE._replace(url=nowhere)
        monkeypatch.setattr(_california_housing, "ARCHIVE", archive)
        with pytest.raises(UserError) as caught:
            fetch_california(tmp_path)
    first, second = str(caught.value).splitlines()
    assert "could not be downloaded" in first and "Connection refused" in first
    assert "pipeline data sample" in second


def test_a_damaged_earlier_download_is_named(mirror, tmp_path):
    fetch_california(tmp_path)
    (file,) = tmp_path.glob("*.pkz")
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(UserError) as caught:
        fetch_california(tmp_path)
    first, second = str(caught.value).splitlines()
    assert str(tmp_path) in first and "cannot be read" in first
    assert second == "Delete that folder, and fetch again."


def test_the_command_stores_the_table(pipeline, project_root, mirror, raw):
    ended = pipeline("data", "fetch", folder=project_root)
    assert (ended.code, ended.err) == (0, "")
    assert "California housing, 1990 census" in ended.out
    assert f"{len(raw):,} rows" in ended.out
    assert source(project_root / ".pipeline/lake", "housing", "california").kind == "fetched"
    assert [path.name for path in (project_root / ".pipeline/downloads").iterdir()] == [
        "cal_housing_py3.pkz"
    ]
