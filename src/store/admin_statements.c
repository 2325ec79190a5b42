/* Every statement of the tool's writing connection, one per action of sqlauth/admin.h, whose comments name parameters
 * and columns. Sorting is part of a statement: a word of the command line never becomes SQL. */
#include "admin_statements.h"

/* A column of an edit: its parameter NULL keeps it, "" empties it. */
#define EDITED(column, parameter)                                                                                      \
	column " = CASE WHEN " parameter " IS NULL THEN " column " ELSE nullif(" parameter ", '') END"

/* Whether the search (parameter 1) is in one of two columns. */
#define FOUND(one, other)                                                                                              \
	"(?1 IS NULL OR " one " LIKE '%' || ?1 || '%' ESCAPE '\\' OR " other " LIKE '%' || ?1 || '%' ESCAPE '\\')"
/* In two steps, so that without a search the rows need not be read: names are in every index. */
#define CLIENT_FOUND                                                                                                   \
	"(?1 IS NULL OR name IN (SELECT name FROM clients WHERE " FOUND("name", "username") " OR " FOUND(              \
		"mqtt_id", "description") "))"
#define PAGE " LIMIT CAST(?2 AS INTEGER) OFFSET CAST(?3 AS INTEGER)"

/* The names of the page first, as far as possible from an index alone; only its rows are then looked at in full. */
#define CLIENT_LIST(order)                                                                                             \
	"SELECT l.name, l.authentication, l.username, l.groups, l.certificates, l.enabled, "                           \
	"(SELECT json_group_array(group_name) FROM (SELECT group_name FROM group_rules "                               \
	"WHERE match_by = 'client' AND value = c.name UNION SELECT group_name FROM group_rules "                       \
	"WHERE match_by = 'any' AND value = '*' ORDER BY group_name)) "                                                \
	"FROM clients AS c CROSS JOIN client_list AS l ON l.name = c.name WHERE c.name IN "                            \
	"(SELECT name FROM clients AS c WHERE " CLIENT_FOUND " ORDER BY " order PAGE ") ORDER BY " order

#define LOG_FOUND                                                                                                      \
	"(?1 IS NULL OR row_key LIKE '%' || ?1 || '%' ESCAPE '\\' OR old_values LIKE '%' || ?1 || '%' ESCAPE '\\' "    \
	"OR new_values LIKE '%' || ?1 || '%' ESCAPE '\\')"

