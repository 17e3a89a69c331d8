-- The event that an order leaves, as the product writes it.
CREATE OR REPLACE FUNCTION bench_payload(placed orders, account accounts, reserved numeric, symbol text) RETURNS text
LANGUAGE sql STABLE AS $$
  SELECT json_build_object(
    'order', json_build_array(
      placed.id, placed.account_id, placed.instrument_id, placed.client_order_id, placed.venue, placed.side,
      placed.type, placed.time_in_force, placed.position_effect, trim_scale(placed.quantity)::text,
      trim_scale(placed.limit_price)::text, trim_scale(placed.stop_price)::text,
      trim_scale(placed.trailing_offset)::text, placed.trailing_offset_kind, trim_scale(placed.limit_offset)::text,
      trim_scale(placed.activation_price)::text, placed.trigger_price, placed.post_only, placed.reduce_only,
      placed.expires_at, placed.status, trim_scale(placed.filled_quantity)::text,
      trim_scale(placed.average_price)::text, trim_scale(placed.fees)::text, trim_scale(placed.reserved)::text,
      placed.strategy, placed.tags, placed.contingency, placed.parent_id, placed.group_id, placed.pending_action,
      placed.reject_reason, placed.reject_message, placed.venue_order_id, placed.violations::json, placed.created_at,
      placed.updated_at, placed.triggered_at, placed.closed_at, placed.version, symbol),
    'account', json_build_object(
      'id', account.id, 'state', account.state, 'cash', trim_scale(account.cash)::text,
      'reserved', trim_scale(reserved)::text, 'realizedPnl', trim_scale(account.realized_pnl)::text,
      'feesPaid', trim_scale(account.fees_paid)::text,
      'dayOpeningEquity', trim_scale(account.day_opening_equity)::text,
      'dayTransfers', trim_scale(account.day_transfers)::text))::text
$$;
