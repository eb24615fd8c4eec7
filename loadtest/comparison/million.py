#!/usr/bin/env python3
"""A policy of a million partners in a store: million.py OUTPUT [PARTNERS [ROUNDS]]

How long it takes to import, how long a start takes until the gateway is ready, the memory it then holds, how long a partner's
PATCH takes from its request until it is in force (which is when it is answered), and what the requests of an app feel of a hundred
changes a second: beside none, and beside as many made by another gateway, on a store of its own, that serves no requests. What both
cost is the machine's, not the way of a request. Builds nothing: the programs of a release build are used. Everything is on loopback
and ends with the script.
"""
import json
import os
import pathlib
import random
import shutil
import statistics
import sys
import tempfile
import time
import types

import load
import stored
from contender import Target
from processes import LOAD_CORE, PROXY_CORE, Failed
from stage import ROOT, Stage

SECONDS = 2
KINDS = ('quiet', 'changing', 'elsewhere')
PATCHES = 3000
PARTNERS = '/v1.0/policies/crossTenantAccessPolicy/partners'


def patch(admin, tenant, number):
    """Changes a partner to one of two thousand settings that refuse nobody; answers how long that took, in seconds."""
    group = f'{number % 1000:08x}-0000-4000-8000-000000000000'
    body = {'inboundTrust': {'isMfaAccepted': number % 2 == 0}, 'b2bCollaborationOutbound': {
        'usersAndGroups': {'accessType': 'allowed', 'targets': [{'target': group, 'targetType': 'group'}]},
        'applications': {'accessType': 'allowed', 'targets': [{'target': 'AllApplications', 'targetType': 'application'}]}}}
    return admin.change('PATCH', f'{PARTNERS}/{tenant}', body)


def main(output, partners=1_000_000, rounds=24):
    partners, rounds = int(partners), int(rounds)
    program = ROOT / os.environ.get('CARGO_TARGET_DIR', 'target') / 'release/crossgate'
    os.sched_setaffinity(0, {LOAD_CORE})
    options = types.SimpleNamespace(partners=partners, guests=1000, tokens=1000, bad_tokens=1)
    found = {'partners': partners}
    with tempfile.TemporaryDirectory(prefix='crossgate-million-') as folder:
        os.chmod(folder, 0o755)
        stage = Stage(folder, program.parent, options)
        config, ports = stored.configure(stage, program, 'policy')
        other_config, other_ports = stored.configure(stage, program, 'elsewhere')
        policy = stage.site / 'policy'
        tenants = _some_tenants(policy / 'partners.jsonl', 50_000)
        found['bytes_of_text'] = (policy / 'partners.jsonl').stat().st_size / partners
        begun = time.monotonic()
        stored.run(program, 'policy', 'import', '--config', config, policy)
        found['import_seconds'] = time.monotonic() - begun
        found['store_bytes'] = (stage.site / 'policy.db').stat().st_size
        shutil.copyfile(stage.site / 'policy.db', stage.site / 'elsewhere.db')
        started = [stage.start_upstream()]
        try:
            gateway, found['start_seconds'] = stored.start(program, config, ports, folder, started)
            # A second start: the first one of a store draws its secret.
            gateway.stop()
            gateway, found['start_seconds'] = stored.start(program, config, ports, folder, started)
            found['memory_bytes'] = gateway.memory_kib() * 1024
            admin = stored.Admin(ports['admin'])
            took = [patch(admin, random.choice(tenants), number) for number in range(PATCHES)]
            found['patch_ms'] = stored.percentiles(took)
            found['memory_after_bytes'] = gateway.memory_kib() * 1024
            other, _ = stored.start(program, other_config, other_ports, folder, started)
            stored.onto(other, LOAD_CORE, LOAD_CORE)
            stored.onto(gateway, PROXY_CORE, LOAD_CORE)
            admins = {'changing': admin, 'elsewhere': stored.Admin(other_ports['admin'])}
            found['rounds'] = _rounds(stage, gateway, ports, admins, tenants, rounds)
        finally:
            for process in started:
                process.stop()
    _add_up(found)
    pathlib.Path(output).write_text(json.dumps(found, indent=1) + '\n')
    _tell(found)


