"""The examples of the package's README, run in its order against one server."""

import re

from harness import ROOT

README = ROOT / "clients/python/README.md"


def test_the_examples_work(server, monkeypatch, capsys):
    blocks = re.findall(r"^```python\n(.*?)^```$", README.read_text(encoding="utf-8"), re.S | re.M)
    assert len(blocks) > 8
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("POLICYTRACK_SERVER", server.address)
    names: dict[str, object] = {}
    for number, block in enumerate(blocks):
        exec(compile(block, f"example {number} of {README.name}", "exec"), names)
    output = capsys.readouterr().out
    assert "8 created, 0 revised" in output
    assert 'description: (unset) -> "Counted at the doors"' in output
    assert "1 value value: there is none" in output and "2 period period:" in output
    assert "RESOURCE_NOT_FOUND plans/none" in output
    names["client"].close()
