PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
);
INSERT INTO _sqlx_migrations VALUES(1,'on air','2026-11-26 18:27:04',1,X'dcda0763147a37c2d37f618d662c08f7bad4534a167731a859f93cfd36de711eb3fa82bfa679132bbf04c0a81d4e2efb',7302388);
INSERT INTO _sqlx_migrations VALUES(2,'accounts','2026-11-26 18:27:04',1,X'999305bf7294f11a61e331434f76ebee058610a716b351647d6169a2eac2929ea19b4aeaf6e94080de13fad6cc524ef8',3953819);
INSERT INTO _sqlx_migrations VALUES(3,'operators','2026-11-26 18:27:04',1,X'afc298fecd6e38b9ff69960fd4c60a8cafc5f3507c90ba1118c681860203adcc9e87f550da0e155b8c926f66e7572eef',3956273);
INSERT INTO _sqlx_migrations VALUES(4,'conference','2026-11-26 18:27:04',1,X'cc38ef6040727cc89da9838ce36fb1c33e4943b2a3c60b562d3a7d9547773b879dae87a2efc6edf2333551191b2b644f',4033177);
INSERT INTO _sqlx_migrations VALUES(5,'enrolment','2026-11-26 18:27:04',1,X'b0af210d2fabcd6bd93773766f384c047932e7fb5453af539e91b89982a0e57d580cc36157579c90ea8aa1bdd9b40d34',3959347);
INSERT INTO _sqlx_migrations VALUES(6,'unused files','2026-11-26 18:27:04',1,X'eee521b298df28069a1d987280a73f0ae640d0499e46b9a853e69b60a4adda31cd830e5c551720bde40282a1eaeb275e',4008730);
INSERT INTO _sqlx_migrations VALUES(7,'lives','2026-11-26 18:27:04',1,X'd57fd55529b064da074adc5c0dda831edfa076426598eba60fbf4934789e06be0d4f9fa17df2fd57641a0b7794d73031',3977294);
INSERT INTO _sqlx_migrations VALUES(8,'bounded history','2026-11-26 18:27:04',1,X'0534b8ede50f2144737b69c323b807cfb6cb1432b4f8b18a973e189063db01eacb2ceb57087f33862d83d62af4a00aed',1953084);
INSERT INTO _sqlx_migrations VALUES(9,'names','2026-11-26 18:27:04',1,X'65d944d845038883b3010cbb6f0f1e730211a309fae912b820ad727fa3b2bc87e746c13ffd16944934e3a2a6f7e1099f',4059897);
INSERT INTO _sqlx_migrations VALUES(10,'only on','2026-11-26 18:27:04',1,X'c950d467490c084315d7da0a8b2ddee959a118baf697732bb70ed2bdac20c6595bd1e00a3d4522075ffea7228db1a559',4667380);
INSERT INTO _sqlx_migrations VALUES(11,'simulated','2026-11-26 18:27:04',1,X'38c5b766496605ac9de85b055e4cb9bb9595f8550f26555dd0c650b0586062c1037e11b5cd9b151e2311668ae07a3275',3996312);
INSERT INTO _sqlx_migrations VALUES(12,'restored','2026-11-26 18:27:04',1,X'bad5d25cdacaa998ec0d3ae97c741983118bba717ac43d667ba692c537a0eef1e4ad4a43c36ad15aa5f6aa4b34948a35',1398059);
CREATE TABLE challenges (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    name            TEXT    NOT NULL UNIQUE,
    modulation      TEXT    NOT NULL,
    tuning          TEXT    NOT NULL,
    flag            TEXT    NOT NULL,
    parameters      TEXT    NOT NULL,
    public_view     TEXT    NOT NULL,
    enabled         INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    priority        INTEGER NOT NULL,
    min_delay_ms    INTEGER NOT NULL CHECK (min_delay_ms >= 0),
    max_delay_ms    INTEGER NOT NULL CHECK (max_delay_ms >= min_delay_ms),
    -- What the waveform tells, kept so that scheduling need not build it.
    duration_ms     INTEGER NOT NULL,
    occupied_low    REAL    NOT NULL,
    occupied_high   REAL    NOT NULL,
    due_at          INTEGER NOT NULL,
    -- The fence of the latest assignment.
    fence           INTEGER NOT NULL DEFAULT 0,
    failures        INTEGER NOT NULL DEFAULT 0,
    last_started_at INTEGER,
    last_ended_at   INTEGER,
    last_success_at INTEGER,
    updated_at      INTEGER NOT NULL
, triggered_at INTEGER, only_on TEXT NOT NULL DEFAULT '[]', listed_at INTEGER);
INSERT INTO challenges VALUES(1,'MORSE_1','cw','{"frequency":145550000}','{"text":"CQ \"GRUEN\" K"}','{"wpm":18}','{"show_challenge":true,"show_modulation":true,"show_frequency":true,"show_last_tx_time":true,"show_active_status":true}',1,3,5000,60500,9010,657.81228027343752271,742.18771972656247728,1800000104716,2,0,1800000061000,1800000063000,1800000063000,1800000000000,1800000163000,'[]',1800000000000);
INSERT INTO challenges VALUES(2,'VOICE_1','nbfm','{"frequency_ranges":[{"name":"club","display_name":"Löwe''s own","band":"144000000-145000000"},{"name":"ham_144","band":"144000000-148000000"}]}','{"file":{"path":"audio/voice.wav","digest":"ad30e8a030a8c578856f97ff34e913f93a9c706daedc72276c92712a20b4abea","size":3244}}','{}','{"show_challenge":true,"show_modulation":true,"show_frequency":false,"show_last_tx_time":true,"show_active_status":true}',1,0,60000,90000,114,-7077.8906249999999997,7077.8906249999999997,1800000023000,2,1,1800000163000,1800000018000,NULL,1800000000000,NULL,'["roof/a"]',1800000000000);
INSERT INTO challenges VALUES(3,'MORSE_2','cw','{"manual_frequency_range":"146000000-147000000"}','{"text":"DE"}','{}','{"show_challenge":true,"show_modulation":true,"show_frequency":true,"show_last_tx_time":true,"show_active_status":true}',0,0,60000,90000,1150,641.66691080729162878,758.33308919270837121,1800000000000,0,0,NULL,NULL,NULL,1800000000000,NULL,'[]',1800000000000);
INSERT INTO challenges VALUES(4,'MORSE_3','cw','{"frequency":147000000}','{"text":"SK"}','{}','{"show_challenge":true,"show_modulation":true,"show_frequency":true,"show_last_tx_time":true,"show_active_status":true}',1,-1,60000,90000,1510,646.38484700520837124,753.61515299479162875,1800000127674,1,0,1800000052000,1800000054000,1800000054000,1800000000000,NULL,'[]',1800000000000);
INSERT INTO challenges VALUES(5,'MORSE_4','cw','{"frequency":147200000}','{"text":"AR"}','{}','{"show_challenge":true,"show_modulation":true,"show_frequency":true,"show_last_tx_time":true,"show_active_status":true}',1,0,60000,90000,1390,653.86450195312499997,746.13549804687500002,1800000094808,1,0,1800000025000,1800000027000,1800000027000,1800000000000,NULL,'[]',1800000000000);
INSERT INTO challenges VALUES(6,'MORSE_5','cw','{"frequency":147400000}','{"text":"BT"}','{}','{"show_challenge":true,"show_modulation":true,"show_frequency":true,"show_last_tx_time":true,"show_active_status":true}',0,0,60000,90000,1390,652.48364257812500001,747.51635742187499998,1800000000000,2,0,1800000163000,1800000036000,NULL,1800000163000,NULL,'[]',1800000000000);
INSERT INTO challenges VALUES(7,'HAND_1','cw','{"frequency":147600000}','{"text":"E E"}','{}','{"show_challenge":true,"show_modulation":true,"show_frequency":true,"show_last_tx_time":true,"show_active_status":true}',1,0,60000,90000,1030,634.69685872395837124,765.30314127604162875,1800000050000,2,1,1800000163000,1800000045000,NULL,1800000000000,NULL,'[]',NULL);
CREATE TABLE ranges (
    name         TEXT    PRIMARY KEY,
    display_name TEXT,
    low          INTEGER NOT NULL,
    high         INTEGER NOT NULL CHECK (high >= low)
);
INSERT INTO ranges VALUES('club','Löwe''s own',144000000,145000000);
INSERT INTO ranges VALUES('ham_144',NULL,144000000,148000000);
CREATE TABLE files (
    digest   TEXT    PRIMARY KEY,
    size     INTEGER NOT NULL,
    name     TEXT    NOT NULL,
    added_at INTEGER NOT NULL
, unused_since INTEGER);
INSERT INTO files VALUES('ad30e8a030a8c578856f97ff34e913f93a9c706daedc72276c92712a20b4abea',3244,'voice.wav',1800000000000,NULL);
CREATE TABLE runners (
    id             TEXT    PRIMARY KEY,
    enabled        INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    online         INTEGER NOT NULL DEFAULT 0 CHECK (online IN (0, 1)),
    hostname       TEXT,
    version        TEXT,
    enrolled_at    INTEGER NOT NULL,
    registered_at  INTEGER,
    last_heartbeat INTEGER
, single_task INTEGER NOT NULL DEFAULT 0 CHECK (single_task IN (0, 1)));
INSERT INTO runners VALUES('roof',1,1,NULL,NULL,1800000000000,1800000000000,1800000000000,0);
INSERT INTO runners VALUES('van',1,1,NULL,NULL,1800000000000,1800000000000,1800000000000,1);
CREATE TABLE radios (
    runner_id        TEXT    NOT NULL REFERENCES runners (id) ON DELETE CASCADE,
    radio_id         TEXT    NOT NULL,
    position         INTEGER NOT NULL,
    driver           TEXT,
    model            TEXT,
    frequency_limits TEXT    NOT NULL,
    sample_rate      INTEGER,
    PRIMARY KEY (runner_id, radio_id)
);
INSERT INTO radios VALUES('roof','a',0,NULL,NULL,'["144000000-148000000"]',NULL);
INSERT INTO radios VALUES('roof','b',1,NULL,NULL,'["144000000-148000000"]',NULL);
INSERT INTO radios VALUES('van','x',0,NULL,NULL,'["144000000-148000000"]',NULL);
CREATE TABLE runner_keys (
    key_id     TEXT    PRIMARY KEY,
    digest     TEXT    NOT NULL,
    runner_id  TEXT    NOT NULL REFERENCES runners (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
, machine TEXT, life INTEGER, registration INTEGER);
INSERT INTO runner_keys VALUES('2e489e839ef52057','a7043eb611dc95e05138ca3fa35e2e7733dde735040a8fc6e634994101e8e2df','roof',1800000000000,NULL,NULL,NULL,NULL);
INSERT INTO runner_keys VALUES('978154105793444a','71cb218906f254d9742570d2ad88d5a6f80f82773ad3f4da19c62448983dcc2d','van',1800000000000,NULL,NULL,NULL,NULL);
CREATE TABLE enrollment_tokens (
    digest     TEXT    PRIMARY KEY,
    runner_id  TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
, created_by TEXT, replaces INTEGER NOT NULL DEFAULT 1 CHECK (replaces IN (0, 1)));
INSERT INTO enrollment_tokens VALUES('a0c8b29850a4969fb379241096e7ab37ed13de381e1764775cbb125484f6f926','roof',1800000000000,1800086400000,1800000000000,'(command line)',1);
INSERT INTO enrollment_tokens VALUES('dc7c95e97525073a7dcd17112309da969e7f737fa6bd7101d8a6aa08cac1704f','van',1800000000000,1800086400000,1800000000000,'(command line)',1);
INSERT INTO enrollment_tokens VALUES('2a9ceb96efa0431bc1eb3bc00f5b2ec4254b2c631c5041dc607f8e41fbbf81d3','tower',1800000163000,1800086563000,NULL,'ada',0);
CREATE TABLE assignments (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    challenge_id INTEGER NOT NULL,
    runner_id    TEXT    NOT NULL,
    radio_id     TEXT    NOT NULL,
    key_id       TEXT    NOT NULL,
    fence        INTEGER NOT NULL,
    frequency    INTEGER NOT NULL,
    band_low     INTEGER NOT NULL,
    band_high    INTEGER NOT NULL CHECK (band_high >= band_low),
    state        TEXT    NOT NULL CHECK (state IN ('live', 'done', 'failed', 'aborted', 'lapsed')),
    assigned_at  INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    due_at       INTEGER NOT NULL,
    -- When it was decided that the carrier has to go off, while the runner has not yet confirmed it.
    abort_at     INTEGER,
    ended_at     INTEGER,
    UNIQUE (challenge_id, fence)
);
INSERT INTO assignments VALUES(1,1,'roof','a','2e489e839ef52057',1,145550000,145550657,145550743,'done',1800000007000,1800000067000,1800000000000,NULL,1800000009000);
INSERT INTO assignments VALUES(2,2,'roof','a','2e489e839ef52057',1,145363000,145355922,145370078,'failed',1800000016000,1800000076000,1800000000000,NULL,1800000018000);
INSERT INTO assignments VALUES(3,5,'roof','a','2e489e839ef52057',1,147200000,147200653,147200747,'done',1800000025000,1800000085000,1800000000000,NULL,1800000027000);
INSERT INTO assignments VALUES(4,6,'roof','a','2e489e839ef52057',1,147400000,147400652,147400748,'aborted',1800000034000,1800000094000,1800000000000,NULL,1800000036000);
INSERT INTO assignments VALUES(5,7,'roof','a','2e489e839ef52057',1,147600000,147600634,147600766,'failed',1800000043000,1800000103000,1800000000000,NULL,1800000045000);
INSERT INTO assignments VALUES(6,4,'roof','a','2e489e839ef52057',1,147000000,147000646,147000754,'done',1800000052000,1800000112000,1800000000000,NULL,1800000054000);
INSERT INTO assignments VALUES(7,1,'roof','a','2e489e839ef52057',2,145550000,145550657,145550743,'done',1800000061000,1800000121000,1800000016581,NULL,1800000063000);
INSERT INTO assignments VALUES(8,2,'roof','a','2e489e839ef52057',2,145920000,145912922,145927078,'live',1800000163000,1800000223000,1800000023000,NULL,NULL);
INSERT INTO assignments VALUES(9,6,'roof','b','2e489e839ef52057',2,147400000,147400652,147400748,'live',1800000163000,1800000223000,1800000000000,1800000163000,NULL);
INSERT INTO assignments VALUES(10,7,'van','x','978154105793444a',2,147600000,147600634,147600766,'live',1800000163000,1800000223000,1800000050000,NULL,NULL);
CREATE TABLE transmissions (
    log_id         INTEGER PRIMARY KEY AUTOINCREMENT,
    assignment_id  INTEGER NOT NULL UNIQUE REFERENCES assignments (id),
    challenge_id   INTEGER NOT NULL,
    challenge_name TEXT    NOT NULL,
    runner_id      TEXT    NOT NULL,
    radio_id       TEXT    NOT NULL,
    frequency      INTEGER NOT NULL,
    modulation     TEXT    NOT NULL,
    status         TEXT    NOT NULL CHECK (status IN ('planned', 'success', 'failed', 'aborted')),
    planned_at     INTEGER NOT NULL,
    started_at     INTEGER,
    ended_at       INTEGER,
    error          TEXT
, simulated INTEGER NOT NULL DEFAULT 0 CHECK (simulated IN (0, 1)));
INSERT INTO transmissions VALUES(1,1,1,'MORSE_1','roof','a',145550000,'cw','success',1800000007000,NULL,1800000009000,NULL,0);
INSERT INTO transmissions VALUES(2,2,2,'VOICE_1','roof','a',145363000,'nbfm','failed',1800000016000,NULL,1800000018000,'the radio is gone',0);
INSERT INTO transmissions VALUES(3,3,5,'MORSE_4','roof','a',147200000,'cw','success',1800000025000,NULL,1800000027000,NULL,0);
INSERT INTO transmissions VALUES(4,4,6,'MORSE_5','roof','a',147400000,'cw','aborted',1800000034000,NULL,1800000036000,NULL,0);
INSERT INTO transmissions VALUES(5,5,7,'HAND_1','roof','a',147600000,'cw','failed',1800000043000,NULL,1800000045000,'the radio is gone',0);
INSERT INTO transmissions VALUES(6,6,4,'MORSE_3','roof','a',147000000,'cw','success',1800000052000,NULL,1800000054000,NULL,0);
INSERT INTO transmissions VALUES(7,7,1,'MORSE_1','roof','a',145550000,'cw','success',1800000061000,NULL,1800000063000,NULL,0);
INSERT INTO transmissions VALUES(8,8,2,'VOICE_1','roof','a',145920000,'nbfm','planned',1800000163000,NULL,NULL,NULL,0);
INSERT INTO transmissions VALUES(9,9,6,'MORSE_5','roof','b',147400000,'cw','planned',1800000163000,NULL,NULL,NULL,0);
INSERT INTO transmissions VALUES(10,10,7,'HAND_1','van','x',147600000,'cw','planned',1800000163000,NULL,NULL,NULL,0);
CREATE TABLE late_reports (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at   INTEGER NOT NULL,
    runner_id     TEXT    NOT NULL,
    challenge_id  INTEGER NOT NULL,
    assignment_id INTEGER,
    fence         INTEGER,
    outcome       TEXT    NOT NULL,
    error         TEXT,
    reason        TEXT    NOT NULL
);
CREATE TABLE logs (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    received_at INTEGER NOT NULL,
    logged_at   INTEGER NOT NULL,
    source      TEXT    NOT NULL,
    level       TEXT    NOT NULL,
    message     TEXT    NOT NULL
);
CREATE TABLE accounts (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT    NOT NULL,
    role           TEXT    NOT NULL,
    enabled        INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    -- A PHC string.
    password       TEXT    NOT NULL,
    -- Sealed. Every account has one: a second factor can be replaced, never taken away.
    totp_secret    BLOB    NOT NULL,
    -- Whether a code has been shown. Until then the account can do nothing but show one.
    totp_confirmed INTEGER NOT NULL DEFAULT 0 CHECK (totp_confirmed IN (0, 1)),
    -- The time step of the latest code that was accepted; none up to it counts again.
    totp_last_step INTEGER NOT NULL DEFAULT 0,
    created_at     INTEGER NOT NULL,
    last_login     INTEGER
, made_by INTEGER REFERENCES accounts (id) ON DELETE SET NULL);
CREATE TABLE recovery_codes (
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    digest     TEXT    NOT NULL,
    PRIMARY KEY (account_id, digest)
);
CREATE TABLE logins (
    digest     TEXT    PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    verified   INTEGER NOT NULL CHECK (verified IN (0, 1)),
    created_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
);
CREATE TABLE devices (
    digest     TEXT    PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL
);
CREATE TABLE setup (
    digest     TEXT    PRIMARY KEY,
    -- The account that was made with it and is not confirmed yet.
    account_id INTEGER REFERENCES accounts (id) ON DELETE SET NULL,
    created_at INTEGER NOT NULL
);
CREATE TABLE audit (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    at           INTEGER NOT NULL,
    who          TEXT    NOT NULL,
    what         TEXT    NOT NULL,
    target       TEXT    NOT NULL,
    from_address TEXT,
    details      TEXT
);
INSERT INTO audit VALUES(1,1800000000000,'(command line)','event.import','',NULL,'6 challenges');
INSERT INTO audit VALUES(2,1800000000000,'ada','challenge.create','HAND_1',NULL,NULL);
INSERT INTO audit VALUES(3,1800000000000,'ada','challenge.create','HAND_2',NULL,NULL);
INSERT INTO audit VALUES(4,1800000000000,'ada','challenge.delete','HAND_2',NULL,NULL);
INSERT INTO audit VALUES(5,1800000000000,'(command line)','runner.invite','roof',NULL,'good until 2027-01-16T08:00:00.000Z');
INSERT INTO audit VALUES(6,1800000000000,'(enrollment token)','runner.enroll','roof',NULL,NULL);
INSERT INTO audit VALUES(7,1800000000000,'(command line)','runner.invite','van',NULL,'good until 2027-01-16T08:00:00.000Z');
INSERT INTO audit VALUES(8,1800000000000,'(enrollment token)','runner.enroll','van',NULL,NULL);
INSERT INTO audit VALUES(9,1800000163000,'ada','challenge.disable','MORSE_5',NULL,'enabled');
INSERT INTO audit VALUES(10,1800000163000,'ada','challenge.trigger','MORSE_1',NULL,NULL);
INSERT INTO audit VALUES(11,1800000163000,'ada','runner.invite','tower',NULL,'good until 2027-01-16T08:02:43.000Z');
CREATE TABLE control (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    paused_at   INTEGER,
    paused_by   TEXT,
    stopped_at  INTEGER,
    stopped_by  TEXT,
    released_at INTEGER,
    released_by TEXT, opened_at INTEGER, opened_by TEXT, restored_at INTEGER,
    CHECK ((paused_at IS NULL) = (paused_by IS NULL)),
    CHECK ((stopped_at IS NULL) = (stopped_by IS NULL))
);
INSERT INTO control VALUES(1,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE transmission_counts (
    challenge_id INTEGER NOT NULL,
    runner_id    TEXT    NOT NULL,
    status       TEXT    NOT NULL,
    number       INTEGER NOT NULL CHECK (number >= 0),
    PRIMARY KEY (challenge_id, runner_id, status)
);
INSERT INTO transmission_counts VALUES(1,'roof','planned',0);
INSERT INTO transmission_counts VALUES(1,'roof','success',2);
INSERT INTO transmission_counts VALUES(2,'roof','planned',1);
INSERT INTO transmission_counts VALUES(2,'roof','failed',1);
INSERT INTO transmission_counts VALUES(5,'roof','planned',0);
INSERT INTO transmission_counts VALUES(5,'roof','success',1);
INSERT INTO transmission_counts VALUES(6,'roof','planned',1);
INSERT INTO transmission_counts VALUES(6,'roof','aborted',1);
INSERT INTO transmission_counts VALUES(7,'roof','planned',0);
INSERT INTO transmission_counts VALUES(7,'roof','failed',1);
INSERT INTO transmission_counts VALUES(4,'roof','planned',0);
INSERT INTO transmission_counts VALUES(4,'roof','success',1);
INSERT INTO transmission_counts VALUES(7,'van','planned',1);
CREATE TABLE conference (
    id         INTEGER PRIMARY KEY CHECK (id = 1),
    name       TEXT,
    start_at   INTEGER,
    stop_at    INTEGER,
    -- The name of a zone of the IANA database; the hours are those of clocks there, as HH:MM.
    timezone   TEXT    NOT NULL DEFAULT 'UTC',
    day_start  TEXT,
    day_end    TEXT,
    auto_pause INTEGER NOT NULL DEFAULT 0 CHECK (auto_pause IN (0, 1)),
    CHECK (stop_at > start_at),
    CHECK ((day_start IS NULL) = (day_end IS NULL)),
    CHECK (day_start <> day_end)
);
INSERT INTO conference VALUES(1,'Club night',NULL,NULL,'Europe/Berlin',NULL,NULL,0);
CREATE TABLE provisioning_keys (
    key_id       TEXT    PRIMARY KEY,
    digest       TEXT    NOT NULL,
    description  TEXT,
    enabled      INTEGER NOT NULL DEFAULT 1 CHECK (enabled IN (0, 1)),
    created_by   TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER
);
CREATE TABLE log_shares (
    source TEXT    PRIMARY KEY,
    lines  INTEGER NOT NULL CHECK (lines >= 0),
    bytes  INTEGER NOT NULL CHECK (bytes >= 0)
);
DELETE FROM sqlite_sequence;
INSERT INTO sqlite_sequence VALUES('challenges',8);
INSERT INTO sqlite_sequence VALUES('audit',11);
INSERT INTO sqlite_sequence VALUES('assignments',10);
INSERT INTO sqlite_sequence VALUES('transmissions',10);
CREATE INDEX runner_keys_of_runner ON runner_keys (runner_id) WHERE revoked_at IS NULL;
CREATE UNIQUE INDEX one_live_assignment_per_challenge ON assignments (challenge_id) WHERE state = 'live';
CREATE UNIQUE INDEX one_live_assignment_per_radio ON assignments (runner_id, radio_id) WHERE state = 'live';
CREATE TRIGGER live_bands_do_not_overlap BEFORE INSERT ON assignments
WHEN NEW.state = 'live' AND EXISTS (
    SELECT 1 FROM assignments
    WHERE state = 'live' AND band_low <= NEW.band_high AND band_high >= NEW.band_low
)
BEGIN
    SELECT RAISE(ABORT, 'the band overlaps one that is on air');
END;
CREATE TRIGGER an_ended_assignment_stays_as_it_is BEFORE UPDATE OF state ON assignments
WHEN OLD.state <> 'live'
BEGIN
    SELECT RAISE(ABORT, 'the assignment has already ended');
END;
CREATE TRIGGER an_ended_transmission_stays_as_it_is BEFORE UPDATE OF status ON transmissions
WHEN OLD.status <> 'planned'
BEGIN
    SELECT RAISE(ABORT, 'the transmission has already ended');
END;
CREATE UNIQUE INDEX accounts_by_name ON accounts (lower(name));
CREATE INDEX logins_of_account ON logins (account_id);
CREATE INDEX audit_by_time ON audit (at);
CREATE INDEX transmissions_of_challenge ON transmissions (challenge_id, log_id, status, runner_id);
CREATE INDEX transmissions_of_runner ON transmissions (runner_id, log_id, status);
CREATE INDEX transmissions_by_status ON transmissions (status, log_id);
CREATE INDEX transmissions_by_time ON transmissions (planned_at);
CREATE TRIGGER a_new_transmission_counts AFTER INSERT ON transmissions
BEGIN
    INSERT INTO transmission_counts VALUES (NEW.challenge_id, NEW.runner_id, NEW.status, 1)
    ON CONFLICT (challenge_id, runner_id, status) DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER an_ended_transmission_counts_as_what_it_is AFTER UPDATE OF status ON transmissions
BEGIN
    UPDATE transmission_counts SET number = number - 1
    WHERE challenge_id = OLD.challenge_id AND runner_id = OLD.runner_id AND status = OLD.status;
    INSERT INTO transmission_counts VALUES (NEW.challenge_id, NEW.runner_id, NEW.status, 1)
    ON CONFLICT (challenge_id, runner_id, status) DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER a_forgotten_transmission_does_not_count AFTER DELETE ON transmissions
BEGIN
    UPDATE transmission_counts SET number = number - 1
    WHERE challenge_id = OLD.challenge_id AND runner_id = OLD.runner_id AND status = OLD.status;
END;
CREATE TRIGGER a_new_line_takes_its_share AFTER INSERT ON logs
BEGIN
    INSERT INTO log_shares VALUES (NEW.source, 1, length(CAST(NEW.message AS BLOB)))
    ON CONFLICT (source) DO UPDATE SET lines = lines + 1, bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER a_forgotten_line_gives_its_share_back AFTER DELETE ON logs
BEGIN
    UPDATE log_shares SET lines = lines - 1, bytes = bytes - length(CAST(OLD.message AS BLOB))
    WHERE source = OLD.source;
END;
CREATE INDEX logs_of_source ON logs (source, id);
CREATE INDEX tokens_by_end ON enrollment_tokens (coalesce(used_at, expires_at));
CREATE INDEX logins_by_use ON logins (verified, seen_at);
CREATE INDEX logins_by_age ON logins (verified, created_at);
CREATE INDEX devices_by_age ON devices (created_at);
CREATE INDEX assignments_of_challenge ON assignments (challenge_id, runner_id);
CREATE INDEX simulated_transmissions ON transmissions (log_id) WHERE simulated = 1;
COMMIT;
