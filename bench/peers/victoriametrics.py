"""VictoriaMetrics 1.79 through its import of JSON lines, with its default durability:
it has no write-ahead log, and what it was told in the last seconds can be lost.

It takes no time before 1970 and none in the future: a month is a day here, and the
last one is yesterday.
"""

import json
import sys
import time
import urllib.parse

import peer

MILLISECONDS_OF_DAY = 86_400_000


class VictoriaMetrics:
    detail = ""

    def __init__(self, figures, scratch):
        self.figures = figures
        self.scratch = scratch
        port = peer.free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.daemon = peer.Daemon(
            [peer.program("victoria-metrics"), f"-httpListenAddr=127.0.0.1:{port}",
             f"-storageDataPath={scratch / 'data'}", "-retentionPeriod=100y",
             "-search.maxUniqueTimeseries=10000000", "-search.maxPointsPerTimeseries=100000",
             "-search.latencyOffset=0s", "-search.disableCache"], scratch / "log")
        self.daemon.wait_until(lambda: peer.get(self.url + "/health"))
        today = int(time.time() * 1000) // MILLISECONDS_OF_DAY
        self.first = (today - figures.periods) * MILLISECONDS_OF_DAY
        self.last = (today - 1) * MILLISECONDS_OF_DAY
        self.loads = 0
        values = [[] for _ in range(figures.series)]
        for series, _, value in figures.rows:
            values[series].append(float(value))
        self.values = values

    def lines(self):
        times = [self.first + i * MILLISECONDS_OF_DAY for i in range(self.figures.periods)]
        return ["\n".join(json.dumps({"metric": {"__name__": f"stored{self.loads}",
                                                 "region": f"region-{s:04d}"},
                                      "values": self.values[s], "timestamps": times})
                          for s in range(first, min(first + 10, self.figures.series))).encode()
                for first in range(0, self.figures.series, 10)]

    def load(self):
        """All figures under a new name, ten series a call, then made visible."""
        self.loads += 1
        batches = self.lines()

        def write():
            for batch in batches:
                peer.post(self.url + "/api/v1/import", batch)
            peer.get(self.url + "/internal/force_flush")
        return [peer.seconds_of(write)]

    def read(self, series, calls):
        """Median seconds of one series, as it was written."""
        match = urllib.parse.urlencode(
            {"match[]": f'stored{self.loads}{{region="region-{series:04d}"}}'})

        def one():
            found = json.loads(peer.get(f"{self.url}/api/v1/export?{match}"))
            if len(found["values"]) != self.figures.periods:
                raise peer.PeerError("the series read is not the one written")
        one()
        return [peer.median_of(calls, one)]

    def growth(self):
        """Growth over all, computed by the server; one sum is fetched."""
        name = f"stored{self.loads}"
        query = urllib.parse.urlencode({
            "query": f"sum(({name} / {name} offset 12d - 1) * 100)",
            "start": self.first / 1000, "end": self.last / 1000, "step": "1d"})

        def ask():
            found = json.loads(peer.get(f"{self.url}/api/v1/query_range?{query}"))["data"]["result"]
            if not found or len(found[0]["values"]) < self.figures.periods - 12:
                raise peer.PeerError("not all that was written was computed")
        return [peer.seconds_of(ask)]

    def size(self):
        return [peer.bytes_below(self.scratch / "data") / max(self.loads, 1)]

    def stop(self):
        self.daemon.stop()


if __name__ == "__main__":
    sys.exit(peer.run(VictoriaMetrics))
