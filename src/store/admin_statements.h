/* The table of statements behind sqlauth/admin.h. */
#ifndef SQLAUTH_STORE_ADMIN_STATEMENTS_H
#define SQLAUTH_STORE_ADMIN_STATEMENTS_H

#include "sqlauth/admin.h"

extern const char *const sqlauth_admin_sql[SQLAUTH_ADMIN_ACTIONS];

#endif
