-- serves: 1
-- Tells whoever shows products that they have changed. An entry has the transaction that wrote it. So it
-- is told once that has been committed, whatever order transactions end in.
CREATE TABLE product_changes (
    xid XID8 NOT NULL DEFAULT pg_current_xact_id(),
    -- 0: any product may have changed.
    product_id BIGINT NOT NULL
);

CREATE INDEX product_changes_by_xid ON product_changes (xid);

-- One row: entries of transactions before this one are forgotten.
CREATE TABLE product_changes_kept (
    since XID8 NOT NULL
);

INSERT INTO product_changes_kept (since) VALUES (pg_current_xact_id());

-- Whoever changes a product writes an entry, also a program made for an earlier version, whose role
-- knows nothing of these tables. So the functions below have the rights of their owner.
CREATE FUNCTION note_product_change() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $function$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO product_changes (product_id) VALUES (OLD.id);
    ELSIF TG_OP = 'TRUNCATE' THEN
        INSERT INTO product_changes (product_id) VALUES (0);
    ELSE
        INSERT INTO product_changes (product_id) VALUES (NEW.id);
    END IF;
    RETURN NULL;
END
$function$;

-- Nobody calls it: a trigger that fires needs no privilege for it.
REVOKE EXECUTE ON FUNCTION note_product_change() FROM PUBLIC;

CREATE TRIGGER products_changed AFTER INSERT OR UPDATE OR DELETE ON products
FOR EACH ROW EXECUTE FUNCTION note_product_change();

CREATE TRIGGER products_truncated AFTER TRUNCATE ON products
FOR EACH STATEMENT EXECUTE FUNCTION note_product_change();

-- What has changed since a moment, which is the snapshot of an earlier call, or NULL. A row for each
-- product, p_most at most, or one row without any. Each has the moment of this call, and whether
-- something was forgotten that was not told.
--
-- What is new is what this call sees and the earlier one did not. That is what began since, and what was
-- under way then. Nothing else is read, however long a transaction lasts.
CREATE FUNCTION product_news(p_since TEXT, p_most BIGINT) RETURNS TABLE (
    at TEXT, lost BOOLEAN, product_id BIGINT
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $function$
#variable_conflict use_column
DECLARE
    before CONSTANT PG_SNAPSHOT := p_since;
    now CONSTANT PG_SNAPSHOT := pg_current_snapshot();
    -- Long only while hundreds are at work: then all since the first of them is told once more.
    moment CONSTANT TEXT := CASE WHEN length(now::TEXT) <= 4000 THEN now::TEXT
        ELSE format('%1$s:%1$s:', pg_snapshot_xmin(now)) END;
BEGIN
    RETURN QUERY
        SELECT moment, coalesce(k.since > pg_snapshot_xmin(before) AND k.since <= pg_snapshot_xmax(now), false),
            c.product_id
        FROM product_changes_kept AS k LEFT JOIN (
            SELECT DISTINCT untold.product_id FROM (
                SELECT b.product_id FROM product_changes AS b
                -- What is of later transactions than any was restored from another server.
                WHERE b.xid >= pg_snapshot_xmax(before) AND b.xid < pg_snapshot_xmax(now)
                UNION ALL
                SELECT w.product_id FROM product_changes AS w
                WHERE w.xid = ANY (ARRAY(SELECT pg_snapshot_xip(before)))
            ) AS untold
            LIMIT p_most
        ) AS c ON true;
END
$function$;

-- Forgets what had been told at a moment, p_most entries or a few more. If another call is just doing
-- so, it does nothing.
CREATE FUNCTION forget_product_news(p_told TEXT, p_most BIGINT) RETURNS VOID
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $function$
DECLARE
    upto XID8 := pg_snapshot_xmin(p_told::PG_SNAPSHOT);
    coming CONSTANT XID8 := pg_snapshot_xmax(pg_current_snapshot());
    kept XID8;
BEGIN
    SELECT k.since INTO kept FROM product_changes_kept AS k FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- It was restored from another server, and entries with it.
    IF kept > coming THEN
        DELETE FROM product_changes AS c WHERE c.xid >= coming;
        kept := '0';
    END IF;
    SELECT c.xid INTO upto FROM (
        SELECT upto AS xid
        UNION ALL (
            SELECT c.xid FROM product_changes AS c
            WHERE c.xid >= kept AND c.xid < upto
            ORDER BY c.xid OFFSET p_most LIMIT 1
        )
    ) AS c
    ORDER BY c.xid LIMIT 1;
    IF upto > kept THEN
        UPDATE product_changes_kept SET since = upto;
        DELETE FROM product_changes AS c WHERE c.xid >= kept AND c.xid < upto;
    END IF;
END
$function$;

-- The same as before, with fewer statements inside, each of which costs the server time.
--
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

    -- Locked in the order of their ids, so that no two orders wait for each other. Not FOR UPDATE, which
    -- would also keep others from referring to the product. What was waited for is read as it is then.
    -- A retired one is locked too, so that it is still retired when it is told of.
    SELECT bool_and(p.id IS NOT NULL AND NOT p.retired), bool_and(p.quantity >= w.quantity),
        sum(p.price_cents * w.quantity)
    INTO known, enough, total
    FROM unnest(p_products, p_quantities) AS w (product_id, quantity)
    LEFT JOIN (
        SELECT p.id, p.quantity, p.price_cents, p.retired FROM products AS p
        WHERE p.id = ANY (p_products)
        ORDER BY p.id
        FOR NO KEY UPDATE
    ) AS p ON p.id = w.product_id;

    IF NOT known THEN
        RETURN QUERY
            SELECT p_id, now_us, 0::BIGINT, '', '', w.product_id, 0::BIGINT,
                0::BIGINT, 0::BIGINT, '', 'unknown', NULL::BIGINT
            FROM unnest(p_products) WITH ORDINALITY AS w (product_id, line)
            WHERE NOT EXISTS (
                SELECT FROM products AS p WHERE p.id = w.product_id AND NOT p.retired)
            ORDER BY w.line;
        -- What was unknown has just been added.
        IF NOT FOUND THEN
            RETURN QUERY SELECT * FROM place_order(
                p_consumer, p_key, p_id, p_key_lifetime_us, p_products, p_quantities, p_email, p_reference);
        END IF;
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

    RETURN QUERY
        WITH head AS (
            INSERT INTO orders (id, consumer, created_us, total_cents, email, reference)
            VALUES (p_id, p_consumer, now_us, total, p_email, p_reference)
        ), kept AS (
            INSERT INTO idempotency_keys AS k (consumer, key, order_id, expires_us)
            SELECT p_consumer, p_key, p_id, now_us + p_key_lifetime_us
            WHERE p_key IS NOT NULL
            ON CONFLICT ON CONSTRAINT idempotency_keys_pkey DO UPDATE SET
                order_id = excluded.order_id,
                expires_us = excluded.expires_us
        ), taken AS (
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

    -- Two for each one kept, so that they never pile up and no order pays for many. It comes last and
    -- waits for nobody, so whoever waits for one of these keys waits a moment.
    IF p_key IS NOT NULL
        AND EXISTS (SELECT FROM idempotency_keys AS k WHERE k.expires_us <= now_us) THEN
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
