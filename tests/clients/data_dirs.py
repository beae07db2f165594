"""Data directories: filled through a server, and handed to the program without one."""

import harness
import world


def fill(server):
    for kind, request in world.DOCUMENTS:
        server.grpcurl_ok(f"policytrack.v1.{kind}Service/Create{kind}", request)
    return server.grpcurl_ok("policytrack.v1.ObservationService/PushObservations", world.PUSH)["revision"]


def server_program(*arguments):
    return harness.run([harness.SERVER, *arguments])
