"""Weights from the internet: only what was named is downloaded, and only files with the right SHA-256 are used."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit

from ..errors import NetworkError, WeightsError
from .cards import ModelCard, read_card
from .store import LARGEST_FILE, add, add_released

_TIMEOUT_S = 30
_LARGEST_CARD = 1_000_000
_WAY_OUT = "get the files by other means and add them from this computer"


def check_address(url: str, sha256: str) -> str:
    """The checksum in small letters, if both can be used.

    Raises
    ------
    WeightsError
        If the address is not an https address of a file of weights, or the checksum is not a SHA-256.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise WeightsError(f"{url} is not a valid URL; copy it from the download page.") from error
    if parts.scheme != "https" or not parts.hostname:
        raise WeightsError("The URL must begin with https://, so that nobody can replace the file on its way.")
    if _kind(url) not in (".json", ".safetensors", ".pth"):
        raise WeightsError("The URL must point to a model card (.json), .safetensors or .pth file.")
    if not re.fullmatch(r"[0-9a-fA-F]{64}", sha256.strip()):
        raise WeightsError("The SHA-256 must have 64 hexadecimal digits; copy it from the download page.")
    return sha256.strip().lower()


def add_from_url(url: str, sha256: str) -> ModelCard:
    """Download weights and add them.

    Parameters
    ----------
    url
        https address of a model card (weights next to it), of a .safetensors file (its card next to it under
        the same name), or of a checkpoint that the authors released (.pth).
    sha256
        Of the file at that address.

    Raises
    ------
    WeightsError, NetworkError
        If it is not the file that was meant or anything is wrong with it, or if it cannot be reached; nothing has
        changed then.
    """
    sha256 = check_address(url, sha256)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if is_checkpoint(url):
            return add_released(_download(url, folder / "checkpoint.pth", sha256))
        if _kind(url) == ".json":
            card = read_card(_download(url, folder / "card.json", sha256, _LARGEST_CARD))
        else:
            beside = urlsplit(url)._replace(query="", fragment="").geturl().removesuffix(".safetensors") + ".json"
            card = read_card(_download(beside, folder / "card.json", None, _LARGEST_CARD))
            if card.sha256 != sha256:
                raise WeightsError("The model card next to the weights belongs to other weights; give the card's URL.")
        for file, checksum in ((card.weights_file, card.sha256), (card.domain_file, card.domain_sha256)):
            if file is not None:
                address = url if checksum == sha256 else urljoin(url, quote(file))
                _download(address, folder / file, check_address(address, checksum or ""))
        return add(card.path)


def is_checkpoint(url: str) -> bool:
    """Whether the file at an address can only be a checkpoint of the authors, which is under their licence."""
    return _kind(url) == ".pth"


def _kind(url: str) -> str:
    return Path(unquote(urlsplit(url).path)).suffix.lower()


def _download(url: str, path: Path, sha256: str | None, largest: int = LARGEST_FILE) -> Path:
    """Download one file; without a checksum, the caller must check its content."""
    import pooch
    from requests import exceptions

    def fetch(url: str, output: str, keeper: Any) -> None:
        with _Limited(output, largest) as file:
            pooch.HTTPDownloader(timeout=_TIMEOUT_S, hooks={"response": _stay_on_https})(url, file, keeper)

    pooch.get_logger().setLevel("ERROR")
    try:
        known = f"sha256:{sha256}" if sha256 else None
        pooch.retrieve(url, known, fname=path.name, path=path.parent, downloader=fetch)
    except exceptions.HTTPError as error:
        raise WeightsError(
            f"{url} is not available (the server says {error.response.status_code}); {_WAY_OUT}."
        ) from error
    except exceptions.ProxyError as error:
        raise NetworkError(f"The proxy did not let {url} through; {_WAY_OUT}.") from error
    except exceptions.SSLError as error:
        raise NetworkError(f"The certificate of {url} is not trusted here; {_WAY_OUT}.") from error
    except exceptions.Timeout as error:
        raise NetworkError(f"{url} does not answer; try later, or {_WAY_OUT}.") from error
    except exceptions.RequestException as error:
        raise NetworkError(f"{url} cannot be reached (perhaps without internet access); {_WAY_OUT}.") from error
    except ValueError as error:
        raise WeightsError(
            f"{url} is not the expected file: its SHA-256 differs; nothing was added. Check the URL and the checksum."
        ) from error
    except OSError as error:
        raise WeightsError(
            f"The download cannot be stored ({error.strerror or error}); make room on the disk."
        ) from error
    return path


def _stay_on_https(response: Any, **_: object) -> None:
    target = response.headers.get("location", "")
    if response.is_redirect and urlsplit(urljoin(response.url, target)).scheme != "https":
        raise WeightsError(f"{response.url} redirects to an address without https; {_WAY_OUT}.")


class _Limited:
    """A file to write that refuses to grow without end."""

    def __init__(self, path: str, largest: int) -> None:
        self._file = Path(path).open("wb")  # noqa: SIM115
        self._left = largest

    def __enter__(self) -> _Limited:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()

    def write(self, content: bytes) -> int:
        self._left -= len(content)
        if self._left < 0:
            raise WeightsError("The file at that URL is too large to be weights for this program; nothing was added.")
        return self._file.write(content)

    def flush(self) -> None:
        self._file.flush()
