from .base_model import BaseModel
from .fragments import Instrument


class CreateInstrument(BaseModel):
    create_instrument: "CreateInstrumentCreateInstrument"


CreateInstrumentCreateInstrument = Instrument
