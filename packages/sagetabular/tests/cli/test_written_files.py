"""What `-o` names is written: a file is replaced, and a link, a device or a pipe stays one."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading

import pytest

from sagetabular.files import write_bytes

COMMANDS = [["compile"], ["graph", "--format", "mermaid"]]
posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such files")
pytestmark = posix


@pytest.fixture
def device(tmp_path):
    """A device like /dev/null that may be lost."""
    path = tmp_path / "null"
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        path.write_bytes(b"x")
    except OSError:
        pytest.skip("only root makes devices, and not everywhere")
    return path


def test_a_device_stays_a_device(device):
    write_bytes(device, b"content")
    assert stat.S_ISCHR(device.stat().st_mode)
    assert sorted(device.parent.iterdir()) == [device]


def test_a_pipe_is_written_to(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    read = []
    reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()))
    reader.start()
    write_bytes(fifo, b"content")
    reader.join()
    assert read == [b"content"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nothing yet"])
@pytest.mark.parametrize("relative", [True, False])
def test_a_link_stays_and_what_it_leads_to_is_written(tmp_path, there, relative):
    (tmp_path / "real/deep").mkdir(parents=True)
    target = tmp_path / "real/file"
    if there:
        target.write_bytes(b"older")
    (tmp_path / "folder").symlink_to(tmp_path / "real/deep")
    # `..` counts from the real folder, as for the system's own calls.
    last = tmp_path / "real/deep/last"
    last.symlink_to("../file" if relative else target)
    first = tmp_path / "first"
    first.symlink_to("folder/last" if relative else tmp_path / "folder/last")
    write_bytes(first, b"content")
    assert (first.is_symlink(), last.is_symlink(), target.is_symlink()) == (True, True, False)
    assert target.read_bytes() == first.read_bytes() == b"content"


def test_links_in_a_circle_are_refused(tmp_path):
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    with pytest.raises(OSError, match="symbolic link"):
        write_bytes(tmp_path / "one", b"content")
    assert (tmp_path / "one").is_symlink()


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_writes_through_a_link(pipeline, example, command):
    (example.root / "real").write_text("older")
    (example.root / "link").symlink_to("real")
    ended = pipeline(*command, "-o", "link")
    assert (ended.code, ended.out[:6]) == (0, "link: ")
    assert (example.root / "link").is_symlink()
    assert (example.root / "real").read_text() == pipeline(*command).out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_writes_to_a_device(pipeline, command, device):
    ended = pipeline(*command, "-o", device)
    assert (ended.code, ended.out) == (0, "")
    assert stat.S_ISCHR(device.stat().st_mode)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
@pytest.mark.parametrize("into", ["pipe", "file", "end of a file"])
def test_standard_output_has_the_definition_and_nothing_else(
    example, compiled, tmp_path, name, into
):
    example.compile()
    if name == "link":
        (example.root / "link").symlink_to("/dev/stdout")
    out = tmp_path / "out"
    out.write_text("older\n")
    command = [sys.executable, "-c", "from sagetabular.cli import main; main()"]
    mode = "ab" if into == "end of a file" else "wb"
    with out.open(mode) as file:
        ended = subprocess.run(
            [*command, "compile", "-o", name],
            cwd=example.root,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdout=subprocess.PIPE if into == "pipe" else file,
            stderr=subprocess.PIPE,
            check=False,
        )
    found = ended.stdout if into == "pipe" else out.read_bytes()
    assert ended.returncode == 0, ended.stderr
    assert found == (b"older\n" if mode == "ab" and into != "pipe" else b"") + compiled.definition
    assert ended.stderr.splitlines()[0].endswith(b" bytes")


@pytest.mark.parametrize("name", ["graph.png", "graph.PDF", "graph.jpeg", "graph.html.gz"])
def test_a_graph_is_not_written_into_what_its_name_says_it_is_not(pipeline, example, name):
    rule, remedy = pipeline("graph", "-o", name).mistake
    assert rule == (
        f"-o must name a file that ends in .svg, .html, .mmd, .mermaid, .md, .txt, got {name}."
    )
    assert "--format" in remedy
    assert not (example.root / name).exists()
