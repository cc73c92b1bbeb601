"""Avro with Confluent framing: a zero byte, the schema id (4 bytes, big endian), the body."""

from __future__ import annotations

import io
import json
import struct
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from decimal import DecimalException
from functools import cached_property, partial
from operator import attrgetter
from typing import Any, TypeVar, cast

import fastavro

from databus.contract.compiling import Unsure
from databus.contract.decimals import Amounts, amounts_of, restore
from databus.contract.reading import Read, reader_of
from databus.contract.shapes import Makes, noun_of
from databus.contract.writing import DOUBTS, Write, writer_of
from databus.errors import Undecodable, UnknownSchema

Made = TypeVar("Made")

Places = tuple[tuple[str, str], ...]

MAGIC = b"\x00"
HEAD = 5
# What fastavro raises on bytes that do not follow the schema; it has no error class of its own for them.
_BROKEN = (EOFError, ValueError, TypeError, LookupError, OverflowError, ArithmeticError, DecimalException, struct.error, MemoryError)


@dataclass(frozen=True)
class _Known:
    """A schema; what reads and writes it is made when first asked for, as no process needs that of all."""

    schema_id: int
    full_name: str
    schema: Any
    parsed: Any
    readable: Any
    amounts: Amounts
    head: bytes

    @cached_property
    def write(self) -> Write | None:
        return _made(writer_of, self.schema)

    @cached_property
    def read(self) -> Read | None:
        return _made(reader_of, self.schema)


class Codec:
    """Encodes and decodes by schema id.

    `texts` maps ids to self-contained schema texts, as the registry or the checkout gives them; `refresh` asks for them
    again when an id is unknown, at most once in `rest` seconds, so that made-up ids cannot keep it busy.
    """

    def __init__(self, texts: Mapping[int, str], refresh: Callable[[], Mapping[int, str]] | None = None, *, rest: float = 1.0) -> None:
        self._refresh = refresh
        self._rest = rest
        self._asked = -rest
        self._ids: dict[int, _Known] = {}
        self._names: dict[str, _Known] = {}
        self._nouns: dict[tuple[int, Places], Write | None] = {}
        self._noun_readers: dict[tuple[int, type], Read | None] = {}
        self._learn(texts)

    def _learn(self, texts: Mapping[int, str]) -> None:
        for schema_id in sorted(texts.keys() - self._ids.keys()):
            schema = json.loads(texts[schema_id])
            plain, amounts = amounts_of(schema)
            parsed = fastavro.parse_schema(schema)
            assert isinstance(parsed, dict)
            head = MAGIC + schema_id.to_bytes(4, "big")
            known = _Known(schema_id, parsed["name"], schema, parsed, fastavro.parse_schema(plain), amounts, head)
            self._ids[schema_id] = known
            self._names[known.full_name] = known

    @property
    def names(self) -> frozenset[str]:
        """Full names of the schemas this codec knows."""
        return frozenset(self._names)

    def schema_id(self, full_name: str) -> int:
        """Id of the latest version of a schema.

        Raises:
            UnknownSchema: no schema of that name.
        """
        return self._named(full_name).schema_id

    def _ask(self) -> None:
        now = time.monotonic()
        if self._refresh is not None and now - self._asked >= self._rest:
            self._learn(self._refresh())
            self._asked = time.monotonic()

    def _named(self, full_name: str) -> _Known:
        known = self._names.get(full_name)
        if known is None:
            self._ask()
            known = self._names.get(full_name)
        if known is None:
            raise UnknownSchema(f"no schema is named {full_name}", name=full_name)
        return known

    def _identified(self, schema_id: int) -> _Known:
        known = self._ids.get(schema_id)
        if known is None:
            self._ask()
            known = self._ids.get(schema_id)
        if known is None:
            raise UnknownSchema(f"schema id {schema_id} is not registered", schema_id=schema_id)
        return known

    def name(self, data: bytes) -> str:
        """The full name of the schema of a framed value, without decoding it.

        Raises:
            Undecodable: not framed.
            UnknownSchema: the id is not registered.
        """
        if len(data) < HEAD or data[:1] != MAGIC:
            raise Undecodable("the value does not begin with a schema id", size=len(data))
        return self._identified(int.from_bytes(data[1:HEAD], "big")).full_name

    def decode(self, data: bytes) -> tuple[str, dict[str, Any]]:
        """The full name of the schema and the value, in the shape of the latest version of that schema.

        Raises:
            Undecodable: not framed, or the body is not what the schema says to its last byte.
            UnknownSchema: the id is not registered.
        """
        if len(data) < HEAD or data[:1] != MAGIC:
            raise Undecodable("the value does not begin with a schema id", size=len(data))
        writer = self._identified(int.from_bytes(data[1:HEAD], "big"))
        latest = self._names[writer.full_name]
        value = _by_hand(writer.read, data) if latest is writer else None
        if value is None:
            value = _by_fastavro(writer, latest, data)
            restore(value, latest.amounts)
        return writer.full_name, value

    def decode_noun(self, full_name: str, noun: type[Made], data: bytes, makes: Makes = ()) -> Made:
        """The same as an instance of a dataclass whose fields the schema has; those in it likewise. `makes` are as for `noun_of`.

        Raises:
            Undecodable: also where the bytes are of another schema, or say what the noun cannot.
            UnknownSchema: the id is not registered.
        """
        known = self._named(full_name)
        made = known.schema_id, noun
        if made not in self._noun_readers:
            self._noun_readers[made] = _made(partial(reader_of, noun=noun, makes=makes), known.schema)
        value = _by_hand(self._noun_readers[made], data) if data.startswith(known.head) else None
        if value is not None:
            return cast(Made, value)
        name, told = self.decode(data)
        if name != full_name:
            raise Undecodable(f"expected a {full_name}, found a {name}", expected=full_name, found=name)
        try:
            return noun_of(noun, told, makes)
        except (LookupError, ValueError) as error:
            raise Undecodable(f"what a {full_name} says is unknown here: {error}", name=full_name) from error

    def encode(self, full_name: str, value: Mapping[str, Any]) -> bytes:
        """The framed value under the latest version of its schema.

        Raises:
            Undecodable: the value does not fit the schema.
            UnknownSchema: no schema of that name.
        """
        known = self._named(full_name)
        written = _written_by_hand(known.write, value)
        return known.head + written if written is not None else _written_by_fastavro(known, value)

    def encode_noun(self, full_name: str, noun: Any, places: Places = ()) -> bytes:
        """The same of a dataclass instance with an attribute for each field of the schema; those in it likewise.

        `places` are fields with the attributes, dotted, under which those lie that have another name.

        Raises:
            Undecodable: the value does not fit the schema.
            UnknownSchema: no schema of that name.
        """
        known = self._named(full_name)
        made = known.schema_id, places
        if made not in self._nouns:
            self._nouns[made] = _made(partial(writer_of, places=dict(places)), known.schema)
        written = _written_by_hand(self._nouns[made], noun)
        if written is not None:
            return known.head + written
        return _written_by_fastavro(known, {**asdict(noun), **{name: attrgetter(place)(noun) for name, place in places}})


