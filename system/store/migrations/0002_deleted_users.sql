-- A deleted user stays as a row, for what refers to it, and is shown nowhere. Its e-mail address is
-- free again: of the rows with one address, at most one is live. The index keeps its name, by which
-- nodes of the version before know that an address is taken.
ALTER TABLE users ADD COLUMN deleted_at timestamptz;
DROP INDEX users_email_folded_key;
CREATE UNIQUE INDEX users_email_folded_key ON users (email_folded) WHERE deleted_at IS NULL;
