"""Requests a second of this template's server beside the classic nginx + gunicorn + Flask.

Both serve the same tree with one worker on one core, in turns, while wrk sends from another core.
Run it as `python benchmarks/serving/compare.py`; README.md says what it needs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import timeit
import urllib.request
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[2] / "{{cookiecutter.project_slug}}"))

from load import Measured, make_model, same_answers, send
from stacks import classic, cpu_seconds, memory, ours

CELLS = ((1, 1), (1, 16), (1000, 1), (1000, 8))
STACKS = {"classic": classic, "ours": ours}
AIMS = {1: 20.0, 1000: 6.0}
PORT = 8399


def main() -> None:
    """Measure, print tables, and fail if a request failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=4, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="the median of them counts")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_model(folder)
        rounds = [_round(folder, arguments.seconds) for _ in range(arguments.rounds)]
        _report(rounds, {rows: _limit(folder, rows) for rows in AIMS})


def _round(folder: Path, seconds: int) -> dict[str, dict]:
    """Measure both stacks once; stack → cell → what wrk saw, CPU per request; `memory`."""
    found, answers = {}, {}
    for name, stack in STACKS.items():
        with stack(folder, PORT) as processes:
            answers[name] = _ask((folder / "1000.csv").read_bytes())
            found[name] = {cell: _cell(folder, cell, seconds, processes) for cell in CELLS}
            found[name]["memory"] = memory(processes)
    if not same_answers(answers["classic"], answers["ours"]):
        sys.exit("The two servers answer differently.")
    return found


def _cell(
    folder: Path, cell: tuple[int, int], seconds: int, processes: list[int]
) -> tuple[Measured, float]:
    send(folder, *cell, 1, PORT)  # warm
    before = cpu_seconds(processes)
    measured = send(folder, *cell, seconds, PORT)
    return measured, 1e6 * (cpu_seconds(processes) - before) / measured.requests


def _ask(body: bytes) -> bytes:
    request = urllib.request.Request(
        f"http://127.0.0.1:{PORT}/invocations", body, {"Content-Type": "text/csv"}
    )
    with urllib.request.urlopen(request, timeout=30) as reply:  # noqa: S310
        return reply.read()


def _limit(folder: Path, rows: int) -> float:
    """Microseconds of parsing, predicting and formatting alone, without a server."""
    from sagetabular.serving.formats.answers import format_predictions
    from sagetabular.serving.formats.bodies import CSV, read_body
    from sagetabular.serving.model import load_model

    model, body = load_model(folder / "model"), (folder / f"{rows}.csv").read_bytes()

    def handle() -> None:
        predictions = model.predict(read_body(body, CSV, model.columns, len(body)))
        format_predictions(predictions, CSV)

    return 1e6 * min(timeit.repeat(handle, number=200, repeat=20)) / 200


def _report(rounds: list[dict[str, dict]], limits: dict[int, float]) -> None:
    print(
        "| rows | connections | server | requests/s | p50 us | p99 us | CPU us/request | failed |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    lines, failures = [], 0
    for rows, connections in CELLS:
        rates, costs = {}, {}
        for name in STACKS:
            cells = [one[name][rows, connections] for one in rounds]
            rates[name] = median(cell.per_second for cell, _ in cells)
            costs[name] = median(cost for _, cost in cells)
            p50, p99 = (median(getattr(cell, key) for cell, _ in cells) for key in ("p50", "p99"))
            failed = sum(cell.failed for cell, _ in cells)
            failures += failed
            print(
                f"| {rows} | {connections} | {name} | {rates[name]:,.0f} | {p50:,.0f} "
                f"| {p99:,.0f} | {costs[name]:,.0f} | {failed} |"
            )
        rate, cost = rates["ours"] / rates["classic"], costs["classic"] / costs["ours"]
        lines.append(
            f"{rows} rows, {connections} connections: {rate:.1f} times the requests (aim: "
            f"{AIMS[rows]:g}) and {cost:.1f} times as many for the same CPU; to parse, predict and "
            f"format alone takes {limits[rows]:.1f} of our {costs['ours']:.1f} us"
        )
    for name in STACKS:
        lines.append(f"memory of {name}: {median(one[name]['memory'] for one in rounds):.0f} MB")
    print("\n" + "\n".join(lines))
    if failures:
        sys.exit(f"{failures} requests failed.")


if __name__ == "__main__":
    main()
