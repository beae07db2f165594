"""PostgreSQL 15 through psycopg2, with its default durability (synchronous_commit).

The table is what a careful administrator would make: numbers for series and month,
and the two as primary key.
"""

import os
import pwd
import subprocess
import sys

import psycopg2
import psycopg2.extras

import peer

TABLE = """create table {name} (series integer not null, month integer not null,
           value double precision not null, primary key (series, month))"""
GROWTH = """select series, month, (value / lag(value, 12) over w - 1) * 100 as growth
            from stored window w as (partition by series order by month)"""


class PostgreSql:
    detail = ""

    def __init__(self, figures, scratch):
        self.figures = figures
        data = scratch / "data"
        data.mkdir()
        initdb = peer.program("initdb", "/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/17/bin",
                              "/usr/lib/postgresql/16/bin")
        # It does not run as root.
        user = None
        if os.geteuid() == 0:
            user = "postgres"
            for path in (scratch, data):
                os.chown(path, pwd.getpwnam(user).pw_uid, -1)
        subprocess.run([initdb, "-D", data, "-A", "trust", "-U", "bench", "--no-instructions"],
                       check=True, stdout=subprocess.DEVNULL, user=user, cwd=scratch)
        port = peer.free_port()
        self.daemon = peer.Daemon(
            [os.path.join(os.path.dirname(initdb), "postgres"), "-D", data, "-p", str(port),
             "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={data}"],
            scratch / "log", user)
        self.connection = self.daemon.wait_until(lambda: self.connect(port))
        self.connection.autocommit = True
        self.cursor = self.connection.cursor()
        self.cursor.execute(TABLE.format(name="stored"))

    @staticmethod
    def connect(port):
        try:
            return psycopg2.connect(host="127.0.0.1", port=port, user="bench", dbname="postgres")
        except psycopg2.OperationalError as error:
            raise OSError(str(error)) from error

    def fresh(self, name):
        self.cursor.execute(f"drop table if exists {name}")
        self.cursor.execute(TABLE.format(name=name))

    def copy(self):
        """COPY of all figures into a new table, in one transaction."""
        self.fresh("copied")
        with open(self.figures.path, encoding="ascii") as file:
            return [peer.seconds_of(
                lambda: self.cursor.copy_expert("copy copied from stdin with csv", file))]

    def upsert(self, rows):
        """Upsert of the first rows into a new table, 1 000 a statement."""
        self.fresh("upserted")
        some = self.figures.rows[:rows]

        def write():
            psycopg2.extras.execute_values(
                self.cursor, "insert into upserted values %s on conflict (series, month) "
                "do update set value = excluded.value", some, page_size=1000)
        return [peer.seconds_of(write)]

    def fill(self):
        """The table for reads and queries."""
        self.fresh("stored")
        with open(self.figures.path, encoding="ascii") as file:
            self.cursor.copy_expert("copy stored from stdin with csv", file)
        self.cursor.execute("vacuum analyze stored")
        self.cursor.execute("prepare one (integer) as "
                            "select month, value from stored where series = $1 order by month")
        return []

    def read(self, series, calls):
        """Median seconds of one series, by a prepared statement."""
        def one():
            self.cursor.execute("execute one (%s)", (series,))
            if len(self.cursor.fetchall()) != self.figures.periods:
                raise peer.PeerError("the series read is not the one written")
        one()
        return [peer.median_of(calls, one)]

    def growth(self):
        """Growth on the year before over all, computed by the server and not kept."""
        return [peer.seconds_of(lambda: self.cursor.execute(
            f"select count(growth), sum(growth) from ({GROWTH}) as computed"))]

    def growth_stored(self):
        """The same, kept as a table."""
        self.cursor.execute("drop table if exists computed")
        return [peer.seconds_of(lambda: self.cursor.execute(f"create table computed as {GROWTH}"))]

    def size(self):
        self.cursor.execute("select pg_total_relation_size('stored')")
        return [self.cursor.fetchone()[0]]

    def stop(self):
        self.connection.close()
        self.daemon.stop()


if __name__ == "__main__":
    sys.exit(peer.run(PostgreSql))
