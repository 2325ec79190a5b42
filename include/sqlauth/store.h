/* The SQLite database, read by the broker and created by the tool. The only module that sees SQLite.
 *
 * A store is one read-only connection to one database file. It never waits: what is locked now is SQLAUTH_ERROR_BUSY
 * now. It holds no read transaction between sqlauth_store_end and the next sqlauth_store_begin. Between the two all
 * answers come from one snapshot.
 *
 * Values in the database are hostile: every size is bounded (constants below), every word is looked up, and a row that
 * does not fit is SQLAUTH_ERROR_DATABASE, never a guess.
 *
 * Thread rules: one store, one thread. Errors: MEMORY; BUSY (locked by a writer: try again at the next connect);
 * DATABASE (unusable; the store closes the connection and opens it anew at the next begin); SYSTEM (I/O). Functions
 * that take `why` leave one sentence there that names the file and, where there is one, the mend; why may be NULL.
 */
#ifndef SQLAUTH_STORE_H
#define SQLAUTH_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sqlauth/acl.h"
#include "sqlauth/certificate.h"
#include "sqlauth/error.h"
#include "sqlauth/text.h"

#define SQLAUTH_SCHEMA_VERSION   1
#define SQLAUTH_APPLICATION_NAME "mosquitto-sqlauth" /* schema_info 'application' */
#define SQLAUTH_APPLICATION_ID   0x53514c41          /* "SQLA", PRAGMA application_id */

#define SQLAUTH_STORE_TEXT_BYTES_MAX 65535 /* any text column; a longer value is SQLAUTH_ERROR_DATABASE */
#define SQLAUTH_STORE_GROUPS_MAX     4096  /* groups of one connection */
#define SQLAUTH_STORE_PATIENCE_MS    10000 /* the tool waits for another writer; the plugin waits for nobody */

struct sqlauth_store;

enum sqlauth_authentication { SQLAUTH_CREDENTIALS, SQLAUTH_CERTIFICATE };

/* One row of clients. Strings owned by the row; NULL where the column is NULL. */
struct sqlauth_client {
	char *name;
	char *username;
	char *password; /* encoded hash; wiped when freed */
	char *mqtt_id;  /* pattern (mqtt_id.h) */
	enum sqlauth_authentication authentication;
	bool enabled;
	bool has_certificates;     /* client_certificates rows exist */
	int64_t disconnect_before; /* Unix seconds; INT64_MIN where NULL */
};

/* Frees the strings of a row and zeroes it; repeatable. */
void sqlauth_client_clear(struct sqlauth_client *client);

/* One group of a connection, with the revision of its permissions: a random number that the database draws anew
 * whenever a permission of the group changes. Same name and revision, same permissions. */
struct sqlauth_group {
	char *name; /* owned */
	int64_t revision;
};

/* A growing list of groups, sorted by name (memcmp), without duplicates. Zero-initialise; clear frees. */
struct sqlauth_groups {
	struct sqlauth_group *items;
	size_t count, capacity;
};
void sqlauth_groups_clear(struct sqlauth_groups *groups);

/* Opens and checks everything of SPEC section 7, "at start": exists, readable by this process, an SQLite database,
 * ours, of a version that this build knows, with the tables it should have, sound (PRAGMA quick_check up to
 * SQLAUTH_STORE_CHECK_BYTES_MAX), and, in WAL mode, with file and directory permissions under which SQLite can read it.
 */
