-- Logs that were put back as they once were, or brought by a member: their members tell what they hold.

CREATE TABLE recovering (
    log  INTEGER PRIMARY KEY REFERENCES log (id),
    open INTEGER NOT NULL CHECK (open IN (0, 1)) -- 0: waits for its members; 1: until its first ordinary entry
) STRICT;
CREATE INDEX recovering_waiting ON recovering (log) WHERE open = 0;

-- Who has told, of the logs that wait.
CREATE TABLE spoken (
    log    INTEGER NOT NULL REFERENCES log (id),
    member BLOB NOT NULL CHECK (length(member) = 32),
    PRIMARY KEY (log, member)
) STRICT, WITHOUT ROWID;

-- Which member brought a log that there was not.
CREATE TABLE offered (
    log    INTEGER PRIMARY KEY REFERENCES log (id),
    member BLOB NOT NULL CHECK (length(member) = 32)
) STRICT;
CREATE INDEX offered_member ON offered (member);

-- entry.sealed is from now on 2 where the data never came: an entry brought back after it was erased, whose erasure
-- may still follow. An erase makes it 1.
