"""The detector's score on real labelled series, by the rules of the Numenta Anomaly Benchmark."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import main

SERIES = Path(__file__).parents[3] / "shared" / "data" / "series"
# The shorter ones, of each family: half a minute for all sixteen would be too long for every run.
CHOSEN = (
    "artificialWithAnomaly/art_daily_jumpsup.csv",
    "realAWSCloudwatch/ec2_cpu_utilization_5f5533.csv",
    "realAWSCloudwatch/rds_cpu_utilization_cc0c53.csv",
    "realAdExchange/exchange-3_cpc_results.csv",
    "realAdExchange/exchange-4_cpm_results.csv",
    "realTraffic/occupancy_6005.csv",
    "realTraffic/speed_7578.csv",
)
FLOOR = 75.0


@pytest.mark.skipif(not SERIES.is_dir(), reason="the labelled series are not beside this checkout")
def test_it_scores_above_the_floor(tmp_path):
    for name in CHOSEN:
        (tmp_path / "data" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SERIES / "data" / name, tmp_path / "data" / name)
    windows = json.loads((SERIES / "windows.json").read_text())
    (tmp_path / "windows.json").write_text(json.dumps({name: windows[name] for name in CHOSEN}))
    shutil.copy(SERIES / "score.py", tmp_path / "score.py")
    assert main(["detect", str(tmp_path / "data"), str(tmp_path / "scores")]) == 0
    command = [sys.executable, str(tmp_path / "score.py"), str(tmp_path / "scores"), "--json"]
    scored = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    assert scored["files"] == len(CHOSEN)
    assert scored["score"] > FLOOR
