-- Every statement of the PostgreSQL driver. sql2c.awk makes each a POSTGRES_SQL_ value. Those from
-- product_get on are prepared once for each connection. Those above it run as they are, because
-- the tables may not be there yet.

-- name: version
SELECT coalesce(max(version), 0), coalesce(max(serves), 0) FROM schema_version;

-- name: session
-- Which of the server's processes does the work, and the setting by which a pooler is found out.
SELECT pg_backend_pid(), current_setting('idle_session_timeout', true);

-- name: schema_lacks
-- Why the schema, which has no table of versions, is not to be given a store; NULL: nothing is against
-- it. A second one beside another would share the advisory locks of its keys.
SELECT CASE
    WHEN NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = $1) THEN format(
        'the database has no schema %1$I; run: CREATE SCHEMA %1$I, or set POSTERN_DATABASE_SCHEMA', $1)
    WHEN NOT has_schema_privilege($1, 'USAGE') THEN format(
        'missing privilege; run: GRANT USAGE ON SCHEMA %I TO %I', $1, current_user)
    WHEN elsewhere.name IS NOT NULL THEN format(
        'the store is not in the schema %I but in %I; set POSTERN_DATABASE_SCHEMA=%2$s', $1, elsewhere.name)
    END
FROM (
    SELECT min(n.nspname) AS name
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    JOIN pg_attribute AS a ON a.attrelid = c.oid
    WHERE c.relname = 'schema_version' AND a.attname = 'serves' AND n.nspname <> $1
) AS elsewhere;

-- name: privileges
-- Whether the session is read only, and what to grant so that orders can be placed; NULL: nothing. A
-- privilege for one column is enough, which a person gave knowing why.
SELECT current_setting('transaction_read_only'), string_agg(missing.statement, '; ')
FROM (
    SELECT format('GRANT %s ON %I.%I TO %I', needed.privilege, current_schema(), needed.name, current_user)
    FROM (VALUES
        ('products', 'SELECT'), ('products', 'UPDATE'),
        ('orders', 'SELECT'), ('orders', 'INSERT'), ('orders', 'UPDATE'),
        ('order_lines', 'SELECT'), ('order_lines', 'INSERT'),
        ('idempotency_keys', 'SELECT'), ('idempotency_keys', 'INSERT'),
        ('idempotency_keys', 'UPDATE'), ('idempotency_keys', 'DELETE')
    ) AS needed (name, privilege)
    WHERE NOT CASE needed.privilege
        WHEN 'DELETE' THEN has_table_privilege(needed.name, needed.privilege)
        ELSE has_any_column_privilege(needed.name, needed.privilege) END
    UNION ALL
    SELECT format('GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA %I TO %I', current_schema(), current_user)
    FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname = current_schema() AND p.proname IN (
        'place_order', 'cancel_order', 'server_now_us', 'product_news', 'forget_product_news')
    HAVING NOT bool_and(has_function_privilege(p.oid, 'EXECUTE'))
) AS missing (statement);

-- name: session_terminate
-- objsubid tells locks of two numbers, which stand there unsigned, from those of one.
SELECT pg_terminate_backend(pid) FROM pg_locks
WHERE locktype = 'advisory' AND objsubid = 2
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND classid::BIGINT = ($1::INTEGER::BIGINT & 4294967295)
    AND objid::BIGINT = ($2::INTEGER::BIGINT & 4294967295);

-- name: begin
BEGIN;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- name: migrate_lock
-- The numbers spell PSTR and stand for the schema.
SET LOCAL statement_timeout = 0;
SELECT pg_advisory_xact_lock(1347638354, 1);

-- name: migrate_look
SELECT (to_regclass('schema_version') IS NOT NULL)::INTEGER;

