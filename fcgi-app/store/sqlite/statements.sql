-- Every statement the SQLite driver prepares. sql2c.awk makes each an SQLITE_SQL_ value.

-- name: begin
BEGIN IMMEDIATE;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- What is written is there already (schema.h): it only shows that a write can be made durable.
-- name: touch
PRAGMA application_id = 1347638354;

-- name: product_get
SELECT id, price_cents, quantity, name, description
FROM products
WHERE id = ?1 AND retired = 0;

-- name: product_list
SELECT id, price_cents, quantity, name, description
FROM products
WHERE id > ?1 AND retired = 0
ORDER BY id
LIMIT ?2;

-- Any product, with what a visitor is not shown.
-- name: product_find
SELECT id, price_cents, quantity, name, description, retired
FROM products
WHERE id = ?1;

-- name: product_retire
UPDATE products SET retired = ?2
WHERE id = ?1 AND retired <> ?2;

-- name: import_look
SELECT EXISTS (SELECT 1 FROM products);

-- name: import_add
INSERT INTO products (id, price_cents, quantity, name, description)
VALUES (?1, ?2, ?3, ?4, ?5);

-- name: import_change
UPDATE products SET price_cents = ?2, quantity = ?3, name = ?4, description = ?5
WHERE id = ?1;

-- With OR FAIL, SQLite copies no page to undo this statement alone. Whoever meets a failure rolls
-- back the whole transaction.
-- name: product_take
UPDATE OR FAIL products SET quantity = quantity - ?2
WHERE id = ?1 AND quantity >= ?2;

-- name: product_return
UPDATE products SET quantity = quantity + ?2
WHERE id = ?1;

-- name: news
-- A row for each product, or one without any. The first and the last id there are: what is missing
-- between ?1 and the first was forgotten.
SELECT b.oldest, b.newest, c.product_id
FROM (
    SELECT coalesce((SELECT min(id) FROM product_changes), 0) AS oldest,
        coalesce((SELECT max(id) FROM product_changes), 0) AS newest
) AS b LEFT JOIN (
    SELECT DISTINCT product_id FROM product_changes
    WHERE id > ?1
    LIMIT ?2
) AS c ON true;

-- name: news_purge
DELETE FROM product_changes
WHERE id < ?1 AND id < (SELECT min(id) FROM product_changes) + ?2
    AND id < (SELECT max(id) FROM product_changes);

-- name: order_insert
INSERT INTO orders (id, consumer, created_us, total_cents, email, reference)
VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: order_insert_line
INSERT INTO order_lines
    (order_id, line, product_id, quantity, unit_price_cents, amount_cents, name)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: order_get
SELECT o.id, o.created_us, o.total_cents, o.email, o.reference,
    l.product_id, l.quantity, l.unit_price_cents, l.amount_cents, l.name,
    o.cancelled_us
FROM orders AS o CROSS JOIN order_lines AS l ON l.order_id = o.id
WHERE o.id = ?1 AND o.consumer = ?2
ORDER BY l.line;

-- name: order_list
SELECT o.id, o.created_us, o.total_cents, o.email, o.reference,
    l.product_id, l.quantity, l.unit_price_cents, l.amount_cents, l.name,
    o.cancelled_us
FROM orders AS o CROSS JOIN order_lines AS l ON l.order_id = o.id
WHERE o.consumer = ?1 AND o.id < ?2
ORDER BY o.id DESC, l.line;

-- name: order_cancel
UPDATE orders SET cancelled_us = ?2
WHERE id = ?1;

-- name: order_list_reference
SELECT o.id, o.created_us, o.total_cents, o.email, o.reference,
    l.product_id, l.quantity, l.unit_price_cents, l.amount_cents, l.name,
    o.cancelled_us
FROM orders AS o CROSS JOIN order_lines AS l ON l.order_id = o.id
WHERE o.consumer = ?1 AND o.id < ?2 AND o.reference = ?3 AND o.reference <> ''
ORDER BY o.id DESC, l.line;

-- name: key_find
SELECT order_id FROM idempotency_keys
WHERE consumer = ?1 AND key = ?2 AND expires_us > ?3;

-- name: key_purge
DELETE FROM idempotency_keys
WHERE (consumer, key) IN (
    SELECT consumer, key FROM idempotency_keys
    WHERE expires_us <= ?1
    ORDER BY expires_us
    LIMIT 2
);

-- name: key_insert
INSERT INTO idempotency_keys (consumer, key, order_id, expires_us)
VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (consumer, key) DO UPDATE SET
    order_id = excluded.order_id,
    expires_us = excluded.expires_us;

-- name: consumer_holds
SELECT EXISTS (SELECT 1 FROM orders WHERE consumer = ?1)
    OR EXISTS (SELECT 1 FROM idempotency_keys WHERE consumer = ?1);

-- name: consumer_purge
DELETE FROM idempotency_keys
WHERE consumer IN (?1, ?2) AND expires_us <= ?3;

-- name: consumer_drop
DELETE FROM idempotency_keys
WHERE consumer = ?1 AND key IN (SELECT key FROM idempotency_keys WHERE consumer = ?2);

-- name: consumer_keys
UPDATE idempotency_keys SET consumer = ?2
WHERE consumer = ?1;

-- name: consumer_orders
UPDATE orders SET consumer = ?2
WHERE consumer = ?1;

-- name: adjustment_get
SELECT a.change, p.quantity
FROM adjustments AS a JOIN products AS p ON p.id = a.product_id
WHERE a.id = ?1;

-- name: adjustment_insert
INSERT INTO adjustments (id, product_id, made_us, change, reason, run_as)
VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: stock_get
SELECT quantity FROM products
WHERE id = ?1;

-- name: stock_list
-- 0 stands for all products.
SELECT p.id, p.quantity, coalesce(a.adjusted, 0), coalesce(s.sold, 0), coalesce(s.cancelled, 0)
FROM products AS p LEFT JOIN (
    SELECT product_id, sum(change) AS adjusted
    FROM adjustments
    WHERE ?1 IN (0, product_id)
    GROUP BY product_id
) AS a ON a.product_id = p.id LEFT JOIN (
    SELECT l.product_id, sum(l.quantity) AS sold,
        sum(CASE WHEN o.cancelled_us IS NULL THEN 0 ELSE l.quantity END) AS cancelled
    FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id
    WHERE ?1 IN (0, l.product_id)
    GROUP BY l.product_id
) AS s ON s.product_id = p.id
WHERE ?1 IN (0, p.id)
ORDER BY p.id;

-- name: stock_entries
-- The numbers are those of enum store_entry_kind.
SELECT at_us, kind, change, id, who, reason, (SELECT quantity FROM products WHERE id = ?1)
FROM (
    SELECT made_us AS at_us, 0 AS kind, change, id, run_as AS who, reason
    FROM adjustments
    WHERE product_id = ?1
    UNION ALL
    SELECT o.created_us, 1, -l.quantity, o.id, o.consumer, o.reference
    FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id
    WHERE l.product_id = ?1
    UNION ALL
    SELECT o.cancelled_us, 2, l.quantity, o.id, o.consumer, o.reference
    FROM order_lines AS l JOIN orders AS o ON o.id = l.order_id
    WHERE l.product_id = ?1 AND o.cancelled_us IS NOT NULL
)
ORDER BY at_us, kind;
