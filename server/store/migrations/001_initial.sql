-- The store as first made. Times are Unix milliseconds; ids, keys, heads and hashes are 32 bytes.

CREATE TABLE log (
    id      INTEGER PRIMARY KEY,
    name    BLOB NOT NULL UNIQUE CHECK (length(name) = 32),
    kind    INTEGER NOT NULL CHECK (kind IN (1, 2, 3)), -- member, council, journal
    creator BLOB NOT NULL CHECK (length(creator) = 32),
    created INTEGER NOT NULL
) STRICT;

-- In order of arrival, of all logs: an append touches the last page alone. There is no index on (log, seq); an
-- entry is found by extent (whole blocks of 64) and by following prev (the block that is still growing).
-- What a start must read of every row stands before text and data, so that it never touches them.
CREATE TABLE entry (
    row      INTEGER PRIMARY KEY,
    log      INTEGER NOT NULL,
    seq      INTEGER NOT NULL,
    prev     INTEGER NOT NULL, -- row of the log's previous entry; 0: the first
    folds    INTEGER NOT NULL,
    control  INTEGER NOT NULL,
    sealed   INTEGER NOT NULL, -- it has data, or had: sealed without data is erased
    received INTEGER NOT NULL,
    size     INTEGER NOT NULL, -- of text and data as they came
    head     BLOB NOT NULL,
    sig      BLOB NOT NULL,
    text     TEXT NOT NULL,
    data     BLOB
) STRICT;

CREATE UNIQUE INDEX entry_folds ON entry (log, seq) WHERE folds = 1;

-- The rows of a log's entries 64*block+1 ... 64*block+64, six bytes each, big-endian.
CREATE TABLE extent (
    log   INTEGER NOT NULL,
    block INTEGER NOT NULL,
    rows  BLOB NOT NULL CHECK (length(rows) = 384),
    PRIMARY KEY (log, block)
) STRICT, WITHOUT ROWID;

-- The last entry of each log among the rows up to state.watermark: a start looks at the rows above it.
CREATE TABLE tail (
    log   INTEGER PRIMARY KEY,
    row   INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    bytes INTEGER NOT NULL
) STRICT;

CREATE TABLE state (
    id        INTEGER PRIMARY KEY CHECK (id = 0),
    watermark INTEGER NOT NULL
) STRICT;
INSERT INTO state (id, watermark) VALUES (0, 0);

-- One row for each member of each log, as of the last entry that changed it.
CREATE TABLE membership (
    id         INTEGER PRIMARY KEY,
    log        INTEGER NOT NULL REFERENCES log (id),
    member     BLOB NOT NULL CHECK (length(member) = 32),
    role       INTEGER NOT NULL,
    from_seq   INTEGER NOT NULL,
    until_seq  INTEGER NOT NULL, -- 0: still a member
    UNIQUE (log, member)
) STRICT;
CREATE INDEX membership_member ON membership (member);

CREATE TABLE recovery (
    key    BLOB PRIMARY KEY CHECK (length(key) = 32),
    member BLOB NOT NULL CHECK (length(member) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE code (
    id      INTEGER PRIMARY KEY,
    hash    BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL, -- 0: never
    uses    INTEGER NOT NULL CHECK (uses > 0),
    used    INTEGER NOT NULL CHECK (used BETWEEN 0 AND uses),
    note    TEXT NOT NULL
) STRICT;

CREATE TABLE setting (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
