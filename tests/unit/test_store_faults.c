/* The store while memory and the disk fail: the 1st, 2nd, 3rd ... allocation, and the 1st, 2nd, 3rd ... call to a file,
 * until a run passes untouched. Every step then gives an error or the right answer, and works again afterwards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "allocations.h"
#include "faults.h"
#include "sqlauth/secret.h"
#include "sqlauth/store.h"
#include "store_database.h"

#define CONTENT                                                                                                        \
	"INSERT INTO clients (name, authentication, disconnect_before) VALUES ('pump', 'certificate', 7);"             \
	"INSERT INTO client_certificates (client, match_by, value) VALUES ('pump', 'dns', 'pump.example');"            \
	"INSERT INTO groups (name) VALUES ('g1'), ('g2'), ('g3');"                                                     \
	"INSERT INTO group_rules (match_by, value, group_name) VALUES "                                                \
	"('client', 'pump', 'g1'), ('mqtt_id', 'pump-*', 'g2'), ('mqtt_id', '*-7', 'g3');"                             \
	"INSERT INTO acl_permissions (group_name, permission, action, topic) VALUES "                                  \
	"('g1', 'allow', 'publish', 'a'), ('g2', 'deny', 'publish', 'b'), ('g3', 'allow', 'subscribe', 'c');"

static struct database database;
static struct sqlauth_store *store;

/* ---- one run of everything: 0, or the first error; wrong answers end the test */

static enum sqlauth_error expect(enum sqlauth_error error)
{
	assert_true(error == SQLAUTH_OK || error == SQLAUTH_ERROR_MEMORY || error == SQLAUTH_ERROR_BUSY ||
		    error == SQLAUTH_ERROR_DATABASE || error == SQLAUTH_ERROR_SYSTEM);
	return error;
}

static enum sqlauth_error read_client(void)
{
	struct sqlauth_client client;
	enum sqlauth_error error = expect(sqlauth_store_client_by_visible_username(store, "pump", &client));

	if (error != SQLAUTH_OK)
		return error;
	assert_string_equal(client.name, "pump");
	assert_true(client.has_certificates);
	assert_int_equal(client.disconnect_before, 7);
	sqlauth_client_clear(&client);
	return SQLAUTH_OK;
}

static enum sqlauth_error read_certificate(void)
{
	char *name = NULL;
	enum sqlauth_error error =
		expect(sqlauth_store_client_name_by_certificate(store, SQLAUTH_MATCH_DNS, "pump.example", &name));

	if (error == SQLAUTH_OK)
		assert_string_equal(name, "pump");
	free(name);
	return error;
}

static enum sqlauth_error read_owner(void)
{
	char *name = NULL;
	enum sqlauth_error error =
		expect(sqlauth_store_certificate_owner(store, SQLAUTH_MATCH_DNS, "pump.example", &name));

	if (error == SQLAUTH_OK)
		assert_string_equal(name, "pump");
	free(name);
	return error;
}

static enum sqlauth_error read_nobody(void)
{
	struct sqlauth_client client;
	enum sqlauth_error error = sqlauth_store_client_by_name(store, "nobody", &client);

	assert_int_not_equal(error, SQLAUTH_OK);
	return error == SQLAUTH_ERROR_NOT_FOUND ? SQLAUTH_OK : expect(error);
}

static enum sqlauth_error read_acl(void)
{
	const struct sqlauth_rule_query query = {.client = "pump", .mqtt_id = "pump-7", .any = true};
	struct sqlauth_groups groups = {0};
	struct sqlauth_acl *acl = NULL;
	enum sqlauth_error error = expect(sqlauth_store_groups(store, &query, &groups));

	if (error != SQLAUTH_OK) {
		assert_int_equal(groups.count, 0);
		return error;
	}
	assert_int_equal(groups.count, 3);
	error = expect(sqlauth_store_compile(store, &groups, &acl, NULL));
	if (error == SQLAUTH_OK)
		assert_int_equal(sqlauth_acl_count(acl), 3);
	else
		assert_null(acl);
	sqlauth_acl_unref(acl);
	sqlauth_groups_clear(&groups);
	return error;
}

static void count_disconnect(void *context, enum sqlauth_named_by kind, const char *value, int64_t before)
{
	if (kind == SQLAUTH_NAMED_BY_NAME)
		assert_string_equal(value, "pump");
	assert_int_equal(before, 7);
	*(int *)context += kind == SQLAUTH_NAMED_BY_NAME;
}

static enum sqlauth_error read_disconnects(void)
{
	int count = 0;
	enum sqlauth_error error = expect(sqlauth_store_visit_disconnects(store, 0, count_disconnect, &count));

	if (error == SQLAUTH_OK)
		assert_int_equal(count, 1);
	return error;
}

