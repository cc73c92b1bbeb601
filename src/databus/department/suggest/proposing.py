"""The proposal: a source for each field that is beyond doubt, and a question for each column that is not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from databus.contract.catalogue import Contract, RecordType
from databus.department.cells import ENVELOPE, SUBJECT
from databus.department.suggest.headers import Index, Named
from databus.department.suggest.sampled import Column, Sampled
from databus.department.suggest.values import NEARLY_ALL, Fit, fit, names_currency

_LIKELY = 5
_BELIEVED = 0.8
"""Share of its cells that must fit a field whose very name a column bears; the rest are the department's errors."""

_AHEAD = 0.08
"""By so much a name must be liker than the next one's."""


@dataclass(frozen=True, slots=True)
class Source:
    """A column for a field, with its options and the reason."""

    column: str
    options: Mapping[str, Any]
    why: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a column leaves open, and what may be meant: fields with their sources."""

    column: str
    asks: str
    choices: tuple[tuple[str, Source], ...]


@dataclass(slots=True)
class Proposal:
    """Sources by field (`subject.…` and `envelope.…` beside the payload's), and questions in the file's order."""

    record_type: RecordType
    absent: frozenset[str]
    sources: dict[str, Source] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)


Claim = tuple[str, Source, Fit]
"""A column's field, and how it fits."""


def propose(sample: Sampled, record_type: RecordType, contract: Contract) -> Proposal:
    """The proposal for a file of a type."""
    proposal = Proposal(record_type, sample.absent)
    index, claims = Index(record_type), defaultdict[str, list[tuple[Column, Claim]]](list)
    own = {*(f"subject.{name}" for name in SUBJECT), *(f"envelope.{name}" for name in ENVELOPE)}
    doubtful: dict[str, Question] = {}
    for column in sample.columns:
        if column.name in own:
            proposal.sources[column.name] = Source(column.name, {}, "the contract's own name")
            continue
        found = _settled(column, index.meant(column.name), record_type, contract)
        if isinstance(found, Question):
            doubtful[column.name] = found
        else:
            claims[found[0]].append((column, found))
    for claimed in claims.values():
        _take(proposal, claimed, doubtful)
    _currencies(proposal, sample, contract)
    proposal.questions = [doubtful[column.name] for column in sample.columns if column.name in doubtful]
    return proposal


def _settled(column: Column, named: tuple[Named, ...], record_type: RecordType, contract: Contract) -> Claim | Question:
    claims = [_claim(column, one, fit(column, record_type.fields[one.field], record_type, contract.codes, one.options)) for one in named]
    fitting = [claim for claim in claims if claim[2].share >= _BELIEVED]
    if named and named[0].exact:
        if len(fitting) == 1:
            return fitting[0]
        asks = "its name may mean each of these fields" if fitting else f"its name means {named[0].field}, but {_misfit(claims[0][2])}"
        return Question(column.name, f"which field is it? {asks}", _choices(claims))
    like = {one.field: one.likeness for one in named}
    telling = [claim for claim in fitting if claim[2].telling and claim[2].share >= NEARLY_ALL]
    if telling and (len(telling) == 1 or like[telling[0][0]] - like[telling[1][0]] >= _AHEAD):
        return telling[0]
    likely = fitting or list(_by_values(column, record_type, contract))
    asks = "its name is like these fields'" if fitting else "its values fit these fields" if likely else "no field has a name like it"
    return Question(column.name, f"which field is it? {asks}", _choices(likely[:_LIKELY]))


def _misfit(how: Fit) -> str:
    return f"{1 - how.share:.0%} of its cells do not fit, such as {', '.join(text[:20] for text in how.wrong[:3])}"


def _claim(column: Column, named: Named, how: Fit) -> Claim:
    by = "by its name" if named.exact else "by a name like it and its values"
    told = f"{'all' if not how.wrong else f'{how.share:.1%}'} of {column.filled:,} cells fit" if column.filled else "it is empty"
    return named.field, Source(column.name, {**named.options, **how.options}, f"{by}; {told}"), how


def _choices(claims: Iterable[Claim]) -> tuple[tuple[str, Source], ...]:
    return tuple((name, replace(source, options={**source.options, **way})) for name, source, how in claims for way in (how.ways or ({},)))


def _by_values(column: Column, record_type: RecordType, contract: Contract) -> Iterator[Claim]:
    if not column.values:
        return
    for chosen in record_type.fields.values():
        how = fit(column, chosen, record_type, contract.codes, {})
        if how.telling and how.share >= NEARLY_ALL:
            yield _claim(column, Named(chosen.name, {}, False, 0.0), how)


def _take(proposal: Proposal, claimed: list[tuple[Column, Claim]], doubtful: dict[str, Question]) -> None:
    filled = [one for one in claimed if one[0].filled] or claimed
    if len(filled) > 1:
        for column, claim in filled:
            others = ", ".join(other.name for other, _ in filled if other is not column)
            doubtful[column.name] = Question(column.name, f"is it {claim[0]}, or is {others}?", _choices([claim]))
        return
    ((column, claim),) = filled
    name, source, how = claim
    if how.open:
        doubtful[column.name] = Question(column.name, f"it is {name}; {how.open}", _choices([claim]))
    else:
        proposal.sources[name] = source


def answer(proposal: Proposal, question: Question, name: str, source: Source | None, sample: Sampled, contract: Contract) -> str:
    """Settle a question: the column is field `name` by `source`, or by what its values need. What is wrong with that, if anything."""
    if name not in proposal.record_type.fields:
        return f"{proposal.record_type.name} has no field {name}"
    if name in proposal.sources:
        return f"{name} comes from {proposal.sources[name].column} already"
    if source is None:
        column = next(one for one in sample.columns if one.name == question.column)
        claim = _claim(
            column, Named(name, {}, True, 1.0), fit(column, proposal.record_type.fields[name], proposal.record_type, contract.codes, {})
        )
        if claim[2].open:
            return claim[2].open
        source = claim[1]
    proposal.sources[name] = replace(source, why="as answered")
    proposal.questions.remove(question)
    return ""


def _currencies(proposal: Proposal, sample: Sampled, contract: Contract) -> None:
    """A sum that names its currency fills the field of the currency too, where no column of its own does."""
    columns = {column.name: column for column in sample.columns}
    sums = [source.column for source in proposal.sources.values() if "amount" in source.options]
    for chosen in proposal.record_type.fields.values():
        if chosen.code == "currency" and chosen.name not in proposal.sources:
            found = next((name for name in sums if names_currency(columns[name], chosen, contract.codes)), None)
            if found is not None:
                options = {"currency": {"currencies": chosen.code}}
                proposal.sources[chosen.name] = Source(found, options, "the currency that its sums name")
