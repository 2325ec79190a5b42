/* Denied publishes, subscriptions and deliveries in the log, and connects that were turned away unheard: the first of a
 * kind at once, the others counted.
 *
 * A kind is: which client id, which access, which permission (or none); of connects, which address and why. Kinds are
 * kept for a minute in a table of fixed size; what finds no room there is counted without its kind. So a client that is
 * denied a thousand messages a second costs two lines a minute, and a million client ids cost no memory.
 */
#include <stdlib.h>
#include <string.h>

#include "plugin.h"
#include "sqlauth/secret.h"

#define KINDS         256
#define PROBES        8
#define PERIOD_MS     60000
#define MESSAGE_SIZE  (LOG_LINE_SIZE - 64) /* the summary puts its counts in front */
#define DECIDED_BYTES (2 * LOG_FIELD_BYTES)

struct kind {
	uint64_t hash;
	uint64_t repeated; /* since its line was written */
	const char *verb;
	char message[MESSAGE_SIZE];
	bool used;
};

struct denial_log {
	enum log_denied mode;
	const struct sqlauth_clock *clock;
	struct sqlauth_hash_key key;
	int64_t period_began_ms;
	uint64_t others; /* denials for which the table had no room */
	struct kind kinds[KINDS];
};

struct denial_log *denial_log_new(enum log_denied mode, const struct sqlauth_clock *clock)
{
	struct denial_log *log = calloc(1, sizeof *log);

	if (!log)
		return NULL;
	log->mode = mode;
	log->clock = clock;
	log->period_began_ms = clock->monotonic_ms(clock->context);
	sqlauth_secret_random(&log->key, sizeof log->key);
	return log;
}

void denial_log_free(struct denial_log *log)
{
	if (log)
		denial_log_flush(log);
	free(log);
}

/* ` by="deny publish secret/# of group staff"`, or why nothing allowed it. */
static void add_decision(
	struct sqlauth_text *text, const struct sqlauth_acl *acl, struct sqlauth_verdict verdict, const char *cause)
{
	struct sqlauth_permission permission;
	char data[DECIDED_BYTES];
	struct sqlauth_text decided;

	sqlauth_text_init(&decided, data, sizeof data);
	if (acl && sqlauth_acl_permission(acl, verdict.permission, &permission))
		sqlauth_text_add(&decided, "%s %s %s of group %s", sqlauth_effect_word(permission.effect),
			sqlauth_action_word(permission.action), permission.topic, permission.group);
	else
		sqlauth_text_add(&decided, "%s", cause);
	sqlauth_text_add(text, " by=");
	sqlauth_text_add_quoted(text, data, decided.length, DECIDED_BYTES);
}

static void describe(struct sqlauth_text *text, const struct asker *asker, enum sqlauth_access access,
	const char *topic, const struct sqlauth_acl *acl, struct sqlauth_verdict verdict, const char *cause)
{
	sqlauth_text_add(text, "%s topic=", sqlauth_access_word(access));
	sqlauth_text_add_quoted(text, topic, strlen(topic), LOG_FIELD_BYTES);
	plugin_add_asker(text, asker);
	add_decision(text, acl, verdict, cause);
}

static uint64_t kind_hash(const struct denial_log *log, const struct asker *asker, enum sqlauth_access access,
	const struct sqlauth_acl *acl, uint32_t permission)
{
	struct {
		uint64_t client_id, acl, access, permission;
	} parts = {
		.client_id = asker->mqtt_id ? sqlauth_keyed_hash(&log->key, asker->mqtt_id, strlen(asker->mqtt_id)) : 0,
		.acl = (uint64_t)(uintptr_t)acl,
		.access = access,
		.permission = permission};

	return sqlauth_keyed_hash(&log->key, &parts, sizeof parts);
}