/* All reads, also those behind one that failed. */
static enum sqlauth_error read_all(void)
{
	static enum sqlauth_error (*const reads[])(void) = {
		read_client, read_certificate, read_owner, read_nobody, read_acl, read_disconnects};
	enum sqlauth_error first = expect(sqlauth_store_begin(store, NULL));

	if (first != SQLAUTH_OK)
		return first;
	for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
		enum sqlauth_error error = reads[i]();

		if (first == SQLAUTH_OK)
			first = error;
	}
	sqlauth_store_end(store);
	return first;
}

static enum sqlauth_error open_and_read(void)
{
	uint64_t version;
	enum sqlauth_error error = expect(sqlauth_store_open(database.path, &store, NULL));

	if (error != SQLAUTH_OK) {
		assert_null(store);
		return error;
	}
	error = read_all();
	if (error == SQLAUTH_OK)
		error = expect(sqlauth_store_data_version(store, &version));
	sqlauth_store_close(store);
	store = NULL;
	return error;
}

/* ---- */

static void create(int mode)
{
	database_init(&database);
	if (mode == 0)
		database_create(&database, CONTENT);
	else
		database_create_rollback(&database, "auth.db", CONTENT);
}

static void every_fault_while_opening_is_an_error_and_leaves_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * (size_t)FAULT_KINDS; i++) {
		const struct fault *fault = &faults[i / 2];
		size_t nth, live;

		create((int)(i % 2));
		assert_int_equal(open_and_read(), SQLAUTH_OK);
		live = allocations_live();
		for (nth = 1; nth < FAULTS_MAX; nth = faults_next(nth)) {
			enum sqlauth_error error;
			bool passed;

			fault->arm(nth);
			error = open_and_read();
			passed = fault->pending();
			fault->arm(0);
			if (allocations_live() != live)
				fail_msg("fault %zu.%zu: %zu blocks more", i, nth, allocations_live() - live);
			if (passed) {
				assert_int_equal(error, SQLAUTH_OK);
				break;
			}
		}
		assert_in_range(nth, 10, FAULTS_MAX - 1);
		assert_int_equal(open_and_read(), SQLAUTH_OK);
		database_fini(&database);
	}
}

static void every_fault_while_reading_is_an_error_and_the_next_transaction_works(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * (size_t)FAULT_KINDS; i++) {
		const struct fault *fault = &faults[i / 2];
		size_t nth;

		create((int)(i % 2));
		assert_int_equal(sqlauth_store_open(database.path, &store, NULL), SQLAUTH_OK);
		for (nth = 1; nth < FAULTS_MAX; nth = faults_next(nth)) {
			enum sqlauth_error error;
			bool passed;

			/* so that there is something to read from the file */
			database_script(database.path, "UPDATE clients SET enabled = 1 - enabled");
			fault->arm(nth);
			error = read_all();
			passed = fault->pending();
			fault->arm(0);
			if (passed)
				assert_int_equal(error, SQLAUTH_OK);
			error = read_all();
			if (error != SQLAUTH_OK)
				fail_msg("fault %zu.%zu: then %s", i, nth, sqlauth_strerror(error));
			if (passed)
				break;
		}
		assert_in_range(nth, 3, FAULTS_MAX - 1);
		sqlauth_store_close(store);
		store = NULL;
		database_fini(&database);
	}
}

/* Wider and wider apart: the schema alone takes thousands of allocations, and they all end in one place. */
static void a_fault_while_creating_leaves_no_half_made_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < (size_t)FAULT_KINDS; i++) {
		size_t nth;

		database_init(&database);
		for (nth = 1; nth < FAULTS_MAX; nth += 1 + nth / 32) {
			enum sqlauth_error error;
			bool passed;

			faults[i].arm(nth);
			error = sqlauth_store_create(database.path, NULL, NULL);
			passed = faults[i].pending();
			faults[i].arm(0);
			if (error != SQLAUTH_OK) {
				assert_true(error == SQLAUTH_ERROR_MEMORY || error == SQLAUTH_ERROR_SYSTEM);
				if (rmdir(database.directory) != 0)
					fail_msg("fault %zu.%zu: something was left", i, nth);
				database_init(&database);
				continue;
			}
			assert_int_equal(sqlauth_store_open(database.path, &store, NULL), SQLAUTH_OK);
			sqlauth_store_close(store);
			store = NULL;
			database_fini(&database);
			if (passed)
				break;
			database_init(&database);
		}
		assert_in_range(nth, 10, FAULTS_MAX - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fault_while_opening_is_an_error_and_leaves_nothing),
		cmocka_unit_test(every_fault_while_reading_is_an_error_and_the_next_transaction_works),
		cmocka_unit_test(a_fault_while_creating_leaves_no_half_made_file),
	};

	if (sqlauth_secret_init() != SQLAUTH_OK)
		return 1;
	faults_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
