"""`python -m edge.remote.wire` compiles the descriptors anew from the .proto files. Needs grpcio-tools."""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def compile_to(file: Path) -> int:
    """Compile them into `file`; 0 where that went well."""
    protos = sorted(path.name for path in FOLDER.glob("*.proto"))
    # In a process of its own: beside TensorFlow, which brings another protobuf, the compiler crashes.
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{FOLDER}", f"--descriptor_set_out={file}", *protos]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(compile_to(FOLDER / "descriptors.binpb"))
