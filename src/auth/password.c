/* Which form an encoded hash has, and the way from there to its parser and its verification: one table of forms; and
 * decoys in the likeness of any of them.
 * Knows no form's inside (password_argon2.c, password_crypt.c, password_digest.c, password_pbkdf2.c). */
#include <string.h>

#include "password_scheme.h"

struct form {
	const char *prefix;
	size_t last_field; /* characters behind the last '$', where the prefix alone does not decide; 0: any */
	enum sqlauth_password_scheme scheme;
	sqlauth_password_parse_function *parse;
	sqlauth_password_verify_function *verify;
};

/* The first that fits is it. A prefix covers all that selects the form: other versions of Argon2, flavours of yescrypt
 * or hash functions of PBKDF2$ are not ours. */
static const struct form FORMS[] = {
	{"$argon2id$v=19$", 0, SQLAUTH_SCHEME_ARGON2ID, sqlauth_password_parse_argon2,
		sqlauth_password_verify_argon2id},
	{"$argon2i$v=19$", 0, SQLAUTH_SCHEME_ARGON2I, sqlauth_password_parse_argon2, sqlauth_password_verify_argon2i},
	{"$secret$blake2b$", 0, SQLAUTH_SCHEME_SECRET, sqlauth_password_parse_secret, sqlauth_password_verify_secret},
	{"$7$", 0, SQLAUTH_SCHEME_MOSQUITTO_PBKDF2, sqlauth_password_parse_mosquitto_pbkdf2,
		sqlauth_password_verify_pbkdf2},
	/* 64 bytes in padded base64; crypt(5) writes them as 86 characters. */
	{"$6$", 88, SQLAUTH_SCHEME_MOSQUITTO_SHA512, sqlauth_password_parse_mosquitto_sha512,
		sqlauth_password_verify_mosquitto_sha512},
	{"PBKDF2$sha256$", 0, SQLAUTH_SCHEME_PBKDF2, sqlauth_password_parse_pbkdf2_sha256,
		sqlauth_password_verify_pbkdf2},
	{"PBKDF2$sha512$", 0, SQLAUTH_SCHEME_PBKDF2, sqlauth_password_parse_pbkdf2_sha512,
		sqlauth_password_verify_pbkdf2},
	{"$2a$", 0, SQLAUTH_SCHEME_BCRYPT, sqlauth_password_parse_bcrypt, sqlauth_password_verify_crypt},
	{"$2b$", 0, SQLAUTH_SCHEME_BCRYPT, sqlauth_password_parse_bcrypt, sqlauth_password_verify_crypt},
	{"$2y$", 0, SQLAUTH_SCHEME_BCRYPT, sqlauth_password_parse_bcrypt, sqlauth_password_verify_crypt},
	/* j stands for YESCRYPT_DEFAULTS, the only flavour that crypt_gensalt(3) writes. */
	{"$y$j", 0, SQLAUTH_SCHEME_YESCRYPT, sqlauth_password_parse_yescrypt, sqlauth_password_verify_crypt},
	{"$5$", 0, SQLAUTH_SCHEME_SHA256CRYPT, sqlauth_password_parse_sha256crypt, sqlauth_password_verify_crypt},
	{"$6$", 0, SQLAUTH_SCHEME_SHA512CRYPT, sqlauth_password_parse_sha512crypt, sqlauth_password_verify_crypt},
};

static const char *const NAMES[] = {
	[SQLAUTH_SCHEME_ARGON2ID] = "argon2id",
	[SQLAUTH_SCHEME_ARGON2I] = "argon2i",
	[SQLAUTH_SCHEME_SECRET] = "secret",
	[SQLAUTH_SCHEME_MOSQUITTO_PBKDF2] = "mosquitto-pbkdf2",
	[SQLAUTH_SCHEME_MOSQUITTO_SHA512] = "mosquitto-sha512",
	[SQLAUTH_SCHEME_PBKDF2] = "pbkdf2",
	[SQLAUTH_SCHEME_BCRYPT] = "bcrypt",
	[SQLAUTH_SCHEME_YESCRYPT] = "yescrypt",
	[SQLAUTH_SCHEME_SHA256CRYPT] = "sha256crypt",
	[SQLAUTH_SCHEME_SHA512CRYPT] = "sha512crypt",
};

