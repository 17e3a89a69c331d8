-- The limit that changing and cancelling are measured against: one change of one order as one function, with its event
-- and its command to the venue, as the product leaves them.
CREATE OR REPLACE FUNCTION bench_change_order(p_order uuid, p_price numeric) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  account accounts%ROWTYPE;
  target orders%ROWTYPE;
  instrument instruments%ROWTYPE;
  at timestamptz := clock_timestamp();
  cancels boolean := p_price IS NULL;
BEGIN
  SELECT a.* INTO account FROM accounts a JOIN orders o ON o.account_id = a.id WHERE o.id = p_order FOR UPDATE OF a;
  SELECT * INTO target FROM orders WHERE id = p_order;
  IF NOT FOUND OR target.closed_at IS NOT NULL THEN RAISE EXCEPTION 'no such open order'; END IF;
  SELECT * INTO instrument FROM instruments WHERE id = target.instrument_id;
  IF p_price % instrument.tick_size <> 0 OR p_price <= 0 THEN RAISE EXCEPTION 'not on the grid'; END IF;
  UPDATE orders SET pending_action = CASE WHEN cancels THEN 'CANCEL' ELSE 'REPLACE' END, version = version + 1,
    updated_at = at WHERE id = p_order RETURNING * INTO target;
  UPDATE accounts SET event_sequence = event_sequence + 1 WHERE id = account.id RETURNING * INTO account;
  INSERT INTO account_events (account_id, sequence, kind, at, order_id, payload)
  VALUES (account.id, account.event_sequence, CASE WHEN cancels THEN 'PENDING_CANCEL' ELSE 'PENDING_REPLACE' END, at,
    p_order, bench_payload(target, account, account.reserved, instrument.symbol));
  INSERT INTO venue_commands (venue, kind, order_id, account_id, payload, created_at)
  VALUES (account.venue, CASE WHEN cancels THEN 'CANCEL' ELSE 'REPLACE' END, p_order, account.id,
    CASE WHEN NOT cancels THEN json_build_object('limitPrice', p_price::text)::text END, at);
  RETURN target.pending_action;
END $$;
