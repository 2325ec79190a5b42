/* X.509 client certificates from PEM or DER bytes and from files: for the command, where the broker has no part. Knows
 * nothing of what is read out of them (certificate.c).
 *
 * Like there, OpenSSL's error queue is left as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sqlauth/certificate.h"
#include "sqlauth/secret.h"

#define PATH_QUOTED_MAX 256

/* The certificate that is all of the bytes, or NULL. */
static X509 *parse_der(const unsigned char *bytes, long length)
{
	const unsigned char *end = bytes;
	X509 *x509 = d2i_X509(NULL, &end, length);

	if (x509 && end != bytes + length) {
		X509_free(x509);
		return NULL;
	}
	return x509;
}

/* The first certificate in PEM text, or NULL. Reads the blocks itself, for PEM_read_bio_X509 could ask the terminal for
 * a password. Blocks in front of it may be private keys: they are wiped. */
static X509 *parse_pem(const unsigned char *bytes, int length)
{
	BIO *bio = BIO_new_mem_buf(bytes, length);
	X509 *x509 = NULL;
	bool found = false;
	char *name, *header;
	unsigned char *data;
	long data_length;

	while (bio && !found && PEM_read_bio(bio, &name, &header, &data, &data_length)) {
		found = strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0;
		if (found)
			x509 = parse_der(data, data_length);
		OPENSSL_free(name);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)data_length);
	}
	BIO_free(bio);
	return x509;
}

enum sqlauth_error sqlauth_certificate_from_bytes(
	const void *bytes, size_t length, struct sqlauth_certificate **certificate_r)
{
	X509 *x509;

	if (length > SQLAUTH_CERTIFICATE_FILE_BYTES_MAX)
		return SQLAUTH_ERROR_LIMIT;
	ERR_set_mark();
	x509 = parse_der(bytes, (long)length);
	if (!x509)
		x509 = parse_pem(bytes, (int)length);
	ERR_pop_to_mark();
	return x509 ? sqlauth_certificate_take_x509(x509, certificate_r) : SQLAUTH_ERROR_INVALID;
}

/* Reads up to `size` bytes; errno says what went wrong. */
static bool read_file(const char *path, unsigned char *bytes, size_t size, size_t *length_r)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	size_t length = 0;
	ssize_t got = -1;
	int reason;

	if (file < 0)
		return false;
	do {
		got = read(file, bytes + length, size - length);
		if (got > 0)
			length += (size_t)got;
	} while ((got > 0 && length < size) || (got < 0 && errno == EINTR));
	reason = errno;
	close(file);
	errno = reason;
	if (got < 0)
		return false;
	*length_r = length;
	return true;
}

static const char *describe(enum sqlauth_error error)
{
	switch (error) {
	case SQLAUTH_ERROR_INVALID:
		return "no well-formed X.509 certificate; expected PEM (-----BEGIN CERTIFICATE-----) or DER";
	case SQLAUTH_ERROR_LIMIT:
		return "more than 1 MiB or too many alternative names; expected one certificate of ordinary size";
	default:
		return sqlauth_strerror(error);
	}
}

static void explain(struct sqlauth_text *why, const char *path, const char *reason)
{
	sqlauth_text_set(why, "certificate file ");
	sqlauth_text_add_quoted(why, path, strlen(path), PATH_QUOTED_MAX);
	sqlauth_text_add(why, ": %s", reason);
}

enum sqlauth_error sqlauth_certificate_from_file(
	const char *path, struct sqlauth_certificate **certificate_r, struct sqlauth_text *why)
{
	const size_t size = SQLAUTH_CERTIFICATE_FILE_BYTES_MAX + 1;
	unsigned char *bytes = malloc(size);
	enum sqlauth_error error = SQLAUTH_ERROR_MEMORY;
	size_t length = 0;

	if (!bytes) {
		explain(why, path, describe(error));
		return error;
	}
	if (read_file(path, bytes, size, &length)) {
		error = sqlauth_certificate_from_bytes(bytes, length, certificate_r);
		if (error != SQLAUTH_OK)
			explain(why, path, describe(error));
	} else {
		error = errno == ENOENT ? SQLAUTH_ERROR_NOT_FOUND : SQLAUTH_ERROR_SYSTEM;
		explain(why, path, strerror(errno));
	}
	sqlauth_secret_wipe(bytes, size); /* a private key may have stood beside it */
	free(bytes);
	return error;
}
