"""A trial on made-up weeks of twenty accounts: most of what is planted is found, and next to nothing else is told."""

from tests.anomalies.market.trial import try_out

SEED = 101
LEAST_FOUND, MOST_FALSE = 0.8, 0.25


def test_most_misdeeds_are_found_and_little_else():
    trial = try_out(SEED, weeks=3, cases=30)
    assert len(trial.cases) == 30
    assert len(trial.found) >= LEAST_FOUND * len(trial.cases), [case.name for case in trial.missed]
    assert trial.false_per_account_week <= MOST_FALSE, [finding.explanation for finding in trial.false]
    for finding in trial.findings:
        assert finding.score >= finding.threshold
        assert finding.explanation
        assert finding.evidence
