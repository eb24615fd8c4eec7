#!/usr/bin/env python3
"""Makes a large sign-in store of a few days that were filled: copies of them, whose events are of other days.

    python3 -m venv VENV && VENV/bin/pip install zstandard
    VENV/bin/python loadtest/comparison/more_days.py FOLDER DAYS [LAST]

Makes so many of them, up to the day LAST where it is given, else behind those that are there. What is looked at to find and to add up is of the copy's own day; the text of an event still says when it was made up. For measurements only, where
filling all days would take hours.
"""

import datetime
import re
import shutil
import sqlite3
import sys
from pathlib import Path

import zstandard

AT = 128
DAY = 24 * 60 * 60 * 1000


def read_number(data, place=0):
    number = shift = 0
    while True:
        byte = data[place]
        place += 1
        number |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return number, place


def number(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def later(packed, by):
    """The times of a block: the first of them, and how much later each other is."""
    length, place = read_number(packed)
    times = zstandard.ZstdDecompressor().decompress(packed[place:], max_output_size=length)
    first, rest = read_number(times)
    times = number(first + 2 * by) + times[rest:]
    return number(len(times)) + zstandard.ZstdCompressor(3).compress(times)


def copy(source, to, by):
    shutil.copyfile(source, to)
    file = sqlite3.connect(to, isolation_level=None)
    if file.execute("SELECT count(*) FROM tail").fetchone() != (0,):
        sys.exit(f"{source} is not put away yet")
    file.execute("BEGIN")
    file.execute("UPDATE blocks SET first_at = first_at + ?1, last_at = last_at + ?1", (by,))
    file.execute("UPDATE hours SET hour = hour + ?", (by,))
    for (block,) in file.execute("SELECT number FROM blocks").fetchall():
        place = block << 8 | AT
        (packed,) = file.execute("SELECT data FROM columns WHERE place = ?", (place,)).fetchone()
        file.execute("UPDATE columns SET data = ? WHERE place = ?", (later(packed, by), place))
    file.execute("COMMIT")
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file.close()


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: more_days.py FOLDER DAYS [LAST]")
    folder, days = Path(sys.argv[1]), int(sys.argv[2])
    files = sorted(path for path in folder.iterdir() if re.fullmatch(r"[-\d]+\.0\.events", path.name))
    last = sys.argv[3] if len(sys.argv) == 4 else None
    first = datetime.date.fromisoformat(last) - datetime.timedelta(days - 1) if last else datetime.date.fromisoformat(files[-1].name[:10]) + datetime.timedelta(1)
    for day in range(days):
        source = files[day % len(files)]
        date = first + datetime.timedelta(day)
        by = (date - datetime.date.fromisoformat(source.name[:10])).days * DAY
        copy(source, folder / f"{date}.0.events", by)
        print(date, flush=True)


if __name__ == "__main__":
    main()
