"""`python -m edge.remote.wire` compiles the descriptors anew from the .proto files. Needs grpcio-tools."""

import sys
from pathlib import Path

from grpc_tools import protoc

FOLDER = Path(__file__).parent


def compile_to(file: Path) -> int:
    """Compile them into `file`; 0 where that went well."""
    protos = sorted(path.name for path in FOLDER.glob("*.proto"))
    return int(protoc.main(["protoc", f"-I{FOLDER}", f"--descriptor_set_out={file}", *protos]))


if __name__ == "__main__":
    sys.exit(compile_to(FOLDER / "descriptors.binpb"))
