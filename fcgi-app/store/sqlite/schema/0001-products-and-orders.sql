-- Money is in whole cents, time in microseconds since 1970 UTC.

CREATE TABLE products (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id > 0),
    price_cents INTEGER NOT NULL CHECK (price_cents >= 0),
    quantity INTEGER NOT NULL CHECK (quantity >= 0),
    name TEXT NOT NULL CHECK (name <> ''),
    description TEXT NOT NULL
) STRICT;

-- email and reference are '' where none was given.
CREATE TABLE orders (
    id TEXT NOT NULL PRIMARY KEY,
    consumer TEXT NOT NULL CHECK (consumer <> ''),
    created_us INTEGER NOT NULL,
    total_cents INTEGER NOT NULL CHECK (total_cents >= 0),
    email TEXT NOT NULL,
    reference TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Unique only so that the planner knows it: then a consumer's orders come in order with their
-- lines, without a sort that would hold them all in memory.
CREATE UNIQUE INDEX orders_by_consumer ON orders (consumer, id);

-- The name and price are those at the time of the order.
CREATE TABLE order_lines (
    order_id TEXT NOT NULL REFERENCES orders (id),
    line INTEGER NOT NULL,
    product_id INTEGER NOT NULL REFERENCES products (id),
    quantity INTEGER NOT NULL CHECK (quantity > 0),
    unit_price_cents INTEGER NOT NULL CHECK (unit_price_cents >= 0),
    amount_cents INTEGER NOT NULL CHECK (amount_cents >= 0),
    name TEXT NOT NULL,
    PRIMARY KEY (order_id, line)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
    consumer TEXT NOT NULL,
    key TEXT NOT NULL,
    order_id TEXT NOT NULL REFERENCES orders (id),
    expires_us INTEGER NOT NULL,
    PRIMARY KEY (consumer, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_by_expiry ON idempotency_keys (expires_us);
