"""Clients at work on both engines, with whatever disturbs them."""

from random import Random

from engines.adversary import wrong
from engines.clients import Clients
from engines.world import TOPICS, World

from partita.schemas.commands import Command
from partita.schemas.orders import Tick
from partita.schemas.topics import ACCOUNT_COMMANDS, ORDERS


class Trading:
    """Clients at work on both engines."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.world, self.clients = World(random), Clients(random)
        self._send(self.clients.funding())

    def _send(self, commands: list[Command]) -> None:
        for shard, batch in self.clients.batches(commands):
            self.world.put(ACCOUNT_COMMANDS, shard, batch)

    def step(self, *, hostile: float = 0.0, dirt: float = 0.0, restarts: float = 0.0) -> None:
        """Do one thing."""
        random, log = self.random, self.world.log
        log.time_ms = max(1, log.time_ms + random.choice((0, 0, 1, 3, 700, -2)))
        if random.random() < 0.4:
            make = self.clients.hostile if random.random() < hostile else self.clients.command
            self._send([make(log.time_ms) for _ in range(random.choice((1, 1, 2, 5)))])
        if random.random() < 0.03:
            self.world.put(ORDERS, random.randrange(TOPICS[ORDERS]), Tick(b""))
        if random.random() < dirt:
            topic, at = random.choice(list(self.world.engines[0].positions))
            if random.random() < 0.1:
                self.world.skipped.add((topic, at, log.bounds(topic, at)[1]))
            self.world.put(topic, at, wrong(random, log, topic, at))
        if random.random() < restarts:
            one, two = random.sample(self.world.engines, 2)
            one.take_over(two, *random.choice(list(one.positions)))
        self.world.step()
