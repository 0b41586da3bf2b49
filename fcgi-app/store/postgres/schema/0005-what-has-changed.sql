-- serves: 1
-- Tells whoever shows products that they have changed. An entry has the transaction that wrote it. So it
-- is told once that has been committed, whatever order transactions end in. Not logged: a server that
-- crashes ends every connection, and with it what was told on it.
CREATE UNLOGGED TABLE product_changes (
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
CREATE FUNCTION note_product_changes() RETURNS TRIGGER
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $function$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO product_changes (product_id) VALUES (0);
    ELSE
        INSERT INTO product_changes (product_id) SELECT id FROM changed;
    END IF;
    RETURN NULL;
END
$function$;

-- Nobody calls it: a trigger that fires needs no privilege for it.
REVOKE EXECUTE ON FUNCTION note_product_changes() FROM PUBLIC;

CREATE TRIGGER products_inserted AFTER INSERT ON products REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION note_product_changes();

CREATE TRIGGER products_updated AFTER UPDATE ON products REFERENCING NEW TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION note_product_changes();

CREATE TRIGGER products_deleted AFTER DELETE ON products REFERENCING OLD TABLE AS changed
FOR EACH STATEMENT EXECUTE FUNCTION note_product_changes();

CREATE TRIGGER products_truncated AFTER TRUNCATE ON products
FOR EACH STATEMENT EXECUTE FUNCTION note_product_changes();

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
