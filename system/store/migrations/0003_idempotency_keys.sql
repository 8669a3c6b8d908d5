-- Requests that take effect once: under the key that the client chose, what the request was and
-- what was answered, committed together with its effect. The answer is absent only inside the
-- transaction that is making it.
CREATE TABLE idempotency_keys (
    key text PRIMARY KEY,
    fingerprint text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    status integer,
    headers text,
    body text
);
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
