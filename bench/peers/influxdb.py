"""InfluxDB 1.6 through its line protocol over HTTP, with its default durability.

One shard holds all months: with shards of the default length, a week, it loads a
quarter as fast.
"""

import json
import sys
import urllib.parse

import peer

BATCH = 10_000
CONFIG = """reporting-disabled = true
bind-address = "127.0.0.1:{rpc}"
[meta]
  dir = "{dir}/meta"
[data]
  dir = "{dir}/data"
  wal-dir = "{dir}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:{http}"
  log-enabled = false
[monitor]
  store-enabled = false
"""
NANOSECONDS_OF_DAY = 86_400 * 10**9


def days_before_month(month):
    """Months are 30 days here: the peers know moments, not months."""
    return 30 * month


class InfluxDb:
    detail = ""

    def __init__(self, figures, scratch):
        self.figures = figures
        http = peer.free_port()
        config = scratch / "influxdb.conf"
        config.write_text(CONFIG.format(rpc=peer.free_port(), http=http, dir=scratch))
        self.scratch = scratch
        self.url = f"http://127.0.0.1:{http}"
        self.daemon = peer.Daemon([peer.program("influxd"), "-config", config], scratch / "log")
        self.daemon.wait_until(lambda: peer.get(self.url + "/ping"))
        lines = [f"stored,region=region-{s:04d} value={v} "
                 f"{days_before_month(m) * NANOSECONDS_OF_DAY}" for s, m, v in figures.rows]
        self.batches = ["\n".join(lines[i:i + BATCH]).encode()
                        for i in range(0, len(lines), BATCH)]

    def query(self, text, database="bench"):
        body = urllib.parse.urlencode({"q": text, "db": database}).encode()
        answer = json.loads(peer.post(self.url + "/query", body))
        if "error" in answer["results"][0]:
            raise peer.PeerError(answer["results"][0]["error"])
        return answer["results"][0].get("series", [])

    def load(self):
        """All figures into a new database, in batches."""
        self.query("drop database bench", "")
        self.query("create database bench with duration inf shard duration 5200w", "")

        def write():
            for batch in self.batches:
                peer.post(self.url + "/write?db=bench", batch)
        return [peer.seconds_of(write)]

    def read(self, series, calls):
        """Median seconds of one series."""
        def one():
            found = self.query(f"select value from stored where region = 'region-{series:04d}'")
            if len(found[0]["values"]) != self.figures.periods:
                raise peer.PeerError("the series read is not the one written")
        one()
        return [peer.median_of(calls, one)]

    def growth(self):
        """Growth over all: it has no such query, so that all is fetched and computed here."""
        def all_of_it():
            computed = 0
            for found in self.query("select value from stored group by region"):
                values = [value for _, value in found["values"]]
                computed += len([(b / a - 1) * 100 for a, b in zip(values, values[12:])])
            if computed != self.figures.series * (self.figures.periods - 12):
                raise peer.PeerError("not all that was written was read")
        return [peer.seconds_of(all_of_it)]

    def size(self):
        return [peer.bytes_below(self.scratch / "data") + peer.bytes_below(self.scratch / "wal")]

    def stop(self):
        self.daemon.stop()


if __name__ == "__main__":
    sys.exit(peer.run(InfluxDb))
