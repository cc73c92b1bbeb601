"""A proposal as the mapping file a department reads, completes and publishes with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from databus.contract.catalogue import Contract
from databus.contract.entries import Entry
from databus.department.suggest.proposing import Proposal, Source
from databus.department.suggest.sampled import Sampled

PARTS = ("subject", "envelope")


def written(proposal: Proposal, sample: Sampled, entry: Entry | None, contract: Contract) -> str:
    """The YAML. What is open stands under `questions`; as long as one stands there the file is not taken as a mapping."""
    kind, sources = proposal.record_type, proposal.sources
    lines = [f"type: {kind.name}", f"entry: {entry.code if entry else _entries(kind.entries)}", "system: file"]
    if proposal.absent:
        lines.append(f"absent: {_flow(sorted(proposal.absent))}")
    for part in PARTS:
        lines += _part(part, _beside(proposal, part, sample, contract))
    lines += _part("payload", {name: (_options(source), source.why) for name, source in sources.items() if "." not in name})
    missing = [name for name in (entry.required if entry else ()) if name not in sources and "." not in name]
    if missing:
        lines.append(f"# Required by the entry, and no column of the file: {', '.join(missing)}")
    return "\n".join([*lines, *_questions(proposal)]) + "\n"


def _entries(entries: Sequence[Entry]) -> str:
    return f"null  # which one? {', '.join(f'{one.code} ({one.zh}, {one.department})' for one in entries)}"


def _part(name: str, fields: Mapping[str, tuple[Any, str]]) -> Iterator[str]:
    if fields:
        yield f"{name}:"
        for field, (value, why) in fields.items():
            yield f"  {field}: {_flow(value)}" + (f"  # {why}" if why else "")


def _flow(value: Any) -> str:
    told = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=1 << 20, sort_keys=False)
    return told.removesuffix("\n").removesuffix("\n...")


def _options(source: Source) -> dict[str, Any]:
    return {"from": source.column, **source.options}


def _beside(proposal: Proposal, part: str, sample: Sampled, contract: Contract) -> dict[str, tuple[Any, str]]:
    """What a row says of its subject or its envelope: as the type tells, from the columns that fill the fields it names."""
    found: dict[str, tuple[Any, str]] = {}
    for name, told in proposal.record_type.row.get(part, {}).items():
        if not isinstance(told, dict):
            found[name] = told, ""
        elif told["from"] in proposal.sources:
            source = proposal.sources[told["from"]]
            more = {option: value for option, value in told.items() if option != "from"}
            if "words" in more:
                more["words"] = {**_words(source, told["from"], more["words"], proposal, sample, contract), **more["words"]}
            found[name] = {**_options(source), **more}, ""
    own = {name.removeprefix(f"{part}."): source for name, source in proposal.sources.items() if name.startswith(f"{part}.")}
    return {**found, **{name: (_options(source), source.why) for name, source in own.items()}}


def _words(source: Source, field: str, words: Mapping[str, Any], proposal: Proposal, sample: Sampled, contract: Contract) -> dict[str, Any]:
    """The file's own words for the codes that the type's words are about."""
    listed = proposal.record_type.fields[field].code
    column = next(one for one in sample.columns if one.name == source.column)
    if listed is None:
        return {}
    codes = {text: contract.codes.find(listed, text) for text in column.values if text not in words}
    return {text: words[code] for text, code in codes.items() if code is not None and code in words}


def _questions(proposal: Proposal) -> Iterator[str]:
    if not proposal.questions:
        return
    yield "# Nothing is published by this file as long as a question stands here. Answer each by a line above, or leave the column out,"
    yield "# and remove it."
    yield "questions:"
    for question in proposal.questions:
        yield f"  - column: {_flow(question.column)}"
        yield f"    asks: {_flow(question.asks)}"
        if question.choices:
            yield "    likely:"
            yield from (f"      - {name}: {_flow(_options(source))}" for name, source in question.choices)
