"""Which test programs are likely to see a fault in a file of fcgi-app, the likeliest first."""

import pathlib
import re

# End-to-end programs by the start of a file's path; the longest start that fits counts.
END_TO_END = {
    "fcgi-app/api/": "products orders bounds consumers postgres",
    "fcgi-app/base/": "start process commands",
    "fcgi-app/base/log": "log_reader process start",
    "fcgi-app/base/streams": "started",
    "fcgi-app/command/": "commands start started postgres",
    "fcgi-app/command/backup": "store_file commands",
    "fcgi-app/command/consumer": "consumers commands",
    "fcgi-app/command/healthcheck": "probes commands",
    "fcgi-app/command/import": "commands catalogue",
    "fcgi-app/command/restore": "store_file commands",
    "fcgi-app/command/serve": "start commands consumers started process postgres",
    "fcgi-app/config/": "start started commands consumers",
    "fcgi-app/csv/": "commands catalogue",
    "fcgi-app/domain/": "orders products rates",
    "fcgi-app/http/": "products orders bad_input idempotency probes bounds rates webserver",
    "fcgi-app/json/": "orders products bad_input commands",
    "fcgi-app/main": "commands start",
    "fcgi-app/publish/": "rates consumers",
    "fcgi-app/server/": "products orders probes started worker_ends drain webserver bounds process faults log_reader",
    "fcgi-app/server/admission": "rates consumers shares orders",
    "fcgi-app/server/listener": "start process probes started",
    "fcgi-app/server/look": "postgres store_file probes start",
    "fcgi-app/server/master": "started consumers worker_ends process start writer drain faults rolling",
    "fcgi-app/server/probe": "probes drain process started start rolling",
    "fcgi-app/server/published": "consumers shares start",
    "fcgi-app/server/watcher": "postgres store_file probes start",
    "fcgi-app/server/writer": "writer orders process faults drain postgres",
    "fcgi-app/store/": "start postgres store_file commands",
    "fcgi-app/store/postgres/": "postgres bounds orders commands idempotency rolling faults",
    "fcgi-app/store/relay/": "writer orders concurrency idempotency process faults postgres",
    "fcgi-app/store/sqlite/": "orders store_file start commands concurrency idempotency faults bounds",
}


def unit_programs(root, path):
    """Those that mirror the file, then those that include its header, then those of the folder above, which see all
    that a driver does, then of its own."""
    file = pathlib.PurePosixPath(path).relative_to("fcgi-app")
    ranked = []
    for test in sorted((root / "tests/unit").rglob("test_*.c")):
        name = test.relative_to(root / "tests/unit")
        text = test.read_text()
        rank = None
        if name.parent == file.parent and name.stem == f"test_{file.stem}":
            rank = 0
        elif re.search(rf'#include "{re.escape(str(file.with_suffix(".h")))}"', text):
            rank = 1
        elif name.parent == file.parent.parent and name.parent.name:
            rank = 2
        elif name.parent == file.parent:
            rank = 3
        if rank is not None:
            ranked.append((rank, str(pathlib.PurePosixPath("tests/unit") / name.with_suffix(""))))
    return [program for _, program in sorted(ranked)]


def end_to_end_programs(path):
    starts = [start for start in END_TO_END if path.startswith(start)]
    return [f"tests/e2e/test_{name}" for name in END_TO_END[max(starts, key=len)].split()]
