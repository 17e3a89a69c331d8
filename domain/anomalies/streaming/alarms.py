"""The alarm gate: turns surprise into alarms, without repeating one for a bounded time."""

from dataclasses import dataclass

from domain.kernel.time import NANOS_PER_SECOND

# Surprise at which the score is one half: an alarm.
ALARM_SURPRISE = 1.42
# After an alarm, what is not clearly more surprising is not told again: for this part of all readings so far, but no
# longer than these hours and readings, and at least for a few readings.
CLEARLY_MORE = 1.0
QUIET_PART, LEAST_QUIET_READINGS, MOST_QUIET_READINGS = 0.04, 10, 720
MOST_QUIET_NANOS = 12 * 3_600 * NANOS_PER_SECOND


@dataclass(slots=True)
class AlarmGate:
    """The last alarm: its reading's number, its time in nanoseconds, and its surprise."""

    told_number: int | None = None
    told_at: int = 0
    told: float = 0.0

    def pass_on(self, number: int, at: int, surprise: float) -> float:
        """The score, 0 to 1, of the reading with this number (counted from 0, each once, in order).

        A surprise that repeats the last alarm scores 0.
        """
        score = surprise / (surprise + ALARM_SURPRISE)
        if surprise < ALARM_SURPRISE:
            return score
        if self._is_quiet(number, at) and surprise < self.told + CLEARLY_MORE:
            return 0.0
        self.told_number, self.told_at, self.told = number, at, surprise
        return score

    def _is_quiet(self, number: int, at: int) -> bool:
        if self.told_number is None:
            return False
        readings = number - self.told_number
        if readings <= LEAST_QUIET_READINGS:
            return True
        return readings <= min(QUIET_PART * number, MOST_QUIET_READINGS) and at - self.told_at <= MOST_QUIET_NANOS