const char *sqlauth_password_scheme_name(enum sqlauth_password_scheme scheme)
{
	size_t index = (size_t)scheme;

	return index < sizeof NAMES / sizeof *NAMES ? NAMES[index] : "unknown";
}

static const struct form *find_form(const char *hash)
{
	const char *dollar = strrchr(hash, '$');
	size_t last_field = dollar ? strlen(dollar + 1) : 0;

	for (size_t i = 0; i < sizeof FORMS / sizeof *FORMS; i++) {
		const struct form *form = &FORMS[i];

		if (strncmp(hash, form->prefix, strlen(form->prefix)) == 0 &&
			(form->last_field == 0 || form->last_field == last_field))
			return form;
	}
	return NULL;
}

/* The only way to a form: finds it, reads everything, checks the limits. */
static enum sqlauth_error parse(const char *hash, const struct sqlauth_password_limits *limits,
	struct sqlauth_password_parts *parts, const struct form **form_r)
{
	const struct form *form;
	enum sqlauth_error error;

	if (strnlen(hash, SQLAUTH_HASH_SIZE) == SQLAUTH_HASH_SIZE)
		return SQLAUTH_ERROR_LIMIT;
	form = find_form(hash);
	if (!form)
		return SQLAUTH_ERROR_UNSUPPORTED;
	*parts = (struct sqlauth_password_parts){.encoded = hash, .fields = hash + strlen(form->prefix)};
	error = form->parse(parts, limits);
	if (!error)
		*form_r = form;
	return error;
}

enum sqlauth_error sqlauth_password_inspect(
	const char *hash, const struct sqlauth_password_limits *limits, enum sqlauth_password_scheme *scheme_r)
{
	struct sqlauth_password_parts parts;
	const struct form *form;
	enum sqlauth_error error = parse(hash, limits, &parts, &form);

	if (!error && scheme_r)
		*scheme_r = form->scheme;
	return error;
}

enum sqlauth_error sqlauth_password_verify(
	const char *hash, const char *password, size_t length, const struct sqlauth_password_limits *limits)
{
	struct sqlauth_password_parts parts;
	const struct form *form;
	enum sqlauth_error error = parse(hash, limits, &parts, &form);

	if (error)
		return error;
	if (length > SQLAUTH_PASSWORD_BYTES_MAX)
		return SQLAUTH_ERROR_LIMIT;
	return form->verify(&parts, length > 0 ? password : "", length);
}

/* ---- decoys ---- */

#define DECOY_CHARACTERS 31 /* bcrypt's hash, which has no '$' in front; every other form's is shorter or longer */

/* The length of what selects a hash's work: all in front of its salt. Salt and hash are the last two fields, or in
 * bcrypt one field together. */
static size_t work_length(const char *hash)
{
	bool is_bcrypt = hash[0] == '$' && hash[1] == '2';
	size_t length = strlen(hash);

	for (int fields = is_bcrypt ? 1 : 2; fields > 0 && length > 0; fields--)
		do
			length--;
		while (length > 0 && hash[length] != '$');
	return length;
}

bool sqlauth_password_same_work(const char *a, const char *b)
{
	size_t length = work_length(a);

	return length == work_length(b) && memcmp(a, b, length) == 0 && find_form(a) == find_form(b);
}

void sqlauth_password_decoy_like(const char *hash, char decoy_r[SQLAUTH_HASH_SIZE])
{
	size_t length = strnlen(hash, SQLAUTH_HASH_BYTES_MAX);
	size_t end = length, begin;

	memcpy(decoy_r, hash, length);
	decoy_r[length] = '\0';
	while (end > 0 && decoy_r[end - 1] == '=')
		end--;
	/* 'A' stands in every alphabet, and in those of base64 for zero bits, which are canonical at the end. A
	 * password that hashes to this is one in 2^128 at least. */
	begin = end;
	while (begin > 0 && end - begin < DECOY_CHARACTERS && decoy_r[begin - 1] != '$')
		decoy_r[--begin] = 'A';
}
