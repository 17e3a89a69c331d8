-- The limit that single orders are measured against: one order as one function, checks and all rows included.
--
-- It does for an order to buy in a CASH account what the product does, and leaves the same rows: a runner of the
-- benchmark compares them. What the product keeps in memory (instrument, quote, rules) is read from its table here.
CREATE OR REPLACE FUNCTION bench_place_order(
  p_account uuid, p_client text, p_symbol text, p_side text, p_quantity numeric, p_price numeric
) RETURNS TABLE (order_id uuid, order_status text, replayed boolean) LANGUAGE plpgsql AS $$
DECLARE
  account accounts%ROWTYPE;
  instrument instruments%ROWTYPE;
  quote quotes%ROWTYPE;
  place positions%ROWTYPE;
  placed orders%ROWTYPE;
  rule risk_rules%ROWTYPE;
  at timestamptz := clock_timestamp();
  digest bytea := decode(md5(concat_ws(E'\x1f', p_symbol, p_side, 'LIMIT', p_quantity, p_price, 'GTC')), 'hex');
  reference numeric;
  value numeric;
  fee numeric;
  violations text[] := '{}';
  reason text;
  message text;
BEGIN
  SELECT * INTO account FROM accounts WHERE id = p_account FOR UPDATE;
  IF NOT FOUND THEN RAISE EXCEPTION 'no such account'; END IF;
  SELECT * INTO placed FROM orders WHERE account_id = p_account AND client_order_id = p_client;
  IF FOUND THEN
    IF placed.request_digest <> digest THEN RAISE EXCEPTION 'the client order id was used for another order'; END IF;
    RETURN QUERY SELECT placed.id, placed.status::text, true;
    RETURN;
  END IF;
  SELECT * INTO instrument FROM instruments WHERE symbol = p_symbol;
  IF NOT FOUND THEN RAISE EXCEPTION 'no such instrument'; END IF;
  IF p_quantity <= 0 THEN RAISE EXCEPTION 'the quantity must be above zero'; END IF;
  SELECT * INTO quote FROM quotes WHERE instrument_id = instrument.id;
  SELECT * INTO place FROM positions
  WHERE account_id = p_account AND instrument_id = instrument.id AND bucket = 'NET';
  IF NOT FOUND THEN
    INSERT INTO positions (id, account_id, instrument_id, bucket, quantity, average_price, realized_pnl, fees_paid,
      today_quantity, held_quantity, working_buy, working_sell, working_buy_margin, working_sell_margin, working_fees,
      reserved, updated_at)
    VALUES (uuidv7(), p_account, instrument.id, 'NET', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, at)
    RETURNING * INTO place;
  END IF;

  value := p_quantity * instrument.multiplier * p_price;
  fee := greatest(instrument.fee_minimum, value * instrument.taker_rate + p_quantity * instrument.fee_per_unit);
  IF quote.counts_from > extract(epoch FROM at - interval '30 seconds') * 1000000000 THEN
    reference := coalesce(quote.last, (quote.bid + quote.ask) / 2);
  END IF;
  IF account.state <> 'ACTIVE' THEN
    reason := 'ACCOUNT_NOT_ACTIVE';
  ELSIF NOT instrument.tradable OR instrument.currency <> account.currency THEN
    reason := 'INSTRUMENT_NOT_TRADABLE';
  ELSIF p_price % instrument.tick_size <> 0 OR p_price <= 0 THEN
    reason := 'INVALID_TICK';
  ELSIF p_quantity % instrument.lot_size <> 0 THEN
    reason := 'INVALID_LOT';
  ELSIF p_quantity < instrument.min_quantity OR p_quantity > instrument.max_quantity
    OR value < instrument.min_notional THEN
    reason := 'QUANTITY_OUT_OF_RANGE';
  END IF;
  FOR rule IN
    SELECT * FROM risk_rules r WHERE r.enabled AND (r.scope = 'GLOBAL'
      OR (r.scope = 'ACCOUNT' AND r.account_id = p_account) OR (r.scope = 'INSTRUMENT' AND r.symbol = p_symbol))
  LOOP
    IF (rule.kind = 'MAX_ORDER_NOTIONAL' AND value > rule.threshold)
      OR (rule.kind = 'PRICE_COLLAR'
        AND (reference IS NULL OR p_price - reference > rule.threshold * abs(reference))) THEN
      violations := violations || rule.kind::text;
      reason := coalesce(reason, 'RISK_RULE');
    END IF;
  END LOOP;
  IF reason IS NULL AND account.cash - account.reserved < value + fee THEN
    reason := 'INSUFFICIENT_FUNDS';
  END IF;
  IF reason IS NOT NULL THEN
    message := 'The order was refused.';
  END IF;

  placed.id := uuidv7();
  placed.account_id := p_account;
  placed.instrument_id := instrument.id;
  placed.client_order_id := p_client;
  placed.request_digest := digest;
  placed.venue := account.venue;
  placed.side := p_side;
  placed.type := 'LIMIT';
  placed.time_in_force := 'GTC';
  placed.position_effect := 'AUTO';
  placed.quantity := p_quantity;
  placed.limit_price := p_price;
  placed.trigger_price := 'BID_ASK';
  placed.post_only := false;
  placed.reduce_only := false;
  placed.status := CASE WHEN reason IS NULL THEN 'PENDING_NEW' ELSE 'REJECTED' END;
  placed.filled_quantity := 0;
  placed.filled_value := 0;
  placed.execution_count := 0;
  placed.fees := 0;
  placed.reserved_quantity := CASE WHEN reason IS NULL THEN p_quantity ELSE 0 END;
  placed.reserved := CASE WHEN reason IS NULL THEN value + fee ELSE 0 END;
  placed.reserved_margin := CASE WHEN reason IS NULL THEN value ELSE 0 END;
  placed.reserved_fee := CASE WHEN reason IS NULL THEN fee ELSE 0 END;
  placed.reserve_price := p_price;
  placed.arrival_price := quote.ask;
  placed.tags := '{}';
  placed.contingency := 'NONE';
  placed.reject_reason := reason;
  placed.reject_message := message;
  placed.venue_sequence := 0;
  placed.reserve_rate := 1;
  placed.activated := false;
  placed.violations := to_json(violations)::text;
  placed.created_at := at;
  placed.updated_at := at;
  placed.closed_at := CASE WHEN reason IS NULL THEN NULL ELSE at END;
  placed.version := 1;
  placed.trade_due := 0; placed.fee_due := 0; placed.fee_minimum := 0; placed.tax_due := 0;
  INSERT INTO orders SELECT placed.*;

  IF reason IS NULL THEN
    UPDATE positions SET working_buy = working_buy + p_quantity, working_buy_margin = working_buy_margin + value,
      working_fees = working_fees + fee, reserved = reserved + value + fee, updated_at = at
    WHERE id = place.id;
    INSERT INTO venue_commands (venue, kind, order_id, account_id, created_at)
    VALUES (account.venue, 'SUBMIT', placed.id, p_account, at);
  END IF;
  UPDATE accounts SET reserved = reserved + placed.reserved, event_sequence = event_sequence + 1
  WHERE id = p_account RETURNING * INTO account;
  INSERT INTO account_events (account_id, sequence, kind, at, order_id, payload)
  VALUES (p_account, account.event_sequence, placed.status, at, placed.id,
    bench_payload(placed, account, account.reserved, p_symbol));
  RETURN QUERY SELECT placed.id, placed.status::text, false;
END $$;
