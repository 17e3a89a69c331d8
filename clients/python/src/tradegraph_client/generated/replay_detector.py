from .base_model import BaseModel
from .fragments import DetectorReplay


class ReplayDetector(BaseModel):
    replay_detector: "ReplayDetectorReplayDetector"


ReplayDetectorReplayDetector = DetectorReplay