const char *const sqlauth_admin_sql[SQLAUTH_ADMIN_ACTIONS] = {
	[SQLAUTH_ADMIN_CLIENT_ADD] = "INSERT INTO clients "
				     "(name, authentication, username, password, mqtt_id, enabled, description) "
				     "VALUES (?1, ?2, ?3, ?4, ?5, coalesce(?6, 1), ?7)",
	[SQLAUTH_ADMIN_CLIENT_EDIT] =
		"UPDATE clients SET name = coalesce(?2, name), authentication = coalesce(?3, authentication), " EDITED(
			"username", "?4") ", " EDITED("password", "?5") ", " EDITED("mqtt_id",
			"?6") ", "
			      "enabled = coalesce(?7, enabled), "
			      "disconnect_before = CASE WHEN ?8 IS NULL THEN disconnect_before "
			      "ELSE CAST(nullif(?8, '') AS INTEGER) END, " EDITED(
				      "description", "?9") " WHERE name = ?1",
	[SQLAUTH_ADMIN_CLIENT_DISCONNECT] =
		"UPDATE clients SET disconnect_before = max(coalesce(disconnect_before, 0), CAST(?2 AS INTEGER)) "
		"WHERE name = ?1",
	[SQLAUTH_ADMIN_CLIENT_DELETE] = "DELETE FROM clients WHERE name = ?1",
	[SQLAUTH_ADMIN_CLIENT_SHOW] =
		"SELECT name, authentication, username, password, mqtt_id, enabled, disconnect_before, description, "
		"created_at, updated_at, (SELECT count(*) FROM client_certificates WHERE client = ?1), "
		"(SELECT count(*) FROM group_rules WHERE match_by = 'client' AND value = ?1) "
		"FROM clients WHERE name = ?1",
	[SQLAUTH_ADMIN_CLIENT_CERTIFICATES] = "SELECT match_by, value FROM client_certificates WHERE client = ?1 "
					      "ORDER BY match_by, value",
	[SQLAUTH_ADMIN_CLIENT_GROUPS] = "SELECT group_name, match_by FROM group_rules "
					"WHERE match_by = 'client' AND value = ?1 UNION ALL "
					"SELECT group_name, match_by FROM group_rules "
					"WHERE match_by = 'any' AND value = '*' ORDER BY group_name, match_by",
	[SQLAUTH_ADMIN_CLIENT_NAMES] =
		"SELECT name, username FROM clients WHERE "
		"abs(length(CAST(trim(name) AS BLOB)) - length(CAST(?1 AS BLOB))) <= 2 OR "
		"abs(length(CAST(trim(username) AS BLOB)) - length(CAST(?1 AS BLOB))) <= 2 ORDER BY name",
	[SQLAUTH_ADMIN_CLIENT_COUNT] = "SELECT count(*) FROM clients WHERE " CLIENT_FOUND,
	[SQLAUTH_ADMIN_CLIENT_LIST_BY_NAME] = CLIENT_LIST("c.name"),
	[SQLAUTH_ADMIN_CLIENT_LIST_BY_NAME_DOWN] = CLIENT_LIST("c.name DESC"),
	[SQLAUTH_ADMIN_CLIENT_LIST_BY_AUTHENTICATION] = CLIENT_LIST("c.authentication, c.name"),
	[SQLAUTH_ADMIN_CLIENT_LIST_BY_AUTHENTICATION_DOWN] = CLIENT_LIST("c.authentication DESC, c.name DESC"),
	[SQLAUTH_ADMIN_CLIENT_LIST_BY_USERNAME] = CLIENT_LIST("c.username, c.name"),
	[SQLAUTH_ADMIN_CLIENT_LIST_BY_USERNAME_DOWN] = CLIENT_LIST("c.username DESC, c.name DESC"),
	[SQLAUTH_ADMIN_CLIENT_LIST_BY_CREATED] = CLIENT_LIST("c.created_at, c.name"),
	[SQLAUTH_ADMIN_CLIENT_LIST_BY_CREATED_DOWN] = CLIENT_LIST("c.created_at DESC, c.name DESC"),
	[SQLAUTH_ADMIN_CLIENT_LIST_BY_UPDATED] = CLIENT_LIST("c.updated_at, c.name"),
	[SQLAUTH_ADMIN_CLIENT_LIST_BY_UPDATED_DOWN] = CLIENT_LIST("c.updated_at DESC, c.name DESC"),

	[SQLAUTH_ADMIN_CERTIFICATE_ADD] = "INSERT INTO client_certificates (client, match_by, value) "
					  "VALUES (?1, ?2, ?3)",
	[SQLAUTH_ADMIN_CERTIFICATE_REMOVE] = "DELETE FROM client_certificates "
					     "WHERE client = ?1 AND match_by = ?2 AND value = ?3",
	[SQLAUTH_ADMIN_CERTIFICATE_OWNER] = "SELECT client FROM client_certificates "
					    "WHERE match_by = ?1 AND value = ?2",

	[SQLAUTH_ADMIN_GROUP_ADD] = "INSERT INTO groups (name, description) VALUES (?1, ?2)",
	[SQLAUTH_ADMIN_GROUP_EDIT] =
		"UPDATE groups SET name = coalesce(?2, name), " EDITED("description", "?3") " WHERE name = ?1",
	[SQLAUTH_ADMIN_GROUP_DELETE] = "DELETE FROM groups WHERE name = ?1",
	[SQLAUTH_ADMIN_GROUP_SHOW] = "SELECT name, description, "
				     "(SELECT count(*) FROM acl_permissions WHERE group_name = ?1), "
				     "(SELECT count(*) FROM group_rules WHERE group_name = ?1) "
				     "FROM groups WHERE name = ?1",
	[SQLAUTH_ADMIN_GROUP_PERMISSIONS] = "SELECT permission, action, topic, id FROM acl_permissions "
					    "WHERE group_name = ?1 ORDER BY id",
	[SQLAUTH_ADMIN_GROUP_RULES] = "SELECT match_by, value, id FROM group_rules WHERE group_name = ?1 "
				      "ORDER BY id LIMIT CAST(?2 AS INTEGER)",
	[SQLAUTH_ADMIN_GROUP_COUNT] = "SELECT count(*) FROM groups WHERE " FOUND("name", "description"),
	[SQLAUTH_ADMIN_GROUP_LIST] = "SELECT name, (SELECT count(*) FROM acl_permissions WHERE group_name = name), "
				     "(SELECT count(*) FROM group_rules WHERE group_name = name), description "
				     "FROM groups WHERE " FOUND("name", "description") " ORDER BY name" PAGE,

	[SQLAUTH_ADMIN_PERMISSION_ADD] = "INSERT INTO acl_permissions (group_name, permission, action, topic) "
					 "VALUES (?1, ?2, ?3, ?4)",
	[SQLAUTH_ADMIN_PERMISSION_REMOVE] = "DELETE FROM acl_permissions WHERE group_name = ?1 "
					    "AND (?2 IS NULL OR permission = ?2) AND action = ?3 AND topic = ?4",

	[SQLAUTH_ADMIN_PERMISSIONS_OF] = "SELECT group_name, topic FROM acl_permissions "
					 "WHERE permission = ?1 AND action = ?2 ORDER BY id",

	[SQLAUTH_ADMIN_RULE_ADD] = "INSERT INTO group_rules (match_by, value, group_name) "
				   "VALUES (?1, coalesce(?2, '*'), ?3)",
	[SQLAUTH_ADMIN_RULE_REMOVE] = "DELETE FROM group_rules WHERE match_by = ?1 AND value = coalesce(?2, '*') "
				      "AND group_name = ?3",
	[SQLAUTH_ADMIN_RULE_COUNT] = "SELECT count(*) FROM group_rules WHERE " FOUND("value", "group_name"),
	[SQLAUTH_ADMIN_RULE_LIST] = "SELECT match_by, value, group_name, id FROM group_rules "
				    "WHERE " FOUND("value", "group_name") " ORDER BY match_by, value, group_name" PAGE,

	[SQLAUTH_ADMIN_LOG_COUNT] = "SELECT count(*) FROM change_log WHERE " LOG_FOUND,
	[SQLAUTH_ADMIN_LOG_LIST] = "SELECT id, changed_at, operation, table_name, row_key, "
				   "CASE WHEN old_values IS NULL OR json_valid(old_values) THEN old_values ELSE "
				   "json_quote(old_values) END, "
				   "CASE WHEN new_values IS NULL OR json_valid(new_values) THEN new_values ELSE "
				   "json_quote(new_values) END "
				   "FROM change_log WHERE " LOG_FOUND " ORDER BY id DESC" PAGE,
	[SQLAUTH_ADMIN_LOG_KEEP] = "DELETE FROM change_log WHERE id <= "
				   "(SELECT id FROM change_log ORDER BY id DESC LIMIT 1 OFFSET CAST(?1 AS INTEGER))",
	[SQLAUTH_ADMIN_LOG_KEEP_DAYS] = "DELETE FROM change_log WHERE changed_at < "
					"strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-' || ?1 || ' days')",
};
