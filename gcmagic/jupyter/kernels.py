"""Kernels of this interpreter, whatever else is registered or runs on the machine."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

# older debuggers, which ipykernel imports, warn of frozen modules on the standard error
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

# a path of a Unix socket longer than this is refused, on macOS first
LONGEST_SOCKET = 100


class _ThisInterpreterSpecs(KernelSpecManager):
    """One kernel: ipykernel in the interpreter that runs gcmagic, registered or not.

    A registered ``python3`` may be another environment's, without gcmagic in it.
    """

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir=str(RESOURCES), **get_kernel_dict())


class ThisInterpreter(AsyncKernelManager):
    """Starts kernels; talks to them by sockets in a folder of its own where the system has them.

    Ports, which are the alternative, are taken by whoever binds them first when many kernels
    start at once, and need a network, if only the machine's own.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(kernel_spec_manager=_ThisInterpreterSpecs(), **kwargs)
        self.folder = tempfile.mkdtemp(prefix="gcmagic-")
        socket = str(Path(self.folder) / "kernel")
        if os.name == "posix" and len(socket) < LONGEST_SOCKET:
            self.transport, self.ip = "ipc", socket

    @property
    def pid(self) -> int:
        """Process id of the kernel, which on POSIX leads a group of its own; 0 where unknown."""
        return int(getattr(self.provisioner, "pid", None) or 0)

    def remove_folder(self) -> None:
        """Take the sockets away."""
        shutil.rmtree(self.folder, ignore_errors=True)


def end(pid: int) -> None:
    """Kill a kernel and what it started, as far as that stayed in the kernel's group."""
    if pid > 1 and os.name == "posix":
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
