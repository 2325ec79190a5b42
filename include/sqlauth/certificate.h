/* X.509 client certificates: the names by which client_certificates knows them.
 *
 * The chain of trust (CA, expiry, revocation) is the broker's work and is not looked at here. A name that is empty,
 * holds a NUL or is no valid string of its ASN.1 type (seven-bit types hold ASCII) is left out whole: it never matches
 * anything. A certificate whose alternative names cannot be decoded, or that has that extension twice, is INVALID, as
 * is one for whose decoding OpenSSL lacked memory. OpenSSL's error queue is left as it was: the broker reads it. The
 * only module that sees OpenSSL's X.509.
 */
#ifndef SQLAUTH_CERTIFICATE_H
#define SQLAUTH_CERTIFICATE_H

#include <stdbool.h>
#include <stddef.h>

#include "sqlauth/error.h"
#include "sqlauth/text.h"

/* client_certificates.match_by, most specific first: the order in which a certificate is looked up. */
enum sqlauth_match_by {
	SQLAUTH_MATCH_FINGERPRINT, /* `SHA256:` and 64 upper-case hex digits: SHA-256 of the DER certificate */
	SQLAUTH_MATCH_URI,         /* subjectAltName URI, as it stands */
	SQLAUTH_MATCH_DNS,         /* subjectAltName DNS, ASCII letters in lower case (RFC 4343) */
	SQLAUTH_MATCH_EMAIL,       /* subjectAltName rfc822Name, as it stands */
	SQLAUTH_MATCH_SUBJECT,     /* RFC 2253, as `openssl x509 -noout -subject -nameopt RFC2253` prints it behind
				    * `subject=`: bytes beyond ASCII and control characters as \XX, in UTF-8; other
				    * attributes than strings as # and the DER in hexadecimal. None where one attribute
				    * is a string that is not valid. */
	SQLAUTH_MATCH_COMMON_NAME, /* in UTF-8; none where the subject has several, for nobody could say which */
	SQLAUTH_MATCH_KINDS
};

#define SQLAUTH_FINGERPRINT_PREFIX         "SHA256:"
#define SQLAUTH_FINGERPRINT_SIZE           72        /* "SHA256:", 64 digits, NUL */
#define SQLAUTH_CERTIFICATE_NAMES_MAX      256       /* alternative names; a certificate with more is refused (LIMIT) */
#define SQLAUTH_CERTIFICATE_NAME_BYTES_MAX 4096      /* one name; a longer one is left out */
#define SQLAUTH_CERTIFICATE_FILE_BYTES_MAX (1 << 20) /* PEM or DER; more is LIMIT */

/* `fingerprint`, `uri`, `dns`, `email`, `subject`, `common_name`: the words in the tables. Other values: "unknown". */
const char *sqlauth_match_by_word(enum sqlauth_match_by kind);

struct sqlauth_certificate;

/* Reads a certificate that is an OpenSSL `X509 *` (void, so that callers need not know OpenSSL): borrowed, not freed.
 * The result is the caller's (sqlauth_certificate_free). INVALID, LIMIT, MEMORY, SYSTEM. About 10 us. */
enum sqlauth_error sqlauth_certificate_from_x509(const void *x509, struct sqlauth_certificate **certificate_r)
	__attribute__((warn_unused_result));

/* The same, and frees the X509 in every case: for what mosquitto_client_certificate() gave. */
enum sqlauth_error sqlauth_certificate_take_x509(void *x509, struct sqlauth_certificate **certificate_r)
	__attribute__((warn_unused_result));

/* Reads the first certificate of PEM text, or one DER certificate and nothing behind it. INVALID where it
 * is neither. Never asks for a password; keys in front of the certificate are skipped and their copies wiped. */
enum sqlauth_error sqlauth_certificate_from_bytes(const void *bytes, size_t length,
	struct sqlauth_certificate **certificate_r) __attribute__((warn_unused_result));

/* Reads a file likewise; NOT_FOUND, or SYSTEM where it cannot be read. On errors *why (may be NULL) names the file and
 * the mend. */
enum sqlauth_error sqlauth_certificate_from_file(const char *path, struct sqlauth_certificate **certificate_r,
	struct sqlauth_text *why) __attribute__((warn_unused_result));

void sqlauth_certificate_free(struct sqlauth_certificate *certificate);

/* The names of one kind: how many (0 or more; fingerprint exactly 1; subject and common_name at most 1), and the
 * i-th, NUL-terminated UTF-8, borrowed until the certificate is freed. NULL beyond the last. */
size_t sqlauth_certificate_count(const struct sqlauth_certificate *certificate, enum sqlauth_match_by kind);
const char *sqlauth_certificate_name(
	const struct sqlauth_certificate *certificate, enum sqlauth_match_by kind, size_t i);

/* Shorthand for the fingerprint. */
const char *sqlauth_certificate_fingerprint(const struct sqlauth_certificate *certificate);

/* Normalises any spelling of a SHA-256 fingerprint that the database accepts into fingerprint_r: 64 hex digits, or 32
 * pairs with a colon between each two, in either case, behind nothing, `SHA256:` or `sha256 Fingerprint=`, in either
 * case too. Blanks (tab, LF, CR, space) may stand around it all, as openssl's line end does. INVALID otherwise. */
enum sqlauth_error sqlauth_fingerprint_normalize(const char *text, char fingerprint_r[SQLAUTH_FINGERPRINT_SIZE])
	__attribute__((warn_unused_result));

#endif
