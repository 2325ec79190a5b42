/* What inspection refuses: hashes that are malformed, of forms that are not ours, or that ask for too much work; and
 * that verification refuses the same before it does any of the work. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "sqlauth/password.h"
#include "sqlauth/secret.h"

#define SALT    "c29tZXNhbHQ"
#define DIGEST  "4mqQiyq0VpIzuZmp+8eSF3YJ7Av58TkEJ4LIdOVsAc4"
#define ARGON2  "$argon2id$v=19$"
#define CRYPT43 "cugbyfZj0ThNWRFtNR9LVrQS9xrPfTDYxSgwhhfHtw5"
#define CRYPT86 CRYPT43 CRYPT43
#define BCRYPT  "q4X97Uxv8xDX1F6QrwdiROgYMqXzsseZCPg29lNGxD.mTIOoNQPza"
#define PLUG    "nnDU3jFAwCoaZLhC"
#define KEY24   "dqT4e0pbU65NprKZTFZHsutyDgpsTaO/"
#define KEY64   "m/FwKeJsr9WGQLiraQq7P8lG5aD67oJm/5AcTxxUyqHZ+23tDUrpEem4YY5wGWRYsBD83zhaVq6qEu+ZhONl0g=="

/* Far more than inspection needs, far less than any of the work. */
#define CPU_SECONDS_MAX 0.05

static const struct sqlauth_password_limits LIMITS = {SQLAUTH_HASH_MEMORY_DEFAULT};

struct row {
	const char *hash;
	enum sqlauth_error expected;
};

static double cpu_seconds(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now), 0);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum sqlauth_password_scheme scheme = (enum sqlauth_password_scheme)99;
		double start = cpu_seconds();
		enum sqlauth_error inspected = sqlauth_password_inspect(rows[i].hash, &LIMITS, &scheme);
		enum sqlauth_error verified = sqlauth_password_verify(rows[i].hash, "secret", 6, &LIMITS);
		double taken = cpu_seconds() - start;

		if (inspected != rows[i].expected)
			fail_msg("row %zu, %s: inspect: %s", i, rows[i].hash, sqlauth_strerror(inspected));
		if (verified != rows[i].expected)
			fail_msg("row %zu, %s: verify: %s", i, rows[i].hash, sqlauth_strerror(verified));
		if (scheme != (enum sqlauth_password_scheme)99)
			fail_msg("row %zu, %s: a scheme was given", i, rows[i].hash);
		if (taken > CPU_SECONDS_MAX)
			fail_msg("row %zu, %s: took %.3f s", i, rows[i].hash, taken);
	}
}

#define CHECK(rows) check_rows(rows, sizeof(rows) / sizeof *(rows))

