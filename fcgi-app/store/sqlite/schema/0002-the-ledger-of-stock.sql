-- Stock belongs to orders. A product's quantity is at any moment the sum of its adjustments, less what
-- orders took, plus what cancelled orders gave back.

-- When the order was cancelled; NULL: it holds.
ALTER TABLE orders ADD COLUMN cancelled_us INTEGER;

-- What changed a product's stock and was no order. reason and run_as are '' where nobody gave them.
CREATE TABLE adjustments (
    id TEXT NOT NULL PRIMARY KEY DEFAULT (lower(hex(randomblob(16)))),
    product_id INTEGER NOT NULL REFERENCES products (id),
    made_us INTEGER NOT NULL DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)),
    change INTEGER NOT NULL,
    reason TEXT NOT NULL,
    run_as TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE INDEX adjustments_by_product ON adjustments (product_id);

-- What was there before the ledger. Summed in a table, because a GROUP BY would hold every line in memory.
CREATE TABLE sold (
    product_id INTEGER NOT NULL PRIMARY KEY,
    quantity INTEGER NOT NULL
) STRICT;

INSERT INTO sold (product_id, quantity)
SELECT product_id, quantity FROM order_lines WHERE true
ON CONFLICT (product_id) DO UPDATE SET quantity = quantity + excluded.quantity;

INSERT INTO adjustments (product_id, change, reason)
SELECT p.id, p.quantity + coalesce(s.quantity, 0), 'opening'
FROM products AS p LEFT JOIN sold AS s ON s.product_id = p.id;

DROP TABLE sold;

-- Whoever writes a product whole writes its ledger. Orders, cancellations and adjustments name the
-- quantity alone.
CREATE TRIGGER products_open AFTER INSERT ON products
BEGIN
    INSERT INTO adjustments (product_id, change, reason) VALUES (new.id, new.quantity, 'opening');
END;

CREATE TRIGGER products_import AFTER UPDATE OF name ON products WHEN new.quantity <> old.quantity
BEGIN
    INSERT INTO adjustments (product_id, change, reason)
    VALUES (new.id, new.quantity - old.quantity, 'import');
END;
