from .base_model import BaseModel
from .fragments import AuditEntry, PageInfo


class GetAuditLog(BaseModel):
    audit_log: "GetAuditLogAuditLog"


class GetAuditLogAuditLog(BaseModel):
    edges: list["GetAuditLogAuditLogEdges"]
    page_info: "GetAuditLogAuditLogPageInfo"


class GetAuditLogAuditLogEdges(BaseModel):
    cursor: str
    node: "GetAuditLogAuditLogEdgesNode"


GetAuditLogAuditLogEdgesNode = AuditEntry
GetAuditLogAuditLogPageInfo = PageInfo
