-- Users. email_folded holds what makes two addresses the same (domain/user.hpp, fold_email); its
-- unique index alone decides whether an address is taken: nothing checks before it inserts.
CREATE TABLE users (
    id uuid PRIMARY KEY,
    email text NOT NULL,
    email_folded text NOT NULL,
    display_name text NOT NULL,
    password_hash text NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX users_email_folded_key ON users (email_folded);
