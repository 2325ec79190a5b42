/* Findings of `sqlauth doctor`: counted, and printed as lines or as JSON. */
#ifndef SQLAUTH_CLI_DOCTOR_H
#define SQLAUTH_CLI_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "sqlauth/error.h"
#include "sqlauth/survey.h"
#include "sqlauth/text.h"

enum doctor_severity {
	DOCTOR_NOTE,    /* worth knowing */
	DOCTOR_WARNING, /* a weakness, or something that does not do what it seems to */
	DOCTOR_ERROR,   /* does not work, or is open */
	DOCTOR_SEVERITIES
};

#define DOCTOR_SHOWN_MAX 20 /* findings of one kind that are printed without --all */

struct doctor {
	struct sqlauth_survey *survey; /* NULL: the database cannot be opened, or is not yet */
	bool is_json, shows_all;
	size_t counts[DOCTOR_SEVERITIES];
	const char *kind; /* of the last finding: a word, constant */
	size_t of_kind;
	size_t printed;
	size_t open_clients; /* that may use any MQTT client id */
	char buffer[SQLAUTH_MESSAGE_SIZE];
	struct sqlauth_text why;
	char refusal[SQLAUTH_MESSAGE_SIZE]; /* why the database cannot be opened, without the mend; "" where it can */
};

/* Counts a finding and prints it. kind: a constant word for programs; findings of one kind come one after the other.
 * where, what, mend: ready to be shown, values from outside quoted; mend "" where there is none. */
void doctor_report(struct doctor *doctor, enum doctor_severity severity, const char *kind, const char *where,
	const char *what, const char *mend);

/* Ends the kind: says how many more there were. Before the next kind, and at the end. */
void doctor_end_kind(struct doctor *doctor);

/* Permissions that are not valid, can never match, or are denied whole by the same group or by one of everybody's. */
enum sqlauth_error doctor_check_permissions(struct doctor *doctor) __attribute__((warn_unused_result));

#endif
