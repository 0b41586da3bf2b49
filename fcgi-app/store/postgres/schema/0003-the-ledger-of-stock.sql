-- serves: 1
-- Stock belongs to orders. A product's quantity is at any moment the sum of its adjustments, less what
-- orders took, plus what cancelled orders gave back.

-- Orders wait until this has ended; readers of products do not. An order locks products first, too, so
-- no two wait for each other.
LOCK TABLE products IN EXCLUSIVE MODE;

-- Every order line is read once: decisions/0021.
SET LOCAL enable_seqscan = on;
SET LOCAL enable_hashjoin = on;

-- What changed a product's stock and was no order. reason is '' where nobody gave one.
CREATE TABLE adjustments (
    id TEXT COLLATE "C" NOT NULL PRIMARY KEY DEFAULT gen_random_uuid()::TEXT,
    product_id BIGINT NOT NULL REFERENCES products (id),
    made_us BIGINT NOT NULL DEFAULT server_now_us(),
    change BIGINT NOT NULL,
    reason TEXT NOT NULL,
    run_as TEXT NOT NULL DEFAULT session_user
);

CREATE INDEX adjustments_by_product ON adjustments (product_id);

-- What was there before the ledger.
INSERT INTO adjustments (product_id, change, reason)
SELECT p.id, p.quantity + coalesce(s.sold, 0), 'opening'
FROM products AS p LEFT JOIN (
    SELECT product_id, sum(quantity)::BIGINT AS sold FROM order_lines GROUP BY product_id
) AS s ON s.product_id = p.id;

-- Whoever writes a product whole writes its ledger: an import, also of a program made for an earlier
-- version, whose role knows nothing of this table. Orders, cancellations and adjustments name the
-- quantity alone.
CREATE FUNCTION note_stock() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $function$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO adjustments (product_id, change, reason) VALUES (NEW.id, NEW.quantity, 'opening');
    ELSE
        INSERT INTO adjustments (product_id, change, reason)
        VALUES (NEW.id, NEW.quantity - OLD.quantity, 'import');
    END IF;
    RETURN NULL;
END
$function$;

-- Nobody calls it: a trigger that fires needs no privilege for it.
REVOKE EXECUTE ON FUNCTION note_stock() FROM PUBLIC;

CREATE TRIGGER products_open AFTER INSERT ON products
FOR EACH ROW EXECUTE FUNCTION note_stock();

CREATE TRIGGER products_import AFTER UPDATE OF name ON products
FOR EACH ROW WHEN (NEW.quantity <> OLD.quantity) EXECUTE FUNCTION note_stock();

-- Puts every line of an order back into stock, once, and returns the order as order_get gives it. No
-- row: the consumer has no such order.
CREATE FUNCTION cancel_order(p_consumer TEXT, p_id TEXT) RETURNS TABLE (
    id TEXT, created_us BIGINT, total_cents BIGINT, email TEXT, reference TEXT,
    product_id BIGINT, quantity BIGINT, unit_price_cents BIGINT, amount_cents BIGINT, name TEXT,
    cancelled_us BIGINT, before BOOLEAN
) LANGUAGE plpgsql SET search_path FROM CURRENT AS $function$
#variable_conflict use_column
DECLARE
    first BOOLEAN;
BEGIN
    PERFORM FROM orders AS o WHERE o.id = p_id AND o.consumer = p_consumer;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    -- As place_order does. Whoever cancels the same order waits here.
    PERFORM FROM products AS p
    WHERE p.id IN (SELECT l.product_id FROM order_lines AS l WHERE l.order_id = p_id)
    ORDER BY p.id
    FOR NO KEY UPDATE;

    -- Whoever wants these products waits for this, so this waits for nobody: where the order is held,
    -- as while its consumer is renamed, it fails at once.
    PERFORM FROM orders AS o WHERE o.id = p_id AND o.consumer = p_consumer FOR NO KEY UPDATE NOWAIT;

    UPDATE orders AS o SET cancelled_us = server_now_us()
    WHERE o.id = p_id AND o.consumer = p_consumer AND o.cancelled_us IS NULL;
    first := FOUND;
    IF first THEN
        UPDATE products AS p SET quantity = p.quantity + l.quantity
        FROM order_lines AS l
        WHERE l.order_id = p_id AND p.id = l.product_id;
    END IF;
    RETURN QUERY
        SELECT o.id, o.created_us, o.total_cents, o.email, o.reference,
            l.product_id, l.quantity, l.unit_price_cents, l.amount_cents, l.name,
            o.cancelled_us, NOT first
        FROM orders AS o JOIN order_lines AS l ON l.order_id = o.id
        WHERE o.id = p_id AND o.consumer = p_consumer
        ORDER BY l.line;
END
$function$;

-- Changes a product's stock by an amount, or sets it to one. The row it returns says what came of it:
--     made      the change, and the stock afterwards; an adjustment with this id is made once
--     beyond    the stock as it is: it would be below zero, or rise above the most that may be. What
--               is cancelled may have lifted it above that, and from there it may fall
-- No row: no such product.
CREATE FUNCTION adjust_stock(
    p_id TEXT, p_product BIGINT, p_set BOOLEAN, p_amount BIGINT, p_most BIGINT,
    p_reason TEXT, p_run_as TEXT
) RETURNS TABLE (outcome TEXT, change BIGINT, quantity BIGINT)
LANGUAGE plpgsql SET search_path FROM CURRENT AS $function$
#variable_conflict use_column
DECLARE
    stock BIGINT;
    made BIGINT;
BEGIN
    SELECT p.quantity INTO stock FROM products AS p WHERE p.id = p_product FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT a.change INTO made FROM adjustments AS a WHERE a.id = p_id;
    IF FOUND THEN
        RETURN QUERY SELECT 'made', made, stock;
        RETURN;
    END IF;
    made := CASE WHEN p_set THEN p_amount - stock ELSE p_amount END;
    IF stock + made < 0 OR made > 0 AND stock + made > p_most THEN
        RETURN QUERY SELECT 'beyond', 0::BIGINT, stock;
        RETURN;
    END IF;
    UPDATE products AS p SET quantity = p.quantity + made WHERE p.id = p_product;
    INSERT INTO adjustments (id, product_id, change, reason, run_as)
    VALUES (p_id, p_product, made, p_reason, p_run_as);
    RETURN QUERY SELECT 'made', made, stock + made;
END
$function$;

-- An order without a reference, which is '', is not in it and costs it nothing. It is made
-- here, where orders wait already and no reader does.
CREATE INDEX orders_by_reference ON orders (consumer, reference, id) WHERE reference <> '';

-- Last, because readers of orders wait for its end. When the order was cancelled; NULL: it holds.
ALTER TABLE orders ADD COLUMN cancelled_us BIGINT;
