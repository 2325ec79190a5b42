-- The index group_rules_by_pattern, used as the store uses it: an identifier finds every pattern that matches it under
-- one of its beginnings and ends.
INSERT INTO groups (name) VALUES ('g');
CREATE TEMP TABLE piece (text);
INSERT INTO piece VALUES (''), ('a'), ('b'), ('ab'), ('*'), ('?'), ('ü'), (printf('%.40c', 'c'));
CREATE TEMP TABLE identifier AS SELECT DISTINCT replace(replace(x.text || y.text || z.text, '*', 'ab'), '?', 'b') AS text
FROM piece x, piece y, piece z;
INSERT OR IGNORE INTO group_rules (match_by, value, group_name)
SELECT 'mqtt_id', x.text || y.text || z.text, 'g' FROM piece x, piece y, piece z
WHERE x.text || y.text || z.text <> '';

.print -- keys
SELECT value, CASE WHEN value GLOB '[^*?]*'
	THEN 'p' || substr(substr(value, 1, instr(replace(value, '?', '*'), '*') - 1), 1, 32)
	ELSE 's' || substr(substr(value, 1 + length(rtrim(value, replace(replace(value, '?', ''), '*', '')))), -32)
END FROM group_rules
WHERE match_by = 'mqtt_id' AND value GLOB '*[*?]*' AND value NOT GLOB '*ü*' AND length(value) IN (1, 2, 41);

.print -- patterns that match an identifier, and those of them that its keys do not find
CREATE TEMP TABLE key AS
WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 32)
SELECT text, 'p' || substr(text, 1, n) AS key FROM identifier, n WHERE n BETWEEN 1 AND length(text)
UNION SELECT text, 's' || CASE n WHEN 0 THEN '' ELSE substr(text, -n) END FROM identifier, n WHERE n <= length(text);
CREATE TEMP TABLE found AS
SELECT key.text, group_rules.value FROM key CROSS JOIN group_rules INDEXED BY group_rules_by_pattern
WHERE match_by = 'mqtt_id' AND value GLOB '*[*?]*'
	AND CASE WHEN value GLOB '[^*?]*'
		THEN 'p' || substr(substr(value, 1, instr(replace(value, '?', '*'), '*') - 1), 1, 32)
		ELSE 's' || substr(substr(value, 1 + length(rtrim(value, replace(replace(value, '?', ''), '*', '')))), -32)
	END = key.key;
CREATE INDEX temp.found_by_text ON found (text, value);
SELECT count(*) > 3000, sum(NOT EXISTS (SELECT 1 FROM found WHERE found.text = identifier.text AND found.value = group_rules.value))
FROM identifier CROSS JOIN group_rules
WHERE value GLOB '*[*?]*' AND identifier.text GLOB value;
