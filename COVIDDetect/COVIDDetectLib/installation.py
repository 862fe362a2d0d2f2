"""Which packages an analysis needs and this Python lacks, and why installing them failed."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distributions, version
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .errors import InstallationError
from .text import printable

if TYPE_CHECKING:
    from packaging.requirements import Requirement

TORCH = "torch>=2.6"
"""Since 2.6 ``torch.load`` reads a foreign checkpoint without executing anything in it (CVE-2025-32434)."""

_LIBRARIES = ("shared object", "DLL", "dlopen", "dylib")
"""What the systems call a library that a package does not find."""
TORCH_NOT_LOADED = (
    "torch is installed, but cannot be loaded; in Windows install the Microsoft Visual C++ Redistributable (x64), "
    "restart Slicer, and analyze again."
)


@dataclass(frozen=True)
class Missing:
    """What is to be installed: torch, which the PyTorch extension installs, and the rest."""

    torch: bool
    others: tuple[str, ...]
    """Requirements as pip writes them."""

    def __bool__(self) -> bool:
        return self.torch or bool(self.others)

    @property
    def outdated(self) -> dict[str, str]:
        """Those of them that are here, but too old, and their versions."""
        here = {}
        for name in self.names:
            with suppress(PackageNotFoundError):
                here[name] = version(name)
        return here

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the packages, as the user reads them."""
        from packaging.requirements import Requirement

        return (*(["torch"] if self.torch else []), *(Requirement(line).name for line in self.others))


def missing_packages() -> Missing:
    """What an analysis needs and this Python lacks or has too old. Imports none of it."""
    return Missing(
        not _satisfied(_requirement(TORCH)),
        tuple(str(wanted) for wanted in _requirements() if not _satisfied(wanted)),
    )


def missing_of(requirement: str) -> Missing:
    """What a single requirement needs, as pip writes it; nothing where it is satisfied. Imports none of it."""
    return Missing(False, () if _satisfied(_requirement(requirement)) else (requirement,))


def is_loaded(package: str) -> bool:
    """Whether this process has imported a package, which then stays what it was until the process ends."""
    return {"scikit-image": "skimage"}.get(package, package) in sys.modules


def require_packages() -> None:
    """
    Raises
    ------
    InstallationError
        If an analysis needs what this Python lacks.
    """
    missing = missing_packages()
    if missing:
        raise InstallationError(
            f"An analysis needs {', '.join(missing.names)}, which this Python lacks; click Analyze in the module "
            "COVIDDetect, which offers to install them (but not in Slicer's testing mode)."
        )


def load_torch() -> None:
    """Import torch into this process.

    Raises
    ------
    InstallationError
        If it is installed, but the libraries that it needs are not all here.
    """
    try:
        import torch  # noqa: F401
    except (ImportError, OSError) as error:
        logging.warning("COVIDDetect: %s", error)
        raise InstallationError(TORCH_NOT_LOADED) from error


def not_loaded(error: Exception) -> InstallationError | None:
    """What an error means that was raised where a package is imported; None for any other error."""
    is_of_library = isinstance(error, OSError) and any(word in str(error) for word in _LIBRARIES)
    if not isinstance(error, ImportError) and not is_of_library:
        return None
    return InstallationError(f"A package cannot be loaded ({printable(str(error))}); install it again.")


def packages_folder() -> Path:
    """Where this Python keeps its packages: where numpy is, which every Slicer has."""
    return Path(np.__file__).resolve().parents[1]


def require_writable_folder() -> None:
    """
    Raises
    ------
    InstallationError
        If the user may not write where Slicer's Python looks for packages; pip would put them where it does not look.
    """
    folder = packages_folder()
    # In Windows os.access calls every folder writable, and tempfile tries ten thousand names before it gives up.
    file = folder / f".coviddetect-{os.getpid()}"
    try:
        file.touch()
        file.unlink()
    except OSError as error:
        raise InstallationError(
            f"Packages cannot be installed, because you may not write to {folder}; start Slicer once as administrator, "
            "or install Slicer into a folder of your own."
        ) from error


# fmt: off
KEPT = frozenset({
    "certifi", "cffi", "chardet", "charset-normalizer", "couchdb", "cryptography", "dcmqi", "deprecated",
    "dicomweb-client", "gitdb", "gitpython", "highdicom", "idna", "numpy", "packaging", "pillow", "pycparser",
    "pydicom", "pygithub", "pyjpegls", "pyjwt", "pynacl", "pyparsing", "python-dateutil", "requests", "retrying",
    "scipy", "simpleitk", "six", "slicer-core", "smmap", "torch", "torchvision", "typing-extensions", "urllib3", "vtk",
    "wrapt",
})
# fmt: on
"""What Slicer 5.12 brings along itself (SuperBuild/External_python-*.cmake) but for installers, and torch."""


def pinned_versions(missing: Missing) -> str:
    """A pip constraints file that keeps Slicer's numpy, SimpleITK and VTK, and a torch that works, as they are."""
    from packaging.utils import canonicalize_name

    # A torchvision goes with one torch only.
    kept = KEPT - set(missing.names) - ({"torchvision"} if missing.torch else set())
    here = {
        canonicalize_name(package.metadata["Name"] or ""): package.version
        for package in distributions(path=[str(packages_folder())])
    }
    return "".join(f"{name}=={version}\n" for name, version in sorted(here.items()) if name in kept)


_REASONS = (
    (("No space left", "not enough space"), "the disk is full"),
    (("ProxyError", "407 Proxy", "Cannot connect to proxy"), "the proxy refused the connection"),
    (("CERTIFICATE_VERIFY_FAILED", "SSLError"), "the package index's certificate is not trusted here"),
    (
        (
            "NewConnectionError", "NameResolutionError", "Name or service not known", "getaddrinfo failed",
            "Failed to establish a new connection", "ConnectTimeout", "Read timed out", "Connection refused",
            "Temporary failure in name resolution", "Network is unreachable",
        ),
        "the package index cannot be reached",
    ),
    (("conflicting dependencies",), "they do not go together with packages that are here"),
    (("Permission denied", "Access is denied"), "files in Slicer's folder are locked or not yours"),
    (("No matching distribution",), "no version of them fits this Python"),
)  # fmt: skip
"""What pip writes, and what it means; the first that is found counts."""


def failure_reason(pip_log: str) -> str:
    """Why pip failed, as the second half of a sentence."""
    found = (reason for signs, reason in _REASONS if any(sign in pip_log for sign in signs))
    return next(found, "pip ended with an error, see the log")


def _requirements() -> list[Requirement]:
    package = Path(__file__).resolve().parent
    beside, inside = package.parent / "Resources", package / "Resources"  # in Slicer, and installed by pip
    lines = ((beside if beside.is_dir() else inside) / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [_requirement(line) for line in lines if line.strip() and not line.startswith("#")]


def _requirement(line: str) -> Requirement:
    from packaging.requirements import Requirement

    return Requirement(line)


def _satisfied(wanted: Requirement) -> bool:
    try:
        return wanted.specifier.contains(version(wanted.name), prereleases=True)
    except PackageNotFoundError:
        return False
