-- The limit that batches are measured against: many orders of one account at once, set by set, checks and all rows
-- included. The orders are made here, so that not even their parsing is part of it.
CREATE OR REPLACE FUNCTION bench_place_orders(p_account uuid, p_batch bigint, p_count int, p_symbol text)
RETURNS int LANGUAGE plpgsql AS $$
DECLARE
  holder accounts%ROWTYPE;
  instrument instruments%ROWTYPE;
  quote quotes%ROWTYPE;
  place positions%ROWTYPE;
  at timestamptz := clock_timestamp();
  reference numeric;
  largest numeric;
  collar numeric;
  accepted int;
  more_reserved numeric;
  more_margin numeric;
  more_fees numeric;
  more_working numeric;
BEGIN
  SELECT * INTO holder FROM accounts WHERE id = p_account FOR UPDATE;
  SELECT * INTO instrument FROM instruments WHERE symbol = p_symbol;
  SELECT * INTO quote FROM quotes WHERE instrument_id = instrument.id;
  SELECT * INTO place FROM positions
  WHERE account_id = p_account AND instrument_id = instrument.id AND bucket = 'NET';
  IF place.id IS NULL THEN
    INSERT INTO positions (id, account_id, instrument_id, bucket, quantity, average_price, realized_pnl, fees_paid,
      today_quantity, held_quantity, working_buy, working_sell, working_buy_margin, working_sell_margin, working_fees,
      reserved, updated_at)
    VALUES (uuidv7(), p_account, instrument.id, 'NET', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, at)
    RETURNING * INTO place;
  END IF;
  IF quote.counts_from > extract(epoch FROM at - interval '30 seconds') * 1000000000 THEN
    reference := coalesce(quote.last, (quote.bid + quote.ask) / 2);
  END IF;
  SELECT min(threshold) FILTER (WHERE kind = 'MAX_ORDER_NOTIONAL'), min(threshold) FILTER (WHERE kind = 'PRICE_COLLAR')
  INTO largest, collar
  FROM risk_rules WHERE enabled AND (scope = 'GLOBAL' OR (scope = 'ACCOUNT' AND account_id = p_account)
    OR (scope = 'INSTRUMENT' AND symbol = p_symbol));

  WITH given AS (
    SELECT n, 'batch-' || p_batch || '-' || n AS client, 0.001 AS quantity, 30000 + n * 0.01 AS price
    FROM generate_series(1, p_count) n
  ), fresh AS (
    SELECT g.*, g.quantity * instrument.multiplier * g.price AS value FROM given g
    WHERE NOT EXISTS (SELECT FROM orders o WHERE o.account_id = p_account AND o.client_order_id = g.client)
  ), checked AS (
    SELECT f.*, greatest(instrument.fee_minimum,
        f.value * instrument.taker_rate + f.quantity * instrument.fee_per_unit) AS fee,
      CASE
        WHEN holder.state <> 'ACTIVE' THEN 'ACCOUNT_NOT_ACTIVE'
        WHEN NOT instrument.tradable OR instrument.currency <> holder.currency THEN 'INSTRUMENT_NOT_TRADABLE'
        WHEN f.price % instrument.tick_size <> 0 OR f.price <= 0 THEN 'INVALID_TICK'
        WHEN f.quantity % instrument.lot_size <> 0 THEN 'INVALID_LOT'
        WHEN f.quantity < instrument.min_quantity OR f.quantity > instrument.max_quantity
          OR f.value < instrument.min_notional THEN 'QUANTITY_OUT_OF_RANGE'
        WHEN f.value > largest OR reference IS NULL OR f.price - reference > collar * abs(reference) THEN 'RISK_RULE'
      END AS refusal
    FROM fresh f
  ), funded AS (
    SELECT c.*, sum(c.value + c.fee) FILTER (WHERE c.refusal IS NULL) OVER (ORDER BY c.n) AS needed FROM checked c
  ), decided AS MATERIALIZED (
    SELECT f.*, uuidv7() AS id, coalesce(f.refusal,
      CASE WHEN f.needed > holder.cash - holder.reserved THEN 'INSUFFICIENT_FUNDS' END) AS reason
    FROM funded f
  ), placed AS (
    INSERT INTO orders (id, account_id, instrument_id, client_order_id, request_digest, venue, side, type,
      time_in_force, position_effect, quantity, limit_price, trigger_price, post_only, reduce_only, status,
      filled_quantity, filled_value, execution_count, fees, reserved, reserved_margin, reserved_fee, reserve_price,
      arrival_price, tags, contingency, reject_reason, venue_sequence, activated, violations, created_at, updated_at,
      closed_at, version, reserved_quantity)
    SELECT d.id, p_account, instrument.id, d.client,
      decode(md5(concat_ws(E'\x1f', p_symbol, 'BUY', 'LIMIT', d.quantity, d.price, 'GTC')), 'hex'), holder.venue,
      'BUY', 'LIMIT', 'GTC', 'AUTO', d.quantity, d.price, 'BID_ASK', false, false,
      CASE WHEN d.reason IS NULL THEN 'PENDING_NEW' ELSE 'REJECTED' END, 0, 0, 0, 0,
      CASE WHEN d.reason IS NULL THEN d.value + d.fee ELSE 0 END, CASE WHEN d.reason IS NULL THEN d.value ELSE 0 END,
      CASE WHEN d.reason IS NULL THEN d.fee ELSE 0 END, d.price, quote.ask, '{}', 'NONE', d.reason, 0, false, '[]', at,
      at, CASE WHEN d.reason IS NULL THEN NULL ELSE at END, 1,
      CASE WHEN d.reason IS NULL THEN d.quantity ELSE 0 END
    FROM decided d ORDER BY d.n
    RETURNING orders.*
  ), events AS (
    INSERT INTO account_events (account_id, sequence, kind, at, order_id, payload)
    SELECT p_account, holder.event_sequence + row_number() OVER (ORDER BY d.n), p.status, at, p.id,
      bench_payload(p, holder, holder.reserved + coalesce(d.needed, 0), p_symbol)
    FROM placed p JOIN decided d ON d.id = p.id
  ), commands AS (
    INSERT INTO venue_commands (venue, kind, order_id, account_id, created_at)
    SELECT holder.venue, 'SUBMIT', d.id, p_account, at FROM decided d WHERE d.reason IS NULL ORDER BY d.n
  )
  SELECT count(*), coalesce(sum(value + fee) FILTER (WHERE reason IS NULL), 0),
    coalesce(sum(value) FILTER (WHERE reason IS NULL), 0), coalesce(sum(fee) FILTER (WHERE reason IS NULL), 0),
    coalesce(sum(quantity) FILTER (WHERE reason IS NULL), 0)
  INTO accepted, more_reserved, more_margin, more_fees, more_working FROM decided;

  UPDATE positions SET working_buy = working_buy + more_working, working_buy_margin = working_buy_margin + more_margin,
    working_fees = working_fees + more_fees, reserved = reserved + more_reserved, updated_at = at
  WHERE id = place.id;
  UPDATE accounts SET reserved = reserved + more_reserved, event_sequence = event_sequence + accepted
  WHERE id = p_account;
  RETURN accepted;
END $$;
