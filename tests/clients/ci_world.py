"""A repository of figures with the scripts of clients/ci in it, and jobs that run there as the two CI
systems would run them."""

import json
import os
import pathlib
import shutil
import stat
import subprocess

import yaml

from harness import BUILD, CALL_SECONDS, ROOT, run, tool

CI = ROOT / "clients/ci"
# Of the environment of a test that itself runs in CI.
FOREIGN = ("GITHUB_", "GITLAB_", "CI_", "POLICYTRACK_", "BUF_VERSION")


class Repository:
    """A working copy whose jobs push to `address`."""

    def __init__(self, root, address):
        self.root = pathlib.Path(root)
        self.address = address
        self.programs = self.root.parent / "programs"
        self.programs.mkdir()
        shutil.copytree(CI, self.root / "ci")
        self.write("figures/km.mapping.yaml", "dataset: datasets/paths-km\nperiod: year\nvalue: km\n")
        self.summary = self.root.parent / "summary.md"

    def write(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return target

    def csv(self, *rows):
        return self.write("figures/km.csv", "year,km\n" + "".join(f"{row}\n" for row in rows))

    def program(self, name, script):
        """A program that stands before the real one on the PATH."""
        path = self.programs / name
        path.write_text("#!/bin/bash\n" + script, encoding="utf-8")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def environment(self, extra):
        kept = {key: value for key, value in os.environ.items() if not key.startswith(FOREIGN)}
        path = os.pathsep.join([str(self.programs), str(BUILD.resolve() / "bin"), os.environ["PATH"]])
        return {**kept, "PATH": path, "POLICYTRACK_SERVER": self.address, "POLICYTRACK_RETRIES": "1", **extra}

    def bash(self, script, **extra):
        """Runs it in the repository, with nothing of this test's own CI in the environment."""
        return subprocess.run(["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
                              cwd=self.root, env=self.environment(extra), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False, timeout=CALL_SECONDS * 3)

    def github(self, event, **extra):
        """The steps of the recipe for this event, one after another."""
        recipe = yaml.safe_load((CI / "github-actions.yml").read_text(encoding="utf-8"))
        job = recipe["jobs"]["figures"]
        steps = [step["run"] for step in job["steps"] if "run" in step
                 and step["if"] == f"github.event_name == '{event}'"]
        assert steps, f"the recipe does nothing on {event}"
        self.summary.unlink(missing_ok=True)
        variables = {"POLICYTRACK_VERSION": job["env"]["POLICYTRACK_VERSION"], "GITHUB_ACTIONS": "true",
                     "GITHUB_STEP_SUMMARY": str(self.summary), **extra}
        return self.bash("\n".join(steps), **variables)

    def gitlab(self, job, **extra):
        recipe = yaml.safe_load((CI / "gitlab-ci.yml").read_text(encoding="utf-8"))
        own = recipe[job]
        base = recipe[own["extends"]]
        for kept in (self.root / path for path in self.artifacts(base)):
            kept.unlink(missing_ok=True)
        done = self.bash("\n".join(own["script"]), GITLAB_CI="true", **base["variables"], **extra)
        for path in self.artifacts(base):
            assert (self.root / path).exists(), f"the job left no {path}"
        return done

    @staticmethod
    def artifacts(job):
        return [*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()]

    def buf(self, *arguments, **extra):
        """push-figures-buf.sh with the pinned buf, the contract of the tree and no pauses."""
        schema = self.root / "policytrack.binpb"
        if not schema.exists():
            done = run([tool("buf"), "build", ROOT / "proto", "-o", schema])
            assert done.returncode == 0, done.stderr
        if not (self.programs / "buf").exists():
            (self.programs / "buf").symlink_to(tool("buf"))
        version = run([tool("buf"), "--version"]).stdout.strip()
        variables = {"POLICYTRACK_SCHEMA": "policytrack.binpb", "BUF_VERSION": version, "POLICYTRACK_PAUSE": "0",
                     "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(self.summary), **extra}
        return self.bash("ci/push-figures-buf.sh " + " ".join(arguments), **variables)

    def findings(self):
        """Of the Code Quality report: path, line and description."""
        report = json.loads((self.root / "gl-code-quality-report.json").read_text(encoding="utf-8"))
        assert len({finding["fingerprint"] for finding in report}) == len(report)
        return [(finding["location"]["path"], finding["location"]["lines"]["begin"], finding["description"])
                for finding in report]
