from .base_model import BaseModel
from .fragments import OrderStatistics


class GetOrderStatistics(BaseModel):
    order_statistics: "GetOrderStatisticsOrderStatistics"


GetOrderStatisticsOrderStatistics = OrderStatistics
