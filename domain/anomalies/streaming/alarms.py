"""From surprise to what is worth telling: an alarm is not repeated, and much alarm makes patient."""

from dataclasses import dataclass

# Surprise at which the score is one half: an alarm.
ALARM_SURPRISE = 1.7
# After something was told, only what is clearly more surprising is told again, for this long: readings, or part of all.
QUIET_READINGS, QUIET_PART = 50, 0.05
CLEARLY_MORE = 0.2
# What was told beyond this surprise adds to the weariness, which fades within about this many readings.
NOTEWORTHY = 1.0
WEARINESS_READINGS = 4_000
WEARINESS_WEIGHT = 0.15


@dataclass(slots=True)
class AlarmGate:
    """What was told lately: when (by the reading's number), how surprising it was, and the weariness it left."""

    told_at: int | None = None
    told: float = 0.0
    weariness: float = 0.0

    def pass_on(self, number: int, surprise: float) -> float:
        """The score, 0 to 1, of the reading with this number (counted from 0, each once, in order)."""
        self.weariness -= self.weariness / WEARINESS_READINGS
        quiet = max(QUIET_READINGS, QUIET_PART * number)
        told = self.told if self.told_at is not None and number - self.told_at <= quiet else 0.0
        remaining = surprise - WEARINESS_WEIGHT * self.weariness
        if remaining <= told + CLEARLY_MORE:
            return 0.0
        self.weariness += max(0.0, remaining - max(told, NOTEWORTHY))
        self.told_at, self.told = number, remaining
        return remaining / (remaining + ALARM_SURPRISE)
