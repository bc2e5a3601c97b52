"""What the image watch makes of what it sees: which version is announced now, and why every other is not (R1, R26, R29, R50)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from fleetwright.domain.images import is_older, newest
from fleetwright.domain.publications import Publication
from fleetwright.domain.seen_images import (
    Candidate,
    Finding,
    FirstStop,
    Memory,
    Outlook,
    SeenVersion,
    Shelf,
    WatchTimes,
)


def choose_platform(image: str, first: FirstStop | None, shelves: Mapping[str, Shelf]) -> Candidate:
    """The newest version that every region of the first phase with fleets lists.

    A version that one of them lacks would pass the phase there without having proven anything.
    """
    if first is None:
        return Candidate(image, notes=("none of its fleets stands in a phase",))
    here = [shelves[region] for region in first.regions]
    listed = [frozenset(shelf.versions) for shelf in here if not shelf.problem]
    problems = tuple(f"{shelf.region} cannot be read: {shelf.problem}" for shelf in here if shelf.problem)
    everywhere = newest(tuple(frozenset.intersection(*listed))) if listed and not problems else None
    notes = problems or _still_missing(first, here, shelves.values(), everywhere or "")
    return Candidate(image, Publication(image, everywhere) if everywhere else None, notes)


def _still_missing(
    first: FirstStop, here: list[Shelf], shelves: Iterable[Shelf], everywhere: str
) -> tuple[str, ...]:
    """What is ahead somewhere, in the first phase or later, and which region of the first phase lacks it."""
    if not any(shelf.newest for shelf in here):
        return (f"no version is listed in {', '.join(first.regions)}",)
    ahead = newest(tuple(shelf.newest for shelf in shelves if shelf.newest)) or ""
    lacking = [shelf.region for shelf in here if ahead not in shelf.versions]
    if not lacking or not is_older(everywhere, ahead):
        return ()
    return (f"{ahead} waits until {', '.join(lacking)} lists it: {first.phase} has fleets there",)


def choose_gallery(image: str, shelf: Shelf) -> Candidate:
    """The newest version that has been replicated to the region and may be rolled out there (R26, R27)."""
    problem = (f"{shelf.region} cannot be read: {shelf.problem}",) if shelf.problem else ()
    found = Publication(image, shelf.newest, shelf.region) if shelf.newest else None
    return Candidate(image, found, (*problem, *shelf.passed), shelf.region)


def judge(candidate: Candidate, memory: Memory, times: WatchTimes, now: datetime) -> Finding:
    """Whether a version is announced now; it is said in words why not."""
    last = memory.announced(candidate)
    fresh = _judge_fresh(candidate, last, memory, (times, now))
    if fresh.outlook is Outlook.ANNOUNCE or last is None or last.confirmed_at is not None:
        return fresh
    return _judge_again(candidate, last, memory)


def _judge_fresh(
    candidate: Candidate, last: SeenVersion | None, memory: Memory, when: tuple[WatchTimes, datetime]
) -> Finding:
    publication, (times, now) = candidate.publication, when
    if publication is None:
        return _finding(candidate, Outlook.WAITS, "no version can be announced")
    if last is not None and not is_older(last.publication.version, publication.version):
        return _judge_announced(candidate, last, memory, (times, now))
    if quarantine := memory.why_quarantined(publication):
        return _finding(candidate, Outlook.WAITS, f"not announced: {quarantine}")
    row = memory.seen.get(publication)
    found = row.seen_at if row else now
    if (due := found + times.publication_delay) > now:
        words = f"{publication.version} waits until {_clock(due)}: found at {_clock(found)} (R29)"
        return _finding(candidate, Outlook.WAITS, words, due)
    return _finding(candidate, Outlook.ANNOUNCE, f"{publication.version} is announced", due)


def _judge_announced(
    candidate: Candidate, last: SeenVersion, memory: Memory, when: tuple[WatchTimes, datetime]
) -> Finding:
    """Nothing new; loud where the event has arrived and nobody has begun anything since, for Airflow drops events."""
    times, now = when
    since = f"{last.publication.version} was announced at {_clock(last.announced_at)}"
    arrived_at = last.confirmed_at or now
    if last.publication in memory.begun or now - arrived_at < times.cadence:
        return _finding(candidate, Outlook.NOTHING_NEW, f"nothing new: {since}")
    words = (
        f"{since}, and nobody has begun with it: was the DAG that listens paused or draining then?"
        f" Start it by hand with publication {last.publication.key}"
    )
    return _finding(candidate, Outlook.BLOCKED, words)


def _judge_again(candidate: Candidate, last: SeenVersion, memory: Memory) -> Finding:
    """What was announced, and never arrived: a crash came between."""
    again = replace(candidate, publication=last.publication)
    version = last.publication.version
    if quarantine := memory.why_quarantined(last.publication):
        return _finding(again, Outlook.WAITS, f"not announced: {quarantine}")
    words = f"{version} is announced again: what was announced at {_clock(last.announced_at)} never arrived"
    return _finding(again, Outlook.ANNOUNCE, words, last.announced_at)


def passed_over(publication: Publication, versions: Iterable[str], memory: Memory) -> tuple[Publication, ...]:
    """Versions between the newest that was seen before and this one: they came and went between two looks.

    None where nothing was seen before: what is older than the watch is nobody's news.
    """
    rows = [
        row.publication.version
        for row in memory.seen.values()
        if (row.publication.image, row.publication.region) == (publication.image, publication.region)
    ]
    known = newest(tuple(version for version in rows if version != publication.version))
    if known is None:
        return ()
    between = (v for v in versions if is_older(known, v) and is_older(v, publication.version))
    return tuple(Publication(publication.image, v, publication.region) for v in between)


def _finding(candidate: Candidate, outlook: Outlook, words: str, due: datetime | None = None) -> Finding:
    told = "; ".join((words, *candidate.notes))
    return Finding(candidate.image, outlook, told, candidate.publication, due, candidate.region)


def _clock(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC" if instant else "an unknown time"