static void a_form_that_is_not_ours_is_unsupported(void **state)
{
	static const struct row ROWS[] = {
		{"", SQLAUTH_ERROR_UNSUPPORTED},
		{"secret", SQLAUTH_ERROR_UNSUPPORTED},
		{"*", SQLAUTH_ERROR_UNSUPPORTED},
		{"*0", SQLAUTH_ERROR_UNSUPPORTED},
		{"*1", SQLAUTH_ERROR_UNSUPPORTED},
		{"!", SQLAUTH_ERROR_UNSUPPORTED},
		{"x", SQLAUTH_ERROR_UNSUPPORTED},
		{"$", SQLAUTH_ERROR_UNSUPPORTED},
		{"$1$abcdefgh$G//4keteveJp0qb8z2DxG/", SQLAUTH_ERROR_UNSUPPORTED},
		{"$argon2d$v=19$m=64,t=1,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_UNSUPPORTED},
		{"$argon2id$v=16$m=64,t=1,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_UNSUPPORTED},
		{"$argon2id$m=64,t=1,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_UNSUPPORTED},
		{"$2x$04$" BCRYPT, SQLAUTH_ERROR_UNSUPPORTED},
		{"$2$04$" BCRYPT, SQLAUTH_ERROR_UNSUPPORTED},
		{"$gy$j75$abcd$" CRYPT43, SQLAUTH_ERROR_UNSUPPORTED},
		{"$y$.75$abcd$" CRYPT43, SQLAUTH_ERROR_UNSUPPORTED},   /* scrypt */
		{"$y$/75$abcd$" CRYPT43, SQLAUTH_ERROR_UNSUPPORTED},   /* YESCRYPT_WORM */
		{"$y$zz75$abcd$" CRYPT43, SQLAUTH_ERROR_UNSUPPORTED},  /* no flavour at all */
		{"$y$j75..$abcd$" CRYPT43, SQLAUTH_ERROR_UNSUPPORTED}, /* with a parallelism */
		{"PBKDF2$md5$101$" PLUG "$" KEY24, SQLAUTH_ERROR_UNSUPPORTED},
		{"$secret$sha256$8PHy8_T19vf4-fr7_P3-_w$" DIGEST, SQLAUTH_ERROR_UNSUPPORTED},
		{"{SSHA}abc", SQLAUTH_ERROR_UNSUPPORTED},
		{" $5$salt$" CRYPT43, SQLAUTH_ERROR_UNSUPPORTED},
	};

	(void)state;
	CHECK(ROWS);
}

static void a_malformed_argon2_hash_is_invalid(void **state)
{
	static const struct row ROWS[] = {
		{ARGON2, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=0,t=1,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=64,t=0,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=64,t=1,p=0$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=064,t=1,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=+64,t=1,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=-64,t=1,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m= 64,t=1,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=0x40,t=1,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=4294967296,t=1,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=64,t=4294967297,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=64,t=1,p=18446744073709551617$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=7,t=1,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=64,t=1,p=9$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=134217728,t=1,p=16777216$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=64,t=1,p=1,$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=64,t=1,p=1,keyid=AAAA$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "t=1,m=64,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=64,t=1,p=1$$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=64,t=1,p=1$c2V2ZW4tYg$" DIGEST, SQLAUTH_ERROR_INVALID}, /* 7 bytes of salt */
		{ARGON2 "m=64,t=1,p=1$" SALT "=$" DIGEST, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=64,t=1,p=1$" SALT "$", SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=64,t=1,p=1$" SALT, SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=64,t=1,p=1$" SALT "$AAAAAAAAAAAAAAAAAAAA", SQLAUTH_ERROR_INVALID}, /* 15 bytes of hash */
		{ARGON2 "m=64,t=1,p=1$" SALT "$" DIGEST "=", SQLAUTH_ERROR_INVALID},
		{ARGON2 "m=64,t=1,p=1$" SALT "$" DIGEST "$", SQLAUTH_ERROR_INVALID},
	};

	(void)state;
	CHECK(ROWS);
}

static void a_malformed_pbkdf2_hash_is_invalid(void **state)
{
	static const struct row ROWS[] = {
		{"$7$", SQLAUTH_ERROR_INVALID}, {"$7$0$" PLUG "$" KEY64, SQLAUTH_ERROR_INVALID},
		{"$7$0101$" PLUG "$" KEY64, SQLAUTH_ERROR_INVALID}, {"$7$+101$" PLUG "$" KEY64, SQLAUTH_ERROR_INVALID},
		{"$7$-101$" PLUG "$" KEY64, SQLAUTH_ERROR_INVALID}, {"$7$$" PLUG "$" KEY64, SQLAUTH_ERROR_INVALID},
		{"$7$101 $" PLUG "$" KEY64, SQLAUTH_ERROR_INVALID},
		{"$7$4294967397$" PLUG "$" KEY64, SQLAUTH_ERROR_INVALID},
		{"$7$99999999999999999999999999$" PLUG "$" KEY64, SQLAUTH_ERROR_INVALID},
		{"$7$101$$" KEY64, SQLAUTH_ERROR_INVALID}, {"$7$101$" PLUG "$", SQLAUTH_ERROR_INVALID},
		{"$7$101$" PLUG "$" KEY24, SQLAUTH_ERROR_INVALID}, {"$7$101$" PLUG "!$" KEY64, SQLAUTH_ERROR_INVALID},
		{"$7$CU..../....2Q9obwLhin8qvQl6sisAO/$E1HizYWxBmnIH4sdPkd1UOML9t62Gf.wvNTnt5XFzs8",
			SQLAUTH_ERROR_INVALID}, /* scrypt of crypt(5) */
		{"PBKDF2$sha256$0$" PLUG "$" KEY24, SQLAUTH_ERROR_INVALID},
		{"PBKDF2$sha256$010$" PLUG "$" KEY24, SQLAUTH_ERROR_INVALID},
		{"PBKDF2$sha256$-1$" PLUG "$" KEY24, SQLAUTH_ERROR_INVALID},
		{"PBKDF2$sha256$4294967296$" PLUG "$" KEY24, SQLAUTH_ERROR_INVALID},
		{"PBKDF2$sha256$101$$" KEY24, SQLAUTH_ERROR_INVALID},
		{"PBKDF2$sha256$101$" PLUG "$", SQLAUTH_ERROR_INVALID},
		{"PBKDF2$sha256$101$" PLUG "$AAAAAAAAAAAAAAAAAAAA", SQLAUTH_ERROR_INVALID}, /* 15 bytes */
		{"PBKDF2$sha256$101$" PLUG "$AAAAAAAAAAAAAAAAAAAAAAAA",
			SQLAUTH_ERROR_INVALID},                                      /* 18: looks truncated */
		{"PBKDF2$sha256$101$" PLUG "$" KEY24 "AAAA", SQLAUTH_ERROR_INVALID}, /* 27: so does this */
		{"PBKDF2$sha512$101$" PLUG "$" KEY24 KEY24 KEY24 "AA==", SQLAUTH_ERROR_INVALID}, /* 73: too long */
	};

	(void)state;
	CHECK(ROWS);
}

static void a_malformed_digest_is_invalid(void **state)
{
	static const struct row ROWS[] = {
		{"$6$", SQLAUTH_ERROR_INVALID},
		{"$6$$" KEY64, SQLAUTH_ERROR_INVALID},
		{"$6$" PLUG "!$" KEY64, SQLAUTH_ERROR_INVALID},
		{"$6$x$" PLUG "$" KEY64, SQLAUTH_ERROR_INVALID},
		{"$6$" PLUG "$A" CRYPT86 "=", SQLAUTH_ERROR_INVALID},
		{"$secret$blake2b$", SQLAUTH_ERROR_INVALID},
		{"$secret$blake2b$$" DIGEST, SQLAUTH_ERROR_INVALID},
		{"$secret$blake2b$8PHy8_T19vf4-fr7_P3-_w$", SQLAUTH_ERROR_INVALID},
		{"$secret$blake2b$8PHy8_T19vf4-fr7_P3-_w$8PHy8_T19vf4-fr7_P3-_w", SQLAUTH_ERROR_INVALID},
		{"$secret$blake2b$8PHy8_T19vf4-fr7_P3-_w==$uDfEfPDKuaPG_PMDcqwtxsFn847MQVMPcHVGis0jX6U",
			SQLAUTH_ERROR_INVALID},
		{"$secret$blake2b$8PHy8/T19vf4+fr7/P3+/w$uDfEfPDKuaPG/PMDcqwtxsFn847MQVMPcHVGis0jX6U",
			SQLAUTH_ERROR_INVALID},
	};

	(void)state;
	CHECK(ROWS);
}

static void a_malformed_crypt_hash_is_invalid(void **state)
{
	static const struct row ROWS[] = {
		{"$2b$", SQLAUTH_ERROR_INVALID},
		{"$2b$03$" BCRYPT, SQLAUTH_ERROR_INVALID},
		{"$2b$00$" BCRYPT, SQLAUTH_ERROR_INVALID},
		{"$2b$32$" BCRYPT, SQLAUTH_ERROR_INVALID},
		{"$2b$4$" BCRYPT, SQLAUTH_ERROR_INVALID},
		{"$2b$004$" BCRYPT, SQLAUTH_ERROR_INVALID},
		{"$2b$-4$" BCRYPT, SQLAUTH_ERROR_INVALID},
		{"$2b$04$" BCRYPT "a", SQLAUTH_ERROR_INVALID},
		{"$2b$04$", SQLAUTH_ERROR_INVALID},
		{"$5$", SQLAUTH_ERROR_INVALID},
		{"$5$$" CRYPT43, SQLAUTH_ERROR_INVALID},
		{"$5$salt$", SQLAUTH_ERROR_INVALID},
		{"$5$sa:lt$" CRYPT43, SQLAUTH_ERROR_INVALID},
		{"$5$sa lt$" CRYPT43, SQLAUTH_ERROR_INVALID},
		{"$5$0123456789abcdefg$" CRYPT43, SQLAUTH_ERROR_INVALID},
		{"$5$rounds=999$salt$" CRYPT43, SQLAUTH_ERROR_INVALID},
		{"$5$rounds=0$salt$" CRYPT43, SQLAUTH_ERROR_INVALID},
		{"$5$rounds=01000$salt$" CRYPT43, SQLAUTH_ERROR_INVALID},
		{"$5$rounds=-1000$salt$" CRYPT43, SQLAUTH_ERROR_INVALID},
		{"$5$rounds=4294968296$salt$" CRYPT43, SQLAUTH_ERROR_INVALID},
		{"$5$rounds=1000$" CRYPT43, SQLAUTH_ERROR_INVALID},
		{"$5$salt$" CRYPT86, SQLAUTH_ERROR_INVALID},
		{"$6$salt$" CRYPT43, SQLAUTH_ERROR_INVALID},
		{"$6$$" CRYPT86, SQLAUTH_ERROR_INVALID},
		{"$y$j", SQLAUTH_ERROR_INVALID},
		{"$y$j7", SQLAUTH_ERROR_INVALID},
		{"$y$j75", SQLAUTH_ERROR_INVALID},
		{"$y$j75$", SQLAUTH_ERROR_INVALID},
		{"$y$j75$$" CRYPT43, SQLAUTH_ERROR_INVALID},
		{"$y$j75$abcd$", SQLAUTH_ERROR_INVALID},
		{"$y$j..$abcd$" CRYPT43, SQLAUTH_ERROR_INVALID},  /* N = 2 */
		{"$y$j75$abcde$" CRYPT43, SQLAUTH_ERROR_INVALID}, /* 6 bits left over */
		{"$y$j75$ab$" CRYPT43, SQLAUTH_ERROR_INVALID},    /* spare bits set */
		{"$y$j75$abE$" CRYPT43, SQLAUTH_ERROR_INVALID},
	};

	(void)state;
	CHECK(ROWS);
}

static void a_hash_that_asks_for_too_much_is_over_the_limit(void **state)
{
	static const struct row ROWS[] = {
		{ARGON2 "m=4194304,t=1,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_LIMIT}, /* 4 GiB */
		{ARGON2 "m=4294967295,t=1,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_LIMIT},
		{ARGON2 "m=262145,t=1,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_LIMIT},
		{ARGON2 "m=8,t=1000000000,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_LIMIT},
		{ARGON2 "m=8,t=4294967295,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_LIMIT},
		{ARGON2 "m=262144,t=17,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_LIMIT},
		{ARGON2 "m=134217720,t=1,p=16777215$" SALT "$" DIGEST, SQLAUTH_ERROR_LIMIT},
		{"$argon2i$v=19$m=4194304,t=1,p=1$" SALT "$" DIGEST, SQLAUTH_ERROR_LIMIT},
		{"$7$5000001$" PLUG "$" KEY64, SQLAUTH_ERROR_LIMIT},
		{"$7$1000000000$" PLUG "$" KEY64, SQLAUTH_ERROR_LIMIT},
		{"$7$4294967295$" PLUG "$" KEY64, SQLAUTH_ERROR_LIMIT},
		{"PBKDF2$sha256$1000000000$" PLUG "$" KEY24, SQLAUTH_ERROR_LIMIT},
		{"PBKDF2$sha512$4294967295$" PLUG "$" KEY64, SQLAUTH_ERROR_LIMIT},
		{"PBKDF2$sha512$2500001$" PLUG "$" KEY64, SQLAUTH_ERROR_LIMIT},    /* two readings of the salt */
		{"PBKDF2$sha256$1250001$" PLUG "$" KEY64, SQLAUTH_ERROR_LIMIT},    /* and two blocks */
		{"PBKDF2$sha512$5000001$not-base64!$" KEY64, SQLAUTH_ERROR_LIMIT}, /* one reading, one block */
		{"$2b$16$" BCRYPT, SQLAUTH_ERROR_LIMIT}, {"$2y$31$" BCRYPT, SQLAUTH_ERROR_LIMIT},
		{"$5$rounds=999999999$salt$" CRYPT43, SQLAUTH_ERROR_LIMIT},
		{"$6$rounds=999999999$salt$" CRYPT86, SQLAUTH_ERROR_LIMIT},
		{"$6$rounds=1000001$salt$" CRYPT86, SQLAUTH_ERROR_LIMIT},
		{"$6$rounds=4294967295$salt$" CRYPT86, SQLAUTH_ERROR_LIMIT},
		{"$y$jET$abcd$" CRYPT43, SQLAUTH_ERROR_LIMIT},  /* N = 2^17, r = 32: 512 MiB */
		{"$y$jFT$abcd$" CRYPT43, SQLAUTH_ERROR_LIMIT},  /* the most that crypt_gensalt makes: 1 GiB */
		{"$y$jj5$abcd$" CRYPT43, SQLAUTH_ERROR_LIMIT},  /* N = 2^48 */
		{"$y$jz.5$abcd$" CRYPT43, SQLAUTH_ERROR_LIMIT}, /* N = 2^49 and more */
		{"$y$jzzz5$abcd$" CRYPT43, SQLAUTH_ERROR_LIMIT},
		{"$y$j7zzzzzz$abcd$" CRYPT43, SQLAUTH_ERROR_LIMIT}, /* r of 2^30 */
	};

	(void)state;
	CHECK(ROWS);
}

static void a_hash_at_the_limit_is_accepted(void **state)
{
	static const char *const HASHES[] = {
		ARGON2 "m=262144,t=16,p=1$" SALT "$" DIGEST, ARGON2 "m=8,t=524288,p=1$" SALT "$" DIGEST,
		"$7$5000000$" PLUG "$" KEY64, "PBKDF2$sha512$2500000$" PLUG "$" KEY64,
		"PBKDF2$sha256$1250000$" PLUG "$" KEY64, "PBKDF2$sha512$5000000$not-base64!$" KEY64, "$2b$15$" BCRYPT,
		"$5$rounds=1000000$salt$" CRYPT43, "$6$rounds=1000000$salt$" CRYPT86,
		"$y$jDT$abcd$" CRYPT43, /* 256 MiB */
	};

	(void)state;
	for (size_t i = 0; i < sizeof HASHES / sizeof *HASHES; i++)
		if (sqlauth_password_inspect(HASHES[i], &LIMITS, NULL) != SQLAUTH_OK)
			fail_msg("row %zu, %s", i, HASHES[i]);
}

static void the_memory_limit_is_the_callers(void **state)
{
	static const struct {
		const char *hash;
		uint64_t needs; /* bytes */
	} ROWS[] = {
		{ARGON2 "m=19456,t=2,p=1$" SALT "$" DIGEST, UINT64_C(19456) * 1024},
		{"$argon2i$v=19$m=8,t=3,p=1$" SALT "$" DIGEST, 8192},
		{"$y$j75$abcd$" CRYPT43, UINT64_C(128) * 8 * 1024},
		{"$y$j9T$abcd$" CRYPT43, UINT64_C(128) * 32 * 4096},
		{"$y$jFT$abcd$" CRYPT43, UINT64_C(128) * 32 * 262144},
	};

	(void)state;
	for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
		struct sqlauth_password_limits enough = {ROWS[i].needs};
		struct sqlauth_password_limits less = {ROWS[i].needs - 1};
		struct sqlauth_password_limits most = {UINT64_MAX};
		struct sqlauth_password_limits none = {0};

		if (sqlauth_password_inspect(ROWS[i].hash, &enough, NULL) != SQLAUTH_OK ||
			sqlauth_password_inspect(ROWS[i].hash, &most, NULL) != SQLAUTH_OK)
			fail_msg("row %zu is refused", i);
		if (sqlauth_password_inspect(ROWS[i].hash, &less, NULL) != SQLAUTH_ERROR_LIMIT ||
			sqlauth_password_inspect(ROWS[i].hash, &none, NULL) != SQLAUTH_ERROR_LIMIT)
			fail_msg("row %zu is accepted", i);
	}
}

static void a_hash_of_more_than_512_bytes_is_over_the_limit(void **state)
{
	static const char START[] = ARGON2 "m=64,t=1,p=1$" SALT "$";
	const size_t base64_length = (SQLAUTH_HASH_BYTES_MAX - (sizeof START - 1)) / 4 * 4;
	char hash[SQLAUTH_HASH_SIZE + 1];

	(void)state;
	memset(hash, 'A', sizeof hash);
	memcpy(hash, START, sizeof START - 1);
	hash[sizeof START - 1 + base64_length] = '\0';
	assert_int_equal(sqlauth_password_inspect(hash, &LIMITS, NULL), SQLAUTH_OK);
	assert_int_equal(sqlauth_password_verify(hash, "secret", 6, &LIMITS), SQLAUTH_ERROR_MISMATCH);
	hash[sizeof START - 1 + base64_length] = 'A';
	hash[SQLAUTH_HASH_SIZE] = '\0';
	assert_int_equal(sqlauth_password_inspect(hash, &LIMITS, NULL), SQLAUTH_ERROR_LIMIT);
	assert_int_equal(sqlauth_password_verify(hash, "secret", 6, &LIMITS), SQLAUTH_ERROR_LIMIT);
}

static int set_up(void **state)
{
	(void)state;
	return sqlauth_secret_init() == SQLAUTH_OK ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_form_that_is_not_ours_is_unsupported),
		cmocka_unit_test(a_malformed_argon2_hash_is_invalid),
		cmocka_unit_test(a_malformed_pbkdf2_hash_is_invalid),
		cmocka_unit_test(a_malformed_digest_is_invalid),
		cmocka_unit_test(a_malformed_crypt_hash_is_invalid),
		cmocka_unit_test(a_hash_that_asks_for_too_much_is_over_the_limit),
		cmocka_unit_test(a_hash_at_the_limit_is_accepted),
		cmocka_unit_test(the_memory_limit_is_the_callers),
		cmocka_unit_test(a_hash_of_more_than_512_bytes_is_over_the_limit),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
