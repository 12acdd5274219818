"""Official archives that can be downloaded, each checked by the checksum that is known for it, and unpacked."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import zipfile
import zlib
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from hashbench.contracts.run import Progress
from hashbench.errors import UnknownName, UserError

CHUNK = 1 << 20


@dataclass(frozen=True)
class Archive:
    """One file to download."""

    url: str
    md5: str
    """Empty where none is published."""

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]


ARCHIVES = {
    "cifar10": (Archive("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a"),),
    "voc2012": (
        Archive("http://host.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar", "6cd6e144f989b92b3379bac3b3de84fd"),
    ),
    "flickr25k": (
        Archive("http://press.liacs.nl/mirflickr/mirflickr25k.v3b/mirflickr25k.zip", "a23d0a8564ee84cda5622a6c2f947785"),
        Archive(
            "http://press.liacs.nl/mirflickr/mirflickr25k.v3b/mirflickr25k_annotations_v080.zip", "aa0138c79892b1b670184d142380948f"
        ),
    ),
    "mscoco": (
        Archive("http://images.cocodataset.org/zips/train2014.zip", "0da8c0bd3d6becc4dcb32757491aca88"),
        Archive("http://images.cocodataset.org/zips/val2014.zip", "a3d79f5ed8d289b7a7554ce06a5782b3"),
        Archive("http://images.cocodataset.org/annotations/annotations_trainval2014.zip", ""),
    ),
}
UNPACKED_INTO = {"mirflickr25k_annotations_v080.zip": "mirflickr25k_annotations_v080"}
"""Archives whose files have no folder of their own."""
ON_REQUEST = {
    "nuswide": "NUS-WIDE's images are given on request: ask at "
    "https://lms.comp.nus.edu.sg/wp-content/uploads/2019/research/nuswide/NUS-WIDE.html, unpack Groundtruth and ImageList beside "
    "the images (Flickr/ or images/), and give that folder with --data.",
    "lists": "'lists' reads images of your own: give their folder with --data.",
    "shapes": "'shapes' is drawn, not downloaded: run hashbench run --dataset shapes.",
}


def archives_of(name: str) -> tuple[Archive, ...]:
    """Raises UnknownName for a dataset that is not offered."""
    if name not in ARCHIVES:
        raise UnknownName("dataset to fetch", name, ARCHIVES)
    return ARCHIVES[name]


def fetch_archive(archive: Archive, folder: Path, progress: Progress) -> str:
    """Download into `folder` and unpack there; returns the MD5.

    A partial download goes on where it stopped. Raises UserError where it can't be had, or is another file than published: that one
    is kept under the name `.wrong` and never unpacked.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"--data {folder} can't be made ({error.strerror}): give a folder.") from error
    whole, part = folder / archive.name, folder / f"{archive.name}.part"
    if not whole.is_file():
        try:
            _download(archive.url, part, progress)
        except (URLError, OSError, HTTPException) as error:
            raise UserError(
                f"{archive.url} could not be downloaded ({error}): run it again to go on, or put the file into {folder} yourself."
            ) from error
        part.rename(whole)
    with whole.open("rb") as stream:
        digest = hashlib.file_digest(stream, "md5").hexdigest()
    if archive.md5 and digest != archive.md5:
        whole.rename(folder / f"{archive.name}.wrong")
        raise UserError(f"{whole} has MD5 {digest}, not {archive.md5} as published: it was set aside; fetch it again.")
    into = folder / UNPACKED_INTO.get(archive.name, ".")
    try:
        if archive.name.endswith(".zip"):
            shutil.unpack_archive(whole, into)
        else:
            shutil.unpack_archive(whole, into, filter="data")
    except (OSError, ValueError, EOFError, shutil.ReadError, tarfile.TarError, zipfile.BadZipFile, zlib.error) as error:
        whole.rename(folder / f"{archive.name}.wrong")
        raise UserError(f"{whole} could not be unpacked ({error}): it was set aside; fetch it again.") from error
    return digest


def _download(url: str, part: Path, progress: Progress) -> None:
    have = part.stat().st_size if part.is_file() else 0
    request = Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urlopen(request, timeout=60)
    except HTTPError as error:
        if have and error.code == 416:  # it was whole already; the checksum tells
            return
        raise
    with answer:
        going_on = have and getattr(answer, "status", None) == 206
        length = int(answer.headers.get("Content-Length") or 0)
        chunks = iter(lambda: answer.read(CHUNK), b"")
        with part.open("ab" if going_on else "wb") as stream:
            for chunk in progress.track(chunks, f"downloading {part.stem} (MB)", -(-length // CHUNK) or None):
                stream.write(chunk)
        if length and part.stat().st_size != length + (have if going_on else 0):
            raise OSError(f"the connection ended after {part.stat().st_size} bytes")
