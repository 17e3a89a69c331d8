"""The detector's score on labelled series at its shipped threshold, by the Numenta Anomaly Benchmark's rules."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main
from domain.anomalies.streaming.types import ALARM_SCORE

DATA = Path(__file__).parents[3] / "shared" / "data"
# The shorter ones, of several families: all of them would be too long for every run.
CHOSEN = {
    "series": (
        "artificialWithAnomaly/art_daily_jumpsup.csv",
        "realAWSCloudwatch/ec2_cpu_utilization_5f5533.csv",
        "realAWSCloudwatch/rds_cpu_utilization_cc0c53.csv",
        "realAdExchange/exchange-3_cpc_results.csv",
        "realAdExchange/exchange-4_cpm_results.csv",
        "realTraffic/occupancy_6005.csv",
        "realTraffic/speed_7578.csv",
    ),
    "series2": ("ms-application-crash-rate-1/*", "ms-application-crash-rate-2/*", "ms-consumer-purchase-rate/*"),
}
FLOORS = {"series": 74.0, "series2": 50.0}


@pytest.mark.parametrize("collection", CHOSEN)
def test_the_detector_scores_above_the_floor_on_each_labelled_series(tmp_path, collection):
    source = DATA / collection
    if not source.is_dir():
        pytest.skip("the labelled series are not beside this checkout")
    windows = json.loads((source / "windows.json").read_text())
    chosen = {name: windows[name] for name in windows if any(Path(name).match(one) for one in CHOSEN[collection])}
    for name in chosen:
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source / "data" / name, tmp_path / "data" / name)
    (tmp_path / "windows.json").write_text(json.dumps(chosen))
    shutil.copy(source / "score.py", tmp_path / "score.py")
    assert main(["detect", str(tmp_path / "data"), str(tmp_path / "scores")]) == 0
    command = [sys.executable, str(tmp_path / "score.py"), str(tmp_path / "scores"), "--threshold", str(ALARM_SCORE)]
    scored = json.loads(subprocess.run([*command, "--json"], check=True, capture_output=True, text=True).stdout)
    assert scored["files"] == len(chosen)
    assert scored["score"] > FLOORS[collection]
