BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0002');
CREATE TABLE asked (
	id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	server BIGINT, 
	channel BIGINT NOT NULL, 
	message BIGINT, 
	person BIGINT, 
	question TEXT, 
	answered BOOLEAN NOT NULL, 
	confidence FLOAT NOT NULL, 
	language VARCHAR(20), 
	at VARCHAR(40) NOT NULL, 
	state VARCHAR(10) NOT NULL, 
	told BOOLEAN DEFAULT 0 NOT NULL
);
INSERT INTO "asked" VALUES(1795348800001,4242,10,20,100,'Wer überquerte den Fluß? 🐫',1,0.75,'de','2026-11-22T12:00:00+00:00','none',0);
INSERT INTO "asked" VALUES(1795348800002,4242,10,NULL,101,'Where did the zeppelin land?',0,0.125,NULL,'2026-11-22T12:00:00+00:00','open',1);
INSERT INTO "asked" VALUES(1795348800003,0,11,NULL,100,NULL,1,0.5,NULL,'2026-11-22T12:00:00+00:00','none',0);
CREATE TABLE quoted (
	asked_id INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	article TEXT NOT NULL, server BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_quoted PRIMARY KEY (asked_id, position), 
	CONSTRAINT fk_quoted_asked_id_asked FOREIGN KEY(asked_id) REFERENCES asked (id) ON DELETE CASCADE
);
INSERT INTO "quoted" VALUES(1795348800001,0,'crow',4242);
INSERT INTO "quoted" VALUES(1795348800001,1,'lighthouse',4242);
CREATE TABLE servers (
	server BIGINT NOT NULL, 
	settings TEXT, 
	left_at VARCHAR(40), 
	CONSTRAINT pk_servers PRIMARY KEY (server)
);
INSERT INTO "servers" VALUES(4242,'{"language": "de", "style": "thread", "auto_channels": [], "auto_forums": [], "manager_roles": [99], "ignored_members": [], "ignored_roles": [], "ignored_channels": [], "per_member": 7, "per_channel": 20, "per_server": 60, "answers_again": false}',NULL);
INSERT INTO "servers" VALUES(777,NULL,'2026-11-22T12:00:00+00:00');
CREATE TABLE votes (
	asked_id INTEGER NOT NULL, 
	person BIGINT NOT NULL, 
	verdict INTEGER NOT NULL, 
	reason TEXT, server BIGINT DEFAULT '0' NOT NULL, 
	CONSTRAINT pk_votes PRIMARY KEY (asked_id, person), 
	CONSTRAINT fk_votes_asked_id_asked FOREIGN KEY(asked_id) REFERENCES asked (id) ON DELETE CASCADE
);
INSERT INTO "votes" VALUES(1795348800001,102,-1,'It is another year.',4242);
INSERT INTO "votes" VALUES(1795348800001,103,1,NULL,4242);
CREATE INDEX ix_asked_at ON asked (at);
CREATE INDEX ix_asked_person ON asked (person);
CREATE INDEX ix_asked_server_at ON asked (server, at);
CREATE INDEX ix_asked_server_state ON asked (server, state);
CREATE INDEX ix_votes_person ON votes (person);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('asked',1795348800003);
COMMIT;
