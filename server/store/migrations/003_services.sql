-- What lies beside the logs: who waits to be matched, calendar feeds, reminders by mail.

-- The pool: who waits to be matched (protocol/README.md section 14). A row is gone when its member withdraws, has joined, or its time is over.
CREATE TABLE pool_person (
    id        INTEGER PRIMARY KEY,
    member    BLOB NOT NULL UNIQUE CHECK (length(member) = 32),
    changed   INTEGER NOT NULL, -- goes up with every change: whoever read it knows whether it is still so
    since     INTEGER NOT NULL,
    expires   INTEGER NOT NULL,
    rests     INTEGER NOT NULL, -- is proposed nothing before
    missed    INTEGER NOT NULL, -- proposals in a row that they never answered
    missing   INTEGER NOT NULL, -- what kept them from a group when groups were last sought; 0: nothing known
    proposal  INTEGER NOT NULL, -- pool_proposal.id; 0: none
    answer    INTEGER NOT NULL, -- 1: accepted
    fast      INTEGER NOT NULL,
    moderates INTEGER NOT NULL,
    function  TEXT NOT NULL,
    level     TEXT NOT NULL,
    industry  TEXT NOT NULL,
    zone      TEXT NOT NULL,
    languages TEXT NOT NULL,
    name      TEXT NOT NULL,
    hours     BLOB NOT NULL CHECK (length(hours) = 42),
    avoid     BLOB NOT NULL, -- tokens of 32 bytes, one after the other
    employers BLOB NOT NULL
) STRICT;
CREATE INDEX pool_person_proposal ON pool_person (proposal, expires);
CREATE INDEX pool_person_rests ON pool_person (rests) WHERE rests > 0;
CREATE INDEX pool_person_since ON pool_person (fast, since);

CREATE TABLE pool_proposal (
    id        INTEGER PRIMARY KEY,
    name      BLOB NOT NULL UNIQUE CHECK (length(name) = 16),
    founding  INTEGER NOT NULL, -- 1: enough have accepted, or a council is there that asked
    refill    INTEGER NOT NULL, -- 1: for a council that was there before
    moderator BLOB NOT NULL CHECK (length(moderator) = 32),
    council   BLOB CHECK (length(council) = 32), -- NULL until it is founded
    made      INTEGER NOT NULL,
    answer_by INTEGER NOT NULL,
    found_by  INTEGER NOT NULL,
    fast      INTEGER NOT NULL,
    zone      TEXT NOT NULL,
    language  TEXT NOT NULL,
    slots     BLOB NOT NULL, -- of each: day, and minute of the day in two bytes
    why       TEXT NOT NULL
) STRICT;
CREATE INDEX pool_proposal_moderator ON pool_proposal (moderator);

-- Links sealed to the devices of who accepted: the server cannot open them.
CREATE TABLE pool_box (
    proposal INTEGER NOT NULL,
    member   BLOB NOT NULL CHECK (length(member) = 32),
    device   BLOB NOT NULL CHECK (length(device) = 32),
    box      BLOB NOT NULL,
    PRIMARY KEY (proposal, member, device)
) STRICT, WITHOUT ROWID;

-- Councils that ask for members.
CREATE TABLE pool_refill (
    id        INTEGER PRIMARY KEY,
    council   BLOB NOT NULL UNIQUE CHECK (length(council) = 32),
    member    BLOB NOT NULL CHECK (length(member) = 32), -- who asked
    changed   INTEGER NOT NULL,
    since     INTEGER NOT NULL,
    expires   INTEGER NOT NULL,
    places    INTEGER NOT NULL, -- 0: all taken; `expires` is 0 then, too, once no proposal is out
    proposal  INTEGER NOT NULL,
    fast      INTEGER NOT NULL,
    zone      TEXT NOT NULL,
    language  TEXT NOT NULL,
    slots     BLOB NOT NULL,
    avoid     BLOB NOT NULL,
    employers BLOB NOT NULL
) STRICT;
CREATE INDEX pool_refill_member ON pool_refill (member);
CREATE INDEX pool_refill_proposal ON pool_refill (proposal, expires);

-- Reminders by mail (protocol/README.md section 16). The only place where an address is; gone when its member stops.
CREATE TABLE mail (
    id         INTEGER PRIMARY KEY,
    member     BLOB NOT NULL UNIQUE CHECK (length(member) = 32),
    token      BLOB NOT NULL UNIQUE CHECK (length(token) = 32), -- of the link that stops it
    address    TEXT NOT NULL,
    zone       TEXT NOT NULL,
    code       TEXT NOT NULL, -- empty: none is good
    quiet_from INTEGER NOT NULL, -- minutes of the local day
    quiet_to   INTEGER NOT NULL,
    kinds      INTEGER NOT NULL,
    tries      INTEGER NOT NULL,
    asked      INTEGER NOT NULL,
    confirmed  INTEGER NOT NULL, -- 0: not yet
    failing    INTEGER NOT NULL, -- 0: it is not
    sent       INTEGER NOT NULL
) STRICT;
CREATE INDEX mail_address ON mail (address COLLATE NOCASE);

-- Codes of the last day by the address that they went to, whoever asked. Of the address there is a hash alone; gone after a day.
CREATE TABLE mail_code (
    id   INTEGER PRIMARY KEY,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    at   INTEGER NOT NULL
) STRICT;
CREATE INDEX mail_code_hash ON mail_code (hash, at);
CREATE INDEX mail_code_at ON mail_code (at);

-- One row for each mail that was to be sent, written before it is.
CREATE TABLE mail_event (
    id     INTEGER PRIMARY KEY,
    member BLOB NOT NULL CHECK (length(member) = 32),
    key    BLOB NOT NULL CHECK (length(key) = 32),
    kind   INTEGER NOT NULL,
    state  INTEGER NOT NULL CHECK (state IN (0, 1, 2, 3)), -- claimed, sent, waits, dropped
    tries  INTEGER NOT NULL,
    due    INTEGER NOT NULL,
    until  INTEGER NOT NULL,
    made   INTEGER NOT NULL,
    UNIQUE (member, key)
) STRICT;
CREATE INDEX mail_event_due ON mail_event (due) WHERE state = 2;
CREATE INDEX mail_event_until ON mail_event (until);

-- Who asked the others of a council to look, and when last.
CREATE TABLE nudge (
    log    BLOB NOT NULL CHECK (length(log) = 32),
    member BLOB NOT NULL CHECK (length(member) = 32),
    at     INTEGER NOT NULL,
    PRIMARY KEY (log, member)
) STRICT, WITHOUT ROWID;
CREATE INDEX nudge_at ON nudge (at);

-- Calendar feeds (protocol/README.md section 15): whoever has the address whose secret this is the hash of is shown when that council meets.
CREATE TABLE feed (
    hash    BLOB PRIMARY KEY CHECK (length(hash) = 32),
    log     BLOB NOT NULL CHECK (length(log) = 32),
    member  BLOB NOT NULL CHECK (length(member) = 32),
    created INTEGER NOT NULL,
    title   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX feed_member ON feed (member, created);
