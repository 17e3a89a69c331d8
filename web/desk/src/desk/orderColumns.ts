/** The columns of orders, wherever orders are listed. */
import type { useFormat } from '@/format/useFormat';
import type { OrderRowFragment } from '@/gql/graphql';

import { statusTone, tagCell } from './cells';
import type { ColDef } from './grid';

type Format = ReturnType<typeof useFormat>;
type Row = OrderRowFragment;

const NUMBER = { cellClass: 'ag-right', headerClass: 'ag-right' };

export function orderColumns({ t, word, price, givenPrice, size, moment }: Format): Record<string, ColDef<Row>> {
  return {
    createdAt: { field: 'createdAt', headerName: t('orders.createdAt'), width: 156, valueFormatter: ({ value }) => moment(value) },
    symbol: { field: 'symbol', headerName: t('market.symbol'), width: 160 },
    side: { field: 'side', headerName: t('orders.side'), width: 64, valueFormatter: ({ value }) => word('side', value), cellClass: ({ value }) => (value === 'BUY' ? 'up' : 'down') },
    type: { field: 'type', headerName: t('orders.type'), width: 110, valueFormatter: ({ value }) => word('type', value) },
    quantity: { field: 'quantity', headerName: t('orders.quantity'), width: 92, valueFormatter: ({ data, value }) => size(data?.symbol ?? '', value), ...NUMBER },
    filledQuantity: { field: 'filledQuantity', headerName: t('orders.filled'), width: 84, valueFormatter: ({ data, value }) => size(data?.symbol ?? '', value), ...NUMBER },
    limitPrice: { field: 'limitPrice', headerName: t('orders.limitPrice'), width: 96, valueFormatter: ({ data, value }) => givenPrice(data?.symbol ?? '', value), ...NUMBER },
    stopPrice: { field: 'stopPrice', headerName: t('orders.stopPrice'), width: 96, valueFormatter: ({ data, value }) => givenPrice(data?.symbol ?? '', value), ...NUMBER },
    averagePrice: { field: 'averagePrice', headerName: t('orders.averagePrice'), width: 96, valueFormatter: ({ data, value }) => price(data?.symbol ?? '', value), ...NUMBER },
    timeInForce: { field: 'timeInForce', headerName: t('orders.timeInForce'), width: 64 },
    status: {
      field: 'status',
      headerName: t('orders.status'),
      width: 98,
      cellRenderer: tagCell<Row>(
        (row) => (row.pendingAction ? word('pending', row.pendingAction) : word('status', row.status)),
        (row) => statusTone(row.status),
      ),
      // What else decides how the cell looks.
      equals: () => false,
    },
    reason: { field: 'rejectReason', headerName: t('orders.reason'), flex: 1, minWidth: 110, valueFormatter: ({ data }) => (data?.rejectReason ? word('reject', data.rejectReason) : '') },
  };
}
