/* Lines for the broker's log. Whatever came from outside is quoted and bounded, so that a line is one line of at most
 * LOG_LINE_SIZE bytes.
 */
#include "plugin.h"

#include <string.h>

void plugin_add_asker(struct sqlauth_text *line, const struct asker *asker)
{
	static const char *const names[] = {"client_id", "username", "address"};
	const char *values[] = {asker->mqtt_id, asker->username, plugin_asker_address(asker)};

	for (int i = 0; i < 3; i++) {
		sqlauth_text_add(line, " %s=", names[i]);
		sqlauth_text_add_quoted(line, values[i], values[i] ? strlen(values[i]) : 0, LOG_FIELD_BYTES);
	}
}

void plugin_log(int level, const char *line)
{
	mosquitto_log_printf(level, "sqlauth: %s", line);
}

void plugin_log_database(struct plugin *plugin, bool usable, const char *why)
{
	char data[LOG_LINE_SIZE];
	struct sqlauth_text line;

	if (usable == !plugin->database_down)
		return;
	plugin->database_down = !usable;
	sqlauth_text_init(&line, data, sizeof data);
	if (usable)
		sqlauth_text_set(&line, "the database is available again");
	else
		sqlauth_text_set(
			&line, "the database is unavailable, connections are refused until it is back: %s", why);
	plugin_log(usable ? MOSQ_LOG_NOTICE : MOSQ_LOG_ERR, data);
}

void plugin_log_failure(const struct asker *asker, const char *why)
{
	char data[LOG_LINE_SIZE];
	struct sqlauth_text line;

	sqlauth_text_init(&line, data, sizeof data);
	sqlauth_text_add(&line, "this client cannot be served:");
	plugin_add_asker(&line, asker);
	sqlauth_text_add(&line, ": %s", why);
	plugin_log(MOSQ_LOG_ERR, data);
}

void plugin_log_refusal(const struct asker *asker, enum sqlauth_reason reason)
{
	char data[LOG_LINE_SIZE];
	struct sqlauth_text line;

	sqlauth_text_init(&line, data, sizeof data);
	sqlauth_text_add(&line, "refused connect reason=%s", sqlauth_reason_word(reason));
	plugin_add_asker(&line, asker);
	plugin_log(MOSQ_LOG_NOTICE, data);
}

void plugin_log_unusable_values(
	const struct asker *asker, const struct sqlauth_acl_client *values, const struct sqlauth_acl *acl)
{
	static const char *const names[] = {"%c, the client id,", "%u, the username,"};

	for (int which = 0; which < 2; which++) {
		char data[LOG_LINE_SIZE];
		struct sqlauth_text line;

		if (values->usable[which] || !sqlauth_acl_uses_placeholder(acl, which))
			continue;
		sqlauth_text_init(&line, data, sizeof data);
		sqlauth_text_add(&line,
			"%s is empty or holds \"/\", \"+\" or \"#\": permissions with it allow nothing and deny more",
			names[which]);
		plugin_add_asker(&line, asker);
		plugin_log(MOSQ_LOG_WARNING, data);
	}
}
