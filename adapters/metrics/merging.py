"""Merging of the metrics of several processes into one text, with the slot of the process as a label; pure.

Each process has its own series. So the series of an ended process end with it, and a process that is started in its
slot begins them at zero, as Prometheus expects of a restart: no counter is ever a sum that falls.
"""

from collections.abc import Iterable, Iterator, Mapping

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.registry import Collector
from prometheus_client.samples import Sample

LABEL = "process"


class Merged(Collector):
    """Texts of processes by their places."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def collect(self) -> Iterator[Metric]:
        """Each family once, with the samples of all processes."""
        families: dict[str, Metric] = {}
        for place, text in self._texts.items():
            for family in _read(text):
                merged = families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
                merged.samples += [_placed(sample, place) for sample in family.samples]
        yield from families.values()


def _read(text: str) -> Iterable[Metric]:
    try:
        return list(text_string_to_metric_families(text))
    except ValueError:
        # Another release's, cut off, or not ours.
        return ()


def _placed(sample: Sample, place: str) -> Sample:
    return sample._replace(labels={LABEL: place, **sample.labels})
