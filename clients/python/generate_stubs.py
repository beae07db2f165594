"""Build step: Python messages, their types, and gRPC stubs from the contract.

The stubs go into the wheel and nowhere else: the source tree stays as it is. Only
`policytrack/v1` is generated; what it imports of `google` comes from the packages
protobuf and googleapis-common-protos, as one process can hold one copy only."""

import pathlib
import shutil
import tempfile

import grpc_tools
from grpc_tools import protoc
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PACKAGE = "policytrack/v1"


def find_contract(root):
    """The folder `proto`: of a source distribution, else of the tree."""
    for folder in (root / "proto", root.parent.parent / "proto"):
        if (folder / PACKAGE).is_dir():
            return folder
    raise RuntimeError(f"the contract is missing: neither {root}/proto nor the tree's proto/ has {PACKAGE}")


def generate(contract, target):
    """Generates into `target`; gives the folder of the package."""
    sources = sorted(str(path.relative_to(contract)) for path in (contract / PACKAGE).glob("*.proto"))
    well_known = pathlib.Path(grpc_tools.__file__).parent / "_proto"
    code = protoc.main(["protoc", f"-I{contract}", f"-I{contract / 'third_party'}", f"-I{well_known}",
                        f"--python_out={target}", f"--pyi_out={target}", *sources])
    services = [source for source in sources if source.endswith("_service.proto")]
    code = code or protoc.main(["protoc", f"-I{contract}", f"-I{contract / 'third_party'}", f"-I{well_known}",
                                f"--grpc_python_out={target}", *services])
    if code != 0:
        raise RuntimeError(f"the contract in {contract} does not compile to Python; see above")
    return target / PACKAGE


class CustomBuildHook(BuildHookInterface):
    """Called by the build backend, before the wheel is written and after."""

    def initialize(self, version, build_data):
        if version == "editable":
            raise RuntimeError("the stubs exist in the wheel only; install without -e / --editable")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="policytrack-stubs-"))
        for path in sorted(generate(find_contract(pathlib.Path(self.root)), self.folder).iterdir()):
            build_data["force_include"][str(path)] = f"{PACKAGE}/{path.name}"

    def finalize(self, version, build_data, artifact_path):
        shutil.rmtree(self.folder, ignore_errors=True)
