/* X.509 certificates as PEM or DER. Input: the bytes. Names are strings within bounds, of the kinds and numbers
 * promised. */
#include "fuzz.h"
#include "sqlauth/certificate.h"

static void demand_name(enum sqlauth_match_by kind, const char *name)
{
	DEMAND(name != NULL);
	size_t length = strlen(name);
	DEMAND(length <= SQLAUTH_CERTIFICATE_NAME_BYTES_MAX);
	for (size_t i = 0; i < length; i++)
		DEMAND(kind != SQLAUTH_MATCH_DNS || name[i] < 'A' || name[i] > 'Z');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sqlauth_certificate *certificate = NULL;
	struct fuzz_part part = fuzz_copy(data, size, 0);
	enum sqlauth_error error = sqlauth_certificate_from_bytes(part.bytes, part.length, &certificate);
	free(part.bytes); /* the certificate keeps nothing of it */
	if (error != SQLAUTH_OK) {
		DEMAND(certificate == NULL);
		DEMAND(error == SQLAUTH_ERROR_INVALID || error == SQLAUTH_ERROR_LIMIT);
		return 0;
	}
	size_t alternative = 0;
	for (int k = 0; k < SQLAUTH_MATCH_KINDS; k++) {
		enum sqlauth_match_by kind = (enum sqlauth_match_by)k;
		size_t count = sqlauth_certificate_count(certificate, kind);
		for (size_t i = 0; i < count; i++)
			demand_name(kind, sqlauth_certificate_name(certificate, kind, i));
		DEMAND(sqlauth_certificate_name(certificate, kind, count) == NULL);
		if (kind == SQLAUTH_MATCH_URI || kind == SQLAUTH_MATCH_DNS || kind == SQLAUTH_MATCH_EMAIL)
			alternative += count;
		else
			DEMAND(count <= 1);
	}
	DEMAND(alternative <= SQLAUTH_CERTIFICATE_NAMES_MAX);
	DEMAND(sqlauth_certificate_count(certificate, SQLAUTH_MATCH_FINGERPRINT) == 1);
	char normal[SQLAUTH_FINGERPRINT_SIZE];
	const char *fingerprint = sqlauth_certificate_fingerprint(certificate);
	DEMAND(sqlauth_fingerprint_normalize(fingerprint, normal) == SQLAUTH_OK && strcmp(fingerprint, normal) == 0);
	sqlauth_certificate_free(certificate);
	return 0;
}
