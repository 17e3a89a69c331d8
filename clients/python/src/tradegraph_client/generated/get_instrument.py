from typing import Optional

from pydantic import Field

from .base_model import BaseModel
from .fragments import Instrument


class GetInstrument(BaseModel):
    instrument: Optional["GetInstrumentInstrument"] = Field(default=None)


GetInstrumentInstrument = Instrument
