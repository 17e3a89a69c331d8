"""The cache keeps what was used last within both of its bounds."""

from domain.kernel.bounded_cache import WeightedLru


def test_the_least_recently_used_entry_is_dropped_first() -> None:
    cache: WeightedLru[str, int] = WeightedLru(max_entries=2, max_weight=100)
    cache.put("a", 1, 1)
    cache.put("b", 2, 1)
    assert cache.get("a") == 1
    cache.put("c", 3, 1)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (1, None, 3)


def test_the_weight_of_a_cache_is_bounded_and_counted() -> None:
    cache: WeightedLru[str, int] = WeightedLru(max_entries=100, max_weight=10)
    cache.put("a", 1, 6)
    cache.put("b", 2, 4)
    cache.put("b", 3, 2)
    assert (len(cache), cache.weight) == (2, 8)
    cache.put("c", 4, 9)
    assert (cache.get("a"), cache.get("b"), cache.get("c"), cache.weight) == (None, None, 4, 9)


def test_an_entry_heavier_than_the_cache_is_not_kept() -> None:
    cache: WeightedLru[str, int] = WeightedLru(max_entries=100, max_weight=10)
    cache.put("a", 1, 1)
    cache.put("b", 2, 11)
    assert (cache.get("a"), cache.get("b"), cache.weight) == (1, None, 1)
