-- What a read waits for where there are followers (system/sql/read_fence.hpp): a commit that changes
-- nothing. Its value does not matter; that it is set is in the log.
CREATE SEQUENCE read_fence;
