from .base_model import BaseModel
from .fragments import BookProof


class GetBookProof(BaseModel):
    book_proof: "GetBookProofBookProof"


GetBookProofBookProof = BookProof
