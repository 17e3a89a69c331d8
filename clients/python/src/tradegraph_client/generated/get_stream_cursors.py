from .base_model import BaseModel
from .fragments import StreamCursors


class GetStreamCursors(BaseModel):
    stream_cursors: "GetStreamCursorsStreamCursors"


GetStreamCursorsStreamCursors = StreamCursors