/* The kind of this hash, or a free place for it; NULL where there is neither. */
static struct kind *find(struct denial_log *log, uint64_t hash)
{
	for (uint64_t i = 0; i < PROBES; i++) {
		struct kind *kind = &log->kinds[(hash + i) % KINDS];
		if (!kind->used || kind->hash == hash)
			return kind;
	}
	return NULL;
}

static void write_line(const char *verb, const char *count, const char *message)
{
	char data[LOG_LINE_SIZE];
	struct sqlauth_text line;

	sqlauth_text_init(&line, data, sizeof data);
	sqlauth_text_add(&line, "%s %s%s", verb, count, message);
	plugin_log(MOSQ_LOG_NOTICE, data);
}

void denial_log_flush(struct denial_log *log)
{
	char count[64];
	struct sqlauth_text text;
	int64_t now = log->clock->monotonic_ms(log->clock->context);
	long long seconds = (long long)(now - log->period_began_ms) / 1000;

	for (size_t i = 0; i < KINDS; i++) {
		struct kind *kind = &log->kinds[i];
		if (kind->used && kind->repeated) {
			sqlauth_text_init(&text, count, sizeof count);
			sqlauth_text_add(
				&text, "again count=%llu seconds=%lld ", (unsigned long long)kind->repeated, seconds);
			write_line(kind->verb, count, kind->message);
		}
		kind->used = false;
	}
	if (log->others) {
		sqlauth_text_init(&text, count, sizeof count);
		sqlauth_text_add(&text, "again count=%llu seconds=%lld ", (unsigned long long)log->others, seconds);
		write_line("denied", count, "of more clients and permissions than a summary holds");
	}
	log->others = 0;
	log->period_began_ms = now;
}

void denial_log_tick(struct denial_log *log)
{
	if (log->clock->monotonic_ms(log->clock->context) - log->period_began_ms >= PERIOD_MS)
		denial_log_flush(log);
}

/* Whether this one is written, in full: the first of its kind, in whose place the line is to be kept. */
static bool is_first(struct denial_log *log, uint64_t hash, const char *verb, struct kind **kind_r)
{
	struct kind *kind = find(log, hash);

	if (!kind)
		log->others++;
	else if (kind->used)
		kind->repeated++;
	if (!kind || kind->used)
		return false;
	*kind = (struct kind){.hash = hash, .verb = verb, .used = true};
	*kind_r = kind;
	return true;
}

void denial_log_add(struct denial_log *log, const struct asker *asker, enum sqlauth_access access, const char *topic,
	const struct sqlauth_acl *acl, struct sqlauth_verdict verdict, const char *cause)
{
	char message[MESSAGE_SIZE];
	struct sqlauth_text text;
	struct kind *kind = NULL;

	if (log->mode == LOG_DENIED_NONE)
		return;
	if (log->mode == LOG_DENIED_SUMMARY &&
		!is_first(log, kind_hash(log, asker, access, acl, verdict.permission), "denied", &kind))
		return;
	sqlauth_text_init(&text, message, sizeof message);
	describe(&text, asker, access, topic, acl, verdict, cause);
	if (kind)
		memcpy(kind->message, message, text.length + 1);
	write_line("denied", "", message);
}

void denial_log_add_refusal(
	struct denial_log *log, const struct asker *asker, enum sqlauth_reason reason, uint64_t place)
{
	uint64_t parts[] = {place, (uint64_t)reason};
	char message[MESSAGE_SIZE];
	struct sqlauth_text text;
	struct kind *kind = NULL;

	if (log->mode != LOG_DENIED_ALL &&
		!is_first(log, sqlauth_keyed_hash(&log->key, parts, sizeof parts), "refused", &kind))
		return;
	sqlauth_text_init(&text, message, sizeof message);
	sqlauth_text_add(&text, "connect reason=%s", sqlauth_reason_word(reason));
	plugin_add_asker(&text, asker);
	if (kind)
		memcpy(kind->message, message, text.length + 1);
	write_line("refused", "", message);
}
