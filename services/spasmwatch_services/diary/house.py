"""Everything the pages work with, wired once."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from argon2 import PasswordHasher

from spasmwatch.adapters.acknowledge_links import LinkRedeemer
from spasmwatch.domain.advice import Advice
from spasmwatch.domain.topics import Topics
from spasmwatch.ports import Bus, Clock, Outbox, Push, Store
from spasmwatch.settings import Settings
from spasmwatch_services.diary.access import Guard
from spasmwatch_services.diary.accounts import Accounts
from spasmwatch_services.diary.clumping import Clumping
from spasmwatch_services.diary.database import Database
from spasmwatch_services.diary.entries import Entries
from spasmwatch_services.diary.history import History
from spasmwatch_services.diary.limits import Limit, WrongPasswords
from spasmwatch_services.diary.live import Live
from spasmwatch_services.diary.outlines import Outlines
from spasmwatch_services.diary.pictures import Pictures
from spasmwatch_services.diary.preferences import Preferences
from spasmwatch_services.diary.push_test import PushTests
from spasmwatch_services.diary.render import Renderer
from spasmwatch_services.diary.told import Told
from spasmwatch_services.diary.trail import Trail
from spasmwatch_services.diary.treated import Treatments
from spasmwatch_services.diary.words import Words


@dataclass(frozen=True)
class House:
    """Handed to every page."""

    settings: Settings
    topics: Topics
    clock: Clock
    bus: Bus
    outbox: Outbox
    accounts: Accounts
    preferences: Preferences
    trail: Trail
    live: Live
    history: History
    treatments: Treatments
    entries: Entries
    advice: Advice
    words: Words
    guard: Guard
    render: Renderer
    pictures: Pictures
    outlines: Outlines
    writes: Limit
    knocks: Limit
    passwords: WrongPasswords
    redeemer: LinkRedeemer
    push_tests: PushTests
    told: Told
    clumping: Clumping


def furnish(
    settings: Settings, topics: Topics, bus: Bus, outbox: Outbox, open_store: Callable[[], Store],
    database: Database, redeemer: LinkRedeemer, make_push: Callable[[], Push], clock: Clock,
    hasher: PasswordHasher | None = None, monotonic: Callable[[], float] = time.monotonic,
) -> House:  # fmt: skip
    """A house with everything in it."""
    live = Live(bus, topics, clock)
    history = History(open_store, settings.home, live)
    preferences = Preferences(database)
    accounts = Accounts(database, clock, hasher)
    words = Words(settings.diary.language)
    told = Told(settings.alerts, preferences, bus, topics, clock)
    treatments = Treatments(bus, topics, history, clock)
    return House(
        settings=settings,
        topics=topics,
        clock=clock,
        bus=bus,
        outbox=outbox,
        accounts=accounts,
        preferences=preferences,
        trail=Trail(database, clock),
        live=live,
        history=history,
        treatments=treatments,
        entries=Entries(outbox, live, history, treatments, settings.home.person, clock),
        advice=settings.advice.read(),
        words=words,
        guard=Guard(accounts, preferences, open_house=settings.diary.open_on_loopback),
        render=Renderer(words, settings.home, clock, accounts),
        pictures=Pictures(),
        outlines=Outlines(settings.home.data / "traces"),
        writes=Limit(burst=60, per_minute=120, monotonic=monotonic),
        knocks=Limit(burst=20, per_minute=20, monotonic=monotonic),
        passwords=WrongPasswords(monotonic),
        redeemer=redeemer,
        push_tests=PushTests(settings, clock, words, make_push, told),
        told=told,
        clumping=Clumping(history, settings.home.zone),
    )
