"""Checks the packages of the functions as Lambda takes them, and tells their sizes.

A package has an executable `bootstrap` at its root (AWS: Lambda developer guide, "Building Lambda functions with Rust"),
here for arm64.
"""

import os
import stat
import struct
import sys
import zipfile

AARCH64 = 183
# Bytes. A cold start loads the package first. Each operation of the SDK takes some 30,000 to 50,000 of them, and each traffic model comes
# whole with every function, whichever goals that has: some 50,000.
MOST = 5_200_000


def fault(path):
    """What is wrong with a package; None if nothing is."""
    with zipfile.ZipFile(path) as package:
        if "bootstrap" not in package.namelist():
            return f"has no bootstrap at its root, but {package.namelist()}"
        entry = package.getinfo("bootstrap")
        mode = entry.external_attr >> 16
        if not (stat.S_ISREG(mode) and mode & stat.S_IXOTH):
            return f"bootstrap is not executable for everybody: {stat.filemode(mode)}"
        with package.open(entry) as program:
            head = program.read(20)
    # ELF, 64 bits, little endian; the machine is at offset 18.
    if head[:6] != b"\x7fELF\x02\x01" or struct.unpack_from("<H", head, 18)[0] != AARCH64:
        return "bootstrap is not an ELF program for aarch64"
    size = os.path.getsize(path)
    print(f"{path}: {size:,} bytes, {entry.file_size:,} unpacked")
    if size > MOST:
        return f"has {size:,} bytes; {MOST:,} are allowed"
    return None


if __name__ == "__main__":
    faults = [f"{path}: {what}" for path in sys.argv[1:] if (what := fault(path))]
    sys.exit("\n".join(faults) if faults else None)
