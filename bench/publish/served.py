"""A server that publishes what is posted to it: the intake, or what an engineer writes who wants only this type in this topic.

python -m bench.publish.served ours|bare PORT
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import fastavro
import uvloop
from aiokafka import AIOKafkaProducer
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import FastAPI
from starlette.requests import Request

from bench.publish.bare import TYPE
from bench.publish.files import SECRET
from bench.publish.runs import DEPARTMENT, connection
from databus.access.signing import signing_key
from databus.bootstrap.parts import now, registered_codec
from databus.bus.journal import Journal
from databus.bus.registry import read
from databus.contract import catalogue
from databus.department import receipt, routes
from databus.department.http.intake import Intake
from databus.department.http.retractions import Retracting
from databus.department.receipt import Listed
from databus.errors import NotFound
from databus.model.disclosure import Caller, Role
from databus.settings import CHECKOUT
from databus.telemetry import serve, stop_signal
from databus.testing.replies import MemoryReplies
from databus.web.application import application
from databus.web.pages import load_pages

PATH = f"/v1/departments/{DEPARTMENT}/events"


async def ours() -> tuple[FastAPI, Journal]:
    """The intake's own route, without login; replies are kept in memory, since no request has a key."""
    here, key = connection(), ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    signing, journal = signing_key(pem, purpose="receipts"), Journal(here.address)
    await journal.start()

    async def caller(request: Request) -> Caller:
        return Caller(DEPARTMENT, Role.DEPARTMENT, DEPARTMENT)

    async def nothing(*asked: object) -> Any:
        raise NotFound("not measured")

    def unsigned(document: object) -> Any:
        raise NotFound("not measured")

    def sign(listed: Sequence[Listed], *, department: str, source_sha256: str) -> dict[str, Any]:
        told = receipt.statement(listed, issuer="bench", department=department, topic=here.topic, source_sha256=source_sha256, now=0)
        return receipt.sign(told, listed, signing)

    intake = Intake(
        contract=catalogue.load(CHECKOUT / "schemas"),
        codec=registered_codec(here.address),
        callers=caller,
        clock=now,
        inbox=journal,
        replies=MemoryReplies(),
        sign=sign,
        secret=lambda department: SECRET,
        foresee=nothing,
        prove=nothing,
    )
    road = routes.router(intake, reader=nothing, retracting=Retracting(intake, nothing, unsigned, nothing))
    return application([road], pages=load_pages(), title="bench", version="1", summary="bench"), journal


async def bare() -> tuple[FastAPI, AIOKafkaProducer]:
    """A bare handler doing the same send: one JSON document, one Avro record per event, one producer."""
    here = connection()
    schema_id, text = next(
        (number, text) for number, text in read(here.address).items() if json.loads(text)["name"] == TYPE.partition(".")[2]
    )
    schema, head = fastavro.parse_schema(json.loads(text)), b"\x00" + schema_id.to_bytes(4, "big")
    producer = AIOKafkaProducer(**here.address.client(), acks="all", enable_idempotence=True, linger_ms=2, max_batch_size=256 * 1024)
    await producer.start()
    app = FastAPI()

    @app.post(PATH, status_code=202)
    async def publish(request: Request) -> dict[str, int]:
        sent = []
        for number, event in enumerate((await request.json())["events"], start=1):
            body = io.BytesIO()
            body.write(head)
            fastavro.schemaless_writer(body, schema, record(event))
            headers = [
                ("databus-submission-id", event["envelope"]["submission_id"].encode()),
                ("databus-secrecy", b"NONE"),
                ("databus-row", b"%d" % number),
            ]
            sent.append(await producer.send(here.topic, body.getvalue(), key=event["key"].encode(), headers=headers))
        return {"accepted": len(await asyncio.gather(*sent))}

    return app, producer


def record(event: dict[str, Any]) -> dict[str, Any]:
    """One event as fastavro takes it."""
    payload = event["payload"]
    day, amount = payload["established_on"], payload["reg_capital_10k"]
    return {
        "envelope": event["envelope"],
        "payload": {
            **payload,
            "established_on": date.fromisoformat(day) if day else None,
            "reg_capital_10k": Decimal(amount) if amount else None,
        },
    }


async def main() -> None:
    """Serve until told to stop."""
    stop = stop_signal()
    app, producer = await (ours() if sys.argv[1] == "ours" else bare())
    try:
        await serve(app, port=int(sys.argv[2]), setting="PORT", stop=stop)
    finally:
        await producer.stop()


if __name__ == "__main__":
    uvloop.run(main())
