#!/usr/bin/env python3
"""A directory of a million guests in a store: million_guests.py OUTPUT [GUESTS [ROUNDS]]

How long it takes to import, how long a start takes until the gateway is ready, the memory it then holds, how long the PATCH of one guest
takes from its request until it is in force (the next request of that guest is asked), how long a page of `users` takes and whether a walk
through all of them, while guests change, come and go, meets each one that stays exactly once and in order; and what requests feel of it: of
the changes, and of the million beside a directory that holds just the guests who call. Builds nothing: the programs of a release build are
used. Everything is on loopback and ends with the script.
"""
import base64
import itertools
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time
import types
import urllib.error
import urllib.parse
import urllib.request

import load
import stored
from contender import Target
from processes import LOAD_CORE, PROXY_CORE, Failed
from stage import ROOT, Stage

SECONDS = 2
KINDS = ('quiet', 'changing', 'few')
PATCHES = 3000
BLOCKED = 200
PAGE = 500


def main(output, guests=1_000_000, rounds=24):
    guests, rounds = int(guests), int(rounds)
    program = ROOT / os.environ.get('CARGO_TARGET_DIR', 'target') / 'release/crossgate'
    os.sched_setaffinity(0, {LOAD_CORE})
    options = types.SimpleNamespace(partners=1000, guests=guests, tokens=2000, bad_tokens=1)
    found = {'guests': guests}
    with tempfile.TemporaryDirectory(prefix='crossgate-guests-') as folder:
        os.chmod(folder, 0o755)
        stage = Stage(folder, program.parent, options)
        policy = stage.site / 'policy'
        everybody = policy / 'guests.jsonl'
        found['bytes_of_text'] = everybody.stat().st_size / guests
        ids = [json.loads(line)['id'] for line in open(everybody, encoding='utf-8')]
        callers = {_claims(token)['oid']: token for token in stage.some('good', options.tokens)}
        many, few = (stored.configure(stage, program, name) for name in ('many', 'few'))
        begun = time.monotonic()
        stored.run(program, 'policy', 'import', '--config', many[0], policy)
        found['import_seconds'] = time.monotonic() - begun
        _keep(everybody, callers)
        stored.run(program, 'policy', 'import', '--config', few[0], policy)
        started = [stage.start_upstream()]
        try:
            other = _again(program, few, folder, started)[0]
            few_bytes = other.memory_kib() * 1024
            gateway, found['start_seconds'] = _again(program, many, folder, started)
            found['memory_bytes'] = gateway.memory_kib() * 1024
            found['memory_bytes_a_guest'] = (found['memory_bytes'] - few_bytes) / (guests - len(callers))
            admin = stored.Admin(many[1]['admin'])
            others = random.sample([guest for guest in ids if guest not in callers], min(50_000, guests - len(callers)))
            change = _changes(admin, others)
            found['patch_ms'] = stored.percentiles([change(number) for number in range(PATCHES)])
            found['blocked_ms'] = _block(stage, admin, many[1], callers)
            found['walk'] = _walk(admin, change, ids)
            stored.onto(gateway, PROXY_CORE, LOAD_CORE)
            stored.onto(other, PROXY_CORE, LOAD_CORE)
            found['rounds'] = _rounds(stage, many[1], few[1], change, rounds)
        finally:
            for process in started:
                process.stop()
    _add_up(found)
    pathlib.Path(output).write_text(json.dumps(found, indent=1) + '\n')
    _tell(found)


def _claims(token):
    payload = token.split('.')[1]
    return json.loads(base64.urlsafe_b64decode(payload + '=' * (-len(payload) % 4)))


def _keep(path, callers):
    """Leaves only those who call in the file."""
    with open(path, encoding='utf-8') as lines:
        kept = [line for line in lines if json.loads(line)['id'] in callers]
    path.write_text(''.join(kept))


def _again(program, of, folder, started):
    """A second start: the first one of a store draws its secret."""
    config, ports = of
    stored.start(program, config, ports, folder, started)[0].stop()
    return stored.start(program, config, ports, folder, started)


def _changes(admin, guests):
    """The change of a number: a guest is a member, or a guest again."""
    def change(number):
        kind = ('Member', 'Guest')[number % 2]
        return admin.change('PATCH', f'/v1.0/users/{random.choice(guests)}', {'userType': kind})
    return change


def _block(stage, admin, ports, callers):
    """Shuts guests out and lets them in: how long a PATCH takes that the very next request obeys."""
    took = []
    for guest, token in itertools.islice(callers.items(), BLOCKED):
        for enabled, status in ((False, 403), (True, 200)):
            took.append(admin.change('PATCH', f'/v1.0/users/{guest}', {'accountEnabled': enabled}))
            found = _status(stage, ports['listen'], token)
            if found != status:
                raise Failed(f'accountEnabled {enabled}: the next request is answered {found}')
    return stored.percentiles(took)


