-- Makes the application's role and what belongs to it, and sets its password; again and again without harm.
-- database-role runs it as one statement, in a transaction that has set postern.password. No colon may
-- stand in it, for the Data API takes that for a parameter.
DO $role$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'postern') THEN
        CREATE ROLE postern LOGIN;
    END IF;
    EXECUTE format('ALTER ROLE postern PASSWORD %L', current_setting('postern.password'));
    -- A schema of the role's name is where the role's tables go. To give it away one must be a member.
    GRANT postern TO CURRENT_USER;
    CREATE SCHEMA IF NOT EXISTS postern AUTHORIZATION postern;
    REVOKE ALL ON DATABASE postern FROM PUBLIC;
    GRANT CONNECT, TEMPORARY ON DATABASE postern TO postern;
END
$role$
