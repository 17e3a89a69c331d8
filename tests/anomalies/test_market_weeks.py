"""A trial on made-up weeks of twenty accounts: most of what is planted is found, and next to nothing else is told."""

import re

from tests.anomalies.market.trial import try_out

SEED = 101
# Numbers of what was seen, what is usual for whom, and after the last colon why it matters.
USUAL = r"usual|no earlier movement to compare with"
SENTENCE = re.compile(rf".*\d.*\b({USUAL})\b.*: [a-z][^:]{{10,}}")
LEAST_FOUND, MOST_FALSE = 0.8, 0.25


def test_most_planted_manipulations_are_found_with_few_false_findings():
    trial = try_out(SEED, weeks=3, cases=30)
    assert len(trial.cases) == 30
    assert len(trial.found) >= LEAST_FOUND * len(trial.cases), [case.name for case in trial.missed]
    assert trial.false_per_account_week <= MOST_FALSE, [finding.explanation for finding in trial.false]
    for finding in trial.findings:
        assert finding.score >= finding.threshold
        assert SENTENCE.fullmatch(finding.explanation), finding.explanation
        assert len(finding.explanation) <= 1_000
        assert finding.evidence
