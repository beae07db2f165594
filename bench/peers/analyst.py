"""What an analyst would write: a pandas script that reads the figures from a file,
computes growth on the year before and how far each series has come to a target, and
writes the result to a file. No vintages, no checks, nothing durable."""

import sys

import pandas

import peer


class Analyst:
    detail = ""

    def __init__(self, figures, scratch):
        self.path = figures.path
        self.size_of_data = len(figures.rows)
        self.scratch = scratch

    def growth(self):
        def script():
            data = pandas.read_csv(self.path, names=["series", "month", "value"])
            data = data.sort_values(["series", "month"])
            by_series = data.groupby("series")["value"]
            data["growth"] = by_series.pct_change(12) * 100
            first = by_series.transform("first")
            data["attainment"] = (data["value"] - first) / (1.5 * first - first) * 100
            data.to_csv(self.scratch / "result.csv", index=False)
            if len(data) != self.size_of_data:
                raise peer.PeerError("not all that was written was read")
        return [peer.seconds_of(script)]

    def stop(self):
        pass


if __name__ == "__main__":
    sys.exit(peer.run(Analyst))
