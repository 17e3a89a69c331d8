from .base_model import BaseModel
from .fragments import Instrument


class UpdateInstrument(BaseModel):
    update_instrument: "UpdateInstrumentUpdateInstrument"


UpdateInstrumentUpdateInstrument = Instrument