#define SQLAUTH_STORE_CHECK_BYTES_MAX (4 << 20) /* a larger file is not read whole at start: 4 MiB take about 20 ms */
enum sqlauth_error sqlauth_store_open(const char *path, struct sqlauth_store **store_r, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

/* Whom a refusal is told to, with which mend, and who waits for a writer: everybody but the broker. */
enum sqlauth_store_opener {
	SQLAUTH_STORE_FOR_BROKER, /* the plugin: runs as the broker's user, whom the files must let in */
	SQLAUTH_STORE_FOR_TOOL,   /* the command: can be run as the user whose files they are */
	SQLAUTH_STORE_AS_SOURCE,  /* the command, of a file to copy from: another one can be named */
};

/* sqlauth_store_open, which is for the broker, for others. */
enum sqlauth_error sqlauth_store_open_for(const char *path, enum sqlauth_store_opener opener,
	struct sqlauth_store **store_r, struct sqlauth_text *why) __attribute__((warn_unused_result));

void sqlauth_store_close(struct sqlauth_store *store);

/* Begins a read transaction. Notices when the file at the path is another one than the open one (inode), or the
 * connection was lost to an error, and opens the new file with the checks of sqlauth_store_open, or refuses
 * (DATABASE) while the old database's -wal file lies beside the new file. On success sqlauth_store_end must follow. A
 * few microseconds. */
enum sqlauth_error sqlauth_store_begin(struct sqlauth_store *store, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

/* Ends the read transaction. After an error of SQLite in a read function, except for BUSY and MEMORY, this closes the
 * connection for a fresh start. A row that does not fit (DATABASE), or LIMIT, is no such error: the connection stays.
 * Once SQLite has failed, all further reads before this answer the same error. Without a begin: does nothing. */
void sqlauth_store_end(struct sqlauth_store *store);

/* What to tell of an error of a read function since begin: sqlauth_strerror's words, but for a row that does not fit,
 * which is not the whole database's fault. Static. */
const char *sqlauth_store_strerror(const struct sqlauth_store *store, enum sqlauth_error error);

/* How many times the database was opened again after the first time: for metrics. */
uint64_t sqlauth_store_reopenings(const struct sqlauth_store *store);

/* Within a transaction: a number that differs from that of an earlier one where the file was exchanged between the two,
 * as a whole or through SQLite (.restore, sqlauth restore). Group revisions are comparable only under the same number:
 * a dump that was edited by hand keeps the revisions and not the permissions. Free. */
uint64_t sqlauth_store_generation(const struct sqlauth_store *store);

/* A number that differs from the last one whenever another process (or connection) may have changed anything, or the
 * file was exchanged. For "at no cost while nothing changes": a few microseconds. Opens the database again where begin
 * would. Outside begin/end. */
enum sqlauth_error sqlauth_store_data_version(struct sqlauth_store *store, uint64_t *version_r)
	__attribute__((warn_unused_result));

/* ---- reads, between begin and end ---- */

/* The client with this username; NOT_FOUND. On OK the caller clears *client_r. */
enum sqlauth_error sqlauth_store_client_by_username(struct sqlauth_store *store, const char *username,
	struct sqlauth_client *client_r) __attribute__((warn_unused_result));

/* The client whose broker-visible username this is: its username, or its name where it has none. Unique. */
enum sqlauth_error sqlauth_store_client_by_visible_username(struct sqlauth_store *store, const char *username,
	struct sqlauth_client *client_r) __attribute__((warn_unused_result));

/* The client with this name. */
enum sqlauth_error sqlauth_store_client_by_name(struct sqlauth_store *store, const char *name,
	struct sqlauth_client *client_r) __attribute__((warn_unused_result));

/* The name of the client that has this certificate name, where it is a `certificate` client without a username;
 * NOT_FOUND otherwise. *name_r is the caller's (free). */
enum sqlauth_error sqlauth_store_client_name_by_certificate(struct sqlauth_store *store, enum sqlauth_match_by kind,
	const char *value, char **name_r) __attribute__((warn_unused_result));

/* The name of whatever client has this row in client_certificates; NOT_FOUND. *name_r is the caller's (free). */
enum sqlauth_error sqlauth_store_certificate_owner(struct sqlauth_store *store, enum sqlauth_match_by kind,
	const char *value, char **name_r) __attribute__((warn_unused_result));

/* OK where client_certificates has this row, NOT_FOUND where not. */
enum sqlauth_error sqlauth_store_client_has_certificate(struct sqlauth_store *store, const char *client_name,
	enum sqlauth_match_by kind, const char *value) __attribute__((warn_unused_result));

/* Which group rules to follow. NULL members are left out. */
struct sqlauth_rule_query {
	const char *client;      /* 'client' rules of this name */
	const char *mqtt_id;     /* 'mqtt_id' rules whose pattern matches */
	const char *fingerprint; /* 'certificate_fingerprint' rules */
	bool any;                /* the 'any' rules */
	bool anonymous;          /* the 'anonymous' rules */
};

/* Replaces the content of *groups with the groups of all matching rules; untouched on failure. LIMIT beyond
 * SQLAUTH_STORE_GROUPS_MAX, and where a pattern cannot be judged (mqtt_id.h). Indexed: the cost depends on the rules
 * that match, on the identifier's length, and on mqtt_id patterns that begin AND end with a wildcard. */
enum sqlauth_error sqlauth_store_groups(struct sqlauth_store *store, const struct sqlauth_rule_query *query,
	struct sqlauth_groups *groups) __attribute__((warn_unused_result));

/* One line per matching rule, for explanations: match_by and value of a rule and its group; strings borrowed for the
 * call. */
typedef void sqlauth_rule_visitor(void *context, const char *match_by, const char *value, const char *group);
enum sqlauth_error sqlauth_store_visit_rules(struct sqlauth_store *store, const struct sqlauth_rule_query *query,
	sqlauth_rule_visitor *visit, void *context) __attribute__((warn_unused_result));

/* OK where any 'mqtt_id' rule exists, else NOT_FOUND. */
enum sqlauth_error sqlauth_store_has_mqtt_id_rule(struct sqlauth_store *store) __attribute__((warn_unused_result));

/* OK where any 'anonymous' rule exists, else NOT_FOUND. */
enum sqlauth_error sqlauth_store_has_anonymous_rule(struct sqlauth_store *store) __attribute__((warn_unused_result));

/* Reads the permissions of these groups, ordered by group, then id, and compiles them. LIMIT where there are too many.
 */
enum sqlauth_error sqlauth_store_compile(struct sqlauth_store *store, const struct sqlauth_groups *groups,
	struct sqlauth_acl **acl_r, struct sqlauth_text *why) __attribute__((warn_unused_result));

/* What names one client: a certificate's name of a kind, and beside those its username and its name. */
enum sqlauth_named_by {
	SQLAUTH_NAMED_BY_USERNAME = SQLAUTH_MATCH_KINDS, /* below it stand those of sqlauth_match_by */
	SQLAUTH_NAMED_BY_NAME,
	SQLAUTH_NAMED_BY_KINDS
};

/* Calls visit for every client whose disconnect_before is `since` or later, once for each value that names it. A value
 * that does not fit is left out: nobody connects by it, and it keeps no other client connected. Indexed (only rows that
 * have a disconnect_before). */
typedef void sqlauth_disconnect_visitor(
	void *context, enum sqlauth_named_by kind, const char *value, int64_t disconnect_before);
enum sqlauth_error sqlauth_store_visit_disconnects(struct sqlauth_store *store, int64_t since,
	sqlauth_disconnect_visitor *visit, void *context) __attribute__((warn_unused_result));

/* ---- creating ---- */

/* Creates a database with schema.sql in WAL mode at `path`, mode 0640, owned by `owner` (a user's name and its primary
 * group; NULL: leave the owner alone), created atomically: a half-made file is never left at the path. EXISTS where the
 * path exists; NOT_FOUND for an unknown owner; SYSTEM. Checks at the end that `owner` (NULL: this user) can use the
 * file and its directory under WAL, and says in *why where not that it was created, and the mend (SYSTEM; it stays). */
enum sqlauth_error sqlauth_store_create(const char *path, const char *owner, struct sqlauth_text *why)
	__attribute__((warn_unused_result));

/* The text of schema.sql. Constant. */
extern const char sqlauth_schema_sql[];

#endif
