"""Each error that the comment of an RPC lists is given, by that reason and the code of docs/errors.md, and
says of what; documented_errors.py has what provokes it."""

import hashlib
import json
import shutil

import pytest

import documented_errors
import full_world
import harness
import refusals
import stubs as generated

MODULES = harness.BUILD / "tests/plugin-modules"


def write_allow_list(folder, path, *left_out):
    path.write_text("".join(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
                            for file in sorted(folder.iterdir()) if file.stem not in left_out), encoding="ascii")


def change_plugins(folder):
    """As documented_errors.py says."""
    (folder / "growth.json").write_text("{", encoding="ascii")
    descriptor = json.loads((folder / "attainment.json").read_text(encoding="utf-8"))
    (folder / "judge.json").write_text(json.dumps({**descriptor, "id": "judge"}), encoding="utf-8")
    shutil.copy(folder / "attainment.so", folder / "judge.so")
    descriptor["parameters"] = [parameter for parameter in descriptor["parameters"] if parameter["name"] != "natural_limit"]
    (folder / "attainment.json").write_text(json.dumps(descriptor), encoding="utf-8")
    for name in ("fails", "not-a-number", "waits-for-cancel"):
        for suffix in (".so", ".json"):
            shutil.copy(MODULES / f"{name}{suffix}", folder)


@pytest.fixture(scope="module")
def api(tmp_path_factory, stubs):
    folder = tmp_path_factory.mktemp("documented-errors")
    plugins = shutil.copytree(harness.PLUGINS, folder / "plugins")
    with harness.running(folder / "data") as server, generated.Api(stubs, server.address) as api:
        for method, request in [*full_world.CALLS, *documented_errors.SETUP]:
            api.send(method, request)
        api.send("PushObservations", full_world.PUSH)
        api.send("PushObservations", {**full_world.PUSH, "options": {"requestId": documented_errors.UUID}})
    change_plugins(plugins)
    write_allow_list(plugins, folder / "allowed", "judge")
    with (harness.running(folder / "data", "--max-push-mib", "1", "--plugin-deadline-seconds", "1",
                          plugin_dir=plugins, allow_list=folder / "allowed") as server,
          generated.Api(stubs, server.address) as api):
        before = refusals.State(api)
        yield api
        assert refusals.State(api) == before


@pytest.mark.parametrize("method, reason", sorted(documented_errors.RECIPES))
def test_error(api, method, reason):
    requests, names = documented_errors.RECIPES[method, reason]
    seen = refusals.outcome(api.v1, lambda timeout: api.send(method, *requests))
    assert seen is not None, "it was taken"
    assert (seen.code, seen.reason, seen.infos) == (refusals.CODES[reason], reason, 1), seen
    assert refusals.DOCUMENTED[method].get(reason) == seen.code, f"{method} does not document {reason}"
    assert names in " ".join((seen.message, *seen.metadata.values())), seen
    assert len(seen.message.split()) >= 4 and not refusals.CONTROL.search(seen.message), seen