def _status(stage, port, token):
    headers = {'Authorization': f'Bearer {token}', 'Host': stage.host}
    try:
        return urllib.request.urlopen(urllib.request.Request(f'http://127.0.0.1:{port}/', headers=headers), timeout=10).status
    except urllib.error.HTTPError as refused:
        return refused.code


def _walk(admin, change, ids):
    """Goes through all pages while guests change, some are removed, and some of those are brought back."""
    wander = set(random.sample(ids, 600))
    leaving, away = list(wander), []
    walker = stored.Admin(admin.connection.port)

    def stir(number):
        if number % 10 == 0 and leaving:
            away.append(leaving.pop())
            return admin.change('DELETE', f'/v1.0/users/{away[-1]}', None)
        if number % 20 == 15 and away:
            return admin.change('POST', f'/v1.0/directory/deletedItems/{away.pop()}/restore', None, (200,))
        return change(number)

    changer = stored.Changer(stir)
    changer.start()
    seen, times, path = [], [], f'/v1.0/users?$select=id&$top={PAGE}'
    while path:
        status, said, took = walker.call('GET', path)
        if status != 200:
            raise Failed(f'{path} answers {status}: {said.decode()}')
        times.append(took)
        page = json.loads(said)
        seen += [user['id'] for user in page['value']]
        link = page.get('@odata.nextLink')
        path = link and '/v1.0/users?' + urllib.parse.urlsplit(link).query
    changes = len(changer.stop())
    stays = set(ids) - wander
    if len(seen) != len(set(seen)):
        raise Failed('a guest stands on two pages')
    if seen != sorted(seen):
        raise Failed('the pages are not in order')
    if missing := stays - set(seen):
        raise Failed(f'{len(missing)} guests stand on no page')
    if strange := set(seen) - set(ids):
        raise Failed(f'{len(strange)} guests are nobody')
    return {'pages': len(times), 'guests': len(seen), 'seconds': sum(times), 'changes': changes, 'page_ms': stored.percentiles(times)}


def _rounds(stage, many, few, change, rounds):
    """Load on the million without changes, with changes, and on the directory of few, in turn."""
    what = load.Load(tokens='many')
    for ports in (many, few):
        load.run(what, stage, Target(ports['listen']), 2)
    rows = []
    for number in range(rounds):
        row = {}
        for kind in KINDS[number % 3:] + KINDS[:number % 3]:
            changer = stored.Changer(change) if kind == 'changing' else None
            if changer:
                changer.start()
            said = load.run(what, stage, Target((few if kind == 'few' else many)['listen']), SECONDS)
            took = changer.stop() if changer else []
            if said['refused'] or said['broken']:
                raise Failed(f'{said["refused"]} refused, {said["broken"]} broken')
            row[kind] = {'requests_per_second': said['requests'] / said['seconds'], 'p99_ms': said['p99'] / 1e3}
            if changer:
                row[kind] |= {'changes_per_second': len(took) / said['seconds'], 'patch_p99_ms': stored.percentiles(took)['p99']}
        rows.append(row)
    return rows


def _add_up(found):
    rows = found['rounds']

    def ratio(of, to):
        return statistics.median(row[of]['requests_per_second'] / row[to]['requests_per_second'] for row in rows)

    found['median'] = {kind: {what: statistics.median(row[kind][what] for row in rows) for what in rows[0][kind]} for kind in KINDS}
    found['ratio'] = {'changing to quiet': ratio('changing', 'quiet'), 'many to few': ratio('quiet', 'few')}


def _tell(found):
    def times(what):
        return ', '.join(f'{name} {value:.2f} ms' for name, value in what.items())

    print(f'{found["guests"]:,} guests of {found["bytes_of_text"]:.0f} bytes, imported in {found["import_seconds"]:.1f} s')
    print(f'ready {found["start_seconds"]:.2f} s after its start, with {found["memory_bytes"] / 2**20:.0f} MiB: '
          f'{found["memory_bytes_a_guest"]:.0f} bytes a guest')
    print(f'PATCH of one guest, until it is in force: {times(found["patch_ms"])}')
    print(f'PATCH that shuts out or lets in, which the next request obeyed each time: {times(found["blocked_ms"])}')
    walk = found['walk']
    print(f'{walk["guests"]:,} guests on {walk["pages"]:,} pages in {walk["seconds"]:.1f} s, each once and in order, beside '
          f'{walk["changes"]:,} changes: a page {times(walk["page_ms"])}')
    for kind, what in zip(KINDS, ('no changes', f'{stored.CHANGES_PER_SECOND} changes a second', 'a directory of those who call alone')):
        row = found['median'][kind]
        print(f'requests with {what}: {row["requests_per_second"]:,.0f}/s, p99 {row["p99_ms"]:.2f} ms')
    print(', '.join(f'{what} {value:.3f}' for what, value in found['ratio'].items()))


if __name__ == '__main__':
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Failed as failure:
        sys.exit(f'million_guests.py: {failure}')
