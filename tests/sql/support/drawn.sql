-- Prints the groups whose revision is another one than when this was read last (or new, or gone).
SELECT '   new revision: ' || group_concat(group_name, ' ') FROM (
	SELECT group_name FROM (SELECT * FROM group_revisions EXCEPT SELECT * FROM seen)
	UNION SELECT group_name FROM (SELECT * FROM seen EXCEPT SELECT * FROM group_revisions)
	ORDER BY group_name);
DELETE FROM seen;
INSERT INTO seen SELECT * FROM group_revisions;
