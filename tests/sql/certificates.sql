INSERT INTO clients (name, authentication) VALUES ('a', 'certificate'), ('b', 'certificate');

.print -- every spelling of a fingerprint becomes SHA256: and 64 upper-case digits
CREATE TEMP TABLE spelling (id INTEGER PRIMARY KEY, text);
INSERT INTO spelling (text) VALUES
	('SHA256:0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF'),
	('SHA256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef'),
	('sha256:01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef:01:23:45:67:89:ab:cd:ef'),
	('0123456789abcdef0123456789abcdef0123456789ABCDEF0123456789ABCDEF'),
	('01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF'),
	('sha256 Fingerprint=01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF'),
	('SHA256 Fingerprint=01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF' || char(10)),
	('SHA256 FINGERPRINT=0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF'),
	(char(9, 32) || '0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF' || char(13, 10, 32));
INSERT OR IGNORE INTO client_certificates SELECT 'a', 'fingerprint', text FROM spelling WHERE id = 1;
SELECT count(*), value FROM client_certificates;
.print -- on insert, whatever was there before
INSERT OR REPLACE INTO client_certificates SELECT 'b', 'fingerprint', text FROM spelling ORDER BY id;
SELECT * FROM client_certificates;
INSERT OR IGNORE INTO client_certificates SELECT 'a', 'fingerprint', text FROM spelling ORDER BY id;
SELECT * FROM client_certificates;
.print -- and on update
UPDATE client_certificates SET value = (SELECT text FROM spelling WHERE id = 3);
UPDATE client_certificates SET value = (SELECT text FROM spelling WHERE id = 7);
UPDATE OR REPLACE client_certificates SET value = lower(value);
UPDATE OR IGNORE client_certificates SET value = lower(value);
SELECT * FROM client_certificates;
.print -- also of a certificate that was known by another name
DELETE FROM client_certificates;
INSERT INTO client_certificates VALUES ('a', 'uri', (SELECT text FROM spelling WHERE id = 2));
UPDATE client_certificates SET match_by = 'fingerprint';
SELECT * FROM client_certificates;

.print -- what is there already in another spelling is an error for INSERT and UPDATE
INSERT INTO client_certificates SELECT 'b', 'fingerprint', text FROM spelling WHERE id = 4;
INSERT INTO client_certificates SELECT 'b', 'fingerprint', text FROM spelling WHERE id = 4 ON CONFLICT DO NOTHING;
INSERT INTO client_certificates VALUES ('b', 'fingerprint', replace(hex(zeroblob(32)), '00', '01'));
UPDATE client_certificates SET value = (SELECT text FROM spelling WHERE id = 4) WHERE client = 'b';
SELECT * FROM client_certificates ORDER BY value;
.print -- is left out by OR IGNORE
INSERT OR IGNORE INTO client_certificates SELECT 'b', 'fingerprint', text FROM spelling WHERE id = 4;
UPDATE OR IGNORE client_certificates SET value = (SELECT text FROM spelling WHERE id = 4) WHERE client = 'b';
SELECT * FROM client_certificates ORDER BY value;
.print -- and is taken over by OR REPLACE
UPDATE OR REPLACE client_certificates SET value = (SELECT text FROM spelling WHERE id = 4) WHERE client = 'b';
SELECT * FROM client_certificates ORDER BY value;
INSERT OR REPLACE INTO client_certificates SELECT 'a', 'fingerprint', text FROM spelling WHERE id = 5;
SELECT * FROM client_certificates ORDER BY value;
.print -- a row that is ignored does not stop the others of its statement
INSERT OR IGNORE INTO client_certificates
SELECT 'b', 'fingerprint', text FROM spelling WHERE id = 4 UNION ALL SELECT 'b', 'dns', 'B.example';
SELECT * FROM client_certificates ORDER BY value;

.print -- what is no SHA-256 fingerprint is refused
INSERT INTO client_certificates (client, match_by, value) VALUES ('a', 'fingerprint', '');
INSERT INTO client_certificates (client, match_by, value) VALUES ('a', 'fingerprint', NULL);
INSERT INTO client_certificates (client, match_by, value) VALUES ('a', 'fingerprint', 'SHA256:');
INSERT INTO client_certificates SELECT 'a', 'fingerprint', substr(text, 1, 70) FROM spelling WHERE id = 1;
INSERT INTO client_certificates SELECT 'a', 'fingerprint', text || '0' FROM spelling WHERE id = 1;
INSERT INTO client_certificates SELECT 'a', 'fingerprint', replace(text, 'F', 'G') FROM spelling WHERE id = 1;
INSERT INTO client_certificates SELECT 'a', 'fingerprint', 'SHA1:' || text FROM spelling WHERE id = 4;
INSERT INTO client_certificates SELECT 'a', 'fingerprint', 'SHA256:SHA256:' || text FROM spelling WHERE id = 4;
INSERT INTO client_certificates SELECT 'a', 'fingerprint', 'SHA256 ' || text FROM spelling WHERE id = 4;
INSERT INTO client_certificates SELECT 'a', 'fingerprint', text || ':' FROM spelling WHERE id = 5;
INSERT INTO client_certificates SELECT 'a', 'fingerprint', ':' || text FROM spelling WHERE id = 5;
INSERT INTO client_certificates SELECT 'a', 'fingerprint', replace(text, '01:23', '0123') FROM spelling WHERE id = 5;
INSERT INTO client_certificates SELECT 'a', 'fingerprint', replace(text, '01:23', '012:3') FROM spelling WHERE id = 5;
INSERT INTO client_certificates SELECT 'a', 'fingerprint', replace(text, ':', '-') FROM spelling WHERE id = 5;
INSERT INTO client_certificates SELECT 'a', 'fingerprint', replace(text, ':', ' ') FROM spelling WHERE id = 5;
INSERT INTO client_certificates SELECT 'a', 'fingerprint', text || char(0) FROM spelling WHERE id = 1;
INSERT OR IGNORE INTO client_certificates VALUES ('a', 'fingerprint', 'nonsense');
UPDATE client_certificates SET value = 'nonsense' WHERE match_by = 'fingerprint';
UPDATE client_certificates SET match_by = 'fingerprint' WHERE match_by = 'dns';

