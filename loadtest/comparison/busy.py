"""Changes of policy and of keys, while a contender is under load."""
import itertools
import threading
import time
import urllib.request

POLICY_EVERY = 0.1
KEYS_EVERY = 5.0


class Changes:
    """Changes a site's policy ten times a second and lets a second key come and go, while it is entered."""

    def __init__(self, site, metrics_port):
        self.metrics_port, self.made = metrics_port, 0
        partners = site / 'policy' / 'partners.jsonl'
        text = partners.read_text()
        # The second partner is blocked, and nobody calls from there.
        changed = text.replace('"blocked"', '"allowed"', 2)
        self.partners, self.versions = partners, itertools.cycle([changed, text])
        keys = site / 'keys'
        self.published = keys / 'published.json'
        self.key_sets = itertools.cycle([(keys / 'both.json').read_text(), (keys / 'first.json').read_text()])

    def __enter__(self):
        self.over = threading.Event()
        self.threads = [
            threading.Thread(target=self._repeat, args=(POLICY_EVERY, self.partners, self.versions)),
            threading.Thread(target=self._repeat, args=(KEYS_EVERY, self.published, self.key_sets)),
        ]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def taken_up(self):
        """How many changes of policy the gateway has taken up since its start."""
        with urllib.request.urlopen(f'http://127.0.0.1:{self.metrics_port}/metrics', timeout=5) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith('crossgate_policy_reloads_total{result="success"}'):
                    return int(float(line.split()[-1]))
        return 0

    def _repeat(self, every, path, versions):
        due = time.monotonic()
        while not self.over.is_set():
            new = path.with_name(f'.{path.name}')
            new.write_text(next(versions))
            new.rename(path)
            self.made += path == self.partners
            due = max(due + every, time.monotonic())
            self.over.wait(max(0.0, due - time.monotonic()))

