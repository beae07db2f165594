"""etcd 3.4 with its default durability: every put is on disk before it is answered.
The benchmark itself is its client; this starts it and says where it listens."""

import json
import sys

import peer


class Etcd:
    def __init__(self, figures, scratch):
        clients, peers = peer.free_port(), peer.free_port()
        self.detail = f"127.0.0.1:{clients}"
        url = f"http://{self.detail}"
        peers_url = f"http://127.0.0.1:{peers}"
        self.daemon = peer.Daemon(
            [peer.program("etcd"), "--data-dir", scratch / "data", "--listen-client-urls", url,
             "--advertise-client-urls", url, "--listen-peer-urls", peers_url,
             "--initial-advertise-peer-urls", peers_url,
             "--initial-cluster", f"default={peers_url}", "--log-level", "error"], scratch / "log")

        def healthy():
            if json.loads(peer.get(url + "/health"))["health"] != "true":
                raise OSError("no leader yet")
        self.daemon.wait_until(healthy)

    def stop(self):
        self.daemon.stop()


if __name__ == "__main__":
    sys.exit(peer.run(Etcd))