def _some_tenants(path, count):
    """Of the whole file, evenly."""
    with open(path, encoding='utf-8') as lines:
        tenants = [json.loads(line)['tenantId'] for number, line in enumerate(lines) if number % 20 == 0]
    return random.sample(tenants, min(count, len(tenants)))


def _changer(admin, tenants):
    return stored.Changer(lambda number: patch(admin, random.choice(tenants), number))


def _rounds(stage, gateway, ports, admins, tenants, rounds):
    """Load with changes, without, and with changes elsewhere, in turn."""
    target = Target(ports['listen'])
    what = load.Load(tokens='many')
    load.run(what, stage, target, 2)
    rows = []
    for number in range(rounds):
        row = {}
        for kind in KINDS[number % 3:] + KINDS[:number % 3]:
            changer = _changer(admins[kind], tenants) if kind in admins else None
            if changer:
                changer.start()
            before = stored.cpu_ns(gateway)
            said = load.run(what, stage, target, SECONDS)
            serving, others = (after - earlier for after, earlier in zip(stored.cpu_ns(gateway), before))
            took = changer.stop() if changer else []
            if said['refused'] or said['broken']:
                raise Failed(f'{said["refused"]} refused, {said["broken"]} broken')
            row[kind] = {'requests_per_second': said['requests'] / said['seconds'], 'p99_ms': said['p99'] / 1e3,
                         'cpu_us': serving / 1e3 / said['requests'], 'others_cpu_share': others / 1e9 / said['seconds']}
            if changer:
                took.sort()
                row[kind] |= {'changes_per_second': len(took) / said['seconds'], 'patch_p99_ms': took[len(took) * 99 // 100] * 1e3}
        rows.append(row)
    return rows


def _add_up(found):
    rows = found['rounds']

    def column(kind, what):
        return [row[kind][what] for row in rows]

    found['median'] = {kind: {what: statistics.median(column(kind, what)) for what in rows[0][kind]} for kind in KINDS}
    found['ratio'] = {beside: {what: statistics.median(a / b for a, b in zip(column('changing', what), column(beside, what)))
                               for what in ('requests_per_second', 'p99_ms')} for beside in ('quiet', 'elsewhere')}
    changing, quiet = found['median']['changing'], found['median']['quiet']
    found['change_cpu_ms'] = (changing['others_cpu_share'] - quiet['others_cpu_share']) / changing['changes_per_second'] * 1e3
    found['memory_bytes_a_partner'] = found['memory_bytes'] / found['partners']


def _tell(found):
    patch = found['patch_ms']
    print(f'{found["partners"]:,} partners of {found["bytes_of_text"]:.0f} bytes, imported in {found["import_seconds"]:.1f} s; '
          f'the store has {found["store_bytes"] / 2**20:.0f} MiB')
    print(f'ready {found["start_seconds"]:.2f} s after its start, with {found["memory_bytes"] / 2**20:.0f} MiB: '
          f'{found["memory_bytes_a_partner"]:.0f} bytes a partner')
    print(f'PATCH of one partner, until it is in force: p50 {patch["p50"]:.2f} ms, p99 {patch["p99"]:.2f} ms, worst {patch["worst"]:.2f} ms')
    for kind, what in zip(KINDS, ('no changes', f'{stored.CHANGES_PER_SECOND} changes a second', f'{stored.CHANGES_PER_SECOND} changes a second by another gateway')):
        row = found['median'][kind]
        print(f'requests with {what}: {row["requests_per_second"]:,.0f}/s, p99 {row["p99_ms"]:.2f} ms, {row["cpu_us"]:.1f} us of CPU each')
    ratio = found['ratio']
    print(f'with changes, of the rate without: {ratio["quiet"]["requests_per_second"]:.3f}; of that with changes elsewhere: '
          f'{ratio["elsewhere"]["requests_per_second"]:.3f}; a change takes {found["change_cpu_ms"]:.2f} ms of CPU')


if __name__ == '__main__':
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    try:
        main(*sys.argv[1:])
    except Failed as failure:
        sys.exit(f'million.py: {failure}')
