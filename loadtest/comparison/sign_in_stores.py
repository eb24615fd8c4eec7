#!/usr/bin/env python3
"""The same sign-in events in other stores: rows in SQLite, and columns in DuckDB and in Parquet files.

    python3 -m venv VENV && VENV/bin/pip install duckdb
    cargo run --release -p crossgate-insight --example fill -- 300000 - > EVENTS
    VENV/bin/python loadtest/comparison/sign_in_stores.py EVENTS FOLDER

What our own store takes of them prints `cargo run --release -p crossgate-insight --example fill -- 300000 FOLDER`. DuckDB has one thread, as our
store has. Each figure is by the clock, and of the processor in brackets.
"""

import itertools
import json
import os
import sqlite3
import sys
import time
import zlib
from pathlib import Path

import duckdb

BATCH = 4096
COLUMNS = {
    "id": "id",
    "correlation_id": "correlationId",
    "created": "createdDateTime",
    "home": "homeTenantId",
    "resource": "resourceTenantId",
    "access": "crossTenantAccessType",
    "app": "resourceId",
    "app_name": "resourceDisplayName",
    "user": "userId",
    "upn": "userPrincipalName",
    "address": "ipAddress",
}
INDEXES = ["id", "correlation_id", "created", "home, created", '"user", created', "code, created", "app, created", "upn"]
NAMES = [*COLUMNS, "code", "outcome", "requests"]


def row(line):
    event = json.loads(line)
    own = event["crossgate"]
    values = [event[name] for name in COLUMNS.values()]
    return [*values, event["status"]["errorCode"], own["outcome"], own["count"]]


def batches(path):
    with open(path, encoding="utf-8") as events:
        while lines := list(itertools.islice(events, BATCH)):
            yield lines


def questions(sample):
    page = "SELECT line FROM events WHERE {} ORDER BY created DESC LIMIT 100"
    tight = f"home = '{sample['home']}' AND app = '{sample['app']}' AND code = 53003"
    sums = "SELECT count(*) FROM (SELECT home, resource, access, app, app_name, code, outcome, count(*), sum(requests) FROM events GROUP BY ALL)"
    return {
        "page, no filter": page.format("true"),
        "page, one partner": page.format(f"home = '{sample['home']}'"),
        "page, one user": page.format(f"\"user\" = '{sample['user']}'"),
        "page, partner, app and errorCode": page.format(tight),
        "page, startswith": page.format("upn >= 'user777@' AND upn < 'user777A'"),
        "one event by its id": f"SELECT line FROM events WHERE id = '{sample['id']}'",
        "sums by tenant and app": sums,
        "users of each tenant": "SELECT count(*) FROM (SELECT home, resource, access, count(DISTINCT \"user\") FROM events GROUP BY home, resource, access)",
    }


def measured(name, work):
    clock, processor = time.perf_counter(), time.process_time()
    said = work()
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    print(f"  {name:<36} {clock * 1000:>10.1f} ms ({processor * 1000:>10.1f})  {said}", flush=True)


def ask(questions, run):
    for name, question in questions.items():
        for _ in range(2):
            measured(name, lambda: run(question))


def size(path):
    files = [path, *path.parent.glob(path.name + "*")] if path.is_file() else list(path.rglob("*"))
    return sum(file.stat().st_size for file in set(files) if file.is_file())


def sqlite_rows(events, path, sample, pack):
    file = sqlite3.connect(path)
    file.executescript("PRAGMA journal_mode = wal; PRAGMA synchronous = normal; PRAGMA page_size = 8192")
    columns = ", ".join(f'"{name}"' for name in NAMES)
    file.execute(f"CREATE TABLE events ({columns}, line)")
    for index, names in enumerate(INDEXES):
        file.execute(f"CREATE INDEX i{index} ON events ({names})")
    marks = ", ".join("?" * (len(NAMES) + 1))

    def fill():
        for lines in batches(events):
            with file:
                rows = ([*row(line), pack(line)] for line in lines)
                file.executemany(f"INSERT INTO events VALUES ({marks})", rows)
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def run(question):
        by = "home, resource, access, app, app_name, code, outcome"
        question = question.replace("GROUP BY ALL", f"GROUP BY {by}")
        return str(len(file.execute(question).fetchall()))

    measured("keeping all", fill)
    print(f"  {'size':<36} {size(path)} bytes")
    ask(questions(sample), run)
    file.close()


def selection(source):
    members = [f"json_extract_string(event, '$.{member}') AS \"{name}\"" for name, member in COLUMNS.items()]
    members.append("CAST(json_extract(event, '$.status.errorCode') AS INTEGER) AS code")
    members.append("json_extract_string(event, '$.crossgate.outcome') AS outcome")
    members.append("CAST(json_extract(event, '$.crossgate.count') AS BIGINT) AS requests")
    return f"SELECT {', '.join(members)}, CAST(event AS VARCHAR) AS line FROM read_json_objects('{source}', format = 'newline_delimited') AS events(event)"


def engine(path=":memory:"):
    file = duckdb.connect(str(path))
    file.execute("SET threads = 1")
    return file


def duckdb_table(events, path, sample):
    file = engine(path)
    batch = path.with_suffix(".batch")
    file.execute(f"CREATE TABLE events AS {selection(events)} LIMIT 0")

    def fill():
        for lines in batches(events):
            batch.write_text("".join(lines), encoding="utf-8")
            file.execute(f"INSERT INTO events {selection(batch)}")
        file.execute("CHECKPOINT")

    measured("keeping all", fill)
    batch.unlink()
    print(f"  {'size':<36} {size(path)} bytes")
    ask(questions(sample), lambda question: str(len(file.execute(question).fetchall())))
    file.close()


def parquet_files(events, path, sample):
    path.mkdir()
    file = engine()

    def fill():
        file.execute(
            f"COPY (SELECT *, substr(created, 1, 10) AS day FROM ({selection(events)}))"
            f" TO '{path}' (FORMAT parquet, PARTITION_BY (day), COMPRESSION zstd, ROW_GROUP_SIZE 65536)"
        )

    measured("keeping all, days at once", fill)
    print(f"  {'size':<36} {size(path)} bytes")
    file.execute(f"CREATE VIEW events AS SELECT * FROM read_parquet('{path}/**/*.parquet')")
    ask(questions(sample), lambda question: str(len(file.execute(question).fetchall())))
    file.close()


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: sign_in_stores.py EVENTS FOLDER")
    events, folder = sys.argv[1], Path(sys.argv[2])
    folder.mkdir()
    with open(events, encoding="utf-8") as lines:
        first = next(itertools.islice(lines, 5000, None))
    sample = dict(zip(NAMES, row(first)))
    print(f"load {os.getloadavg()[0]:.1f}, {size(Path(events))} bytes of events")
    print("SQLite, a row for each event, with indexes")
    sqlite_rows(events, folder / "rows.db", sample, lambda line: line)
    print("the same, each line packed by zlib")
    sqlite_rows(events, folder / "packed.db", sample, lambda line: zlib.compress(line.encode(), 1))
    print(f"DuckDB {duckdb.__version__}, its own file")
    duckdb_table(events, folder / "columns.duckdb", sample)
    print(f"DuckDB {duckdb.__version__}, Parquet files by day")
    parquet_files(events, folder / "parquet", sample)


if __name__ == "__main__":
    main()
