-- Makes the application's roles and what belongs to them, and sets one's password; again and again without harm.
-- database-role runs it as one statement, in a transaction that has set postern.login and postern.password. No
-- colon may stand in it, for the Data API takes that for a parameter.
DO $role$
DECLARE
    login text DEFAULT current_setting('postern.login');
BEGIN
    -- Owns everything, and nobody logs in as it.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'postern') THEN
        CREATE ROLE postern NOLOGIN;
    END IF;
    -- To give a schema away one must be a member.
    GRANT postern TO CURRENT_USER;
    -- Two take turns to log in, so that a new password is another role's.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = login) THEN
        EXECUTE format('CREATE ROLE %I IN ROLE postern', login);
    END IF;
    EXECUTE format('ALTER ROLE %I LOGIN PASSWORD %L', login, current_setting('postern.password'));
    -- Whoever logs in so acts as the owner. The application's schema is named to it (database.tf), and has the
    -- owner's name, so that a person with psql is in it, too.
    EXECUTE format('ALTER ROLE %I SET role = %L', login, 'postern');
    CREATE SCHEMA IF NOT EXISTS postern AUTHORIZATION postern;
    REVOKE ALL ON DATABASE postern FROM PUBLIC;
    GRANT CONNECT, TEMPORARY ON DATABASE postern TO postern;
END
$role$