.print -- DNS names are kept in lower case, other names as they are
DELETE FROM client_certificates;
INSERT INTO client_certificates VALUES ('a', 'dns', 'Pump-7.EXAMPLE'), ('a', 'email', 'A@Example'),
	('a', 'uri', 'urn:X'), ('a', 'subject', 'CN=A,O=Ex'), ('a', 'subject', 'CN=A = 1,O=Ex\, Inc,1.2.3=#0500'), ('a', 'common_name', 'A');
SELECT match_by, value FROM client_certificates ORDER BY match_by;
INSERT INTO client_certificates VALUES ('b', 'dns', 'PUMP-7.example');
INSERT OR IGNORE INTO client_certificates VALUES ('b', 'dns', 'PUMP-7.example');
INSERT INTO client_certificates VALUES ('b', 'dns', 'other.example'), ('b', 'email', 'a@example');
UPDATE client_certificates SET value = 'PUMP-7.example' WHERE value = 'other.example';
UPDATE OR IGNORE client_certificates SET value = 'PUMP-7.example' WHERE value = 'other.example';
UPDATE OR IGNORE client_certificates SET client = 'a', match_by = 'dns', value = 'PUMP-7.example' WHERE value = 'a@example';
SELECT * FROM client_certificates WHERE match_by IN ('dns', 'email') ORDER BY match_by, value;
INSERT OR REPLACE INTO client_certificates VALUES ('b', 'dns', 'PUMP-7.example');
SELECT * FROM client_certificates WHERE match_by = 'dns' ORDER BY value;
.print -- the same name of another kind is another certificate
INSERT INTO client_certificates VALUES ('b', 'common_name', 'pump-7.example');

.print -- names are refused
INSERT INTO client_certificates VALUES ('a', 'dns', '');
INSERT INTO client_certificates VALUES ('a', 'dns', NULL);
INSERT INTO client_certificates VALUES ('a', 'common_name', 'a' || char(0));
INSERT INTO client_certificates VALUES ('a', 'uri', printf('%.4097c', 'u'));
INSERT INTO client_certificates VALUES ('a', 'uri', replace(printf('%.2049c', 'u'), 'u', 'ü'));
INSERT INTO client_certificates VALUES ('a', 'subject', '/O=Example/CN=pump-7');
INSERT INTO client_certificates VALUES ('a', 'subject', 'subject=CN=pump-7,O=Example');
INSERT INTO client_certificates VALUES ('a', 'subject', 'O = Example, CN = pump-7');
INSERT INTO client_certificates VALUES ('a', 'subject', 'O=Example, CN=pump-7');
INSERT INTO client_certificates VALUES ('a', 'subject', 'CN = pump-7');
INSERT INTO client_certificates VALUES ('a', 'subject', 'pump-7');
INSERT INTO client_certificates VALUES ('a', 'common_name', CAST(x'ff' AS TEXT));
INSERT INTO client_certificates VALUES ('a', 'uri', printf('%.4096c', 'u'));
INSERT INTO client_certificates VALUES ('a', 'uri', '/path');
INSERT INTO client_certificates VALUES ('a', 'dns', x'61');

.print -- other kinds and clients that do not exist are refused
INSERT INTO client_certificates VALUES ('a', 'ip', '10.0.0.1');
INSERT INTO client_certificates VALUES ('a', 'DNS', 'a.example');
INSERT INTO client_certificates VALUES ('a', NULL, 'a.example');
INSERT INTO client_certificates VALUES ('nobody', 'dns', 'a.example');
INSERT INTO client_certificates VALUES (NULL, 'dns', 'a.example');
INSERT OR IGNORE INTO client_certificates VALUES ('nobody', 'dns', 'a.example');
UPDATE client_certificates SET client = 'nobody' WHERE match_by = 'dns';
UPDATE client_certificates SET match_by = 'ip' WHERE match_by = 'dns';

.print -- a certificate moves to another client
DELETE FROM client_certificates;
INSERT INTO client_certificates VALUES ('a', 'dns', 'x.example');
INSERT INTO client_certificates VALUES ('b', 'dns', 'x.example');
INSERT OR REPLACE INTO client_certificates VALUES ('b', 'dns', 'x.example');
SELECT * FROM client_certificates;
INSERT INTO client_certificates VALUES ('a', 'dns', 'x.example')
ON CONFLICT (match_by, value) DO UPDATE SET client = excluded.client;
SELECT * FROM client_certificates;
UPDATE client_certificates SET client = 'b';
SELECT * FROM client_certificates;
