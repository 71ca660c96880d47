-- Rows that are updated all the time: room in their pages keeps updates off the indexes (HOT).
ALTER TABLE "shows" SET (fillfactor = 50);
--> statement-breakpoint
ALTER TABLE "partitions" SET (fillfactor = 20);
--> statement-breakpoint
ALTER TABLE "sections" SET (fillfactor = 50);
--> statement-breakpoint
ALTER TABLE "bookings" SET (fillfactor = 85);
--> statement-breakpoint
-- Commits one batch of decisions of one partition, or nothing at all. One call is one statement and
-- so one transaction: no client ever holds a lock across a round trip.
--
-- The fence: the batch was decided on the partition's state at (p_first, p_tail). If the partition
-- has moved on, whoever calls is not its owner any more, and nothing is written.
--
-- Columns come as arrays of equal length (unnest is as fast as COPY at this size). Hashes are hex,
-- times are milliseconds since 1970. The answer is a few bytes only: a client that freezes while it
-- reads would keep the row locks.
CREATE FUNCTION commit_decisions(
  p_partition smallint, p_first bigint, p_tail text,
  p_next bigint, p_new_tail text, p_log_clock bigint, p_last_digest text, p_body text,
  p_shows jsonb,
  s_id uuid[], s_version bigint[], s_capacity int[], s_free int[], s_held int[], s_confirmed int[], s_hash text[],
  s_updated_at bigint[],
  b_id uuid[], b_is_new boolean[], b_show_id uuid[], b_line_offset bigint[], b_request_hash text[], b_customer text[],
  b_wants text[], b_confirm_now boolean[], b_status text[], b_reason text[], b_facts text[], b_want smallint[],
  b_seats text[], b_standing text[], b_returned text[], b_price bigint[], b_prices text[], b_payment text[],
  b_rescued boolean[], b_created_at bigint[], b_decided_at bigint[], b_updated_at bigint[], b_expires_at bigint[],
  b_hold_limit bigint[], b_confirmed_at bigint[],
  d_show_id uuid[], d_seat_no int[], d_booking_id uuid[],
  t_show_id uuid[], t_seat_no int[], t_booking_id uuid[],
  c_show_id uuid[], c_section smallint[], c_capacity int[], c_held int[], c_confirmed int[],
  u_show_id uuid[], u_customer text[], u_places int[], u_holds int[],
  l_offset bigint[], l_key text[], l_value text[], l_fault text[],
  OUT committed boolean, OUT clock_ms bigint
)
LANGUAGE plpgsql VOLATILE
-- The sets are small and the tables large. Without this, a plan that was cached while a table was
-- empty would read it from end to end later.
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
  epoch CONSTANT timestamptz := timestamptz 'epoch';
  ms CONSTANT interval := interval '1 millisecond';
  stored_next bigint;
  stored_tail bytea;
  wanted bigint;
  done bigint;
  changed record;
