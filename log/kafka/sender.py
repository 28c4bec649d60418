"""The way out: a producer that fails as a whole once one record may not have arrived."""

from collections.abc import Callable

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from partita.log.kafka import settings
from partita.log.port import Outgoing
from partita.schemas.errors import DeliveryFailed

# How long to wait for room in a full queue before looking again.
_ROOM_WAIT_S = 0.005


class Sender:
    """Sends records in order; after the first failure every call raises DeliveryFailed."""

    def __init__(self, bootstrap: str) -> None:
        self._failed: str | None = None
        # What is not acknowledged yet, by how many barriers were drawn before it was sent. One
        # callback an age, not one a record: the callback runs for each record.
        self._ages: dict[int, list[int]] = {}
        self._age = 0
        self._on_delivery = self._next_age()
        self._producer = Producer(settings.producing(bootstrap) | {"error_cb": self._on_error})

    def _on_error(self, error: KafkaError) -> None:
        if error.fatal():
            self._failed = error.str()

    def _next_age(self) -> Callable[[KafkaError | None, Message], None]:
        left = self._ages[self._age] = [0]

        def on_delivery(error: KafkaError | None, message: Message) -> None:
            if error is None:
                left[0] -= 1
            elif self._failed is None:
                self._failed = f"{message.topic()}/{message.partition()}: {error.str()}"

        return on_delivery

    def barrier(self) -> int:
        """Draw a line under all that was sent so far; return its number."""
        self._age += 1
        self._on_delivery = self._next_age()
        return self._age - 1

    def passed(self, barrier: int) -> bool:
        """Return whether all above a barrier is acknowledged."""
        for age in [age for age, left in self._ages.items() if not left[0] and age < self._age]:
            del self._ages[age]
        return not any(age <= barrier for age in self._ages)

    def send(self, outgoing: Outgoing) -> None:
        """Send a record; wait only while too much is under way.

        Raises:
            DeliveryFailed: it, or a record before it, may not have arrived.
        """
        topic, partition, key, value = outgoing
        while True:
            self.serve()
            try:
                self._producer.produce(
                    topic, value or None, key, partition=partition, on_delivery=self._on_delivery
                )
            except BufferError:
                self._producer.poll(_ROOM_WAIT_S)
            except KafkaException as error:
                self._failed = self._failed or str(error)
            else:
                self._ages[self._age][0] += 1
                return

    def serve(self) -> None:
        """Hear of failures.

        Raises:
            DeliveryFailed: a record may not have arrived.
        """
        self._producer.poll(0)
        if self._failed is not None:
            raise DeliveryFailed(f"a record may not be on the log: {self._failed}")

    def under_way(self) -> int:
        """Return how many records are not acknowledged yet."""
        return len(self._producer)

    def flush(self, timeout_s: float) -> None:
        """Wait until all is acknowledged.

        Raises:
            DeliveryFailed: a record may not have arrived, or not in time.
        """
        left = self._producer.flush(timeout_s)
        self.serve()
        if left:
            raise DeliveryFailed(f"{left} records are not acknowledged after {timeout_s} s")