def _by_hand(read: Read | None, data: bytes) -> Any:
    """The value, None where it is left to fastavro."""
    if read is None:
        return None
    try:
        value, end = read(data, HEAD)
    except DOUBTS:
        return None
    return value if end == len(data) else None


def _written_by_hand(write: Write | None, value: Any) -> bytes | None:
    try:
        return None if write is None else write(value)
    except DOUBTS:
        return None


def _written_by_fastavro(known: _Known, value: Mapping[str, Any]) -> bytes:
    body = io.BytesIO(known.head)
    body.seek(HEAD)
    try:
        fastavro.schemaless_writer(body, known.parsed, value)
    except _BROKEN as error:
        raise Undecodable(f"the value does not fit {known.full_name}: {error}", name=known.full_name) from error
    return body.getvalue()


def _by_fastavro(writer: _Known, latest: _Known, data: bytes) -> dict[str, Any]:
    body = io.BytesIO(data[HEAD:])
    try:
        value = fastavro.schemaless_reader(body, writer.readable, None if latest is writer else latest.readable)
    except _BROKEN as error:
        raise Undecodable(f"the body is not a {writer.full_name}", schema_id=writer.schema_id) from error
    if body.tell() != len(data) - HEAD or not isinstance(value, dict):
        raise Undecodable(f"bytes are left behind the {writer.full_name}", schema_id=writer.schema_id)
    return value


def _made(maker: Callable[[Any], Made], schema: Any) -> Made | None:
    """Written or read by hand where contracts have such a schema, else by fastavro alone."""
    try:
        return maker(schema)
    except Unsure:
        return None