BEGIN
  SELECT p.next_offset, p.tail INTO stored_next, stored_tail
    FROM partitions p WHERE p.partition = p_partition FOR NO KEY UPDATE;
  committed := coalesce(stored_next = p_first AND stored_tail = decode(p_tail, 'hex'), false);
  clock_ms := floor(extract(epoch FROM clock_timestamp()) * 1000);
  IF NOT committed THEN RETURN; END IF;

  PERFORM 1 FROM shows s WHERE s.id = ANY (s_id) ORDER BY s.id FOR NO KEY UPDATE;
  UPDATE shows s
     SET version = u.version + 1, capacity = u.capacity, free = u.free, held = u.held, confirmed = u.confirmed,
         hash = decode(u.hash, 'hex'), updated_at = epoch + u.updated_at * ms
    FROM unnest(s_id, s_version, s_capacity, s_free, s_held, s_confirmed, s_hash, s_updated_at)
      AS u (id, version, capacity, free, held, confirmed, hash, updated_at)
   WHERE s.id = u.id AND s.version = u.version;
  GET DIAGNOSTICS done = ROW_COUNT;
  IF done <> cardinality(s_id) THEN
    RAISE EXCEPTION 'partition %: a show is not at the version that the batch was decided on', p_partition
      USING ERRCODE = 'SL001';
  END IF;

  FOR changed IN
    SELECT * FROM jsonb_to_recordset(p_shows) AS n (is_new boolean, id uuid, line_offset bigint, name text, starts_at bigint,
         layout jsonb, rules jsonb, opens_at bigint, closes_at bigint, sale text, archived boolean, request_hash text,
         capacity int, free int, held int, confirmed int, hash text, created_at bigint, updated_at bigint)
  LOOP
    -- A change of a show is rare, and no batch has many: here a loop costs nothing.
    IF changed.is_new THEN
      INSERT INTO shows (id, partition, line_offset, name, starts_at, layout, rules, opens_at, closes_at, sale, archived, request_hash,
                         capacity, free, held, confirmed, version, hash, created_at, updated_at)
      VALUES (changed.id, p_partition, changed.line_offset, changed.name, epoch + changed.starts_at * ms, changed.layout, changed.rules,
              epoch + changed.opens_at * ms, epoch + changed.closes_at * ms, changed.sale, changed.archived,
              decode(changed.request_hash, 'hex'), changed.capacity, changed.free, changed.held, changed.confirmed, 1,
              decode(changed.hash, 'hex'), epoch + changed.created_at * ms, epoch + changed.updated_at * ms);
    ELSE
      UPDATE shows s
         SET name = changed.name, starts_at = epoch + changed.starts_at * ms, layout = changed.layout,
             opens_at = epoch + changed.opens_at * ms, closes_at = epoch + changed.closes_at * ms,
             sale = changed.sale, archived = changed.archived
       WHERE s.id = changed.id;
    END IF;
  END LOOP;

  INSERT INTO bookings (id, show_id, partition, line_offset, request_hash, customer, wants, confirm_now, status,
                        reason, facts, want, seats, standing, returned, price, prices, payment, rescued, created_at,
                        decided_at, updated_at, expires_at, hold_limit, confirmed_at)
  SELECT u.id, u.show_id, p_partition, u.line_offset, decode(u.request_hash, 'hex'), u.customer, u.wants::json,
         u.confirm_now, u.status, u.reason, u.facts::json, u.want, u.seats::int[], u.standing::json,
         u.returned::int[], u.price, u.prices::json, u.payment, u.rescued, epoch + u.created_at * ms,
         epoch + u.decided_at * ms, epoch + u.updated_at * ms, epoch + u.expires_at * ms,
         epoch + u.hold_limit * ms, epoch + u.confirmed_at * ms
    FROM unnest(b_id, b_is_new, b_show_id, b_line_offset, b_request_hash, b_customer, b_wants, b_confirm_now, b_status,
                b_reason, b_facts, b_want, b_seats, b_standing, b_returned, b_price, b_prices, b_payment, b_rescued,
                b_created_at, b_decided_at, b_updated_at, b_expires_at, b_hold_limit, b_confirmed_at)
      AS u (id, is_new, show_id, line_offset, request_hash, customer, wants, confirm_now, status, reason, facts, want,
            seats, standing, returned, price, prices, payment, rescued, created_at, decided_at, updated_at, expires_at,
            hold_limit, confirmed_at)
   WHERE u.is_new;

  UPDATE bookings b
     SET status = u.status, reason = u.reason, facts = u.facts::json, want = u.want, seats = u.seats::int[],
         standing = u.standing::json, returned = u.returned::int[], price = u.price, prices = u.prices::json,
         payment = u.payment, rescued = u.rescued, updated_at = epoch + u.updated_at * ms,
         expires_at = epoch + u.expires_at * ms, hold_limit = epoch + u.hold_limit * ms,
         confirmed_at = epoch + u.confirmed_at * ms
    FROM unnest(b_id, b_is_new, b_status, b_reason, b_facts, b_want, b_seats, b_standing, b_returned, b_price,
                b_prices, b_payment, b_rescued, b_updated_at, b_expires_at, b_hold_limit, b_confirmed_at)
      AS u (id, is_new, status, reason, facts, want, seats, standing, returned, price, prices, payment, rescued,
            updated_at, expires_at, hold_limit, confirmed_at)
   WHERE b.id = u.id AND NOT u.is_new;
  GET DIAGNOSTICS done = ROW_COUNT;
  SELECT count(*) INTO wanted FROM unnest(b_is_new) AS u (is_new) WHERE NOT u.is_new;
  IF done <> wanted THEN
    RAISE EXCEPTION 'partition %: % bookings to change, % found', p_partition, wanted, done USING ERRCODE = 'SL001';
  END IF;

  DELETE FROM seats s USING unnest(d_show_id, d_seat_no, d_booking_id) AS u (show_id, seat_no, booking_id)
   WHERE s.show_id = u.show_id AND s.seat_no = u.seat_no AND s.booking_id = u.booking_id;
  GET DIAGNOSTICS done = ROW_COUNT;
  IF done <> cardinality(d_seat_no) THEN
    RAISE EXCEPTION 'partition %: % seats to release, % found', p_partition, cardinality(d_seat_no), done
      USING ERRCODE = 'SL001';
  END IF;
  INSERT INTO seats (show_id, seat_no, booking_id)
  SELECT * FROM unnest(t_show_id, t_seat_no, t_booking_id);

  INSERT INTO sections AS c (show_id, section, capacity, held, confirmed)
  SELECT * FROM unnest(c_show_id, c_section, c_capacity, c_held, c_confirmed)
      ON CONFLICT (show_id, section) DO UPDATE SET capacity = excluded.capacity, held = excluded.held,
          confirmed = excluded.confirmed;

  INSERT INTO customers AS c (show_id, customer, places, holds)
  SELECT * FROM unnest(u_show_id, u_customer, u_places, u_holds)
      ON CONFLICT (show_id, customer) DO UPDATE SET places = excluded.places, holds = excluded.holds;

  INSERT INTO dead_letters (partition, line_offset, key, value, fault, created_at)
  SELECT p_partition, u.line_offset, decode(u.key, 'hex'), decode(u.value, 'hex'), u.fault, epoch + clock_ms * ms
    FROM unnest(l_offset, l_key, l_value, l_fault) AS u (line_offset, key, value, fault);

  INSERT INTO records (partition, first_offset, next_offset, body, tail, created_at)
  VALUES (p_partition, p_first, p_next, p_body, decode(p_new_tail, 'hex'), epoch + clock_ms * ms);

  UPDATE partitions p
     SET next_offset = p_next, tail = decode(p_new_tail, 'hex'),
         -- A batch is decided only when every record before it is published.
         published_offset = p_first,
         log_clock = epoch + p_log_clock * ms, last_digest = decode(p_last_digest, 'hex')
   WHERE p.partition = p_partition;

  clock_ms := floor(extract(epoch FROM clock_timestamp()) * 1000);
END
$$;
