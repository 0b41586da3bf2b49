-- serves: 1
-- A product that is retired is not for sale: no list shows it and no order takes it. What was ordered
-- before keeps it. A program made for an earlier version shows it still, and no order of it is placed.
ALTER TABLE products ADD COLUMN retired BOOLEAN NOT NULL DEFAULT false;

-- Places an order, or says why not, in one call and so in one round trip. The rows it returns are
-- all of one outcome:
--     placed, replayed   a row for each line of the order, as order_get gives them
--     unknown            a row for each product that does not exist or is retired: product_id
--     short              a row for each short line: product_id, quantity (asked for), available
--     in flight          one row: another transaction with the key has not ended yet
-- A refusal returns like a success does, so that its transaction commits, having changed nothing.
CREATE OR REPLACE FUNCTION place_order(
    p_consumer TEXT, p_key TEXT, p_id TEXT, p_key_lifetime_us BIGINT,
    p_products BIGINT[], p_quantities BIGINT[], p_email TEXT, p_reference TEXT
) RETURNS TABLE (
    id TEXT, created_us BIGINT, total_cents BIGINT, email TEXT, reference TEXT,
    product_id BIGINT, quantity BIGINT, unit_price_cents BIGINT, amount_cents BIGINT, name TEXT,
    outcome TEXT, available BIGINT
) LANGUAGE plpgsql SET search_path FROM CURRENT AS $function$
#variable_conflict use_column
DECLARE
    now_us CONSTANT BIGINT := server_now_us();
    known BOOLEAN;
    enough BOOLEAN;
    total BIGINT;
    first_id TEXT;
BEGIN
    IF p_key IS NOT NULL THEN
        -- Held until the transaction has ended and its outcome can be seen by others.
        IF NOT pg_try_advisory_xact_lock(hashtextextended(p_consumer || chr(10) || p_key, 0)) THEN
            outcome := 'in flight';
            RETURN NEXT;
            RETURN;
        END IF;
        SELECT k.order_id INTO first_id FROM idempotency_keys AS k
        WHERE k.consumer = p_consumer AND k.key = p_key AND k.expires_us > now_us;
        IF FOUND THEN
            RETURN QUERY
                SELECT o.id, o.created_us, o.total_cents, o.email, o.reference,
                    l.product_id, l.quantity, l.unit_price_cents, l.amount_cents, l.name,
                    'replayed', NULL::BIGINT
                FROM orders AS o JOIN order_lines AS l ON l.order_id = o.id
                WHERE o.id = first_id
                ORDER BY l.line;
            RETURN;
        END IF;
    END IF;

    -- Always in the order of their ids, so that no two orders wait for each other. Not FOR UPDATE,
    -- which would also keep others from referring to the product.
    PERFORM FROM products AS p
    WHERE p.id = ANY (p_products)
    ORDER BY p.id
    FOR NO KEY UPDATE;

    -- A later statement sees what was committed while the one above waited.
    SELECT bool_and(p.id IS NOT NULL), bool_and(p.quantity >= w.quantity),
        sum(p.price_cents * w.quantity)
    INTO known, enough, total
    FROM unnest(p_products, p_quantities) AS w (product_id, quantity)
    LEFT JOIN products AS p ON p.id = w.product_id AND NOT p.retired;

    IF NOT known THEN
        RETURN QUERY
            SELECT p_id, now_us, 0::BIGINT, '', '', w.product_id, 0::BIGINT,
                0::BIGINT, 0::BIGINT, '', 'unknown', NULL::BIGINT
            FROM unnest(p_products) WITH ORDINALITY AS w (product_id, line)
            WHERE NOT EXISTS (
                SELECT FROM products AS p WHERE p.id = w.product_id AND NOT p.retired)
            ORDER BY w.line;
        RETURN;
    END IF;
    IF NOT enough THEN
        RETURN QUERY
            SELECT p_id, now_us, 0::BIGINT, '', '', w.product_id, w.quantity,
                0::BIGINT, 0::BIGINT, '', 'short', p.quantity
            FROM unnest(p_products, p_quantities) WITH ORDINALITY AS w (product_id, quantity, line)
            JOIN products AS p ON p.id = w.product_id
            WHERE p.quantity < w.quantity
            ORDER BY w.line;
        RETURN;
    END IF;

    INSERT INTO orders (id, consumer, created_us, total_cents, email, reference)
    VALUES (p_id, p_consumer, now_us, total, p_email, p_reference);
    RETURN QUERY
        WITH taken AS (
            UPDATE products AS p SET quantity = p.quantity - w.quantity
            FROM unnest(p_products, p_quantities) WITH ORDINALITY AS w (product_id, quantity, line)
            WHERE p.id = w.product_id
            RETURNING w.line, p.id, w.quantity, p.price_cents, p.name
        ), lines AS (
            INSERT INTO order_lines
                (order_id, line, product_id, quantity, unit_price_cents, amount_cents, name)
            SELECT p_id, t.line - 1, t.id, t.quantity, t.price_cents,
                t.price_cents * t.quantity, t.name
            FROM taken AS t
            RETURNING *
        )
        SELECT p_id, now_us, total, p_email, p_reference, l.product_id, l.quantity,
            l.unit_price_cents, l.amount_cents, l.name, 'placed', NULL::BIGINT
        FROM lines AS l
        ORDER BY l.line;

    IF p_key IS NOT NULL THEN
        INSERT INTO idempotency_keys AS k (consumer, key, order_id, expires_us)
        VALUES (p_consumer, p_key, p_id, now_us + p_key_lifetime_us)
        ON CONFLICT ON CONSTRAINT idempotency_keys_pkey DO UPDATE SET
            order_id = excluded.order_id,
            expires_us = excluded.expires_us;
        -- Two for each one kept, so that they never pile up and no order pays for many. It comes
        -- last and waits for nobody, so whoever waits for one of these keys waits a moment.
        DELETE FROM idempotency_keys AS k
        WHERE (k.consumer, k.key) IN (
            SELECT x.consumer, x.key FROM idempotency_keys AS x
            WHERE x.expires_us <= now_us
            ORDER BY x.expires_us
            LIMIT 2
            FOR UPDATE SKIP LOCKED
        );
    END IF;
END
$function$;
