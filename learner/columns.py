"""The granted columns of a job, in one buffer that the learner maps without copying."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from mmap import mmap
from typing import TYPE_CHECKING, Any

from learner.job import Job
from learner.strict import Bytes, ProtocolError

if TYPE_CHECKING:  # a type alone, so that this stays within the standard library
    from typing_extensions import Buffer

MAX_ROWS = 100_000_000

_COLUMNS_HEAD = struct.Struct("<8sIIQ")
_COLUMNS_MAGIC = b"LBXCOLS1"
_ALIGNMENT = 64
_ITEM_SIZE = {"i": 4, "d": 8, "-": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnFrame:
    """The granted columns of a job, row by row in the same order; views into one buffer, nothing copied.

    ``unit`` int32: equal numbers are one privacy unit. A ``standard`` column is float64 with NaN for null, a
    ``onehot`` or ``classes`` column int32 codes with -1 for null or unknown. ``features[i]`` is None when
    feature i is not present. Views are 64-byte aligned and keep the buffer's writability, so that
    ``torch.frombuffer(view, dtype=…)`` shares the memory; with ``rows == 0`` every view is empty, which
    ``frombuffer`` refuses. Codes are not checked against the label counts here.
    """

    rows: int
    unit: memoryview
    features: tuple[memoryview[Any] | None, ...]
    label: memoryview[Any]

    @staticmethod
    def encode(job: Job, *, unit: Buffer, features: Sequence[Buffer | None], label: Buffer) -> bytearray:
        """Put the columns into one buffer, which the caller zeroes after use.

        Takes contiguous buffers of native numbers, such as arrays; raises ProtocolError when their number or a
        size does not fit the job.
        """
        codes = _column_codes(job)
        parts = [None if part is None else memoryview(part) for part in (unit, *features, label)]
        rows = memoryview(unit).nbytes // _ITEM_SIZE["i"]
        if len(parts) != len(codes) or rows > MAX_ROWS:
            raise ProtocolError("the columns are not those of the job")
        offsets, total = _column_offsets(codes, rows)
        data = bytearray(total)
        _COLUMNS_HEAD.pack_into(data, 0, _COLUMNS_MAGIC, len(codes), 0, rows)
        data[_COLUMNS_HEAD.size : _COLUMNS_HEAD.size + len(codes)] = codes.encode()
        for part, code, offset in zip(parts, codes, offsets, strict=True):
            if (part is None) != (code == "-") or (
                part is not None and part.nbytes != rows * _ITEM_SIZE[code]
            ):
                raise ProtocolError("a column does not have the size of its type")
            if part is not None and part.nbytes:
                data[offset : offset + part.nbytes] = part.cast("B")
        return data

    @classmethod
    def decode(cls, job: Job, data: Bytes | mmap) -> ColumnFrame:
        """Views into ``data``, which must outlive them; raises ProtocolError when it is not the job's."""
        codes, view = _column_codes(job), memoryview(data)
        if view.nbytes < _COLUMNS_HEAD.size + len(codes):
            raise ProtocolError("the column frame is cut off")
        magic, count, flags, rows = _COLUMNS_HEAD.unpack_from(view)
        named = bytes(view[_COLUMNS_HEAD.size : _COLUMNS_HEAD.size + len(codes)])
        if (magic, count, flags, named) != (_COLUMNS_MAGIC, len(codes), 0, codes.encode()) or rows > MAX_ROWS:
            raise ProtocolError("the columns are not those of the job")
        offsets, total = _column_offsets(codes, rows)
        if view.nbytes != total:
            raise ProtocolError("the column frame does not have its size")
        unit, *features, label = (
            _typed(view[offset : offset + rows * _ITEM_SIZE[code]], code)
            for code, offset in zip(codes, offsets, strict=True)
        )
        assert unit is not None  # only a feature can be absent
        assert label is not None
        return cls(rows=rows, unit=unit, features=tuple(features), label=label)


def _typed(view: memoryview, code: str) -> memoryview[Any] | None:
    match code:
        case "i":
            return view.cast("i")
        case "d":
            return view.cast("d")
        case _:
            return None


def _column_codes(job: Job) -> str:
    """One letter a column, as ``struct`` has them: i int32, d float64, - not granted."""
    kinds = (("d" if spec.kind == "standard" else "i") if spec.present else "-" for spec in job.features)
    return "i" + "".join(kinds) + ("i" if job.label.kind == "classes" else "d")


def _column_offsets(codes: str, rows: int) -> tuple[list[int], int]:
    end = _aligned(_COLUMNS_HEAD.size + len(codes))
    offsets = []
    for code in codes:
        offsets.append(end)
        end = _aligned(end + rows * _ITEM_SIZE[code])
    return offsets, end


def _aligned(offset: int) -> int:
    return -(-offset // _ALIGNMENT) * _ALIGNMENT
