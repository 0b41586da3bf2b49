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
WHERE id = ?1;

-- name: product_list
SELECT id, price_cents, quantity, name, description
FROM products
WHERE id > ?1
ORDER BY id
LIMIT ?2;

-- name: product_import
INSERT INTO products (id, price_cents, quantity, name, description)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (id) DO UPDATE SET
    price_cents = excluded.price_cents,
    quantity = excluded.quantity,
    name = excluded.name,
    description = excluded.description;

-- name: product_take
UPDATE products SET quantity = quantity - ?2
WHERE id = ?1 AND quantity >= ?2;

-- name: order_insert
INSERT INTO orders (id, consumer, created_us, total_cents, email, reference)
VALUES (?1, ?2, ?3, ?4, ?5, ?6);

-- name: order_insert_line
INSERT INTO order_lines
    (order_id, line, product_id, quantity, unit_price_cents, amount_cents, name)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7);

-- name: order_get
SELECT o.id, o.created_us, o.total_cents, o.email, o.reference,
    l.product_id, l.quantity, l.unit_price_cents, l.amount_cents, l.name
FROM orders AS o CROSS JOIN order_lines AS l ON l.order_id = o.id
WHERE o.id = ?1 AND o.consumer = ?2
ORDER BY l.line;

-- name: order_list
SELECT o.id, o.created_us, o.total_cents, o.email, o.reference,
    l.product_id, l.quantity, l.unit_price_cents, l.amount_cents, l.name
FROM orders AS o CROSS JOIN order_lines AS l ON l.order_id = o.id
WHERE o.consumer = ?1 AND o.id < ?2
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