-- name: migrate_begin
CREATE TABLE schema_version (
    version BIGINT NOT NULL PRIMARY KEY,
    -- The oldest version whose programs it still serves.
    serves BIGINT NOT NULL,
    name TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- name: migrate_note
INSERT INTO schema_version (version, serves, name) VALUES ($1, $2, $3);

-- name: import_look
-- The lock of import_start comes first, as with every import, so that no two wait for each other.
SELECT pg_advisory_xact_lock(1347638354, 2);
LOCK TABLE products IN SHARE ROW EXCLUSIVE MODE;
SELECT EXISTS (SELECT FROM products)::INTEGER;

-- name: import_start
-- Imports come one after the other, so that none adds what another is just adding.
SET LOCAL statement_timeout = 0;
SELECT pg_advisory_xact_lock(1347638354, 2);
CREATE TEMPORARY TABLE imported (
    given BIGINT GENERATED ALWAYS AS IDENTITY,
    id BIGINT NOT NULL PRIMARY KEY,
    price_cents BIGINT,
    quantity BIGINT,
    name TEXT COLLATE "C",
    description TEXT COLLATE "C"
) ON COMMIT DROP;
-- What is to be done with each, and what it was. The verdicts are those of enum store_verdict.
CREATE TEMPORARY TABLE judged (
    given BIGINT NOT NULL,
    verdict BIGINT NOT NULL,
    id BIGINT NOT NULL,
    old_price_cents BIGINT,
    old_quantity BIGINT,
    old_name TEXT COLLATE "C",
    old_description TEXT COLLATE "C",
    price_cents BIGINT,
    quantity BIGINT,
    name TEXT COLLATE "C",
    description TEXT COLLATE "C"
) ON COMMIT DROP;
COPY imported (id, price_cents, quantity, name, description) FROM STDIN;

-- name: import_lock
-- In the order of the ids, as orders lock their products. What comes after sees what was committed
-- while this waited.
SELECT count(*) FROM (
    SELECT FROM products
    WHERE id IN (SELECT id FROM imported)
    ORDER BY id
    FOR NO KEY UPDATE
) AS locked;

-- name: import_judge
-- $1 is what becomes of the quantity of a product that exists: refuse, set or keep.
INSERT INTO judged
SELECT m.given,
    CASE
        WHEN m.old_name IS NULL AND (m.name IS NULL OR m.price_cents IS NULL) THEN 3
        WHEN m.old_name IS NULL THEN 0
        WHEN m.retired THEN 5
        WHEN m.stocked AND $1 = 'refuse' THEN 4
        WHEN (m.price_cents, m.quantity, m.name, m.description)
            = (m.old_price_cents, m.old_quantity, m.old_name, m.old_description) THEN 2
        ELSE 1
    END,
    m.id, m.old_price_cents, m.old_quantity, m.old_name, m.old_description,
    m.price_cents, m.quantity, m.name, m.description
FROM (
    SELECT i.given, i.id, i.quantity IS NOT NULL AS stocked, p.retired,
        p.price_cents AS old_price_cents, p.quantity AS old_quantity,
        p.name AS old_name, p.description AS old_description,
        coalesce(i.price_cents, p.price_cents) AS price_cents,
        coalesce(CASE WHEN p.id IS NULL OR $1 <> 'keep' THEN i.quantity END, p.quantity, 0) AS quantity,
        coalesce(i.name, p.name) AS name,
        coalesce(i.description, p.description, '') AS description
    FROM imported AS i LEFT JOIN products AS p ON p.id = i.id
) AS m;

-- name: import_count
SELECT count(*) FILTER (WHERE verdict = 0), count(*) FILTER (WHERE verdict = 1),
    count(*) FILTER (WHERE verdict = 2), count(*) FILTER (WHERE verdict = 3),
    count(*) FILTER (WHERE verdict = 4), count(*) FILTER (WHERE verdict = 5)
FROM judged;

-- name: import_told
SELECT verdict, id, old_price_cents, old_quantity, old_name, old_description,
    id, price_cents, quantity, name, description
FROM judged
WHERE verdict = ANY ($1)
ORDER BY given
LIMIT $2;

-- name: import_add
INSERT INTO products (id, price_cents, quantity, name, description)
SELECT id, price_cents, quantity, name, description
FROM judged
WHERE verdict = 0;

-- name: import_change
UPDATE products AS p SET
    price_cents = j.price_cents,
    quantity = j.quantity,
    name = j.name,
    description = j.description
FROM judged AS j
WHERE p.id = j.id AND j.verdict = 1;

-- name: retire_look
-- The lowest of the ids that no product has; NULL: there is none.
SELECT min(given.id) FROM unnest($1::BIGINT[]) AS given (id)
WHERE NOT EXISTS (SELECT FROM products AS p WHERE p.id = given.id);

-- name: retire
WITH changed AS (
    UPDATE products SET retired = $2
    WHERE id = ANY ($1) AND retired <> $2
    RETURNING id
)
SELECT count(*) FROM changed;

-- name: consumer_holds
SELECT (EXISTS (SELECT FROM orders WHERE consumer = $1)
    OR EXISTS (SELECT FROM idempotency_keys
        WHERE consumer = $1 AND expires_us > server_now_us()))::INTEGER;

-- name: consumer_orders
UPDATE orders SET consumer = $2
WHERE consumer = $1;

-- name: consumer_lock
-- Orders with a key wait until the transaction ends, so that none comes under a key that is moved.
LOCK TABLE idempotency_keys IN SHARE ROW EXCLUSIVE MODE;

-- name: consumer_purge
DELETE FROM idempotency_keys
WHERE consumer IN ($1, $2) AND expires_us <= server_now_us();

-- name: consumer_drop
DELETE FROM idempotency_keys
WHERE consumer = $1 AND key IN (SELECT key FROM idempotency_keys WHERE consumer = $2);

-- name: consumer_keys
UPDATE idempotency_keys SET consumer = $2
WHERE consumer = $1;

-- name: adjustment_make
SELECT * FROM adjust_stock($1, $2, $3::INTEGER::BOOLEAN, $4, $5, $6, $7);

-- name: adjustment_get
SELECT 'made', a.change, p.quantity
FROM adjustments AS a JOIN products AS p ON p.id = a.product_id
WHERE a.id = $1;

-- name: stock_start
-- Within the transaction: every order is read, so an index is no help. See decisions/0021.
SET LOCAL statement_timeout = 0;
SET LOCAL enable_seqscan = on;
SET LOCAL enable_hashjoin = on;
SET LOCAL plan_cache_mode = force_custom_plan;

-- name: stock_list
-- 0 stands for all products.
SELECT p.id, p.quantity, coalesce(a.adjusted, 0), coalesce(s.sold, 0), coalesce(s.cancelled, 0)
FROM products AS p LEFT JOIN (
    SELECT product_id, sum(change) AS adjusted
    FROM adjustments
    WHERE $1::BIGINT IN (0, product_id)
    GROUP BY product_id
) AS a ON a.product_id = p.id LEFT JOIN (
    SELECT l.product_id, sum(l.quantity) AS sold,
        sum(CASE WHEN o.cancelled_us IS NULL THEN 0 ELSE l.quantity END) AS cancelled
    FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id
    WHERE $1::BIGINT IN (0, l.product_id)
    GROUP BY l.product_id
) AS s ON s.product_id = p.id
WHERE $1::BIGINT IN (0, p.id)
ORDER BY p.id;

-- name: stock_entries
-- The numbers are those of enum store_entry_kind.
SELECT at_us, kind, change, id, who, reason, (SELECT quantity FROM products WHERE id = $1)
FROM (
    SELECT made_us AS at_us, 0 AS kind, change, id, run_as AS who, reason
    FROM adjustments
    WHERE product_id = $1
    UNION ALL
    SELECT o.created_us, 1, -l.quantity, o.id, o.consumer, o.reference
    FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id
    WHERE l.product_id = $1
    UNION ALL
    SELECT o.cancelled_us, 2, l.quantity, o.id, o.consumer, o.reference
    FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id
    WHERE l.product_id = $1 AND o.cancelled_us IS NOT NULL
) AS entries
ORDER BY at_us, kind;

-- name: product_get
SELECT id, price_cents, quantity, name, description
FROM products
WHERE id = $1 AND NOT retired;

-- name: product_list
SELECT id, price_cents, quantity, name, description
FROM products
WHERE id > $1 AND NOT retired
ORDER BY id
LIMIT $2;

-- name: news
SELECT at, lost::INTEGER, product_id FROM product_news($1, $2);

-- name: news_purge
SELECT forget_product_news($1, $2);

-- name: product_lock
-- All products of a group of orders, in the order of their ids. Each order locks its own again.
SELECT count(*) FROM (
    SELECT FROM products
    WHERE id = ANY ($1)
    ORDER BY id
    FOR NO KEY UPDATE
) AS locked;

-- name: product_lock_of
-- The same, where some of the group's orders are there already.
SELECT count(*) FROM (
    SELECT FROM products
    WHERE id = ANY ($1 || ARRAY(SELECT product_id FROM order_lines WHERE order_id = ANY ($2)))
    ORDER BY id
    FOR NO KEY UPDATE
) AS locked;

-- name: order_place
-- A replay says that the first order is durable. Where there is a synchronous standby, the message
-- makes this commit wait for it, and so for the first order: decisions/0012.
SELECT id, created_us, total_cents, email, reference,
    product_id, quantity, unit_price_cents, amount_cents, name, NULL AS cancelled_us,
    outcome, available,
    CASE WHEN outcome = 'replayed' AND current_setting('synchronous_standby_names') <> ''
    AND NOT pg_is_in_recovery() THEN pg_logical_emit_message(true, 'postern', 'replayed') END
FROM place_order($1, $2, $3, $4, $5, $6, $7, $8);

-- name: order_cancel
-- That it was cancelled before says that this is durable, as a replay does.
SELECT *, CASE WHEN before AND current_setting('synchronous_standby_names') <> ''
    AND NOT pg_is_in_recovery() THEN pg_logical_emit_message(true, 'postern', 'cancelled') END
FROM cancel_order($1, $2);

-- name: order_get
SELECT o.id, o.created_us, o.total_cents, o.email, o.reference,
    l.product_id, l.quantity, l.unit_price_cents, l.amount_cents, l.name,
    o.cancelled_us
FROM orders AS o JOIN order_lines AS l ON l.order_id = o.id
WHERE o.id = $1 AND o.consumer = $2
ORDER BY l.line;

-- name: order_list
SELECT o.id, o.created_us, o.total_cents, o.email, o.reference,
    l.product_id, l.quantity, l.unit_price_cents, l.amount_cents, l.name,
    o.cancelled_us
FROM (
    SELECT * FROM orders
    WHERE consumer = $1 AND id < $2
    ORDER BY id DESC
    LIMIT $3
) AS o JOIN order_lines AS l ON l.order_id = o.id
ORDER BY o.id DESC, l.line;

-- name: order_list_reference
SELECT o.id, o.created_us, o.total_cents, o.email, o.reference,
    l.product_id, l.quantity, l.unit_price_cents, l.amount_cents, l.name,
    o.cancelled_us
FROM (
    SELECT * FROM orders
    WHERE consumer = $1 AND id < $2 AND reference = $4 AND reference <> ''
    ORDER BY id DESC
    LIMIT $3
) AS o JOIN order_lines AS l ON l.order_id = o.id
ORDER BY o.id DESC, l.line;

-- name: session_await
-- Waits until the session is over: decisions/0011. The message's commit waits for a synchronous
-- standby, and so for what the session committed: decisions/0012. A standby has none of the
-- primary's locks, so a lock that is free there means nothing.
SELECT pg_is_in_recovery(), pg_advisory_xact_lock($1, $2),
    CASE WHEN current_setting('synchronous_standby_names') <> '' AND NOT pg_is_in_recovery()
    THEN pg_logical_emit_message(true, 'postern', 'settled') END;
