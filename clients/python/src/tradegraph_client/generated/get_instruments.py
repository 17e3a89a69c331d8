from .base_model import BaseModel
from .fragments import Instrument, PageInfo


class GetInstruments(BaseModel):
    instruments: "GetInstrumentsInstruments"


class GetInstrumentsInstruments(BaseModel):
    edges: list["GetInstrumentsInstrumentsEdges"]
    page_info: "GetInstrumentsInstrumentsPageInfo"


class GetInstrumentsInstrumentsEdges(BaseModel):
    cursor: str
    node: "GetInstrumentsInstrumentsEdgesNode"


GetInstrumentsInstrumentsEdgesNode = Instrument
GetInstrumentsInstrumentsPageInfo = PageInfo
