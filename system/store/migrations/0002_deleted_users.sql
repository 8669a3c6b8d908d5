-- A deleted user stays as a row, for what refers to it, without its personal data, and is shown
-- nowhere. Its e-mail address is free again: of the rows with one address, at most one is live.
-- The new index comes before the old one goes (docs/decisions/0011-migrations.md).
ALTER TABLE users ADD COLUMN deleted_at timestamptz;
CREATE UNIQUE INDEX users_live_email_folded_key ON users (email_folded) WHERE deleted_at IS NULL;
DROP INDEX users_email_folded_key;
