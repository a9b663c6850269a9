"""The bytes of a known export as a stream: a file as it is, or the one file of a zip that holds the data.

Nothing is ever taken out of a zip onto the disk, so the names in it lead nowhere.
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from vault.importers.source import File

CHUNK: Final = 2**18
HEAD: Final = 2**16
LARGEST_STREAM: Final = 8 * 2**30
"""An Apple Health export of many years is a few GB; a zip that claims more is a bomb."""
LARGEST_TEXT: Final = 128 * 2**20
_MOST_PACKED: Final = 250
_LARGEST_DIRECTORY: Final = 32 * 2**20
_MOST_LOOKED_AT: Final = 64
_TEXTS: Final = (".xml", ".json", ".csv", ".txt", ".mbox", ".vcf", ".ics")
_ZIP_END, _ZIP64_END = b"PK\x05\x06", b"PK\x06\x06"
Progress = Callable[[int, int], None]


def digest_of_path(path: Path) -> bytes:
    """The SHA-256 of a file's bytes, a chunk at a time."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()


def head_of(path: Path) -> bytes:
    """The first bytes of a file."""
    with path.open("rb") as stream:
        return stream.read(HEAD)


def chunks(file: File, progress: Progress) -> Iterator[bytes]:
    """The bytes of the export in pieces; raises Unreadable for a zip that is damaged, locked or a bomb."""
    with opened(file) as (stream, size):
        done = 0
        while piece := _read(file, stream, CHUNK):
            done += len(piece)
            if done > LARGEST_STREAM:
                raise file.unreadable(f"it is larger than {LARGEST_STREAM // 2**30} GiB")
            progress(done, max(size, done))
            yield piece


def whole(file: File, progress: Progress) -> bytes:
    """All bytes of an export that is read at once; raises Unreadable for one that is too large for that."""
    pieces: list[bytes] = []
    size = 0
    for piece in chunks(file, progress):
        size += len(piece)
        if size > LARGEST_TEXT:
            raise file.unreadable(f"it is larger than {LARGEST_TEXT // 2**20} MiB; split it")
        pieces.append(piece)
    return b"".join(pieces)


@contextmanager
def opened(file: File) -> Iterator[tuple[IO[bytes], int]]:
    """The stream of the export and how many bytes it has."""
    assert file.path is not None  # only known exports are read as streams
    if not file.member:
        with file.path.open("rb") as stream:
            yield stream, file.path.stat().st_size
        return
    with _zip(file) as archive:
        one = archive.getinfo(file.member)
        _check_member(file, one)
        with archive.open(one) as stream:
            yield stream, one.file_size


def member_heads(file: File) -> Iterator[tuple[str, bytes]]:
    """The largest texts of a zip with their first bytes; raises Unreadable as `chunks` does."""
    with _zip(file) as archive:
        found = [one for one in archive.infolist() if one.filename.lower().endswith(_TEXTS)]
        for one in sorted(found, key=_place)[:_MOST_LOOKED_AT]:
            _check_member(file, one)
            with archive.open(one) as stream:
                yield one.filename, _read(file, stream, HEAD)


def _place(one: zipfile.ZipInfo) -> tuple[bool, int]:
    """The largest first; cards and dates last, because a chat holds those that were sent in it."""
    return one.filename.lower().endswith((".vcf", ".ics")), -one.file_size


def _check_member(file: File, one: zipfile.ZipInfo) -> None:
    if one.flag_bits & 1:
        raise file.unreadable("it is a zip file with a password; take the file out of it first")
    if one.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise file.unreadable("it is a zip file packed as no export is; take the file out of it first")
    if one.file_size > LARGEST_STREAM or one.file_size > 2**20 + _MOST_PACKED * one.compress_size:
        raise file.unreadable("it is a zip file that unpacks to far more than an export does")


@contextmanager
def _zip(file: File) -> Iterator[zipfile.ZipFile]:
    assert file.path is not None
    try:
        _check_directory(file, file.path)
        with zipfile.ZipFile(file.path) as archive:
            yield archive
    except (
        zipfile.BadZipFile,
        NotImplementedError,
        struct.error,
        EOFError,
        RuntimeError,
        UnicodeError,
        KeyError,
    ) as error:
        raise file.unreadable("it is a damaged zip file") from error


def _check_directory(file: File, path: Path) -> None:
    """The list of files of a zip is read at once: one that is too long would fill the memory."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        stream.seek(max(0, size - HEAD - 22 - 76))
        tail = stream.read()
    at = tail.rfind(_ZIP_END)
    if at < 0 or len(tail) < at + 22:
        raise file.unreadable("it is a zip file that ends in the middle")
    length = struct.unpack_from("<L", tail, at + 12)[0]
    large = tail.rfind(_ZIP64_END, 0, at)
    if length == 2**32 - 1 and large >= 0:
        length = struct.unpack_from("<Q", tail, large + 40)[0]
    if length > _LARGEST_DIRECTORY:
        raise file.unreadable("it is a zip file of too many files")


def _read(file: File, stream: IO[bytes], size: int) -> bytes:
    try:
        return stream.read(size)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise file.unreadable("it is a damaged zip file") from error
    except OSError as error:
        raise file.unreadable("this user cannot read it") from error
